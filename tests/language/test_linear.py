"""Comparisons that are told to exclude each other do, and those of which some values satisfy all are never told."""

from datetime import date
from fractions import Fraction
from itertools import product
from operator import eq, le, lt, ne

from hypothesis import example, given, settings
from hypothesis import strategies as st

from trialog.check.linear import clashing
from trialog.program import Compared, Const, Difference, Expr, Product, Shifted, Sum, Var
from trialog.values import Duration, Exact, exact, shift

NAMES = ("A", "B", "C")
HOLDS = {"=": eq, "!=": ne, "<": lt, "<=": le}
numbers = st.integers(-6, 6) | st.fractions(-3, 3, max_denominator=4).map(exact)
variables = st.sampled_from(NAMES).map(Var)
expressions = st.recursive(
    variables | numbers.map(Const),
    lambda e: st.tuples(st.sampled_from((Sum, Difference, Product)), e, e).map(lambda x: x[0](x[1], x[2])),
    max_leaves=4,
)
dates = st.recursive(
    variables | st.integers(date(1990, 1, 1).toordinal(), date(2030, 1, 1).toordinal()).map(Const),
    lambda e: st.builds(
        Shifted, e, st.builds(Duration, st.integers(0, 40), st.integers(0, 70)), st.sampled_from((1, -1))
    ),
    max_leaves=3,
)


def comparisons(side: st.SearchStrategy[Expr]) -> st.SearchStrategy[list[Compared]]:
    return st.lists(st.builds(Compared, st.sampled_from(sorted(HOLDS)), side, side), min_size=1, max_size=6)


def value(e: Expr, of: dict[str, Exact]) -> Exact:
    match e:
        case Var(name):
            return of[name]
        case Const(known):
            assert not isinstance(known, str)
            return known
        case Sum(left, right):
            return value(left, of) + value(right, of)
        case Difference(left, right):
            return value(left, of) - value(right, of)
        case Product(left, right):
            return value(left, of) * value(right, of)
        case Shifted(when, by, sign):
            return shift(int(value(when, of)), by, sign)
    raise AssertionError(e)


def all_hold(found: list[Compared], of: dict[str, Exact]) -> bool:
    return all(HOLDS[c.operator](value(c.left, of), value(c.right, of)) for c in found)


@settings(max_examples=400)
@given(comparisons(expressions), st.tuples(numbers, numbers, numbers))
def test_what_some_numbers_satisfy_is_not_told(found: list[Compared], values: tuple[Exact, Exact, Exact]) -> None:
    of = dict(zip(NAMES, values, strict=True))
    kept = [c for c in found if all_hold([c], of)]
    assert clashing(kept) == ()


@settings(max_examples=400)
@given(
    comparisons(dates),
    st.lists(st.dates(date(1980, 1, 1), date(2040, 1, 1)).map(date.toordinal), min_size=3, max_size=3),
)
def test_what_some_dates_satisfy_is_not_told(found: list[Compared], values: list[int]) -> None:
    of: dict[str, Exact] = dict(zip(NAMES, values, strict=True))
    assert clashing([c for c in found if all_hold([c], of)]) == ()


def _apart(one: str, other: str, most: int) -> Compared:
    return Compared("<=", Difference(Var(one), Var(other)), Const(most))


bounded = st.builds(_apart, st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(-3, 3))


@settings(max_examples=300)
@given(st.lists(bounded, min_size=1, max_size=7))
@example(
    [
        Compared("<=", Difference(Var("A"), Var("B")), Const(-1)),
        Compared("<=", Difference(Var("B"), Var("A")), Const(0)),
    ]
)
def test_distances_are_told_where_no_numbers_satisfy_them_and_only_then(found: list[Compared]) -> None:
    """Whole numbers will do where any will; with three of them at most 3 apart, none lies further than 6 from the first."""
    possible = any(all_hold(found, {"A": 0, "B": b, "C": c}) for b, c in product(range(-6, 7), repeat=2))
    clash = clashing(found)
    assert bool(clash) == (not possible)
    for i in clash:
        assert clashing([found[j] for j in clash if j != i]) == (), "each of those that are told is needed"


@given(st.integers(1, 1300), st.dates(date(1890, 1, 1), date(2110, 1, 1)), st.sampled_from((1, -1)))
def test_the_calendar_is_known(months: int, when: date, sign: int) -> None:
    """A date moved by months lies where it is said to lie."""
    moved = Shifted(Var("A"), Duration(months, 0), sign)
    of: dict[str, Exact] = {"A": when.toordinal()}
    apart = int(value(moved, of)) - when.toordinal()
    assert clashing([Compared("=", moved, Sum(Var("A"), Const(apart)))]) == ()
    assert clashing([Compared("=", moved, Sum(Var("A"), Const(apart + 40)))]) != ()
    assert clashing([Compared("<", Shifted(Var("A"), Duration(months, 0), 1), Var("A"))]) != ()


def test_fractions_are_exact() -> None:
    third = Const(Fraction(1, 3))
    three = Product(Const(3), Var("A"))
    assert clashing([Compared("=", Var("A"), third), Compared("=", three, Const(1))]) == ()
    assert clashing([Compared("=", Var("A"), third), Compared("<", three, Const(1))]) == (0, 1)
