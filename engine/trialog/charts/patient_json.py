"""The JSON form of one patient, as docs/charts.md describes it."""

from collections.abc import Callable
from datetime import date

from trialog.charts.chart import Chart, Place, Record
from trialog.charts.dates import day_of
from trialog.charts.positions import Constant, Items, Members, Node, Number, Text, beginning
from trialog.charts.rows import (
    JUDGEMENT_COLUMNS,
    SCOPE_COLUMNS,
    Cell,
    Content,
    Kept,
    Row,
    chart_of,
    columns_of,
    denied_of,
    judgement_of,
    record_of,
    recorded_relations,
    reviewed_of,
    unknown_name,
)
from trialog.problem import Problem, did_you_mean
from trialog.source import Span
from trialog.vocabulary import Vocabulary

KEYS = ("patient", "screening", "facts", "judgements", "reviewed", "absent", "expected", "note")


def read_patient(document: Node, file: str, vocabulary: Vocabulary, problems: list[Problem]) -> Chart | None:
    """The chart that a document in the JSON form states. What is wrong is added to `problems`, all of it together.

    None where the document is not in the form at all; where problems were added, the chart lacks what they are about.
    """
    if not isinstance(document, Members):
        problems.append(_misshapen(document, "an object with the key `patient`"))
        return None
    for key, _ in document.members:
        if key.value not in KEYS:
            problems.append(unknown_name(key.value, key.at, KEYS, "a chart"))
    patient = _patient(document, problems)
    screening = _screening(document.get("screening"), problems)
    reader = _Sections(document, file, vocabulary, problems)
    content = Content(
        reader.facts(),
        reader.rows("judgements", JUDGEMENT_COLUMNS, judgement_of),
        reader.rows("reviewed", SCOPE_COLUMNS, reviewed_of),
        tuple(Kept(row, at) for row, at in reader.placed("absent", SCOPE_COLUMNS, denied_of)),
    )
    chart = chart_of(patient or "", screening, content, file, vocabulary, problems)
    return chart if patient else None


def expected_of(document: Node | None) -> Node | None:
    """What a case says that the answers about its patient should be; None where it says nothing."""
    return document.get("expected") if isinstance(document, Members) else None


def plain(node: Node) -> object:
    """The value as plain Python: dictionaries, lists, texts, booleans, None; a number as the text that is written."""
    match node:
        case Text(value) | Constant(value):
            return value
        case Number(written):
            return written
        case Items(items):
            return [plain(item) for item in items]
        case Members(members):
            return {key.value: plain(value) for key, value in members}


def patient_name(written: str) -> str | None:
    """The name of a patient as charts give it, None where it is empty or holds signs that cannot be printed."""
    name = written.strip()
    return name if name and name.isprintable() else None


def screening_day(written: str) -> int:
    """The day of screening as an ordinal. Raises ValueError where it is not one whole date."""
    day = day_of(written)
    if not day.is_point:
        raise ValueError(f"`{written[:40]}` is not one day; a screening date is written in full, 2026-01-15")
    return date.fromordinal(int(day.low)).toordinal()


def _misshapen(node: Node, wanted: str) -> Problem:
    match node:
        case Text():
            found = "a text"
        case Number():
            found = "a number"
        case Constant(value):
            found = {True: "`true`", False: "`false`", None: "`null`"}[value]
        case Items():
            found = "a list"
        case Members():
            found = "an object"
    return Problem("E506", f"{wanted} is expected here, and this is {found}", beginning(node))


def _patient(document: Members, problems: list[Problem]) -> str | None:
    match document.get("patient"):
        case None:
            claim, help_ = "the chart does not say whose it is", 'add "patient": "…"'
            problems.append(Problem("E508", claim, beginning(document), help_))
        case Text(value, at):
            if name := patient_name(value):
                return name
            problems.append(Problem("E508", "the patient's name is empty or cannot be printed", at))
        case other:
            problems.append(_misshapen(other, "the patient's name, a text,"))
    return None


def _screening(node: Node | None, problems: list[Problem]) -> int | None:
    match node:
        case None | Constant(None):
            return None
        case Text(value, at):
            try:
                return screening_day(value)
            except ValueError as error:
                problems.append(Problem("E509", str(error), at, "dates are written 2025-03-31"))
        case other:
            problems.append(_misshapen(other, "a date, a text,"))
    return None


type _RowMeaning[T] = Callable[[Row, Vocabulary, list[Problem]], T | None]


class _Sections:
    """Reads the parts of a chart that are lists of rows."""

    def __init__(self, document: Members, file: str, vocabulary: Vocabulary, problems: list[Problem]) -> None:
        self.document, self.file, self.vocabulary, self.problems = document, file, vocabulary, problems

    def facts(self) -> tuple[Kept[Record], ...]:
        facts = self.document.get("facts")
        if facts is None:
            return ()
        if not isinstance(facts, Members):
            self.problems.append(_misshapen(facts, "an object whose keys are relations"))
            return ()
        kept: list[Kept[Record]] = []
        for key, rows in facts.members:
            if key.value not in recorded_relations(self.vocabulary):
                self.problems.append(_unknown_relation(key.value, key.at, self.vocabulary))
                continue
            relation = self.vocabulary.relations[key.value]
            for row in self._rows(rows, f"facts.{key.value}", columns_of(relation)):
                if record := record_of(relation, row, self.vocabulary, self.problems):
                    kept.append(Kept(record, row.at))
        return tuple(kept)

    def placed[T](self, key: str, columns: tuple[str, ...], meaning: _RowMeaning[T]) -> list[tuple[T, Span]]:
        """What the rows under the key mean, each with its place."""
        node = self.document.get(key)
        if node is None:
            return []
        read = [(meaning(row, self.vocabulary, self.problems), row.at) for row in self._rows(node, key, columns)]
        return [(what, at) for what, at in read if what is not None]

    def rows[T](self, key: str, columns: tuple[str, ...], meaning: _RowMeaning[T]) -> tuple[T, ...]:
        """What the rows under the key mean."""
        return tuple(what for what, _ in self.placed(key, columns, meaning))

    def _rows(self, node: Node, path: str, columns: tuple[str, ...]) -> list[Row]:
        if not isinstance(node, Items):
            self.problems.append(_misshapen(node, "a list of objects"))
            return []
        return [row for i, item in enumerate(node.items) if (row := self._row(item, f"{path}[{i}]", columns))]

    def _row(self, node: Node, path: str, columns: tuple[str, ...]) -> Row | None:
        if not isinstance(node, Members):
            self.problems.append(_misshapen(node, "an object"))
            return None
        cells: dict[str, Cell] = {}
        for key, value in node.members:
            if key.value not in columns:
                self.problems.append(unknown_name(key.value, key.at, columns, f"`{path.partition('[')[0]}`"))
                continue
            match value:
                case Text(written, at) | Number(written, at):
                    cells[key.value] = Cell(written, at)
                case Constant(None):
                    pass
                case _:
                    self.problems.append(_misshapen(value, "a text or a number"))
        at = beginning(node)
        return Row(cells, at, Place(self.file, at.line, path))


def _unknown_relation(name: str, at: Span, vocabulary: Vocabulary) -> Problem:
    known = recorded_relations(vocabulary)
    help_ = did_you_mean(name, known) or f"what charts record: {', '.join(f'`{k}`' for k in known)}"
    return Problem("E510", f"`{name[:60]}` is not a relation that charts record", at, help_)
