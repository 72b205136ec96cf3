"""Where whole numbers of 64 bits, with ends for "no limit", say just what exact numbers say; and else not.

A chart's number comes as a code: twice its ticks, odd where it lies between two. Codes compare rightly with numbers on a tick.
Where a rule does more with them, a guard stands before: it gives the patient to the reference where a code would not do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import ceil, lcm
from typing import assert_never

from trialog.codes import END_CODE, LARGEST_CODE, TICKS_PER_UNIT
from trialog.ends import Ends, variables
from trialog.engines.kernel.expressions import Coded, compared, expression, reduced
from trialog.engines.kernel.ranges import Range
from trialog.engines.kernel.tables import Refused
from trialog.plain import Test
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var
from trialog.values import LAST_DAY

PER_UNIT = 2 * TICKS_PER_UNIT
"""The code of 1."""
TO_REFERENCE = "N[0] = -1"
FRACTIONS = 1
"""The number of the relation of what odd codes are of: code, dividend, divisor."""

_MOST = 2**62
_MOSTS = (LARGEST_CODE, *(2**bits for bits in range(36, 19, -2)))
"""What numbers are held to where more would need more than 64 bits, the first that will do."""
_ENDS_APART = Fraction(END_CODE, LARGEST_CODE)


@dataclass(frozen=True, slots=True)
class _Linear:
    """A sum of a chart's numbers, each times a factor from one of these ranges, and a number not beyond `rest`."""

    factors: tuple[tuple[Fraction, Fraction], ...]
    rest: Fraction
    most: Fraction  # the greatest multiple of a chart's number that it comes to, a fixed number counted as one of these


def guards(test: Test, values: Mapping[str, Coded], between: frozenset[str], ranges: Mapping[str, Range]) -> list[str]:
    """Conditions under which the test cannot be decided on codes. `between` are the variables that hold a chart's numbers.

    `ranges` are those of numbers from background knowledge. Raises Refused where codes never do.
    """
    mine = sorted(variables(test.left) & between | variables(test.right) & between)
    left, right = test.left, test.right
    if not mine:
        return fitting((left, right), values, ranges)
    if isinstance(left, Var) and isinstance(right, Var) and len(mine) == 2:
        one, other = values[left.name].text, values[right.name].text
        return [f"{one} == {other} and {one} % 2 != 0 and {unsure(one)}"]
    for side, against in ((left, right), (right, left)):
        if isinstance(side, Var) and (number := _number(against)) is not None and is_on_tick(number):
            code = abs(number) * PER_UNIT
            if code <= LARGEST_CODE:
                return []
            return [_beyond(mine, values, LARGEST_CODE, END_CODE if code < END_CODE else 0)]
    far = _beyond(mine, values, LARGEST_CODE, END_CODE)
    unsure_order = f"({odd(mine, values)}) and ({far} or not ({_apart(test, mine, values)}))"
    return [unsure_order, *beyond((left, right), mine, values, ranges)]


def unsure(code: str) -> str:
    """Whether the odd code may be that of two different numbers of the patient."""
    return f"is_unsure(S, N, B, {FRACTIONS}, {code})"


def _apart(test: Test, mine: list[str], values: Mapping[str, Coded]) -> str:
    """Whether all that one side may be lies below all that the other may be, an odd code being any number around it."""
    ends = Ends(frozenset(values) - frozenset(mine))
    around = dict(values)
    for name in mine:
        low, high = ends.of(Var(name))
        code = values[name]
        for end, sign in ((low, "-"), (high, "+")):
            assert isinstance(end, Var)
            around[end.name] = Coded(f"({code.text} {sign} {code.text} % 2)", code.scale)

    def below(one: Expr, other: Expr) -> str:
        return compared("<=", *reduced(*(expression(e, around, lambda _: 0) for e in (one, other))))

    return f"{below(ends.high(test.left), ends.low(test.right))} or {below(ends.high(test.right), ends.low(test.left))}"


def odd(mine: list[str], values: Mapping[str, Coded]) -> str:
    return " or ".join(f"{values[name].text} % 2 != 0" for name in mine)


def beyond(
    sides: tuple[Expr, ...],
    mine: list[str],
    values: Mapping[str, Coded],
    ranges: Mapping[str, Range],
    always: bool = False,
) -> list[str]:
    """Conditions under which a code may be an end, where an end would not compare as the end of the number line does.

    Where `always`, no end will do: it is not known what the value is compared with.
    """
    found = [_linear(side, frozenset(mine), ranges) for side in sides]
    sums = [f for f in found if f is not None]
    scale = lcm(*(expression(side, values, lambda _: 0).scale for side in sides))
    if len(sums) == len(sides) and not always and max(s.most for s in sums) * scale / PER_UNIT * END_CODE < _MOST:
        factors = [f for s in sums for f in s.factors]
        rest = sum((s.rest for s in sums), Fraction(0)) * PER_UNIT / LARGEST_CODE
        others = fitting(sides, values, ranges, frozenset(mine))
        if all(low == high for low, high in factors):
            given = {abs(low) for low, _ in factors}
            apart = [*given, *(abs(a - b) for a, b in combinations(given, 2))]
            greatest = sum((abs(low) for low, _ in factors), Fraction(0))
            if min((a for a in apart if a), default=Fraction(1)) * _ENDS_APART > greatest + rest:
                return others
        elif sum(bool(s.factors) for s in sums) == 1 and min(low for low, _ in factors) * _ENDS_APART > rest:
            # all is added up, so no end is lost
            return [" or ".join(f"{values[name].text} < 0" for name in mine), *others]
    return fitting(sides, values, ranges) or [_beyond(mine, values, LARGEST_CODE)]


