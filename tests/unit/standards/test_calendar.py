"""Working days and ends of periods."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.errors import ErrorCode
from xinyong.standards.calendar import CalendarUnknown, ExceptionDay, WorkingCalendar, official, same_day_later

days = st.dates(date(2007, 1, 1), date(2025, 6, 30))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday worked for the National Day holiday
        (date(2026, 11, 21), False),
        (date(2026, 2, 28), True),
        (date(2019, 5, 2), False),  # only the second notice of 2019 made it a day off
        (date(2006 + 1, 1, 1), False),
    ],
)
def test_working_days_follow_the_notices(day: date, works: bool) -> None:
    assert official().is_working_day(day) is works


def test_the_start_day_is_not_counted() -> None:
    deadline = official().add_working_days(date(2026, 9, 30), 7)
    assert deadline.day == date(2026, 10, 15)
    assert deadline.calendar == official().version and not deadline.provisional
    assert official().working_days_between(date(2026, 9, 30), date(2026, 10, 15)) == 7


@pytest.mark.parametrize(
    ("start", "months", "nominal", "day"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28), date(2026, 2, 28)),  # a worked Saturday
        (date(2025, 1, 31), 1, date(2025, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28), date(2025, 2, 28)),
        (date(2026, 7, 1), 3, date(2026, 10, 1), date(2026, 10, 8)),
        (date(2025, 11, 15), 3, date(2026, 2, 15), date(2026, 2, 24)),
    ],
)
def test_months_end_on_the_same_number_and_move_off_days_off(
    start: date, months: int, nominal: date, day: date
) -> None:
    deadline = official().add_months(start, months)
    assert (deadline.nominal, deadline.day) == (nominal, day)


def test_years_and_days() -> None:
    assert official().add_years(date(2024, 2, 29), 1).nominal == date(2025, 2, 28)
    assert official().add_days(date(2026, 9, 21), 10).day == date(2026, 10, 8)


def test_an_unknown_year_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(CalendarUnknown) as caught:
        official().add_working_days(date(2026, 12, 25), 7)
    assert caught.value.code is ErrorCode.CALENDAR_UNKNOWN
    assert "2027-01-01" in caught.value.message() and "2026-12-31" in caught.value.message("en")
    with pytest.raises(CalendarUnknown):
        official().is_working_day(date(2006, 12, 29))
    deadline = official().add_working_days(date(2026, 12, 25), 7, provisional=True)
    assert deadline.provisional and deadline.day == date(2027, 1, 5)
    assert not official().add_working_days(date(2026, 12, 21), 3, provisional=True).provisional
    assert official().add_months(date(2027, 1, 4), 1, provisional=True).provisional


def test_reasons_and_versions() -> None:
    reason = official().exception(date(2026, 10, 10))
    assert reason is not None and reason.name == "国庆节" and not reason.day_off and reason.notices
    assert official().exception(date(2026, 11, 23)) is None
    version = official().version
    assert str(version).startswith("2026-12-31-") and version.first == date(2007, 1, 1)
    other = WorkingCalendar(
        [ExceptionDay(date(2026, 11, 23), "测试", day_off=True, notices=())], date(2026, 1, 1), date(2026, 12, 31)
    )
    assert other.version.digest != version.digest
    assert other.next_working_day(date(2026, 11, 21)) == date(2026, 11, 24)


def test_a_period_has_at_least_one_day() -> None:
    for count in (0, -1):
        with pytest.raises(ValueError, match="at least one"):
            official().add_working_days(date(2026, 1, 5), count)


@given(days, st.integers(1, 60), st.sets(st.dates(date(2007, 1, 1), date(2026, 12, 31)), max_size=30))
def test_working_days_never_end_before_calendar_days(start: date, count: int, extra: set[date]) -> None:
    """rules.md 26.8, for the official calendar and for any other."""
    any_calendar = WorkingCalendar(
        [ExceptionDay(day, "", day_off=True, notices=()) for day in extra], date(2007, 1, 1), date(2026, 12, 31)
    )
    for calendar in (official(), any_calendar):
        assert calendar.add_working_days(start, count, provisional=True).day >= start + timedelta(days=count)


@given(days, days, st.integers(1, 40))
def test_deadlines_are_monotone(first: date, second: date, count: int) -> None:
    early, late = sorted((first, second))
    assert official().add_working_days(early, count).day <= official().add_working_days(late, count).day
    assert official().add_months(early, count % 12 + 1).day <= official().add_months(late, count % 12 + 1).day
    assert official().add_working_days(early, count).day < official().add_working_days(early, count + 1).day


@given(days, st.integers(1, 40))
def test_counting_is_the_inverse_of_adding(start: date, count: int) -> None:
    end = official().add_working_days(start, count).day
    assert official().working_days_between(start, end) == count
    assert official().working_days_between(end, start) == -count
    assert official().is_working_day(end)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 120))
def test_same_day_later_stays_in_its_month(start: date, months: int) -> None:
    later = same_day_later(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == start.day or (later.day < start.day and (later + timedelta(days=1)).day == 1)


@given(st.lists(st.tuples(st.none() | days, st.none() | days), max_size=20))
def test_columns_are_counted_like_cells(pairs: list[tuple[date | None, date | None]]) -> None:
    starts = pl.Series("start", [start for start, _ in pairs], dtype=pl.Date)
    ends = pl.Series("end", [end for _, end in pairs], dtype=pl.Date)
    assert official().working_days_between_columns(starts, ends).to_list() == [
        None if start is None or end is None else official().working_days_between(start, end) for start, end in pairs
    ]


def test_columns_outside_the_calendar_are_refused() -> None:
    inside, outside = pl.Series([date(2026, 12, 31), None]), pl.Series([date(2027, 1, 4), None])
    with pytest.raises(CalendarUnknown, match="2027-01-04"):
        official().working_days_between_columns(inside, outside)
