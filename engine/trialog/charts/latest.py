"""Which record is the last one on any given day, when days may be known only roughly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trialog.charts.chart import Record, Standing
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Interval


@dataclass(frozen=True, slots=True)
class Stretch:
    """From day `since` up to but not including `until`, the last record is one of `candidates`.

    Where not `sure`, there may also be no record yet.
    """

    since: int
    until: int
    candidates: tuple[Record, ...]
    sure: bool


def stretches(dated: Sequence[tuple[Interval, bool, Record]]) -> Iterator[Stretch]:
    """The stretches of days, from the calendar's first to its last, over which the candidates stay the same.

    Each record comes with its day, and with whether it surely counts. A record counts on a day when it is from that day or
    before; of those that count, one whose latest day is before another's earliest cannot be the last.
    """
    if all(on.is_point and sure for on, sure, _ in dated):
        yield from _of_known_days(dated)
        return
    turns = sorted({FIRST_DAY, *(int(d) for on, _, _ in dated for d in (on.low, on.high))})
    for i, since in enumerate(turns):
        until = turns[i + 1] if i + 1 < len(turns) else LAST_DAY + 1
        counted = [(on, r) for on, sure, r in dated if sure and on.high <= since]
        latest = max((on.low for on, _ in counted), default=FIRST_DAY)
        candidates = tuple(r for on, _, r in dated if on.low <= since and on.high >= latest)
        yield Stretch(since, until, candidates, bool(counted))


def _of_known_days(dated: Sequence[tuple[Interval, bool, Record]]) -> Iterator[Stretch]:
    """The same where every day is known and every record surely counts: the last day's records, until the next day's."""
    of_day: dict[int, list[Record]] = {}
    for on, _, record in dated:
        of_day.setdefault(int(on.low), []).append(record)
    turns = sorted(of_day)
    if not turns or turns[0] > FIRST_DAY:
        yield Stretch(FIRST_DAY, turns[0] if turns else LAST_DAY + 1, (), False)
    for i, since in enumerate(turns):
        until = turns[i + 1] if i + 1 < len(turns) else LAST_DAY + 1
        yield Stretch(since, until, tuple(of_day[since]), True)


def hull(values: Sequence[Interval], same_day: bool) -> Interval:
    """The interval around all the values, of which one is the true one."""
    low, high = min(v.low for v in values), max(v.high for v in values)
    if any(v.cause is Cause.MISSING for v in values):
        return Interval(low, high, Cause.MISSING)
    if len({(v.low, v.high) for v in values}) > 1:
        return Interval(low, high, Cause.CONFLICTING if same_day else Cause.IMPRECISE)
    return Interval(low, high, values[0].cause)


def is_sure(record: Record) -> bool:
    return record.standing is Standing.CONFIRMED
