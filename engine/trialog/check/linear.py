"""Whether comparisons can hold together: linear inequalities over exact numbers and days, by Fourier and Motzkin's elimination."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from trialog.program import Compared, Const, Difference, Expr, Given, Greatest, Least, Product, Shifted, Sum, Var
from trialog.values import Duration

type Monomial = tuple[str, ...]
"""The variables whose product it is, sorted; the empty one stands for a number alone."""
type Polynomial = Mapping[Monomial, Fraction]

_NUMBER: Monomial = ()
_ENOUGH = 400  # inequalities, after which no contradiction is looked for
_MONTH = Fraction(146_097, 4800)  # days, on average over the 400 years in which the calendar repeats itself
_SLACK = 6  # days by which a number of months may differ from that: the shortest to the longest, and leap years


@dataclass(frozen=True, slots=True)
class _NotAbove:
    """The polynomial is 0 or less, below 0 where `strict`. `of` are the comparisons that say so."""

    terms: tuple[tuple[Monomial, Fraction], ...]
    strict: bool
    of: frozenset[int]


def clashing(comparisons: Sequence[Compared | Given]) -> tuple[int, ...]:
    """Comparisons, by their place, of which it is sure that they cannot all hold; none where they can, or may."""
    found = _clash(comparisons, frozenset(range(len(comparisons))))
    for i in sorted(found, reverse=True):
        without = _clash(comparisons, found - {i}) if len(found) > 1 else frozenset[int]()
        found = without or found
    return tuple(sorted(found))


def _clash(comparisons: Sequence[Compared | Given], chosen: frozenset[int]) -> frozenset[int]:
    forms = _Forms()
    left: list[_NotAbove] = []
    for i in sorted(chosen):
        one, of = comparisons[i], frozenset({i})
        if isinstance(one, Given):
            difference, operator = _plus(forms.of(one.variable), forms.of(one.expression), -1), "="
        else:
            difference, operator = _plus(forms.of(one.left), forms.of(one.right), -1), one.operator
        if operator == "!=":
            if not difference:
                return of
            continue
        left.append(_not_above(difference, operator == "<", of))
        if operator == "=":
            left.append(_not_above(_times(difference, Fraction(-1)), False, of))
    left.extend(_not_above(form, False, frozenset()) for form in forms.calendar())
    return _eliminated(left)


def _eliminated(left: list[_NotAbove]) -> frozenset[int]:
    """Take one variable after the other out; what remains are numbers, and one of them may be above 0."""
    while True:
        for one in left:
            if all(m == _NUMBER for m, _ in one.terms):
                value = sum((c for _, c in one.terms), Fraction(0))
                if value > 0 or (value == 0 and one.strict):
                    return one.of
        variables = {m for one in left for m, _ in one.terms if m != _NUMBER}
        if not variables or len(left) > _ENOUGH:
            return frozenset()
        above = {v: [x for x in left if dict(x.terms).get(v, 0) > 0] for v in variables}
        below = {v: [x for x in left if dict(x.terms).get(v, 0) < 0] for v in variables}
        variable = min(variables, key=lambda v: (len(above[v]) * len(below[v]), v))
        rest = [x for x in left if x not in above[variable] and x not in below[variable]]
        left = list(
            dict.fromkeys([*rest, *(_without(variable, a, b) for a in above[variable] for b in below[variable])])
        )


def _without(variable: Monomial, above: _NotAbove, below: _NotAbove) -> _NotAbove:
    up, down = dict(above.terms), dict(below.terms)
    joined = _plus(_times(up, 1 / up[variable]), _times(down, 1 / -down[variable]), 1)
    return _not_above(joined, above.strict or below.strict, above.of | below.of)


def _not_above(form: Polynomial, strict: bool, of: frozenset[int]) -> _NotAbove:
    return _NotAbove(tuple(sorted(form.items())), strict, of)


def _plus(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, Fraction(0)) + sign * coefficient
    return {m: c for m, c in total.items() if c}


def _times(form: Polynomial, by: Fraction) -> Polynomial:
    return {m: c * by for m, c in form.items() if c * by}


class _Forms:
    """Expressions as polynomials. A date moved by months is a variable of its own, of which the calendar knows something."""

    def __init__(self) -> None:
        self.moved: dict[str, tuple[Polynomial, int]] = {}  # the date that was moved, and by how many months

    def of(self, expression: Expr) -> Polynomial:
        match expression:
            case Var(name):
                return {(name,): Fraction(1)}
            case Const(value):
                assert not isinstance(value, str), "concepts are not compared by size"
                return {_NUMBER: Fraction(value)} if value else {}
            case Sum(left, right):
                return _plus(self.of(left), self.of(right), 1)
            case Difference(left, right):
                return _plus(self.of(left), self.of(right), -1)
            case Product(left, right):
                return self.product(self.of(left), self.of(right))
            case Shifted(date, by, sign):
                return self.shifted(self.of(date), by, sign)
            case Least() | Greatest():
                raise AssertionError("authors do not write it")

    def product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        total: Polynomial = {}
        for a, x in left.items():
            total = _plus(total, {tuple(sorted((*a, *b))): x * y for b, y in right.items()}, 1)
        return total

    def shifted(self, date: Polynomial, by: Duration, sign: int) -> Polynomial:
        if by.months:
            months = sign * by.months
            name = f"{sorted(date.items())} moved by {months} months"
            self.moved[name] = (date, months)
            date = {(name,): Fraction(1)}
        return _plus(date, {_NUMBER: Fraction(by.days)}, sign)

    def calendar(self) -> Iterable[Polynomial]:
        """What is not above 0: a date moved by months is so many days away, and more months lead to no earlier day."""
        for name, (date, months) in self.moved.items():
            moved = _plus({(name,): Fraction(1)}, date, -1)
            yield _plus(moved, {_NUMBER: months * _MONTH + _SLACK}, -1)
            yield _plus({_NUMBER: months * _MONTH - _SLACK}, moved, -1)
        for (one, (date, months)), (other, (same, more)) in combinations(self.moved.items(), 2):
            if date == same and months != more:
                first, second = (one, other) if months < more else (other, one)
                yield {(first,): Fraction(1), (second,): Fraction(-1)}
