"""Columns of days and of numbers as a store holds them, and the ways in which records blur them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trialog.charts.amounts import least
from trialog.charts.store_write import CAUSES, exact_text
from trialog.codes import END_CODE, TICKS_PER_UNIT, code_of
from trialog.synthetic.draws import Draws, Flags, Ints
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Exact, Interval, exact

NO_CAUSE = -1
MISSING, IMPRECISE, CONFLICTING = (CAUSES.index(c) for c in (Cause.MISSING, Cause.IMPRECISE, Cause.CONFLICTING))
HUNDREDTH = TICKS_PER_UNIT * 2 // 100
"""The code of a hundredth."""
_EPOCH = 719_163  # the ordinal of 1970-01-01


@dataclass(frozen=True, slots=True)
class Spans:
    """Intervals of days or of codes; `exact` says which of `texts` holds the numbers that codes do not, -1 for none."""

    low: Ints
    high: Ints
    cause: NDArray[np.int8]
    exact: Ints | None = None
    texts: tuple[str | None, ...] = ()

    def at(self, which: Ints | Flags) -> "Spans":
        exact_ = None if self.exact is None else self.exact[which]
        return Spans(self.low[which], self.high[which], self.cause[which], exact_, self.texts)


def points(values: Ints) -> Spans:
    return Spans(values, values, np.full(len(values), NO_CAUSE, np.int8))


def unknown_days(count: int) -> Spans:
    return _same(FIRST_DAY, LAST_DAY, MISSING, count)


def unknown_numbers(count: int, unit: str = "") -> Spans:
    """Any amount in the unit, as `amounts.unknown_amount` has it."""
    return _same(code_of(least(unit)), END_CODE, MISSING, count)


def _same(low: int, high: int, cause: int, count: int) -> Spans:
    return Spans(np.full(count, low, np.int64), np.full(count, high, np.int64), np.full(count, cause, np.int8))


def where(chosen: Flags, one: Spans, other: Spans) -> Spans:
    """`one` where chosen, else the other; one of them alone may have exact texts."""
    assert one.exact is None or other.exact is None
    exact_ = None
    if one.exact is not None:
        exact_ = np.where(chosen, one.exact, -1)
    elif other.exact is not None:
        exact_ = np.where(chosen, -1, other.exact)
    return Spans(
        np.where(chosen, one.low, other.low),
        np.where(chosen, one.high, other.high),
        np.where(chosen, one.cause, other.cause).astype(np.int8),
        exact_,
        one.texts or other.texts,
    )


# -- days ----------------------------------------------------------------------------------------------------------


def of_month(days: Ints) -> Spans:
    """The months of the days, as who writes 2025-03 gives them."""
    return _whole(days, "M")


def of_year(days: Ints) -> Spans:
    return _whole(days, "Y")


def _whole(days: Ints, unit: Literal["M", "Y"]) -> Spans:
    stretch = (days - _EPOCH).astype("datetime64[D]").astype(f"datetime64[{unit}]")
    low = stretch.astype("datetime64[D]").astype(np.int64) + _EPOCH
    high = (stretch + np.timedelta64(1, unit)).astype("datetime64[D]").astype(np.int64) + _EPOCH - 1
    return Spans(low, high, np.full(len(days), IMPRECISE, np.int8))


def written_days(days: Ints, draws: Draws, months: float = 5, years: float = 1.5, missing: float = 1) -> Spans:
    """The days as charts have them: most in full, some by month or year, some not at all."""
    roll = draws.below(100_000, len(days))
    edges = np.cumsum([int(share * 1000) for share in (missing, years, months)])
    found = points(days)
    blurred = np.flatnonzero(roll < edges[2])  # the few are looked at alone
    few, of_few = days[blurred], roll[blurred]
    way = where(of_few < edges[1], of_year(few), of_month(few))
    way = where(of_few < edges[0], unknown_days(len(few)), way)
    low, high = days.copy(), days.copy()
    low[blurred], high[blurred] = way.low, way.high
    cause = found.cause
    cause[blurred] = way.cause
    return Spans(low, high, cause)


# -- numbers -------------------------------------------------------------------------------------------------------


def hundredths(values: Ints) -> Spans:
    return points(values * HUNDREDTH)


def at_most(codes: Ints) -> Spans:
    """`<5`: from nothing up to that."""
    return Spans(np.zeros(len(codes), np.int64), codes, np.full(len(codes), IMPRECISE, np.int8))


def at_least(codes: Ints) -> Spans:
    """`>90`: that or more."""
    return Spans(codes, np.full(len(codes), END_CODE, np.int64), np.full(len(codes), IMPRECISE, np.int8))


@lru_cache(maxsize=16)
def _in_another_unit(factor: Exact, most: int) -> tuple[Ints, tuple[str | None, ...]]:
    numbers = [exact(n * factor) for n in range(most + 1)]
    codes = np.array([code_of(n) for n in numbers], np.int64)
    return codes, tuple(exact_text(Interval(n, n)) for n in numbers)


def converted(whole: Ints, factor: Exact, most: int) -> Spans:
    """Whole numbers up to `most` in another unit, of which one is `factor` of the column's."""
    codes, texts = _in_another_unit(factor, most)
    found = points(codes[whole])
    held = np.array([text is None for text in texts])
    return Spans(found.low, found.high, found.cause, np.where(held[whole], -1, whole), texts)
