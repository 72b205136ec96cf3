"""Aggregates against an oracle that counts days one by one; and the bounds on what imprecise values may come to."""

from collections.abc import Iterator, Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from trialog.engines.tally import most_days, reaches
from trialog.plain import Tally
from trialog.tree import Summary
from trialog.values import Duration, days, shift

type Period = tuple[int, int]
type Rough = tuple[int, int, int, int]
"""The first and last day on which a period may have begun, then those on which it may have ended."""

START = int(days("2023-12-20").low)
NO_GAP = Duration(0, 0)
NEVER = Duration(0, 10**5)

day = st.integers(START, START + 500)
durations = st.one_of(
    st.builds(Duration, st.integers(1, 13), st.just(0)), st.builds(Duration, st.just(0), st.integers(0, 400))
)
gaps = st.sampled_from((NO_GAP, Duration(0, 1), Duration(0, 7), Duration(0, 30), Duration(1, 0), Duration(2, 0)))


def lasting(begin: int, length: int) -> tuple[int, int]:
    return begin, begin + length


periods = st.lists(st.builds(lasting, day, st.integers(-3, 200)), max_size=6)


@st.composite
def rough_periods(draw: st.DrawFn) -> list[Rough]:
    found = []
    for begin, end in draw(periods):
        more = [draw(st.integers(0, 40)) for _ in range(4)]
        low, high = begin - more[0], begin + more[1]
        found.append((low, high, max(end - more[2], low), max(end + more[3], high)))
    return found


def tally(summary: Summary, bound: int | Duration, strict: bool = False, gap: Duration = NO_GAP, **way: bool) -> Tally:
    return Tally(summary, "r", (), bound, strict, gap, way.get("paired", False), way.get("sure", True))


# -- the oracle --------------------------------------------------------------------------------------------------


def runs(of: Sequence[Period]) -> Iterator[Period]:
    """The stretches of days without a day between them that is in no period."""
    every = {d for begin, end in of for d in range(begin, end + 1)}
    for first in sorted(d for d in every if d - 1 not in every):
        last = first
        while last + 1 in every:
            last += 1
        yield first, last


def bridged(of: Sequence[Period], gap: Duration) -> Iterator[Period]:
    left = list(runs(of))
    while left:
        first, last = left.pop(0)
        while left and left[0][0] <= shift(last, gap) + 1:
            last = left.pop(0)[1]
        yield first, last


def long_enough(of: Sequence[Period], bound: Duration, strict: bool, gap: Duration = NO_GAP) -> bool:
    ends = [(shift(first, bound), last) for first, last in bridged(of, gap)]
    return any(need < last if strict else need <= last for need, last in ends)


def covers(of: Sequence[Period], bound: Duration, strict: bool) -> bool:
    """One run is that long, or all together have as many days as the bound can have."""
    if not list(runs(of)):
        return False
    total, most = sum(last - first for first, last in runs(of)), most_days(bound)
    return (total > most if strict else total >= most) or long_enough(of, bound, strict)


# -- exact values ------------------------------------------------------------------------------------------------


@given(periods, durations, st.booleans(), gaps)
def test_longest_is_the_longest_run_of_days(of: list[Period], bound: Duration, strict: bool, gap: Duration) -> None:
    assert reaches(tally(Summary.LONGEST, bound, strict, gap), of) == long_enough(of, bound, strict, gap)


@given(periods, durations, st.booleans())
@example([(START, START + 30), (START + 31, START + 60)], Duration(0, 60), False)
@example([(START, START + 30), (START + 32, START + 61)], Duration(0, 60), False)
def test_covered_is_the_number_of_days(of: list[Period], bound: Duration, strict: bool) -> None:
    assert reaches(tally(Summary.COVERED, bound, strict), of) == covers(of, bound, strict)


@given(st.lists(st.sampled_from("abc")), st.integers(0, 4))
def test_count_is_of_different_values(values: list[str], bound: int) -> None:
    assert reaches(tally(Summary.COUNT, bound), [(v,) for v in values]) == (len(set(values)) >= bound)


@given(durations)
def test_a_bound_has_at_most_as_many_days_as_from_any_day(bound: Duration) -> None:
    assert most_days(bound) == max(shift(d, bound) - d for d in range(START, START + 1461))


@given(periods, st.integers(0, 60))
def test_a_period_is_the_same_in_parts(of: list[Period], cut: int) -> None:
    """What begins on the day after continues: a course that is recorded month by month is one course."""
    parts: list[Period] = []
    for begin, end in of:
        parts += [(begin, begin + cut), (begin + cut + 1, end)] if begin + cut < end else [(begin, end)]
    assert list(runs(parts)) == list(runs(of))
    for bound in (Duration(1, 0), Duration(3, 0), Duration(0, 45)):
        for summary in (Summary.COVERED, Summary.LONGEST):
            assert reaches(tally(summary, bound), parts) == reaches(tally(summary, bound), of)


# -- imprecise values --------------------------------------------------------------------------------------------


def true_periods(draw: st.DataObject, rough: Sequence[Rough]) -> list[Period]:
    """Periods that may have been, each beginning before it ends."""
    found = []
    for early, late, ending, ended in rough:
        begin = draw.draw(st.integers(early, late))
        found.append((begin, draw.draw(st.integers(max(begin, ending), max(begin, ended)))))
    return found


@given(st.data(), rough_periods(), durations, st.booleans(), gaps)
def test_the_sure_is_at_most_the_true_and_the_possible_at_least(
    data: st.DataObject, rough: list[Rough], bound: Duration, strict: bool, gap: Duration
) -> None:
    true = true_periods(data, rough)
    for summary, bridging in ((Summary.COVERED, NO_GAP), (Summary.LONGEST, gap)):
        sure = reaches(tally(summary, bound, strict, bridging, paired=True, sure=True), rough)
        possible = reaches(tally(summary, bound, strict, bridging, paired=True, sure=False), rough)
        assert sure <= reaches(tally(summary, bound, strict, bridging), true) <= possible


@given(rough_periods(), rough_periods(), durations, st.booleans(), gaps, st.booleans())
def test_another_period_never_lowers(
    of: list[Rough], more: list[Rough], bound: Duration, strict: bool, gap: Duration, sure: bool
) -> None:
    for summary in (Summary.COVERED, Summary.LONGEST):
        bridging = gap if summary is Summary.LONGEST else NO_GAP
        asked = tally(summary, bound, strict, bridging, paired=True, sure=sure)
        assert reaches(asked, of) <= reaches(asked, [*of, *more])


@given(rough_periods(), gaps)
def test_no_days_reach_nothing(of: list[Rough], gap: Duration) -> None:
    assert not reaches(tally(Summary.LONGEST, NEVER, gap=gap, paired=True, sure=False), of)
    for summary in (Summary.COVERED, Summary.LONGEST):
        assert not reaches(tally(summary, Duration(0, 0)), [])
        assert not reaches(tally(summary, Duration(0, 0)), [(START + 1, START)])


@given(st.data(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=6), st.integers(0, 7))
def test_a_count_of_imprecise_values(data: st.DataObject, of: list[tuple[int, int]], bound: int) -> None:
    """Intervals that surely differ are counted for sure; one that is no point may hold any number of values."""
    rough = [(low, low + width) for low, width in of]
    true = [(data.draw(st.integers(low, high)),) for low, high in rough]
    sure = reaches(tally(Summary.COUNT, bound, paired=True, sure=True), rough)
    possible = reaches(tally(Summary.COUNT, bound, paired=True, sure=False), rough)
    assert sure <= reaches(tally(Summary.COUNT, bound), true) <= possible
