"""What is written into a store is read back exactly, and what is wrong with a store is told where it is."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.agreement.charts import Charts
from tests.agreement.choices import drawn
from tests.agreement.completing import Domain
from tests.agreement.trials import DAYS, NUMBERS, SCREENING, SMALL
from tests.store.stores import in_order, packed
from trialog.charts.chart import Chart
from trialog.charts.facts import facts
from trialog.charts.read import read_charts, read_charts_of
from trialog.codes import (
    BEYOND_CODE,
    END_CODE,
    LARGEST_CODE,
    TICKS_PER_UNIT,
    code_of,
    is_beyond,
    is_exact,
    number_of,
)
from trialog.knowledge import Library, shipped
from trialog.values import GREATEST, LEAST, Exact, exact
from trialog.vocabulary import Kind

TRIAL = "car-nk-b-cell-children"
# On a tick, between two, on the bound and about it, far beyond, the ends.
TELLING: tuple[Exact, ...] = (
    *NUMBERS,
    Fraction(1, 3),
    Fraction(5, 442),
    exact(Fraction(LARGEST_CODE, 2 * TICKS_PER_UNIT)),
    exact(Fraction(LARGEST_CODE + 1, 2 * TICKS_PER_UNIT)),
    10**12,
)
NUMBER = st.one_of(
    st.sampled_from((*TELLING, *(-n for n in TELLING), 10**39, GREATEST, LEAST)),
    st.fractions(max_denominator=10**7).map(exact),
    st.integers(-(10**9), 10**9).map(lambda n: exact(Fraction(n, TICKS_PER_UNIT))),
)
CONCEPTS = frozenset(SMALL.concepts)
RELATIONS = frozenset(r.name for r in SMALL.relations.values() if r.kind is not Kind.KNOWN)
DOMAIN = Domain(SCREENING, DAYS, TELLING, 1, RELATIONS, frozenset(), CONCEPTS)


@st.composite
def charts(draw: st.DrawFn, patient: str | None = None) -> Chart:
    """A chart about every relation there is, for a patient of any name."""
    chart = Charts(drawn(draw), SMALL, DOMAIN, 2).chart()
    screening = draw(st.none() | st.sampled_from(DAYS))
    return Chart(patient or draw(NAMES), screening, chart.records, chart.judgements, chart.reviewed, chart.denied)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=6)


@given(NUMBER, NUMBER)
@example(Fraction(1, 3), Fraction(2, 3))
def test_codes_compare_as_numbers_do_with_every_number_on_a_tick(value: Exact, other: Exact) -> None:
    tick = exact(Fraction(round(other * TICKS_PER_UNIT), TICKS_PER_UNIT))
    if is_beyond(tick):
        return
    assert (code_of(value) < code_of(tick)) == (value < tick)
    assert (code_of(value) > code_of(tick)) == (value > tick)


@given(NUMBER)
def test_a_code_gives_its_number_back_unless_it_says_that_it_does_not(value: Exact) -> None:
    code = code_of(value)
    assert (
        abs(code) <= LARGEST_CODE
        or (is_beyond(value) and abs(code) == BEYOND_CODE)
        or (value in (LEAST, GREATEST) and abs(code) == END_CODE)
    )
    assert is_exact(value) == (number_of(code) == value and code % 2 == 0 and not is_beyond(value))
    assert not (is_beyond(value) and is_exact(value))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(charts(), max_size=4, unique_by=lambda c: c.patient), st.integers(1, 3))
def test_any_charts_are_read_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, made: list[Chart], buckets: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "s"
    packed(made, path, SMALL, buckets)
    found = {r.name: r.chart for r in read_charts(path, SMALL)}
    assert list(found) == sorted(found) or buckets > 1
    assert found.keys() == {c.patient for c in made}
    asked = [("observation", c) for c in sorted(SMALL.descendants.get("measurement", ()))]
    for chart in made:
        (alone,) = read_charts_of(path, SMALL, chart.patient)
        back = found[chart.patient]
        assert back is not None
        assert alone.chart == back
        assert in_order(back, SMALL) == in_order(chart, SMALL)
        assert facts(back, SCREENING, SMALL, asked) == facts(chart, SCREENING, SMALL, asked)


def test_the_cases_are_read_back_with_words_and_places(tmp_path: Path) -> None:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    cases = [r.chart for r in read_charts(library.folder(TRIAL) / "cases", program.vocabulary) if r.chart is not None]
    path = tmp_path / "store"
    store = packed(cases, path, program.vocabulary, 7)
    found = {r.name: r for r in read_charts(path, program.vocabulary)}
    for chart in cases:
        back = found[chart.patient].chart
        assert back is not None
        assert in_order(back, program.vocabulary) == in_order(chart, program.vocabulary)
    one = found["sle-001-eligible"].chart
    assert one is not None
    lvef = next(r for r in one.records if "lvef" in r.values)
    assert lvef.words == "left ventricular ejection fraction 64 % on 2026-01-09"
    assert Path(lvef.place.file).is_file()
    table = store.table(int(Path(lvef.place.file).parent.name[-5:]), "observation")
    row = int(lvef.place.path.removeprefix("row ")) - 1
    assert table.column("measurement")[row].as_py() == "lvef"
    prednisone = next(r for r in one.records if "prednisone" in r.values)
    assert prednisone.words == "prednisone from 2025-09-01, ongoing, dose per weight 1.2 mg/kg/d, by mouth"
