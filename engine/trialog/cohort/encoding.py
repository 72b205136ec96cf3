"""Charts as the rows of whole numbers that a kernel takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from trialog.charts.chart import Chart, Denied, Record, Reviewed, Standing
from trialog.codes import code_of, is_beyond
from trialog.cohort.layout import ABSENT, REVIEWED, SIGNED, Layout
from trialog.cohort.sources import Form, places, record_of, sources
from trialog.values import Cause, Interval
from trialog.vocabulary import Coded, Dated, Relation

type Cells = list[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of one chart by the kernel's relations; `beyond` where a number has no code."""

    rows: dict[str, Cells]
    beyond: bool


def encoded(chart: Chart, layout: Layout) -> Encoded:
    codes, relations = layout.tables.codes, list(layout.vocabulary.relations)
    rows: dict[str, Cells] = {source.name: [] for source in sources(layout)}
    wanted = {r.name: r for r in layout.records}
    beyond = False
    for record in chart.records:
        relation = wanted.get(record.relation)
        if relation is not None:
            cells, ok = _record(record, relation, layout)
            rows[record_of(relation)].append(cells)
            beyond = beyond or not ok

    def scopes(statements: Iterable[Reviewed | Denied]) -> Cells:
        return [
            (relations.index(s.relation), codes[s.concept], int(s.through.low), int(s.through.high)) for s in statements
        ]

    rows[REVIEWED], rows[ABSENT] = scopes(chart.reviewed), scopes(chart.denied)
    rows[SIGNED] = [
        (codes[j.question], int(j.decision == "agreed"), *_days(j.on), *_days(j.until)) for j in chart.judgements
    ]
    return Encoded(rows, beyond)


def _days(when: Interval) -> tuple[int, int]:
    return int(when.low), int(when.high)


def _record(record: Record, relation: Relation, layout: Layout) -> tuple[tuple[int, ...], bool]:
    cells: list[int] = []
    ok = True
    for value, column in zip(record.values, relation.columns, strict=True):
        match value, column.type:
            case str() as concept, Coded():
                cells.append(layout.tables.codes[concept])
            case Interval() as days, Dated():
                cells += _days(days)
            case Interval(low, high), _:
                ok = ok and not (is_beyond(low) or is_beyond(high))
                cells += [code_of(low), code_of(high)]
            case _:
                raise AssertionError(f"{value} in the column {column.name}")
    cells.append(int(record.standing is Standing.CONFIRMED))
    if relation.product is not None:
        for name in (relation.product.whole, relation.product.part):
            value = record.values[relation.position(name) or 0]
            cells.append(int(isinstance(value, Interval) and value.cause is Cause.MISSING))
    return tuple(cells), ok


def packed(charts: Sequence[Encoded], layout: Layout) -> tuple[list[int], list[int], list[int]]:
    """The runs `C`, `D` and `O` of several charts (see `sources`)."""
    narrow: list[int] = []
    wide: list[int] = []
    of = sources(layout)
    rows = {s.name: [row for chart in charts for row in chart.rows[s.name]] for s in of}
    offsets = list(places(of, len(charts), [len(rows[s.name]) for s in of]))
    for source in of:
        i = 0
        for form in source.forms:
            run = wide if form is Form.NUMBERS else narrow
            run += [row[i] for row in rows[source.name]]
            if form is not Form.ONE:
                run += [row[i + 1] - row[i] for row in rows[source.name]]
            i += form.size
        offsets += accumulate((len(chart.rows[source.name]) for chart in charts), initial=0)
    return narrow, wide, offsets
