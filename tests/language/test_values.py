"""Numbers, days, durations and intervals: what must hold whatever they are."""

from calendar import isleap, monthrange
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
