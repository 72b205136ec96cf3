"""One row of a chart as written, and the record that it means. The JSON form and the tables share it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from trialog.charts.amounts import AmountError, converted, is_plain, unknown_amount, written
from trialog.charts.chart import Chart, Denied, Judgement, Place, Record, Reviewed, SetAside, Standing, Value
from trialog.charts.dates import day_of, period
from trialog.charts.words import EXTRA_COLUMNS, row_words
from trialog.problem import Problem, did_you_mean
from trialog.source import Source, Span
from trialog.units import UnitError, ratio
from trialog.values import LAST_DAY, UNKNOWN_DAY, Exact, Interval, point
from trialog.vocabulary import Amount, Coded, Column, Concept, Dated, Kind, Measured, Relation, Vocabulary

RECORDED = (Kind.EVENT, Kind.MEASURE, Kind.ATTRIBUTE)
"""The kinds of relations that charts record rows of."""

JUDGEMENT_COLUMNS = ("question", "decision", "on", "until", "by", "status", "note")
SCOPE_COLUMNS = ("relation", "concept", "through", "note")

_NOWHERE = Span(Source("", ""), 0, 0)

_ONGOING, _UNKNOWN = "ongoing", "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is written."""

    written: str
    at: Span


@dataclass(frozen=True, slots=True)
class Row:
    """The written values by column; what is not recorded is not among them."""

    cells: Mapping[str, Cell]
    at: Span
    place: Place


@dataclass(frozen=True, slots=True)
class Kept[T]:
    """Something read, and where it stands."""

    what: T
    at: Span


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of one patient, in the order in which it stands."""

    records: tuple[Kept[Record], ...] = ()
    judgements: tuple[Judgement | SetAside, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()
    denied: tuple[Kept[Denied], ...] = ()


def recorded_relations(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The names of the relations that a chart may fill with rows."""
    return tuple(name for name, relation in vocabulary.relations.items() if relation.kind in RECORDED)


def columns_of(relation: Relation) -> tuple[str, ...]:
    """The columns that a row of the relation may have in a chart."""
    return (*(column.name for column in relation.columns), *EXTRA_COLUMNS)


def unknown_name(name: str, at: Span, known: Iterable[str], what: str) -> Problem:
    """The problem of a key or a column that is not one of `known`."""
    known = tuple(known)
    return Problem(
        "E507",
        f"{what} has no `{name[:60]}`",
        at,
        did_you_mean(name, known) or f"what may stand here: {', '.join(f'`{k}`' for k in known)}",
    )


def record_of(relation: Relation, row: Row, vocabulary: Vocabulary, problems: list[Problem]) -> Record | None:
    """The record that a row of the relation means; None where something is wrong, which is added to `problems`."""
    reader = _RowReader(relation.name, row, vocabulary, problems)
    concept = reader.about(relation)
    given: dict[str, Value] = {}
    for column in relation.columns:
        value = reader.value(relation, column, concept)
        if value is not None:
            given[column.name] = value
    standing = reader.standing()
    if reader.failed:
        return None
    if relation.position("from") is not None and relation.position("to") is not None:
        begin, end = given.get("from"), given.get("to")
        try:
            given["from"], given["to"] = period(_interval(begin), _interval(end))
        except ValueError as error:
            help_ = "exchange the two, or correct the one that is wrong"
            return reader.fail("E515", str(error), row.cells["to"].at, help_)
    said = {name: cell.written for name, cell in row.cells.items()}
    return Record(
        relation.name, filled(relation, given, vocabulary), standing, row.place, row_words(relation, said, vocabulary)
    )


def value_of_cell(
    relation: Relation, column: Column, written_: str | None, concept: Concept | None, vocabulary: Vocabulary
) -> Value | None:
    """What one cell of a row about the concept says, None where nothing is written. Raises ValueError where it is wrong."""
    cells = {} if written_ is None else {column.name: Cell(written_, _NOWHERE)}
    reader = _RowReader(relation.name, Row(cells, _NOWHERE, Place("")), vocabulary, [])
    about = relation.concept_column
    if about is not None and relation.columns[about] == column:
        named = reader.about(relation)
        value: Value | None = named.name if named else None
    else:
        value = reader.value(relation, column, concept)
    if reader.failed:
        raise ValueError(written_)
    return value


