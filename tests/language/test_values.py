"""Numbers, days, durations and intervals, and what aggregates and `latest` make of them: what must hold whatever they are."""

from calendar import isleap, monthrange
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trialog.charts.chart import Record
from trialog.charts.latest import stretches
from trialog.engines.tally import reaches
from trialog.plain import Tally
from trialog.tree import Summary
from trialog.values import (
    FIRST_DAY,
    LARGEST_READABLE,
    LAST_DAY,
    Cause,
    Duration,
    Interval,
    days,
    decimal,
    shift,
    show_day,
    show_days,
    show_number,
)

some_day = st.integers(FIRST_DAY, LAST_DAY)
duration = st.builds(Duration, st.integers(0, 1500), st.integers(0, 40_000))
sign = st.sampled_from((1, -1))


def day(written: str) -> int:
    return date.fromisoformat(written).toordinal()


# -- durations ---------------------------------------------------------------------------------------------------


@given(some_day, some_day, duration, sign)
@example(day("2024-02-29"), day("2024-03-01"), Duration(12, 0), 1)
@example(day("2023-03-29"), day("2023-03-31"), Duration(1, 0), -1)
def test_a_later_day_is_never_shifted_to_an_earlier_one(one: int, other: int, by: Duration, direction: int) -> None:
    early, late = sorted((one, other))
    assert shift(early, by, direction) <= shift(late, by, direction)


@given(some_day, duration, sign)
@example(LAST_DAY, Duration(1, 1), 1)
@example(FIRST_DAY, Duration(1, 1), -1)
def test_the_calendar_is_never_left(start: int, by: Duration, direction: int) -> None:
    moved = shift(start, by, direction)
    assert FIRST_DAY <= moved <= LAST_DAY
    assert (moved >= start) if direction == 1 else (moved <= start)


@given(some_day, st.integers(0, 40_000), sign)
def test_days_are_added_as_days(start: int, count: int, direction: int) -> None:
    inside = FIRST_DAY <= start + direction * count <= LAST_DAY
    edge = LAST_DAY if direction == 1 else FIRST_DAY
    assert shift(start, Duration(0, count), direction) == (start + direction * count if inside else edge)


@given(st.dates(date(100, 1, 1), date(9800, 1, 1)), st.integers(0, 1100), sign)
def test_months_keep_the_day_or_take_the_months_last(start: date, months: int, direction: int) -> None:
    moved = date.fromordinal(shift(start.toordinal(), Duration(months, 0), direction))
    assert (moved.year * 12 + moved.month) - (start.year * 12 + start.month) == direction * months
    assert moved.day == min(start.day, monthrange(moved.year, moved.month)[1])


@given(st.integers(2, 9990).filter(isleap), st.integers(1, 8))
def test_who_is_born_on_29_february_has_a_birthday_every_year(year: int, age: int) -> None:
    birthday = date.fromordinal(shift(date(year, 2, 29).toordinal(), Duration(12 * age, 0)))
    assert birthday == date(year + age, 2, 29 if isleap(year + age) else 28)


