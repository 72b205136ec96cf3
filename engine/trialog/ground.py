"""Ground facts as they are typed for one question: the rules' own syntax, with values as charts write them.

    observation(lvef, 50 '%', 2026-01-10)
    treatment(prednisone, 2025-01-01, 2025-03-01, dose: 10 'mg/d')
    judged(survival_of_12_weeks, agreed, 2026-01-10)
    reviewed treatment drug through 2026-01-15
    absent condition stroke through 2026-01-15

The patient is left out. What may stand in a column, and what is left out, are as in a chart, and so is what is told of mistakes.
"""

import re
from dataclasses import dataclass

from trialog.charts.chart import Chart, Denied, Judgement, Place, Record, Reviewed, SetAside, Value
from trialog.charts.rows import (
    JUDGEMENT_COLUMNS,
    RECORDED,
    Cell,
    Row,
    columns_of,
    denied_of,
    judgement_of,
    record_of,
    reviewed_of,
    unknown_name,
)
from trialog.problem import Problem, did_you_mean
from trialog.source import Source, Span
from trialog.supposing import Entry, Take
from trialog.values import Cause, Interval, show_day, show_days
from trialog.vocabulary import Coded, Kind, Relation, Vocabulary

_HELP = "write for example `observation(lvef, 50 '%', 2026-01-10)`, or `reviewed treatment drug through 2026-01-15`"
_SIGNER = "whoever asks"
_STATEMENT = re.compile(r"(reviewed|absent)\s+(\S+)\s+(\S.*?)\s+through\s+(\S+?)\s*\.?\s*")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: a relation and what stands in each column, as it is written; `any_` columns may be anything."""

    section: str  # `records`, `judgements`, `reviewed` or `denied`
    relation: Relation | None
    row: Row
    anything: frozenset[str]


def read_addition(text: str, vocabulary: Vocabulary, screening: int) -> tuple[Entry | None, list[Problem]]:
    """The entry that a chart would have besides; None where something is wrong with how it is typed."""
    problems: list[Problem] = []
    typed = _read(Source("--add", text), vocabulary, problems)
    if typed is None:
        return None, problems
    for name in sorted(typed.anything):
        at = typed.row.cells[name].at
        problems.append(Problem("E660", "`_` stands for no value that could be added", at, "leave the column out"))
    if problems:
        return None, problems
    return _entry(typed, vocabulary, screening, problems), problems


def read_retraction(text: str, chart: Chart, vocabulary: Vocabulary) -> tuple[tuple[Take, ...], list[Problem]]:
    """What the chart would lack: each entry that fits what is typed, or that stands at the place that is typed."""
    source = Source("--retract", text)
    whole = Span(source, 0, len(text))
    at_place = tuple(
        Take(section, i)
        for section in ("records", "judgements", "reviewed", "denied")
        for i, entry in enumerate(getattr(chart, section))
        if _is_at(entry.place, text.strip())
    )
    if at_place:
        return at_place, []
    problems: list[Problem] = []
    typed = _read(source, vocabulary, problems)
    if typed is None:
        return (), problems
    cells = {n: c for n, c in typed.row.cells.items() if n not in typed.anything}
    found = tuple(
        Take(typed.section, i)
        for i, entry in enumerate(getattr(chart, typed.section))
        if _fits(entry, typed, cells, vocabulary, problems)
    )
    if typed.relation is not None and not any(r.relation == typed.relation.name for r in chart.records):
        _check(typed.relation, cells, vocabulary, typed, problems)  # what is typed wrong is told all the same
    problems = list(dict.fromkeys(problems))
    if not found and not problems:
        claim = "the chart has nothing that could be retracted so"
        problems.append(Problem("E661", claim, whole, _instead(typed, chart)))
    return (() if problems else found), problems


# -- reading -----------------------------------------------------------------------------------------------------


def _read(source: Source, vocabulary: Vocabulary, problems: list[Problem]) -> Typed | None:
    text = source.text
    whole = Span(source, 0, len(text))
    statement = _STATEMENT.fullmatch(text.strip())
    if statement:
        lead = len(text) - len(text.lstrip())

        def cell(group: int) -> Cell:
            start, end = statement.span(group)
            return Cell(statement[group], Span(source, start + lead, end + lead))

        cells = {"relation": cell(2), "concept": cell(3), "through": cell(4)}
        section = "reviewed" if statement[1] == "reviewed" else "denied"
        anything = frozenset(n for n, c in cells.items() if c.written == "_")
        return Typed(section, None, Row(cells, whole, Place(source.name)), anything)
    opened = re.match(r"\s*([A-Za-z]\w*)\s*\(", text)
    if opened is None:
        problems.append(Problem("E660", "this is no fact that a chart could hold", whole, _HELP))
        return None
    name_at = Span(source, *opened.span(1))
    relation = vocabulary.relations.get(opened[1])
    kinds = (*RECORDED, Kind.JUDGEMENT)
    if relation is None or relation.kind not in kinds:
        known = [n for n, r in vocabulary.relations.items() if r.kind in kinds]
        help_ = did_you_mean(opened[1], known) or f"what charts record: {', '.join(f'`{k}`' for k in known)}"
        problems.append(Problem("E510", f"`{opened[1][:60]}` is not a relation that charts record", name_at, help_))
        return None
    arguments = _arguments(source, opened.end(), problems)
    if arguments is None:
        return None
    judged = relation.kind is Kind.JUDGEMENT
    allowed = tuple(c for c in JUDGEMENT_COLUMNS if c != "status") if judged else columns_of(relation)
    positional = [c.name for c in relation.columns]
    cells: dict[str, Cell] = {}
    for i, (column, cell) in enumerate(arguments):
        name = column.written if column is not None else positional[i] if i < len(positional) else None
        if name is None:
            columns = ", ".join(f"`{c}`" for c in positional)
            claim = f"`{relation.name}` has {len(positional)} columns, and this is one more"
            problems.append(Problem("E660", claim, cell.at, f"the columns are {columns}; the patient is left out"))
        elif column is not None and name not in allowed:
            problems.append(unknown_name(name, column.at, allowed, f"`{relation.name}`"))
        elif name in cells:
            claim = f"the column `{name}` is given twice"
            problems.append(Problem("E660", claim, cell.at, "give each column once"))
        elif column is None and i and any(c is not None for c, _ in arguments[:i]):
            claim = "after a column that is named, each must be named"
            problems.append(Problem("E660", claim, cell.at, f"write `{name}: {cell.written}` if that is meant"))
        else:
            cells[name] = cell
    if problems:
        return None
    anything = frozenset(n for n, c in cells.items() if c.written == "_")
    row = Row(cells, whole, Place(source.name))
    return Typed("judgements" if judged else "records", relation, row, anything)


def _arguments(source: Source, start: int, problems: list[Problem]) -> list[tuple[Cell | None, Cell]] | None:
    """The columns, with their names where they are written; None where the brackets do not close, or something stands behind."""
    text = source.text
    closed = text.rfind(")")
    if closed < start or text[closed + 1 :].strip() not in ("", "."):
        at = Span(source, len(text), len(text)) if closed < start else Span(source, closed + 1, len(text))
        problems.append(Problem("E660", "a fact ends with `)`", at, _HELP))
        return None
    found: list[tuple[Cell | None, Cell]] = []
    begin = start
    for end in (*_commas(text, start, closed), closed):
        piece = text[begin:end]
        named = re.match(r"\s*([a-z]\w*)\s*:", piece)
        column = None
        offset = 0
        if named is not None:
            column = Cell(named[1], Span(source, begin + named.start(1), begin + named.end(1)))
            offset = named.end()
        written = piece[offset:]
        value = written.strip()
        at = begin + offset + (len(written) - len(written.lstrip()))
        span = Span(source, at, at + len(value))
        if not value:
            if begin == start and end == closed and column is None:
                break
            problems.append(Problem("E660", "a value is missing here", span, "write one, or leave the column out"))
        elif value != "..":
            found.append((column, Cell(_plain(value), span)))
        begin = end + 1
    return found


def _commas(text: str, start: int, end: int) -> list[int]:
    """Where the commas stand that are in no quotation marks and no braces of a unit."""
    found: list[int] = []
    quote, depth = "", 0
    for i in range(start, end):
        sign = text[i]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
        elif sign == "," and depth <= 0:
            found.append(i)
    return found


def _plain(value: str) -> str:
    """The value as charts write it: `50 '%'` is `50 %`, and a text stands without its quotation marks."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return re.sub(r"\s*'([^']*)'$", r" \1", value).strip()