def filled(relation: Relation, given: Mapping[str, Value], vocabulary: Vocabulary) -> tuple[Value, ...]:
    """The values of a row in the order of the columns, the widest unknown standing where none is given."""
    about = relation.concept_column
    name = given.get(relation.columns[about].name) if about is not None else None
    concept = vocabulary.concepts.get(name) if isinstance(name, str) else None
    return tuple(given.get(column.name, _unknown(column, concept)) for column in relation.columns)


def _unknown(column: Column, concept: Concept | None) -> Value:
    match column.type:
        case Dated():
            return UNKNOWN_DAY
        case Amount(unit):
            return unknown_amount(unit)
        case Measured():
            return unknown_amount(concept.unit or "" if concept else "")
        case Coded(root):
            return root
        case _:
            assert_never(column.type)


def _interval(value: Value | None) -> Interval | None:
    return value if isinstance(value, Interval) else None


def judgement_of(row: Row, vocabulary: Vocabulary, problems: list[Problem]) -> Judgement | SetAside | None:
    """The judgement that a row means; a draft is set aside. None where something is wrong."""
    reader = _RowReader("a judgement", row, vocabulary, problems)
    question = reader.concept("question", "judgement", required=True)
    status = reader.one_of("status", ("signed", "draft"), "signed")
    draft = status == "draft"
    decision = reader.concept("decision", "decision", required=not draft)
    if question == "judgement":
        reader.fail("E511", "`judgement` is no question that can be decided", row.cells["question"].at)
    if decision is not None and decision not in ("agreed", "refused"):
        reader.fail("E511", f"`{decision}` is not a decision", row.cells["decision"].at, "write `agreed` or `refused`")
    on = reader.day("on", required=not draft)
    until = reader.day("until")
    by = reader.text("by", required=not draft)
    if by is not None and not by.isprintable():
        reader.fail("E508", "the name of who signed cannot be printed", row.cells["by"].at)
    if reader.failed or question is None:
        return None
    if draft:
        return SetAside(f"judgement of {question}", "a draft that nobody signed is no decision", row.place)
    if decision is None or on is None or by is None:
        return None
    until = until or point(LAST_DAY)
    if on.low > until.high:
        return reader.fail("E515", "the judgement ends before it was signed", row.cells["until"].at)
    return Judgement(question, decision, on, until, by, row.place)


def reviewed_of(row: Row, vocabulary: Vocabulary, problems: list[Problem]) -> Reviewed | None:
    """The review of a history that a row states; None where something is wrong."""
    scope = _scope_of(row, vocabulary, problems, "a review")
    return Reviewed(*scope, row.place) if scope else None


def denied_of(row: Row, vocabulary: Vocabulary, problems: list[Problem]) -> Denied | None:
    """The explicit "no" that a row states; None where something is wrong."""
    scope = _scope_of(row, vocabulary, problems, "an absence")
    return Denied(*scope, row.place) if scope else None


def _scope_of(row: Row, vocabulary: Vocabulary, problems: list[Problem], what: str) -> tuple[str, str, Interval] | None:
    reader = _RowReader(what, row, vocabulary, problems)
    name = reader.text("relation", required=True)
    through = reader.day("through", required=True)
    if name is None:
        return None
    kinds = (Kind.EVENT, Kind.MEASURE)
    events = {n: r for n, r in vocabulary.relations.items() if r.kind in kinds and r.concept_column is not None}
    if name not in events:
        known = ", ".join(f"`{n}`" for n in events)
        return reader.fail(
            "E510",
            f"`{name[:60]}` is not a relation of events or measures",
            row.cells["relation"].at,
            did_you_mean(name, events) or f"what can be reviewed or absent: {known}",
        )
    column = events[name].columns[events[name].concept_column or 0]
    concept = reader.concept("concept", column.type.root, required=True) if isinstance(column.type, Coded) else None
    return None if reader.failed or concept is None or through is None else (name, concept, through)