@pytest.mark.parametrize(
    ("months", "count", "said"),
    [
        (0, 1, "1 day"), (0, 60, "60 days"), (1, 0, "1 month"), (18, 0, "18 months"), (12, 0, "1 year"), (60, 0, "5 years"),
        (1, 2, "1 months 2 days"), (0, 0, "0 days"),
    ],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(months: int, count: int, said: str) -> None:
    assert str(Duration(months, count)) == said


# -- numbers -----------------------------------------------------------------------------------------------------


@given(st.integers(-LARGEST_READABLE, LARGEST_READABLE), st.integers(0, 12))
def test_a_decimal_number_is_read_as_it_is_shown(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    read = decimal(show_number(value))
    assert read == value
    assert isinstance(read, int) == (value.denominator == 1)


@given(st.fractions())
def test_a_number_is_shown_exactly(value: Fraction) -> None:
    assert Fraction(show_number(value)) == value


@given(st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True))
def test_a_number_means_what_its_digits_say(written: str) -> None:
    assert decimal(written) == Fraction(written)


@given(st.text(max_size=80))
@example("1e999")
@example("1_000")
@example("٣")
@example("nan")
@example("1" * 61)
def test_what_is_no_number_is_refused(written: str) -> None:
    try:
        value = decimal(written)
    except ValueError:
        return
    assert abs(value) <= LARGEST_READABLE
    assert value == Fraction(written)


# -- days --------------------------------------------------------------------------------------------------------


@given(some_day)
def test_a_day_is_read_as_it_is_shown(number: int) -> None:
    assert days(show_day(number)) == Interval(number, number)
    assert show_days(days(show_day(number))) == show_day(number)


@given(st.integers(1, 9999), st.integers(1, 12))
def test_a_month_and_a_year_are_read_as_they_are_shown(year: int, month: int) -> None:
    for written, first, last in (
        (f"{year:04}-{month:02}", date(year, month, 1), date(year, month, monthrange(year, month)[1])),
        (f"{year:04}", date(year, 1, 1), date(year, 12, 31)),
    ):
        found = days(written)
        assert (found.low, found.high, found.cause) == (first.toordinal(), last.toordinal(), Cause.IMPRECISE)
        if found.low > FIRST_DAY and found.high < LAST_DAY:
            assert show_days(found) == written


@given(some_day, some_day)
def test_any_interval_of_days_can_be_shown(one: int, other: int) -> None:
    low, high = sorted((one, other))
    said = show_days(Interval(low, high, Cause.IMPRECISE))
    assert said and "\n" not in said
    if low > FIRST_DAY and high < LAST_DAY and " to " in said:
        first, _, last = said.partition(" to ")
        assert (date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()) == (low, high)


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,5}-[0-9]{1,3}(-[0-9]{1,3})?", fullmatch=True))
@example("2025-02-29")
@example("2025T10:00")
@example("0000")
@example("2025-13")
def test_what_is_no_date_is_refused(written: str) -> None:
    try:
        found = days(written)
    except ValueError:
        return
    assert FIRST_DAY <= found.low <= found.high <= LAST_DAY
    assert found.high - found.low < 366
    assert written.strip()[:4] == f"{date.fromordinal(int(found.low)).year:04}"


@given(st.datetimes(), st.timedeltas(timedelta(hours=-12), timedelta(hours=14)))
def test_the_day_of_a_moment_is_the_one_written(moment: object, zone: timedelta) -> None:
    minutes = int(zone.total_seconds()) // 60
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    written = str(moment).replace(" ", "T") + offset
    assert days(written) == days(written[:10])


def test_an_empty_interval_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="empty"):
        Interval(2, 1)


# -- periods together, against sets of days ----------------------------------------------------------------------

type Row = tuple[int, ...]

START, SPAN = date(2019, 11, 1).toordinal(), 500
NO_GAP = Duration(0, 0)


def tally(
    summary: Summary, bound: int | Duration, strict: bool = False, gap: Duration = NO_GAP, sure: bool | None = None
) -> Tally:
    """A tally of exact rows; where `sure` is given, of rows that are known in part."""
    return Tally(summary, "periods", (), bound, strict, gap, sure is not None, bool(sure))


def lasting(begin: int, length: int) -> tuple[int, int]:
    return begin, begin + length


periods = st.builds(lasting, st.integers(START, START + SPAN), st.integers(0, 90) | st.integers(0, 3))
bounds = st.builds(Duration, st.integers(0, 14), st.integers(0, 40)).filter(lambda d: d != NO_GAP)
tallies = st.one_of(
    st.builds(tally, st.just(Summary.COVERED), bounds, st.booleans()),
    st.builds(
        tally,
        st.just(Summary.LONGEST),
        bounds,
        st.booleans(),
        st.builds(Duration, st.integers(0, 1), st.integers(0, 20)),
    ),
)


def runs(days_there: set[int]) -> list[tuple[int, int]]:
    """The stretches of days without a hole, as first and last day."""
    firsts = sorted(d for d in days_there if d - 1 not in days_there)
    lasts = sorted(d for d in days_there if d + 1 not in days_there)
    return list(zip(firsts, lasts, strict=True))


def naive(t: Tally, rows: list[Row]) -> bool:
    """What the manual says, word for word, with every day in a set."""
    there = {d for begin, end in rows for d in range(begin, end + 1)}
    assert isinstance(t.bound, Duration)
    bridged = set(there)
    for _, last in runs(there):
        following = [d for d in there if last < d <= shift(last, t.gap) + 1]
        bridged.update(range(last, max(following, default=last)))
    reached = [(shift(first, t.bound), last) for first, last in runs(bridged)]
    if t.summary is Summary.COVERED:
        most = max(shift(d, t.bound) - d for d in range(day("2000-01-01"), day("2008-01-01")))
        reached.append((most, sum(last - first for first, last in runs(there))))
    return any(need < length if t.strict else need <= length for need, length in reached)


