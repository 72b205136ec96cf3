"""Days as charts write them, and the days on which something can have begun, ended or happened."""

from trialog.values import FIRST_DAY, LAST_DAY, UNKNOWN_DAY, Cause, Exact, Interval, days, show_days

_EARLIEST_DAY = days("1850-01-01").low


def period(begin: Interval | None, end: Interval | None) -> tuple[Interval, Interval]:
    """The days of the beginning and the end of something, each drawn in by the other; None where one is not known.

    An end that is not known lies anywhere after the beginning. Raises ValueError where the end is before the beginning.
    """
    begin = begin or UNKNOWN_DAY
    end = end or Interval(begin.low, LAST_DAY, Cause.MISSING)
    if begin.low > end.high:
        raise ValueError(f"it ends ({show_days(end)}) before it begins ({show_days(begin)})")
    return _drawn_in(begin, begin.low, min(begin.high, end.high)), _drawn_in(end, max(begin.low, end.low), end.high)


def _drawn_in(days_: Interval, low: Exact, high: Exact) -> Interval:
    return Interval(low, high, days_.cause if low < high else None)


def day_of(text: str) -> Interval:
    """The days that a written date can mean. Raises ValueError where it is no date, or one that no chart can hold."""
    found = days(text)
    if found.low < _EARLIEST_DAY:
        raise ValueError(f"`{text[:40]}` is before 1850; nobody's chart begins there")
    return found


def period_or_conflict(begin: Interval | None, end: Interval | None) -> tuple[Interval, Interval]:
    """The beginning and the end as `period` gives them; where the end comes first, both lie anywhere between them."""
    try:
        return period(begin, end)
    except ValueError:
        ends = [interval for interval in (begin, end) if interval]
        both = Interval(min(i.low for i in ends), max(i.high for i in ends), Cause.CONFLICTING)
        return both, both


def between(begin: Interval | None, end: Interval | None) -> Interval | None:
    """The days on one of which something happened, by the first and the last of them; None where neither is known."""
    if begin is None and end is None:
        return None
    low, high = begin.low if begin else FIRST_DAY, end.high if end else LAST_DAY
    if low > high:
        return Interval(high, low, Cause.CONFLICTING)
    known = begin is not None and end is not None
    return Interval(low, high, None if low == high else Cause.IMPRECISE if known else Cause.MISSING)