def chart_of(
    patient: str, screening: int | None, content: Content, file: str, vocabulary: Vocabulary, problems: list[Problem]
) -> Chart:
    """The chart that the content makes; what contradicts itself in it is added to `problems`."""
    problems.extend(_contradictions(content, vocabulary))
    order = {name: i for i, name in enumerate(vocabulary.relations)}
    return Chart(
        patient,
        screening,
        tuple(sorted((kept.what for kept in content.records), key=lambda record: order[record.relation])),
        tuple(j for j in content.judgements if isinstance(j, Judgement)),
        content.reviewed,
        tuple(kept.what for kept in content.denied),
        tuple(j for j in content.judgements if isinstance(j, SetAside)),
        file,
    )


def contradicts(denied: Denied, record: Record, vocabulary: Vocabulary) -> bool:
    """Whether the record is of something that certainly began while, by the explicit "no", there was nothing of it."""
    if record.relation != denied.relation or record.standing is not Standing.CONFIRMED:
        return False
    relation = vocabulary.relations[record.relation]
    start = relation.position("from") if relation.position("on") is None else relation.position("on")
    about = relation.concept_column
    if start is None or about is None:
        return False
    began, concept = record.values[start], record.values[about]
    return (
        isinstance(began, Interval)
        and isinstance(concept, str)
        and began.high <= denied.through.low
        and vocabulary.is_a(concept, denied.concept)
    )


def _contradictions(content: Content, vocabulary: Vocabulary) -> Iterable[Problem]:
    for denial in content.denied:
        for kept in content.records:
            if contradicts(denial.what, kept.what, vocabulary):
                claim = f"the chart says that there was no {denial.what.concept}, and records one"
                help_ = "take one of the two away, or let `through` end before it began"
                yield Problem("E517", claim, denial.at, help_, related=((kept.at, kept.what.words),))
    first: dict[str, Kept[Record]] = {}
    for kept in content.records:
        name = kept.what.relation
        earlier = first.setdefault(name, kept)
        if earlier is not kept and vocabulary.relations[name].kind is Kind.ATTRIBUTE:
            claim, first_one = f"`{name}` is given twice, and a patient has one", ((earlier.at, "given here first"),)
            yield Problem("E517", claim, kept.at, "keep the one that is right", related=first_one)


