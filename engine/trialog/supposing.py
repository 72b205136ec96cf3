"""Charts as they would be with something added, taken away, or known better. The chart itself stays as it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Standing, Value

type Entry = Record | Judgement | Reviewed | Denied
"""Something that a chart states."""


@dataclass(frozen=True, slots=True)
class Add:
    """The chart states this too."""

    what: Entry


@dataclass(frozen=True, slots=True)
class Take:
    """The chart lacks the entry at `index` of its `records`, `judgements`, `reviewed` or `denied`."""

    section: str
    index: int


@dataclass(frozen=True, slots=True)
class Put:
    """The record at `index` has this value in the column at `column`."""

    index: int
    column: int
    value: Value


@dataclass(frozen=True, slots=True)
class Confirm:
    """The record at `index` is confirmed."""

    index: int


type Edit = Add | Take | Put | Confirm


def supposing(chart: Chart, edits: Iterable[Edit]) -> Chart:
    """The chart after the edits, all of which count entries as they stand in `chart`."""
    edits = tuple(edits)
    if not edits:
        return chart
    gone = {(e.section, e.index) for e in edits if isinstance(e, Take)}
    records: dict[int, Record] = {}
    for e in edits:
        if isinstance(e, Put | Confirm):
            record = records.get(e.index, chart.records[e.index])
            if isinstance(e, Confirm):
                record = replace(record, standing=Standing.CONFIRMED)
            else:
                values = (*record.values[: e.column], e.value, *record.values[e.column + 1 :])
                record = replace(record, values=values, words="")
            records[e.index] = record
    new = [e.what for e in edits if isinstance(e, Add)]
    return replace(
        chart,
        records=(
            *(records.get(i, r) for i, r in enumerate(chart.records) if ("records", i) not in gone),
            *(w for w in new if isinstance(w, Record)),
        ),
        judgements=(*_kept(chart.judgements, "judgements", gone), *(w for w in new if isinstance(w, Judgement))),
        reviewed=(*_kept(chart.reviewed, "reviewed", gone), *(w for w in new if isinstance(w, Reviewed))),
        denied=(*_kept(chart.denied, "denied", gone), *(w for w in new if isinstance(w, Denied))),
    )


def _kept[T](entries: tuple[T, ...], section: str, gone: set[tuple[str, int]]) -> tuple[T, ...]:
    return tuple(e for i, e in enumerate(entries) if (section, i) not in gone)
