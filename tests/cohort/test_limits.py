"""Expressions over codes: wherever no guard fires, a comparison of codes is the comparison of the exact numbers."""

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.cohort.kernels import wrapped
from tests.cohort.programs import CHARTED
from trialog.codes import code_of
from trialog.engines.kernel.expressions import Coded, condition, expression
from trialog.engines.kernel.limits import PER_UNIT, beyond, fitting, guards, is_beyond, odd
from trialog.engines.kernel.ranges import Range
from trialog.engines.kernel.tables import Refused
from trialog.plain import Test
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Sum, Var
from trialog.values import GREATEST, LEAST, Exact

CHART, EXACT, KNOWN = ("v", "w", "x"), ("n", "m"), ("k",)
"""A chart's numbers, which may lie between ticks; numbers worked out, in finer parts; numbers of background knowledge."""
FINER = 3 * PER_UNIT
SPAN: Range = (Fraction(1, 2), Fraction(40))
CODED = (
    {name: Coded(name, PER_UNIT) for name in CHART}
    | {name: Coded(name, FINER) for name in EXACT}
    | {"k": Coded("k", 2)}
)
NUMBERS: st.SearchStrategy[Exact] = st.one_of(
    st.sampled_from((*CHARTED, GREATEST, LEAST, -5, -30, Fraction(-1, 3))),
    st.fractions(min_value=-100, max_value=100, max_denominator=1000),
    st.integers(0, 2_000_000),
)
CONSTANTS: st.SearchStrategy[Exact] = st.one_of(
    st.sampled_from(
        (0, 1, 2, 3, -1, 30, 5, Fraction(1, 3), Fraction(1, 2), 10**6, 10**9, 10**12, Fraction("30.000005"))
    ),
    st.integers(-50, 50),
)
LEAVES = st.one_of(st.sampled_from([*map(Var, (*CHART, *EXACT, *KNOWN))]), CONSTANTS.map(Const))
TERMS: st.SearchStrategy[Expr] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Sum, inner, inner),
        st.builds(Difference, inner, inner),
        st.builds(Product, inner, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda of: Least(tuple(of))),
        st.lists(inner, min_size=2, max_size=3).map(lambda of: Greatest(tuple(of))),
    ),
    max_leaves=5,
)
TESTS = st.builds(Test, st.sampled_from(["=", "!=", "<", "<="]), TERMS, TERMS)
VALUES = st.fixed_dictionaries(
    dict.fromkeys(CHART, NUMBERS)
    | {name: st.integers(-(2**40), 2**40).map(lambda n: Fraction(n, FINER)) for name in EXACT}
    | {"k": st.integers(1, 80).map(lambda n: Fraction(n, 2))}
)


def value(e: Expr, numbers: Mapping[str, Exact]) -> Fraction:
    """The exact number."""
    match e:
        case Var(name):
            return Fraction(numbers[name])
        case Const(number):
            assert not isinstance(number, str)
            return Fraction(number)
        case Sum(left, right):
            return value(left, numbers) + value(right, numbers)
        case Difference(left, right):
            return value(left, numbers) - value(right, numbers)
        case Product(left, right):
            return value(left, numbers) * value(right, numbers)
        case Least(of):
            return min(value(x, numbers) for x in of)
        case Greatest(of):
            return max(value(x, numbers) for x in of)
        case _:
            raise AssertionError("no day is made here")


def truth(test: Test, numbers: Mapping[str, Exact]) -> bool:
    one, other = value(test.left, numbers), value(test.right, numbers)
    return {"=": one == other, "!=": one != other, "<": one < other, "<=": one <= other}[test.operator]


def in_codes(numbers: Mapping[str, Exact]) -> dict[str, int]:
    """As the kernel holds them."""
    found = {name: code_of(numbers[name]) for name in CHART}
    return found | {name: int(numbers[name] * CODED[name].scale) for name in (*EXACT, *KNOWN)}


def never_sure(*_: object) -> bool:
    return True


def worked_out(text: str, codes: Mapping[str, int]) -> int:
    """The text's value, every step held to 64 bits; an odd code may always be of two numbers."""
    return wrapped(text, dict(codes) | {"is_unsure": never_sure, **dict.fromkeys("SNB", 0)})


@settings(max_examples=500, deadline=None)
@given(TESTS, VALUES)
@example(Test("<", Var("v"), Const(1_500_000)), {"v": 2_000_000, "w": 0, "x": 0, "n": 0, "m": 0, "k": 1})
@example(Test("<=", Const(10**9), Var("v")), {"v": GREATEST, "w": 0, "x": 0, "n": 0, "m": 0, "k": 1})
@example(Test("=", Var("v"), Var("n")), {"v": Fraction(10, 3), "w": 0, "x": 0, "n": Fraction(10, 3), "m": 0, "k": 1})
@example(
    Test("=", Var("v"), Var("w")), {"v": Fraction(1, 3), "w": Fraction("0.333333"), "x": 0, "n": 0, "m": 0, "k": 1}
)
def test_what_is_not_given_back_is_right(test: Test, numbers: dict[str, Exact]) -> None:
    between, ranges = frozenset(CHART), {"k": SPAN}
    try:
        watched = guards(test, CODED, between, ranges)
        text = condition(test, CODED, lambda _: 0)
    except Refused:
        return
    codes = in_codes(numbers)
    if any(worked_out(w, codes) for w in watched):
        return
    assert bool(worked_out(text, codes)) == truth(test, numbers)


@settings(max_examples=300, deadline=None)
@given(TERMS, VALUES)
def test_what_is_worked_out_is_exact_where_it_is_not_given_back(e: Expr, numbers: dict[str, Exact]) -> None:
    mine = sorted(set(CHART) & names(e))
    try:
        found = expression(e, CODED, lambda _: 0)
        watched = (
            [odd(mine, CODED), *beyond((e,), mine, CODED, {"k": SPAN}, always=True)]
            if mine
            else fitting((e,), CODED, {"k": SPAN})
        )
    except Refused:
        return
    codes = in_codes(numbers)
    assume(not any(worked_out(w, codes) for w in watched))
    assert worked_out(found.text, codes) == value(e, numbers) * found.scale


def names(e: Expr) -> set[str]:
    from trialog.ends import variables

    return variables(e)


def test_simple_limits_are_not_given_back() -> None:
    """Else all would be right, and nothing fast."""
    for number in (30, 5, 0, Fraction(5, 2), 1_000_000):
        assert guards(Test("<", Var("v"), Const(number)), CODED, frozenset(CHART), {}) == []
    for v, w in ((30, 5), (30, 30), (5, GREATEST), (Fraction(1, 3), 5)):
        watched = guards(Test("<=", Sum(Var("v"), Var("w")), Const(60)), CODED, frozenset(CHART), {})
        codes = in_codes({"v": v, "w": w, "x": 0, "n": 0, "m": 0, "k": 1})
        assert not any(worked_out(x, codes) for x in watched)
    assert is_beyond("v", 5) == "v > 5 or v < -5"