class _RowReader:
    """Reads the cells of one row, noting what is wrong with each."""

    def __init__(self, what: str, row: Row, vocabulary: Vocabulary, problems: list[Problem]) -> None:
        self.what, self.row, self.vocabulary, self.problems = what, row, vocabulary, problems
        self.failed = False

    def fail(self, code: str, claim: str, at: Span, help_: str = "") -> None:
        self.failed = True
        self.problems.append(Problem(code, claim, at, help_))

    def cell(self, column: str, required: bool) -> Cell | None:
        found = self.row.cells.get(column)
        if found is None and required:
            self.fail("E508", f"`{column}` is missing in {self._named()}", self.row.at, f"add `{column}`")
        elif found is not None and not found.written.strip():
            self.fail("E508", f"`{column}` is empty", found.at, "leave it out where nothing is recorded")
            return None
        return found

    def _named(self) -> str:
        return self.what if self.what.startswith(("a ", "an ")) else f"a record of `{self.what}`"

    def text(self, column: str, required: bool = False) -> str | None:
        found = self.cell(column, required)
        return found.written.strip() if found else None

    def one_of(self, column: str, allowed: tuple[str, ...], default: str) -> str:
        found = self.cell(column, required=False)
        if found is None:
            return default
        if found.written.strip() not in allowed:
            words = " or ".join(f"`{word}`" for word in allowed)
            self.fail("E516", f"`{found.written[:40]}` is not a {column}", found.at, f"write {words}")
        return found.written.strip()

    def standing(self) -> Standing:
        word = self.one_of("standing", tuple(s.value for s in Standing), Standing.CONFIRMED.value)
        return Standing.UNCONFIRMED if word == Standing.UNCONFIRMED.value else Standing.CONFIRMED

    def day(self, column: str, required: bool = False) -> Interval | None:
        found = self.cell(column, required)
        if found is None:
            return None
        try:
            return day_of(found.written)
        except ValueError as error:
            self.fail("E509", str(error), found.at, "dates are written 2025-03-31, 2025-03 or 2025")
            return None

    def concept(self, column: str, root: str, required: bool = False) -> str | None:
        found = self.cell(column, required)
        if found is None:
            return None
        name = self.vocabulary.named(found.written, root)
        if name is None and found.written.strip() == _UNKNOWN and not required:
            return root
        if name is None:
            names = tuple(self.vocabulary.names_under(root))
            help_ = did_you_mean(found.written, names) or f"see the concepts under `{root}` in the vocabulary"
            self.fail("E511", f"`{found.written[:60]}` is not a {root} in the vocabulary", found.at, help_)
        return name

    def about(self, relation: Relation) -> Concept | None:
        """The concept that the row is about, None where its relation has none or it is not understood."""
        at = relation.concept_column
        if at is None:
            return None
        column = relation.columns[at]
        if not isinstance(column.type, Coded):
            return None
        name = self.concept(column.name, column.type.root, required=True)
        return self.vocabulary.concepts[name] if name else None

    def value(self, relation: Relation, column: Column, concept: Concept | None) -> Value | None:
        """What the column says; None where nothing is written, or where it is wrong."""
        if concept is not None and relation.concept_column == relation.position(column.name):
            return concept.name
        match column.type:
            case Dated():
                return self._date(column.name, required=relation.kind is Kind.ATTRIBUTE)
            case Coded(root):
                about = relation.concept_column == relation.position(column.name)
                return None if about else self.concept(column.name, root)
            case Amount(unit):
                return self._amount(column.name, unit, None)
            case Measured():
                return self._amount(column.name, concept.unit, concept) if concept else None
            case _:
                assert_never(column.type)

    def _date(self, column: str, required: bool) -> Interval | None:
        found = self.row.cells.get(column)
        if found and found.written.strip() == _ONGOING and column == "to":
            return point(LAST_DAY)
        if found and found.written.strip() == _UNKNOWN:
            return UNKNOWN_DAY if column != "to" else None
        return self.day(column, required)

    def _amount(self, column: str, unit: str | None, concept: Concept | None) -> Interval | None:
        """The amount in `unit`, that of the column or of the measured concept."""
        found = self.cell(column, required=False)
        if found is None or found.written.strip() == _UNKNOWN:
            return None
        if unit is None:
            name = concept.name if concept else column
            return self.fail("E513", f"`{name}` is not measured in a unit", found.at, "name what exactly was measured")
        wanted = f"`{concept.name if concept else column}` is given in `{unit}`"
        try:
            amount = written(found.written)
            if amount.unit is None and not is_plain(unit):
                claim = f"`{found.written[:40]}` has no unit"
                return self.fail("E514", claim, found.at, f"{wanted}; write the unit behind the number")
            return converted(amount, self._factor(amount.unit, unit, concept), unit)
        except AmountError as error:
            help_ = "an amount is written `60 %`, `<5 U/L` or `3-5 mg/dL`, with a decimal point"
            return self.fail("E512", str(error), found.at, help_)
        except UnitError as error:
            return self.fail("E513", str(error), found.at, wanted)

    def _factor(self, of: str | None, to: str, concept: Concept | None) -> Exact:
        if of is None:
            return 1
        return self.vocabulary.factor(concept.name, of) if concept else ratio(of, to)
