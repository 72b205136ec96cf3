"""Amounts: what is written, and the closed interval that surely holds the truth."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.charts.amounts import AmountError, Written, bounded, converted, is_plain, unknown_amount, written
from trialog.values import GREATEST, LEAST, Cause, Interval, exact, point, show_number


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("60 %", Written(60, 60, "%")),
        ("60%", Written(60, 60, "%")),
        ("8", Written(8, 8, None)),
        ("1.50 mg/dL", Written(Fraction(3, 2), Fraction(3, 2), "mg/dL")),
        ("<5 U/L", Written(None, 5, "U/L")),
        ("< 5 U/L", Written(None, 5, "U/L")),
        ("<=5 U/L", Written(None, 5, "U/L")),
        ("≤ 5U/L", Written(None, 5, "U/L")),
        (">=5 U/L", Written(5, None, "U/L")),
        (">5 U/L", Written(5, None, "U/L")),
        ("3-5 mg/dL", Written(3, 5, "mg/dL")),
        ("3 – 5 mg/dL", Written(3, 5, "mg/dL")),
        ("-2 Cel", Written(-2, -2, "Cel")),
        ("-2--1 Cel", Written(-2, -1, "Cel")),
        ("5 10*9/L", Written(5, 5, "10*9/L")),
        ("1e3 mg", Written(1000, 1000, "mg")),
    ],
)
def test_what_is_written(text: str, means: Written) -> None:
    assert written(text) == means


@pytest.mark.parametrize(
    "text",
    ["", "abc", "%", "1,5 mg", "1,000 mg", "5-3 mg", "<3-5 mg", "1.2.3", ".5 mg", "~5 mg", "5 6", "5 1", "NaN",
     "1e99 mg", "1/2 mg", "120/80 mm[Hg]", "٣ mg", "<", "--5 mg"],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError):
        written(text)


def test_bounds_are_closed_so_that_they_hold_the_truth() -> None:
    assert converted(written("<5 U/L"), 1, "U/L") == Interval(0, 5, Cause.IMPRECISE)
    assert converted(written(">5 U/L"), 1, "U/L") == Interval(5, GREATEST, Cause.IMPRECISE)
    assert converted(written("<5 Cel"), 1, "Cel") == Interval(LEAST, 5, Cause.IMPRECISE)
    assert converted(written("3-5 g/L"), 100, "mg/dL") == Interval(300, 500, Cause.IMPRECISE)
    assert converted(written("3-3 g/L"), 1, "g/L") == point(3)
    assert converted(written(">5 g/L"), 100, "mg/dL").high == GREATEST


def test_only_degrees_go_below_zero() -> None:
    with pytest.raises(AmountError):
        converted(written("-5 U/L"), 1, "U/L")
    with pytest.raises(AmountError):
        converted(written("<-5 U/L"), 1, "U/L")
    assert converted(written("-5 Cel"), 1, "Cel") == point(-5)
    assert unknown_amount("Cel").low == LEAST
    assert unknown_amount("%") == Interval(0, GREATEST, Cause.MISSING)


def test_plain_numbers() -> None:
    assert [is_plain(unit) for unit in ("", "1", "{score}", "%", "mg", "mL/min/{1.73_m2}")] == [True] * 3 + [False] * 3


def test_a_comparator_that_is_not_known_is_refused() -> None:
    with pytest.raises(AmountError):
        bounded("ad", 5)


@given(st.decimals(0, 10**6, places=4), st.sampled_from(["", "<", "<=", ">", ">="]))
def test_the_number_written_lies_in_what_it_means(number: object, comparator: str) -> None:
    value = exact(Fraction(str(number)))
    found = converted(written(f"{comparator}{show_number(value)} %"), 1, "%")
    assert found.low <= value <= found.high
