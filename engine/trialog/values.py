"""Exact numbers, calendar dates as day numbers, durations, and closed intervals of them.

Nothing here is a floating point number: a threshold is met or it is not.
"""

import calendar
import enum
import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache

type Exact = int | Fraction
"""A whole number, or a fraction where it is not whole (see `exact`)."""

# The ends of the number line. Readers of charts refuse magnitudes that come near them, so that an interval reaching to
# an end means "nothing is known on this side" and still compares exactly.
LEAST: int = -(10**40)
GREATEST: int = 10**40
LARGEST_READABLE: int = 10**15

FIRST_DAY: int = date.min.toordinal()
LAST_DAY: int = date.max.toordinal()


_MOST_FACTOR = 10**1000


class Cause(enum.Enum):
    """Why a value is not a single point."""

    MISSING = "missing"
    IMPRECISE = "imprecise"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from `low` to `high`, both included; `cause` says why it is not one point, None when it is."""

    low: Exact
    high: Exact
    cause: Cause | None = None
    of_days: bool = field(default=False, compare=False)  # for those who print it: day numbers, not amounts

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high} is empty")

    @property
    def is_point(self) -> bool:
        return self.low == self.high


def point(value: Exact) -> Interval:
    return Interval(value, value)


UNKNOWN_NUMBER = Interval(LEAST, GREATEST, Cause.MISSING)
UNKNOWN_AMOUNT = Interval(0, GREATEST, Cause.MISSING)
UNKNOWN_DAY = Interval(FIRST_DAY, LAST_DAY, Cause.MISSING)


def exact(value: Fraction | int) -> Exact:
    """The same number, as an int where it is whole, so that equal numbers look equal."""
    return value.numerator if value.denominator == 1 else value


_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


def product(left: Exact, right: Exact) -> Exact:
    """Raises ValueError for a factor of more than a thousand digits: squares of squares of it would keep a machine busy."""
    if any(abs(part) > _MOST_FACTOR for x in (left, right) for part in (x.numerator, x.denominator)):
        raise ValueError("a number has more than a thousand digits")
    return left * right


def decimal(written: str) -> Exact:
    """The number written, exactly. Raises ValueError where `written` is not a decimal number of readable size."""
    if len(written) > 60 or not written.isascii() or not _DECIMAL.fullmatch(written):
        raise ValueError(f"`{written[:60]}` is not a decimal number")
    value = exact(Fraction(written))
    if abs(value) > LARGEST_READABLE:
        raise ValueError(f"`{written}` is larger than any measurement")
    return value


def show_number(value: Exact) -> str:
    """The number as people write it: a terminating decimal in full, any other fraction as `a/b`."""
    value = exact(value)
    if isinstance(value, int):
        return str(value)
    rest, digits = value.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        digits = max(digits, power)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    scaled = str(abs(int(value * 10**digits))).rjust(digits + 1, "0")
    return f"{'-' if value < 0 else ''}{scaled[:-digits]}.{scaled[-digits:]}"


@dataclass(frozen=True, slots=True)
class Duration:
    """Whole calendar months, then whole days. `5 years` is 60 months."""

    months: int
    days: int

    def __str__(self) -> str:
        match self:
            case Duration(0, days):
                return f"{days} day{'s' * (days != 1)}"
            case Duration(months, 0) if months % 12 == 0 and months:
                return f"{months // 12} year{'s' * (months != 12)}"
            case Duration(months, 0):
                return f"{months} month{'s' * (months != 1)}"
            case Duration(months, days):
                return f"{months} months {days} days"


def shift(day: int, by: Duration, sign: int = 1) -> int:
    """The day that is `by` after `day` (before it where `sign` is -1), both as proleptic Gregorian ordinals.

    Adding months keeps the day of the month, or takes the last day of a month that has no such day, as HL7's Clinical
    Quality Language does. The result stays within the calendar's first and last day, and never decreases as `day` grows.
    """
    if by.months:
        here = date.fromordinal(day)
        month = here.year * 12 + here.month - 1 + sign * by.months
        year, month = divmod(month, 12)
        if year < 1:
            return FIRST_DAY
        if year > 9999:
            return LAST_DAY
        last = calendar.monthrange(year, month + 1)[1]
        day = date(year, month + 1, min(here.day, last)).toordinal()
    return min(max(day + sign * by.days, FIRST_DAY), LAST_DAY)


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(T.*)?")


def days(written: str) -> Interval:
    """The days that a date written as `2025`, `2025-03`, `2025-03-31` or a FHIR dateTime can mean.

    The time of day and its zone are left aside: the day is the one written. Raises ValueError where it is no date.
    """
    found = _DATE.fullmatch(written.strip()) if written.isascii() else None
    if not found or (found[4] and not found[3]):
        raise ValueError(
            f"`{written[:40]}` is not a date; write it as 2025-03-31, or 2025-03 where the day is not known"
        )
    year, month, day = int(found[1]), found[2], found[3]
    try:
        first = date(year, int(month or 1), int(day or 1))
        last_month = int(month or 12)
        last = date(year, last_month, int(day or calendar.monthrange(year, last_month)[1]))
    except (ValueError, calendar.IllegalMonthError):
        raise ValueError(f"`{written[:40]}` is not a day of the calendar") from None
    low, high = first.toordinal(), last.toordinal()
    return Interval(low, high, None if low == high else Cause.IMPRECISE)


def show_day(day: int) -> str:
    return date.fromordinal(day).isoformat()


def show_days(when: Interval) -> str:
    """The interval of days as people write it: a whole month as `2025-03`, a whole year as `2025`."""
    low, high = date.fromordinal(int(when.low)), date.fromordinal(int(when.high))
    if low == high:
        return low.isoformat()
    if when.low == FIRST_DAY and when.high == LAST_DAY:
        return "an unknown day"
    if when.low == FIRST_DAY:
        return f"up to {high}"
    if when.high == LAST_DAY:
        return f"{low} or later"
    for words in (f"{low.year:04}", f"{low.year:04}-{low.month:02}"):
        whole = days(words)
        if (whole.low, whole.high) == (when.low, when.high):
            return words
    return f"{low} to {high}"


# -- values as terms, read back as exactly as they were written ----------------------------------------------------


@lru_cache(maxsize=1 << 16)
def term(value: str | Exact, is_day: bool = False) -> str:
    """`=413/1000` for a number, `@2026-01-31` for a day, a text as it is, behind `'` where it would look otherwise."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(("=", "@", "'", "?")) or value == "_" else value
    if is_day and isinstance(value, int) and FIRST_DAY <= value <= LAST_DAY:
        return f"@{show_day(value)}"
    return f"={value}"


@lru_cache(maxsize=1 << 16)
def value_of(written: str) -> str | Exact:
    """The value of a term. Raises ValueError where it is none."""
    if written[:1] == "=" and re.fullmatch(r"=-?[0-9]+(/0*[1-9][0-9]*)?", written):
        return exact(Fraction(written[1:]))
    if written[:1] == "@":
        return date.fromisoformat(written[1:]).toordinal()
    if written[:1] in ("=", "?") or written == "_":
        raise ValueError(f"`{written[:40]}` is not a value")
    return written.removeprefix("'")


def duration_term(length: Duration) -> str:
    """`P3M0D` for three months."""
    return f"P{length.months}M{length.days}D"


def duration_of(written: str) -> Duration:
    """The duration of such a term. Raises ValueError where it is none."""
    found = re.fullmatch(r"P([0-9]{1,6})M([0-9]{1,8})D", written)
    if not found:
        raise ValueError(f"`{written[:40]}` is not a duration")
    return Duration(int(found[1]), int(found[2]))