def fitting(
    sides: tuple[Expr, ...],
    values: Mapping[str, Coded],
    ranges: Mapping[str, Range],
    ends: frozenset[str] = frozenset(),
) -> list[str]:
    """Conditions under which what is worked out of both sides, brought to one scale, may need more than 64 bits.

    The variables in `ends` may be ends, and fit. Raises Refused where next to no number fits.
    """
    scale = lcm(*(expression(side, values, lambda _: 0).scale for side in sides))
    reckoned = [s for s in sides if not (isinstance(s, Var) and values[s.name].scale == scale)]
    free = sorted(set[str]().union(*(_amounts(s) for s in reckoned)) - ranges.keys())
    for most in _MOSTS:
        sizes = {name: END_CODE if name in ends else most for name in free}
        if all(_size(s, values, ranges, sizes, scale) < _MOST for s in reckoned):
            watched = [name for name in free if name not in ends]
            return [_beyond(watched, values, most)] if watched else []
    raise Refused("numbers that would need more than 64 bits")


def _amounts(e: Expr) -> set[str]:
    """The variables with which the expression reckons; a day that is moved has few digits."""
    match e:
        case Var(name):
            return {name}
        case Const() | Shifted():
            return set()
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            return _amounts(left) | _amounts(right)
        case Least(of) | Greatest(of):
            return set().union(*(_amounts(x) for x in of))
        case _:
            assert_never(e)


def _size(
    e: Expr, values: Mapping[str, Coded], ranges: Mapping[str, Range], sizes: Mapping[str, int], scale: int
) -> int:
    """What the expression times the scale, and everything worked out on the way, does not go beyond."""
    own = expression(e, values, lambda _: 0).scale
    match e:
        case Var(name) if name in ranges:
            low, high = ranges[name]
            size = ceil(max(abs(low), abs(high)) * own)
        case Var(name):
            size = sizes[name] + 1  # a code may stand for the numbers around it
        case Const(value):
            size = 0 if isinstance(value, str) else abs(Fraction(value).numerator)
        case Shifted():
            size = LAST_DAY
        case Sum(left, right) | Difference(left, right):
            size = _size(left, values, ranges, sizes, own) + _size(right, values, ranges, sizes, own)
        case Product(left, right):
            one, other = (expression(x, values, lambda _: 0).scale for x in (left, right))
            size = _size(left, values, ranges, sizes, one) * _size(right, values, ranges, sizes, other)
        case Least(of) | Greatest(of):
            size = max(_size(x, values, ranges, sizes, own) for x in of)
        case _:
            assert_never(e)
    return size * (scale // own)


def is_on_tick(number: Fraction) -> bool:
    return (number * TICKS_PER_UNIT).denominator == 1


def is_beyond(text: str, most: int) -> str:
    return f"{text} > {most} or {text} < {-most}"


def _beyond(mine: Sequence[str], values: Mapping[str, Coded], most: int, end: int = 0) -> str:
    """Whether a code goes beyond `most`; where an `end` is given, short of that."""
    texts = [values[n].text for n in mine]
    if not end:
        return " or ".join(is_beyond(x, most) for x in texts)
    return " or ".join(f"{most} < {x} and {x} < {end} or {-end} < {x} and {x} < {-most}" for x in texts)


def _linear(e: Expr, mine: frozenset[str], ranges: Mapping[str, Range]) -> _Linear | None:
    match e:
        case Var(name) if name in mine:
            return _Linear(((Fraction(1), Fraction(1)),), Fraction(0), Fraction(1))
        case Var(name):
            low, high = ranges.get(name, (Fraction(0), Fraction(LARGEST_CODE)))
            return _fixed(max(abs(low), abs(high)))
        case Const(value):
            return _fixed(abs(Fraction(value)) if not isinstance(value, str) else Fraction(0))
        case Sum(left, right) | Difference(left, right):
            one, other = _linear(left, mine, ranges), _linear(right, mine, ranges)
            if one is None or other is None:
                return None
            return _Linear((*one.factors, *other.factors), one.rest + other.rest, one.most + other.most)
        case Product(left, right):
            for by, side in ((left, right), (right, left)):
                factor, of = _range(by, ranges), _linear(side, mine, ranges)
                if factor is not None and of is not None:
                    low, high = factor
                    found = tuple((min(low * a, high * a), max(low * b, high * b)) for a, b in of.factors)
                    by_most = max(abs(low), abs(high))
                    return _Linear(found, of.rest * by_most, of.most * by_most)
            return None
        case Least(of) | Greatest(of):
            parts = [_linear(x, mine, ranges) for x in of]
            kept = [p for p in parts if p is not None]
            if len(kept) < len(parts):
                return None
            rest = sum((p.rest for p in kept), Fraction(0))
            return _Linear(tuple(f for p in kept for f in p.factors), rest, max(p.most for p in kept))
        case Shifted():
            return _fixed(Fraction(0))
        case _:
            assert_never(e)


def _fixed(number: Fraction) -> _Linear:
    return _Linear((), number, number * PER_UNIT / LARGEST_CODE)


def _range(e: Expr, ranges: Mapping[str, Range]) -> Range | None:
    """The range of a factor that is no number of a chart, and not below zero."""
    match e:
        case Const(value) if not isinstance(value, str):
            return Fraction(value), Fraction(value)
        case Var(name) if name in ranges and ranges[name][0] >= 0:
            return ranges[name]
        case _:
            return None


def _number(e: Expr) -> Fraction | None:
    """The value of an expression without variables."""
    match e:
        case Const(value):
            return Fraction(value) if not isinstance(value, str) else None
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            one, other = _number(left), _number(right)
            if one is None or other is None:
                return None
            return one + other if isinstance(e, Sum) else one - other if isinstance(e, Difference) else one * other
        case _:
            return None
