"""The last record on any day, when days are known roughly: against an oracle that knows them."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trialog.charts.chart import Record
from trialog.charts.latest import Stretch, hull, stretches
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Interval, days, point

START = int(days("2024-01-01").low)

type Dated = tuple[Interval, bool, Record]


@st.composite
def records(draw: st.DrawFn, width: int = 6) -> list[Dated]:
    """Records of a few days, some of which may not count at all."""
    found = []
    for i in range(draw(st.integers(0, 5))):
        low = START + draw(st.integers(0, 12))
        high = low + draw(st.integers(0, width))
        on = Interval(low, high, Cause.IMPRECISE if high > low else None)
        found.append((on, draw(st.booleans()), Record("r", (f"record {i}",))))
    return found


def on(found: Sequence[Stretch], day: int) -> Stretch:
    (one,) = [s for s in found if s.since <= day < s.until]
    return one


def last(happened: Sequence[tuple[int, Record]], day: int) -> list[Record]:
    """The records of the latest day that is not after `day`."""
    counted = [(when, r) for when, r in happened if when <= day]
    return [r for when, r in counted if when == max(w for w, _ in counted)]


@given(records())
def test_the_stretches_follow_each_other_without_a_gap(dated: list[Dated]) -> None:
    found = list(stretches(dated))
    assert (found[0].since, found[-1].until) == (FIRST_DAY, LAST_DAY + 1)
    assert all(a.until == b.since for a, b in pairwise(found))


@given(st.data(), records())
def test_the_true_last_is_one_of_the_candidates(data: st.DataObject, dated: list[Dated]) -> None:
    happened = [
        (data.draw(st.integers(int(when.low), int(when.high))), record)
        for when, sure, record in dated
        if sure or data.draw(st.booleans())
    ]
    found = list(stretches(dated))
    for day in range(START - 1, START + 22):
        there = on(found, day)
        assert set(last(happened, day)) <= set(there.candidates)
        assert last(happened, day) or not there.sure


@given(records())
def test_every_candidate_may_be_the_last(dated: list[Dated]) -> None:
    """No candidate is named in vain: days can be found with which it is the last."""
    found = list(stretches(dated))
    for day in range(START - 1, START + 22):
        for candidate in on(found, day).candidates:
            happened = [
                (min(int(when.high), day), r)
                if r is candidate
                else (int(when.high if when.high > day else when.low), r)
                for when, sure, r in dated
                if sure or r is candidate
            ]
            assert candidate in last(happened, day)


@given(records(width=0))
def test_exact_days_leave_no_doubt(dated: list[Dated]) -> None:
    sure = [(when, True, r) for when, _, r in dated]
    found = list(stretches(sure))
    for day in range(START - 1, START + 22):
        there = on(found, day)
        assert list(there.candidates) == last([(int(when.low), r) for when, _, r in sure], day)
        assert there.sure == bool(there.candidates)


def wide(low: int, width: int) -> Interval:
    return Interval(low, low + width)


intervals = st.builds(wide, st.integers(-9, 9), st.integers(0, 5))


@given(st.lists(intervals, min_size=1), st.booleans())
def test_the_hull_is_the_least_interval_around_all(values: list[Interval], same_day: bool) -> None:
    around = hull(values, same_day)
    assert all(around.low <= v.low and v.high <= around.high for v in values)
    assert around.low in {v.low for v in values}
    assert around.high in {v.high for v in values}
    assert hull([*values, *values], same_day) == around


def test_the_hull_says_why_it_is_wide() -> None:
    one, other = point(1), point(2)
    assert hull([one, one], True) == one
    assert hull([one, other], True).cause is Cause.CONFLICTING
    assert hull([one, other], False).cause is Cause.IMPRECISE
    assert hull([one, Interval(0, 5, Cause.MISSING)], True).cause is Cause.MISSING