def _entry(typed: Typed, vocabulary: Vocabulary, screening: int, problems: list[Problem]) -> Entry | None:
    match typed.section:
        case "reviewed":
            return reviewed_of(typed.row, vocabulary, problems)
        case "denied":
            return denied_of(typed.row, vocabulary, problems)
        case "judgements":
            here = typed.row.at
            cells = {"on": Cell(show_day(screening), here), "by": Cell(_SIGNER, here), **typed.row.cells}
            judgement = judgement_of(Row(cells, here, typed.row.place), vocabulary, problems)
            return None if isinstance(judgement, SetAside) else judgement
        case _:
            assert typed.relation is not None
            return record_of(typed.relation, typed.row, vocabulary, problems)


# -- what is in the chart ----------------------------------------------------------------------------------------


def _is_at(place: Place, typed: str) -> bool:
    line = f"{place.file}:{place.line}" if place.line else ""
    return bool(typed) and typed in (str(place), place.path, line)


def _fits(entry: Entry, typed: Typed, cells: dict[str, Cell], vocabulary: Vocabulary, problems: list[Problem]) -> bool:
    """Whether the entry has in each column what is typed there; of a class, something in it."""
    match entry:
        case Reviewed() | Denied():
            if "relation" in cells and entry.relation != cells["relation"].written:
                return False
            asked = {"relation": entry.relation, "concept": entry.concept, "through": _written(entry.through)}
            read = reviewed_of(_filled(asked, cells, typed), vocabulary, problems)
            return read is not None and all(_same(getattr(read, n), getattr(entry, n), vocabulary) for n in cells)
        case Judgement():
            asked = {"question": entry.question, "decision": entry.decision, "on": _written(entry.on), "by": entry.by}
            judged = judgement_of(_filled(asked, cells, typed), vocabulary, problems)
            return isinstance(judged, Judgement) and all(
                judged.by == entry.by if n == "by" else _same(getattr(judged, n), getattr(entry, n), vocabulary)
                for n in cells
                if n != "note"
            )
        case Record():
            relation = typed.relation
            if relation is None or entry.relation != relation.name:
                return False
            read_as = _check(relation, cells, vocabulary, typed, problems, entry)
            return read_as is not None and all(
                _same(read_as.values[i], entry.values[i], vocabulary)
                for i, c in enumerate(relation.columns)
                if c.name in cells
            )


