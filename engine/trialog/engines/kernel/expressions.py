"""Expressions and tests of a rule as source text over whole numbers: both sides brought to one scale, exactly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import assert_never

from trialog.engines.kernel.tables import Refused
from trialog.plain import Either, Test
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var

LARGEST_WRITTEN = 2**60
"""No number beyond it stands in the text: what is added to it still needs no more than 64 bits."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Source text whose value is the expression's, times `scale`."""

    text: str
    scale: int


type Values = Mapping[str, Coded]
type CodeOf = Callable[[str], int]


def expression(e: Expr, values: Values, code: CodeOf) -> Coded:
    match e:
        case Var(name):
            return values[name]
        case Const(str() as concept):
            return Coded(str(code(concept)), 1)
        case Const(value):
            number = Fraction(value)
            return Coded(_written(number.numerator), number.denominator)
        case Sum(left, right):
            return _joined("+", expression(left, values, code), expression(right, values, code))
        case Difference(left, right):
            return _joined("-", expression(left, values, code), expression(right, values, code))
        case Product(left, right):
            one, other = expression(left, values, code), expression(right, values, code)
            return Coded(_together(one.text, "*", other.text), one.scale * other.scale)
        case Shifted(date, by, sign):
            day = expression(date, values, code)
            if day.scale != 1:
                raise Refused("a day that is no whole number")
            if by.months:
                return Coded(f"shift_months({day.text}, {sign * by.months}, {sign * by.days})", 1)
            return Coded(f"shift_days({day.text}, {sign * by.days})", 1)
        case Least(of) | Greatest(of):
            parts = [expression(x, values, code) for x in of]
            scale = lcm(*(p.scale for p in parts))
            texts = ", ".join(times(p, scale) for p in parts)
            return Coded(f"{'min' if isinstance(e, Least) else 'max'}({texts})", scale)
        case _:
            assert_never(e)


def _joined(sign: str, left: Coded, right: Coded) -> Coded:
    scale = lcm(left.scale, right.scale)
    found = _together(times(left, scale), sign, times(right, scale))
    return Coded(found if _is_number(found) else f"({found})", scale)


def _together(left: str, sign: str, right: str) -> str:
    """Two numbers that stand in the text are worked out at once."""
    if _is_number(left) and _is_number(right):
        one, other = int(left), int(right)
        return _written(one + other if sign == "+" else one - other if sign == "-" else one * other)
    return f"{left} {sign} {right}"


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def times(part: Coded, scale: int) -> str:
    """The text of the part's value at that scale, a multiple of its own."""
    factor = scale // part.scale
    if factor == 1:
        return part.text
    if _is_number(part.text):
        return _written(int(part.text) * factor)
    return f"{part.text} * {_written(factor)}"


def _written(number: int) -> str:
    if abs(number) > LARGEST_WRITTEN:
        raise Refused("numbers that would need more than 64 bits")
    return str(number)


def compared(operator: str, left: Coded, right: Coded) -> str:
    """The comparison, both sides times the least that makes their scales one."""
    scale = lcm(left.scale, right.scale)
    return f"{times(left, scale)} {'==' if operator == '=' else operator} {times(right, scale)}"


def condition(step: Test | Either, values: Values, code: CodeOf) -> str:
    match step:
        case Test(operator, left, right):
            return compared(operator, *reduced(expression(left, values, code), expression(right, values, code)))
        case Either(left, right):
            return f"({condition(left, values, code)}) or ({condition(right, values, code)})"


def reduced(left: Coded, right: Coded) -> tuple[Coded, Coded]:
    """The same two sides; scales without what they have in common, so that numbers stay small."""
    common = gcd(left.scale, right.scale)
    return Coded(left.text, left.scale // common), Coded(right.text, right.scale // common)
