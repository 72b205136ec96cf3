"""What an aggregate makes of its rows: shared by all engines, since no engine's own aggregates know intervals and calendars."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import assert_never

from trialog.plain import Tally, Value
from trialog.tree import Summary
from trialog.values import Duration, shift

_LEAP_CYCLE = 1461  # after four years the lengths of months come round again
_LEAP_YEARS = date(2000, 1, 1).toordinal()
NO_GAP = Duration(0, 0)


def reaches(tally: Tally, rows: Iterable[tuple[Value, ...]]) -> bool:
    """Whether the rows, without their key, reach the tally's bound (see `Tally`)."""
    match tally.summary:
        case Summary.COUNT:
            assert isinstance(tally.bound, int)
            return _count(rows, tally) >= tally.bound
        case Summary.COVERED:
            assert isinstance(tally.bound, Duration)
            return _covered(_periods(rows, tally), tally.bound, tally.strict)
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
    stretches = _stretches(_periods(rows, tally), gap if summary is Summary.LONGEST else NO_GAP)
    days = [end - begin for begin, end in stretches]
    return f"{max(days, default=0) if summary is Summary.LONGEST else sum(days)} days"


def _count(rows: Iterable[tuple[Value, ...]], tally: Tally) -> int:
    """How many different values there are: at least (of intervals, those that do not touch), or at most."""
    if not tally.paired:
        return len(set(rows))
    intervals = sorted({(high, low) for low, high in rows if not isinstance(low, str) and not isinstance(high, str)})
    if tally.sure:
        apart, last = 0, None
        for high, low in intervals:  # by their upper ends
            if last is None or low > last:
                apart, last = apart + 1, high
        return apart
    unlimited = (
        tally.bound if isinstance(tally.bound, int) else 0
    )  # an interval may hold any number of different values
    return sum(1 if low == high else unlimited for high, low in intervals)


type _Period = tuple[int, int]
"""The first and the last day that count."""


def _periods(rows: Iterable[tuple[Value, ...]], tally: Tally) -> list[_Period]:
    """The periods as they surely were, or as they may have been; those that surely had no day are left out."""
    found: list[_Period] = []
    for row in rows:
        days = [int(v) for v in row if not isinstance(v, str)]
        if tally.paired:
            early, late, ending, ended = days
            begin, end = (late, ending) if tally.sure else (early, ended)
        else:
            begin, end = days
        if begin <= end:
            found.append((begin, end))
    return sorted(found)


def _stretches(periods: list[_Period], gap: Duration) -> list[tuple[int, int]]:
    """The union of the periods; one that begins within `gap` and a day of another's end continues it."""
    found: list[tuple[int, int]] = []
    for begin, end in periods:
        if found and begin <= shift(found[-1][1], gap) + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _longest(periods: list[_Period], bound: Duration, strict: bool, gap: Duration) -> bool:
    reached = ((shift(begin, bound), end) for begin, end in _stretches(periods, gap))
    return any(need < end if strict else need <= end for need, end in reached)


def _covered(periods: list[_Period], bound: Duration, strict: bool) -> bool:
    """Whether one stretch of the union is that long, or all together have as many days as the bound can have at most."""
    if not periods:
        return False
    days = sum(end - begin for begin, end in _stretches(periods, NO_GAP))
    need = most_days(bound)
    return ((need < days) if strict else (need <= days)) or _longest(periods, bound, strict, NO_GAP)


@lru_cache(maxsize=64)
def most_days(duration: Duration) -> int:
    """The greatest number of days that the duration has, from whatever day it is counted: 366 for 12 months."""
    return max(shift(start, duration) - start for start in range(_LEAP_YEARS, _LEAP_YEARS + _LEAP_CYCLE))