@settings(max_examples=200)
@given(tallies, st.lists(periods, max_size=7))
@example(tally(Summary.COVERED, Duration(12, 0)), [(day("2020-01-01"), day("2020-12-31")), (day("2021-01-01"),) * 2])
def test_periods_are_tallied_as_sets_of_days_are(t: Tally, rows: list[Row]) -> None:
    assert reaches(t, rows) == naive(t, rows)


@settings(max_examples=100)
@given(tallies, st.lists(periods, max_size=6), periods)
def test_a_period_more_never_makes_less(t: Tally, rows: list[Row], more: Row) -> None:
    assert reaches(t, rows) <= reaches(t, [*rows, more])


@st.composite
def known_in_part(draw: st.DrawFn) -> tuple[Row, Row]:
    """A true period, and what a chart knows of it: the earliest and latest of its beginning and of its end."""
    begin, end = draw(periods)
    vague = st.integers(0, 40) | st.just(0)
    return (begin, end), (begin - draw(vague), begin + draw(vague), end - draw(vague), end + draw(vague))


@settings(max_examples=200)
@given(tallies, st.lists(known_in_part(), max_size=5))
def test_what_is_known_in_part_bounds_the_truth(t: Tally, rows: list[tuple[Row, Row]]) -> None:
    truth = reaches(t, [true for true, _ in rows])
    known = [row for _, row in rows]
    surely = reaches(replace(t, paired=True, sure=True), known)
    at_most = reaches(replace(t, paired=True, sure=False), known)
    assert surely <= truth <= at_most


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3)), max_size=6), st.integers(0, 7))
def test_a_count_of_values_known_in_part_bounds_the_truth(values: list[tuple[int, int, int]], bound: int) -> None:
    truth = len({value for value, _, _ in values}) >= bound
    assert reaches(tally(Summary.COUNT, bound), [(value,) for value, _, _ in values]) == truth
    rows = [(value - below, value + above) for value, below, above in values]
    assert reaches(tally(Summary.COUNT, bound, sure=True), rows) <= truth
    assert truth <= reaches(tally(Summary.COUNT, bound, sure=False), rows)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=6), st.integers(0, 7), st.booleans())
def test_a_value_more_never_counts_less(values: list[tuple[int, int]], bound: int, sure: bool) -> None:
    rows = [(low, low + width) for low, width in values]
    t = tally(Summary.COUNT, bound, sure=sure)
    assert reaches(t, rows[:-1]) <= reaches(t, rows)


# -- the last record on a day, against every way in which it may have been -------------------------------------------

record_days = st.builds(lasting, st.integers(0, 5), st.integers(0, 3))


def possible_lasts(dated: list[tuple[tuple[int, int], bool]], on: int) -> set[frozenset[int]]:
    """The sets of records that share the last day on or before `on`, in each way that the days may have been."""
    ways: list[list[int | None]] = [[*range(low, high + 1), *([] if sure else [None])] for (low, high), sure in dated]
    found: set[frozenset[int]] = set()
    for way in product(*ways):
        last = max((d for d in way if d is not None and d <= on), default=None)
        found.add(frozenset(i for i, d in enumerate(way) if d is not None and d == last))
    return found


@settings(max_examples=150)
@given(st.lists(st.tuples(record_days, st.booleans()), max_size=4))
def test_the_last_record_is_one_that_can_be_last(dated: list[tuple[tuple[int, int], bool]]) -> None:
    records = [Record("observation", (f"value {i}",)) for i in range(len(dated))]
    given_ = [
        (Interval(START + low, START + high), sure, r) for ((low, high), sure), r in zip(dated, records, strict=True)
    ]
    found = list(stretches(given_))
    assert [s.since for s in found] == [FIRST_DAY, *(s.until for s in found[:-1])]
    assert found[-1].until == LAST_DAY + 1
    for on in range(-1, 10):
        stretch = next(s for s in found if s.since <= START + on < s.until)
        ways = possible_lasts(dated, on)
        assert {records.index(r) for r in stretch.candidates} == set().union(*ways)
        assert stretch.sure == (frozenset() not in ways)