def _filled(own: dict[str, str], cells: dict[str, Cell], typed: Typed) -> Row:
    """What is typed, and what is not typed as it stands in the chart."""
    return Row({n: Cell(v, typed.row.at) for n, v in own.items()} | cells, typed.row.at, typed.row.place)


def _check(
    relation: Relation, cells: dict[str, Cell], vocabulary: Vocabulary, typed: Typed, problems: list[Problem],
    like: Record | None = None,
) -> Record | None:  # fmt: skip
    """What is typed as a record, with what it leaves out taken from `like`, or from nowhere in particular."""
    about = relation.concept_column
    given = dict(cells)
    if about is not None and relation.columns[about].name not in given:
        column = relation.columns[about]
        root = column.type.root if isinstance(column.type, Coded) else ""
        given[column.name] = Cell(str(like.values[about]) if like is not None else root, typed.row.at)
    for i, column in enumerate(relation.columns):
        needed = relation.kind is Kind.ATTRIBUTE and column.name not in given and like is not None
        if needed and like is not None:
            given[column.name] = Cell(_written(like.values[i]), typed.row.at)
    if relation.kind not in RECORDED or (relation.kind is Kind.ATTRIBUTE and like is None):
        return None
    return record_of(relation, Row(given, typed.row.at, typed.row.place), vocabulary, problems)


def _written(value: Value) -> str:
    return value if isinstance(value, str) else "unknown" if value.cause is Cause.MISSING else show_days(value)


def _same(typed: Value, own: Value, vocabulary: Vocabulary) -> bool:
    if isinstance(typed, Interval) or isinstance(own, Interval):
        return (
            isinstance(typed, Interval) and isinstance(own, Interval) and (typed.low, typed.high) == (own.low, own.high)
        )
    return typed == own or (typed in vocabulary.concepts and own in vocabulary.concepts and vocabulary.is_a(own, typed))


def _instead(typed: Typed, chart: Chart) -> str:
    """What there is to retract of the relation."""
    name = typed.relation.name if typed.relation is not None else ""
    entries = [e for e in getattr(chart, typed.section) if not isinstance(e, Record) or e.relation == name]
    places = [e.place.path or str(e.place) for e in entries]
    if not places:
        return "there is nothing of that kind in the chart at all"
    verb = "is" if len(places) == 1 else "are"
    return f"there {verb} {', '.join(f'`{p}`' for p in places[:4])}{', …' if len(places) > 4 else ''}; a place can be typed too"
