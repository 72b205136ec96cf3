"""Units: a conversion there and back changes nothing, one after the other is one, and junk is refused politely."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trialog.units import ONE, UnitError, known_symbols, ratio, unit
from trialog.values import Interval
from trialog.vocabulary import Concept, Conversion, Vocabulary

symbols = st.sampled_from(sorted(known_symbols()))


@st.composite
def units(draw: st.DrawFn, first_signs: str = " /", later_signs: str = "./") -> str:
    """A unit of up to four terms, some of them with a power."""
    first = draw(st.sampled_from(first_signs)).strip()
    terms = draw(st.lists(st.tuples(symbols, st.sampled_from(("", "2", "3", "-1"))), min_size=1, max_size=4))
    signs = draw(st.lists(st.sampled_from(later_signs), min_size=len(terms), max_size=len(terms)))
    # The power of `10*` or `%` would be read as part of a number; UCUM has none for them either.
    parts = [name + (power if name[-1].isalpha() else "") for name, power in terms]
    return first + "".join(p + s for p, s in zip(parts, signs, strict=True))[:-1]


def same_kind(one: str, other: str) -> bool:
    return unit(one).dimension == unit(other).dimension


@given(units())
def test_every_unit_of_known_symbols_is_understood(written: str) -> None:
    assert unit(written).scale > 0
    assert all(power for _, power in unit(written).dimension)
    assert unit(written) / unit(written) == ONE
    assert ratio(written, written) == 1


@given(symbols, symbols, symbols)
def test_conversions_are_inverse_and_compose(a: str, b: str, c: str) -> None:
    if not same_kind(a, b):
        with pytest.raises(UnitError, match="cannot be converted"):
            ratio(a, b)
        return
    assert ratio(a, b) * Fraction(ratio(b, a)) == 1
    if same_kind(b, c):
        assert Fraction(ratio(a, b)) * ratio(b, c) == ratio(a, c)


@pytest.mark.parametrize("dimension", sorted({unit(s).dimension for s in known_symbols()}))
def test_every_two_units_of_a_kind_convert_into_each_other(dimension: tuple[tuple[str, int], ...]) -> None:
    kind = sorted(s for s in known_symbols() if unit(s).dimension == dimension)
    for a in kind:
        for b in kind:
            assert Fraction(ratio(a, b)) * ratio(b, kind[0]) == ratio(a, kind[0])


@given(units(first_signs=" ", later_signs="."), units(first_signs=" "))
def test_a_product_of_units_is_the_unit_of_the_product(a: str, b: str) -> None:
    assert unit(f"{a}.{b}") == unit(a) * unit(b)


@given(st.text(max_size=100) | st.text("mgdLkUl/.%*[]{}()0123456789- µμ²^", max_size=30))
@example("/")
@example("mg/")
@example("mg//dL")
@example("0")
@example("1/0")
@example("{}")
@example("m-9.m9")
@example("10*9/L")
@example("µg" * 50)
@example("(24.h)")
def test_junk_is_refused_politely(written: str) -> None:
    try:
        found = unit(written)
    except UnitError as error:
        assert str(error)
        assert "`" in str(error)
        return
    assert found.scale > 0


@pytest.mark.parametrize(
    ("of", "to", "factor"),
    [
        ("g/L", "mg/dL", 100), ("mg/dL", "g/L", Fraction(1, 100)), ("kg", "[lb_av]", Fraction(100_000_000, 45_359_237)),
        ("d", "h", 24), ("wk", "d", 7), ("U/L", "nkat/L", Fraction(50, 3)), ("mm[Hg]", "kPa", Fraction(133_322, 1_000_000)),
        ("mg/kg/d", "ug/kg/d", 1000), ("1", "%", 100), ("10*9/L", "10*6/mL", 1), ("[in_i]", "cm", Fraction(254, 100)),
    ],
)  # fmt: skip
def test_factors_that_can_be_looked_up(of: str, to: str, factor: Fraction | int) -> None:
    assert ratio(of, to) == factor


def test_an_annotation_is_a_unit_of_its_own() -> None:
    for written in ("mL/min", "mL/min/m2"):
        with pytest.raises(UnitError, match="cannot be converted"):
            ratio("mL/min/{1.73_m2}", written)


positive = st.fractions(min_value=Fraction(1, 1000), max_value=1000)


@given(positive, positive, st.sampled_from(("mg/dL", "g/L", "ug/mL")), st.sampled_from(("umol/L", "mmol/L", "nmol/mL")))
def test_a_conversion_by_molar_mass_works_both_ways(left: Fraction, right: Fraction, mass: str, moles: str) -> None:
    conversion = Conversion(left, "mg/dL", right, "umol/L")
    in_mass = Vocabulary({"x": Concept("x", "x", unit=mass, conversions=(conversion,))}, {})
    in_moles = Vocabulary({"x": Concept("x", "x", unit=moles, conversions=(conversion,))}, {})
    assert Fraction(in_mass.factor("x", moles)) * in_moles.factor("x", mass) == 1
    assert in_mass.amount("x", Interval(1, 2), mass) == Interval(1, 2)
    with pytest.raises(UnitError):
        in_mass.factor("x", "kg")
