"""What an aggregate makes of its rows: shared by all engines, since no engine's own aggregates know intervals and calendars."""

from collections.abc import Iterable
from typing import assert_never

from trialog.plain import Tally, Value
from trialog.tree import Summary
from trialog.values import Duration, shift

_LEAP_CYCLE = 1461  # after four years the lengths of months come round again


def reaches(tally: Tally, rows: Iterable[tuple[Value, ...]]) -> bool:
    """Whether the rows, without their key, reach the tally's bound (see `Tally`)."""
    match tally.summary:
        case Summary.COUNT:
            assert isinstance(tally.bound, int)
            return _count(rows, tally) >= tally.bound
        case Summary.COVERED:
            assert isinstance(tally.bound, Duration)
            return _covered(_periods(rows, tally), tally.bound, tally.strict, tally.sure)
        case Summary.LONGEST:
            assert isinstance(tally.bound, Duration)
            return _longest(_periods(rows, tally), tally.bound, tally.strict, tally.gap)
        case Summary.MIN | Summary.MAX:
            raise AssertionError("the check turns `min` and `max` into comparisons")
        case _:
            assert_never(tally.summary)


def amount(summary: Summary, gap: Duration, paired: bool, rows: list[tuple[Value, ...]]) -> str:
    """What the rows surely come to, in words: how many, or how many days."""
    tally = Tally(summary, "", (), 0, False, gap, paired, True)
    if summary is Summary.COUNT:
        return str(_count(rows, tally))
    stretches = _stretches(_periods(rows, tally), gap if summary is Summary.LONGEST else Duration(0, 0))
    days = [end - begin for begin, end in stretches]
    return f"{max(days, default=0) if summary is Summary.LONGEST else sum(days)} days"


def _count(rows: Iterable[tuple[Value, ...]], tally: Tally) -> int:
    """How many different values there are: at least (of intervals, those that do not touch), or at most."""
    if not tally.paired:
        return len(set(rows))
    intervals = sorted({(row[1], row[0]) for row in rows})  # by their upper ends
    if tally.sure:
        apart, last = 0, None
        for high, low in intervals:
            if last is None or low > last:  # type: ignore[operator]
                apart, last = apart + 1, high
        return apart
    return sum(1 if low == high else tally.bound for high, low in intervals)  # type: ignore[misc]


type _Period = tuple[int, int, int, int]
"""First and last day that count, then the earliest and latest day on which the period may have begun."""


def _periods(rows: Iterable[tuple[Value, ...]], tally: Tally) -> list[_Period]:
    """The periods as they surely were, or as they may have been; those that surely had no day are left out."""
    found: list[_Period] = []
    for row in rows:
        if tally.paired:
            early, late, ending, ended = row
            begin, end = (late, ending) if tally.sure else (early, ended)
        else:
            begin, end = early, _ = row
            late = early
        if begin <= end:  # type: ignore[operator]
            found.append((begin, end, early, late))  # type: ignore[arg-type]
    return sorted(found)


def _stretches(periods: list[_Period], gap: Duration) -> list[tuple[int, int]]:
    """The union of the periods; one that begins within `gap` and a day of another's end continues it."""
    found: list[tuple[int, int]] = []
    for begin, end, _, _ in periods:
        if found and begin <= shift(found[-1][1], gap) + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _longest(periods: list[_Period], bound: Duration, strict: bool, gap: Duration) -> bool:
    reached = ((shift(begin, bound), end) for begin, end in _stretches(periods, gap))
    return any(need < end if strict else need <= end for need, end in reached)


def _covered(periods: list[_Period], bound: Duration, strict: bool, sure: bool) -> bool:
    """The days of the union against the days that `bound` has from the beginning of one of the periods."""
    days = sum(end - begin for begin, end in _stretches(periods, Duration(0, 0)))
    for _, _, early, late in periods:
        starts = range(early, min(late, early + _LEAP_CYCLE) + 1)
        needs = [shift(start, bound) - start for start in starts]
        need = max(needs) if sure else min(needs)
        if (need < days) if strict else (need <= days):
            return True
    return False
