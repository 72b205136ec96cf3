"""Numbers as whole codes that compare as the numbers do with every number on a tick (see docs/decisions/0030-codes.md).

A number on a tick, a hundred-thousandth of its unit, has an even code; one between two ticks the odd code between theirs.
"""

from fractions import Fraction
from functools import lru_cache

from trialog.values import GREATEST, LEAST, Exact, exact

TICKS_PER_UNIT = 100_000
LARGEST_CODE = 2**38
"""No code but those of the ends goes more than one beyond it: sums and multiples of a few codes stay within 64 bits."""
BEYOND_CODE = LARGEST_CODE + 1
"""The code of every number that is larger, and with a minus of every one that lies as far below zero: odd, as it is not exact."""
END_CODE = 2**47
"""The code of GREATEST, and of LEAST with a minus."""


@lru_cache(maxsize=1 << 16)
def code_of(value: Exact) -> int:
    """The code of the number, `BEYOND_CODE` where it lies beyond what codes hold."""
    if value in (LEAST, GREATEST):
        return END_CODE if value == GREATEST else -END_CODE
    code = _code(value)
    return code if abs(code) <= LARGEST_CODE else BEYOND_CODE if code > 0 else -BEYOND_CODE


def is_beyond(value: Exact) -> bool:
    """Whether the number cannot be held in a code."""
    return value not in (LEAST, GREATEST) and abs(_code(value)) > LARGEST_CODE


def is_exact(value: Exact) -> bool:
    """Whether the code alone gives the number back."""
    return value in (LEAST, GREATEST) or (_code(value) % 2 == 0 and abs(_code(value)) <= LARGEST_CODE)


@lru_cache(maxsize=1 << 16)
def number_of(code: int) -> Exact:
    """The number on the tick, or the end, that the code is of."""
    if abs(code) == END_CODE:
        return GREATEST if code > 0 else LEAST
    return exact(Fraction(code, 2 * TICKS_PER_UNIT))


def _code(value: Exact) -> int:
    ticks = value * TICKS_PER_UNIT
    whole = ticks.numerator // ticks.denominator
    return 2 * whole + (ticks.denominator != 1)
