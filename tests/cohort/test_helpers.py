"""What generated functions call, held to what the reference calls: calendars, counts and periods."""

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from tests.cohort.programs import CHARTED
from trialog.codes import code_of, is_exact
from trialog.engines.kernel import helpers
from trialog.engines.tally import most_days, reaches
from trialog.plain import Tally
from trialog.tree import Summary
from trialog.values import FIRST_DAY, GREATEST, LAST_DAY, LEAST, Duration, days, shift

LEAP_DAY = int(days("2024-02-29").low)
DAYS = st.one_of(
    st.integers(FIRST_DAY, LAST_DAY),
    st.integers(LEAP_DAY - 800, LEAP_DAY + 800),
    st.sampled_from([FIRST_DAY, FIRST_DAY + 30, LAST_DAY, LAST_DAY - 30]),
    st.sampled_from([*(int(days(f"{y}-03-01").low) for y in (1900, 2000, 2100))]),
)  # fmt: skip
LENGTHS = st.builds(
    Duration, st.sampled_from([0, 0, 1, 2, 11, 12, 13, 120, 119_988]), st.sampled_from([0, 0, 1, 7, 30, 365, 3_652_058])
)
NEAR = st.integers(LEAP_DAY - 20, LEAP_DAY + 20)
SHORT = st.builds(Duration, st.sampled_from([0, 0, 1, 2]), st.sampled_from([0, 1, 3, 30]))
PERIODS = st.lists(st.tuples(NEAR, st.integers(-1, 25)).map(lambda p: (p[0], p[0] + p[1])), max_size=7)
CODES = sorted({code_of(v) for v in (*CHARTED, LEAST, GREATEST) if is_exact(v)})
INTERVALS = st.lists(st.lists(st.sampled_from(CODES), min_size=2, max_size=2).map(sorted), max_size=6)


@given(DAYS, LENGTHS, st.sampled_from([1, -1]))
@example(LEAP_DAY, Duration(12, 0), -1)
@example(LEAP_DAY + 30, Duration(1, 0), 1)
@example(FIRST_DAY, Duration(1, 31), -1)
@example(LAST_DAY, Duration(1, 31), 1)
def test_a_day_is_moved_as_everywhere(day: int, by: Duration, sign: int) -> None:
    wanted = shift(day, by, sign)
    assert helpers.shift_months(day, sign * by.months, sign * by.days) == wanted
    if not by.months:
        assert helpers.shift_days(day, sign * by.days) == wanted


def test_every_day_of_the_calendar_has_its_month_and_year() -> None:
    for day in (
        *range(FIRST_DAY, 1500),
        *range(LEAP_DAY - 40_000, LEAP_DAY + 40_000, 7),
        *range(LAST_DAY - 1500, LAST_DAY + 1),
    ):
        assert helpers.shift_months(day, 0, 0) == day


def laid(rows: Sequence[Sequence[int]]) -> list[int]:
    """The rows' numbers behind two that are nobody's."""
    return [7, 7, *(x for row in rows for x in row)]


def tally(summary: Summary, bound: int | Duration, strict: bool, gap: Duration, paired: bool, sure: bool) -> Tally:
    return Tally(summary, "r", (), bound, strict, gap, paired, sure)


NO_GAP = Duration(0, 0)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8), st.integers(0, 5))
def test_rows_are_counted_as_everywhere(rows: list[tuple[int, int]], bound: int) -> None:
    wanted = reaches(tally(Summary.COUNT, bound, False, NO_GAP, False, True), rows)
    assert helpers.count_points(laid(rows), 2, len(rows), 2, bound) == wanted


@given(INTERVALS, st.integers(0, 4))
@example([[5, 5], [5, 9], [9, 9]], 2)
@example([], 0)
def test_intervals_are_counted_as_everywhere(rows: list[list[int]], bound: int) -> None:
    given_ = [(low, high) for low, high in rows]
    surely = reaches(tally(Summary.COUNT, bound, False, NO_GAP, True, True), given_)
    perhaps = reaches(tally(Summary.COUNT, bound, False, NO_GAP, True, False), given_)
    assert helpers.count_apart(laid(rows), 2, len(rows), bound) == surely
    assert helpers.count_at_most(laid(rows), 2, len(rows), bound) == perhaps


def kept(rows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those with a day: the generated function leaves out the others."""
    return [(begin, end) for begin, end in rows if begin <= end]


@given(PERIODS, SHORT, st.booleans(), st.one_of(st.just(NO_GAP), SHORT))
def test_the_longest_stretch_is_as_everywhere(
    rows: list[tuple[int, int]], bound: Duration, strict: bool, gap: Duration
) -> None:
    wanted = reaches(tally(Summary.LONGEST, bound, strict, gap, False, True), rows)
    mine = kept(rows)
    found = helpers.longest(laid(mine), 2, len(mine), bound.months, bound.days, strict, gap.months, gap.days)
    assert found == wanted


@given(PERIODS, SHORT, st.booleans())
def test_the_days_covered_are_as_everywhere(rows: list[tuple[int, int]], bound: Duration, strict: bool) -> None:
    wanted = reaches(tally(Summary.COVERED, bound, strict, NO_GAP, False, True), rows)
    mine = kept(rows)
    found = helpers.covered(laid(mine), 2, len(mine), bound.months, bound.days, strict, most_days(bound))
    assert found == wanted


@given(PERIODS)
def test_nothing_is_written_beside_the_periods(rows: list[tuple[int, int]]) -> None:
    run = [*laid(rows), 7, 7]
    helpers.sort_periods(run, 2, len(rows))
    assert [*zip(run[2:-2:2], run[3:-2:2], strict=True)] == sorted(rows, key=lambda p: p[0])
    helpers.stretches(run, 2, len(rows), 0, 0)
    assert run[:2] == run[-2:] == [7, 7]


@given(
    st.lists(st.tuples(st.sampled_from([1, 3, 5]), st.integers(0, 4), st.integers(0, 4)), max_size=5),
    st.sampled_from([1, 3, 5, 7]),
)
def test_an_odd_code_is_sure_where_all_that_is_told_of_it_is_one_fraction(
    rows: list[tuple[int, int, int]], code: int
) -> None:
    mine = [(x, y) for c, x, y in rows if c == code]
    one = bool(mine) and all(y for _, y in mine) and len({x * 60 // y for x, y in mine}) == 1
    assert helpers.is_unsure([0, *(n for row in rows for n in row)], [0, len(rows)], [0, 1], 1, code) != one
