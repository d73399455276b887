"""Limits of procedures across holidays, make-up days and calendar versions (rules.md 3, 8.1, 25; invariant 26.8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.publicity import timers
from xinyong.runtime import config
from xinyong.standards import calendar
from xinyong.standards.calendar import ExceptionDay, WorkingCalendar

TABLE: list[tuple[str, str, str, date, date]] = [
    # New Year 2026: 1 to 3 January off, Sunday the 4th worked.
    ("OBJ-01 over New Year, 4 January is worked", "objection-own", "henan", date(2025, 12, 31), date(2026, 1, 6)),
    ("OBJ-01 7 days over New Year", "objection-all", "henan", date(2025, 12, 31), date(2026, 1, 12)),
    # National Day 2026: 20 September worked, 1 to 7 October off, 10 October worked.
    ("OBJ-01 over National Day, the 10th is worked", "objection-own", "henan", date(2026, 9, 30), date(2026, 10, 10)),
    ("REP-23 over National Day", "repair-accept", "henan", date(2026, 9, 29), date(2026, 10, 9)),
    ("COL-29 a make-up Sunday counts", "withdraw-source", "henan", date(2026, 9, 17), date(2026, 9, 21)),
    # Spring Festival 2026: 14 and 28 February worked, 15 to 23 off.
    ("COL-20 over Spring Festival", "report", "henan", date(2026, 2, 12), date(2026, 2, 28)),
    ("COL-30 HN one day", "withdraw-platform", "henan", date(2026, 11, 27), date(2026, 11, 30)),
    ("COL-30 SD three days", "withdraw-platform", "shandong", date(2026, 11, 27), date(2026, 12, 2)),
    ("OBJ-05 ZJ five days", "objection-own", "zhejiang", date(2026, 11, 2), date(2026, 11, 9)),
    ("OBJ-07 SZ compare in one day", "objection-own", "shenzhen", date(2026, 11, 6), date(2026, 11, 9)),
    ("REP-30 SAMR to 2025-12-24", "repair-decide-samr", "national", date(2025, 12, 24), date(2026, 1, 15)),
    ("REP-40 SAMR from 2025-12-25", "repair-decide-samr", "national", date(2025, 12, 25), date(2026, 1, 6)),
    # CLK-02, CLK-03: 36 months to a Sunday, which moves on.
    ("REP-47 bar of three years", "repair-bar", "national", date(2021, 11, 7), date(2024, 11, 7)),
    ("CLK-03 a last day off moves on", "repair-bar", "national", date(2021, 10, 1), date(2024, 10, 8)),
]


@pytest.mark.parametrize(("article", "timer", "profile", "start", "day"), TABLE, ids=[row[0] for row in TABLE])
def test_deadline(article: str, timer: str, profile: str, start: date, day: date) -> None:
    """The first day is never counted (CLK-01)."""
    row = timers.find(timer, profile, start)
    assert row is not None
    found = timers.due(row, start)
    assert found.day == day and not found.deadline.provisional
    assert row.article in found.words() and day.isoformat() in found.words("en")
    assert found.deadline.calendar == calendar.official().version


def test_ver_the_row_of_the_day_the_time_began_holds() -> None:
    before, after = (
        timers.find("repair-decide-samr", "henan", day) for day in (date(2025, 12, 24), date(2025, 12, 25))
    )
    assert before is not None and after is not None and (before.length, after.length) == (15, 7)


def test_a_profile_without_a_rule_has_none_or_the_default_of_the_platform_which_says_so() -> None:
    assert timers.find("objection-forward", "hebei", date(2026, 1, 1)) is None
    default = timers.find("objection-own", "hebei", date(2026, 1, 1))
    assert default is not None and (default.profile, default.certainty) == ("any", "ours")
    assert timers.find("repair-accept", "hebei", date(2026, 1, 1)) is not None


def test_obj_05_and_rep_24_extensions() -> None:
    zhejiang, repair = (timers.find(name, "zhejiang", date(2026, 3, 2)) for name in ("objection-own", "repair-decide"))
    assert zhejiang is not None and repair is not None
    start = date(2026, 3, 2)
    days = calendar.official()
    assert timers.due(zhejiang, start, extended=True).day == days.add_working_days(start, 20).day
    assert timers.due(repair, start, extended=True).day == days.add_working_days(start, 17).day
    henan = timers.find("objection-own", "henan", start)
    assert henan is not None
    with pytest.raises(ValueError, match="no extension"):
        timers.due(henan, start, extended=True)


def test_clk_05_expert_time_does_not_count_in_henan() -> None:
    row = timers.find("objection-all", "henan", date(2026, 3, 2))
    assert row is not None
    plain = timers.due(row, date(2026, 3, 2))
    # Tuesday to Sunday: four working days are left out.
    paused = timers.due(row, date(2026, 3, 2), pauses=[(date(2026, 3, 3), date(2026, 3, 8))])
    assert paused.paused == 4 and calendar.official().working_days_between(plain.day, paused.day) == 4
    assert "扣除 4 日" in paused.words()
    after = timers.due(row, date(2026, 3, 2), pauses=[(date(2027, 1, 1), date(2027, 2, 1))])
    assert after.day == plain.day
    other = timers.find("objection-all", "shandong", date(2026, 3, 2))
    assert other is not None
    with pytest.raises(ValueError, match="excludes no time"):
        timers.due(other, date(2026, 3, 2), pauses=[(date(2026, 3, 3), date(2026, 3, 8))])


def test_a_year_without_notice_is_provisional_and_names_its_calendar() -> None:
    row = timers.find("objection-own", "henan", date(2026, 12, 30))
    assert row is not None
    found = timers.due(row, date(2026, 12, 30))
    assert found.deadline.provisional, "days of 2027 are not announced"
    with pytest.raises(calendar.CalendarUnknown):
        timers.due(row, date(2026, 12, 30), provisional=False)


def test_another_version_of_the_calendar_gives_another_day_and_says_so() -> None:
    """2019: the May holiday was changed in March, and 28 April became a working day."""
    official = calendar.official()
    old = WorkingCalendar(
        [ExceptionDay(date(2019, 5, 1), "劳动节", True, ())], official.version.first, official.version.last
    )
    row = timers.find("objection-own", "henan", date(2019, 4, 26))
    assert row is not None
    then, now = timers.due(row, date(2019, 4, 26), days=old), timers.due(row, date(2019, 4, 26))
    assert (then.day, now.day) == (date(2019, 5, 2), date(2019, 4, 30))
    assert then.deadline.calendar != now.deadline.calendar


@given(
    st.sampled_from([row for row in timers.packaged() if row.unit == "working_days"]),
    st.dates(date(2008, 1, 1), date(2026, 6, 30)),
    st.sets(st.dates(date(2008, 1, 1), date(2026, 12, 31)), max_size=30),
)
def test_invariant_26_8_holidays_never_make_a_deadline_earlier_than_calendar_days(
    row: timers.Timer, start: date, off: set[date]
) -> None:
    moved = WorkingCalendar([ExceptionDay(day, "x", True, ()) for day in off], date(2007, 1, 1), date(2027, 12, 31))
    for days in (None, moved):
        assert timers.due(row, start, days=days).day >= start + timedelta(days=row.length)


GOOD: dict[str, Any] = {
    "id": "X-1", "timer": "x", "zh": "某", "en": "x", "profile": "any", "starts": "receipt", "length": 3,
    "unit": "working_days", "owner": "o", "source": "s", "source_en": "s", "article": "a", "certainty": "text",
    "status": "confirmed",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": "weeks"}, "X-1.*unit"),
        ({"length": 0}, "X-1.*length"),
        ({"length": "3"}, "X-1.*length"),
        ({"certainty": "recalled"}, "X-1.*to be confirmed"),
        ({"status": "maybe"}, "X-1.*status"),
        ({"lenght": 3}, "X-1.*lenght"),
        ({"from": date(2026, 1, 2), "until": date(2026, 1, 1)}, "X-1.*window"),
    ],
)
def test_a_wrong_row_is_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(timers.TimersInvalid, match=says):
        timers.parse({"timers": [{**GOOD, **change}]})


def test_missing_values_doubles_and_overlaps_are_refused_by_name() -> None:
    with pytest.raises(timers.TimersInvalid, match=r"X-1.*owner"):
        timers.parse({"timers": [{key: value for key, value in GOOD.items() if key != "owner"}]})
    with pytest.raises(timers.TimersInvalid, match=r"X-1.*twice"):
        timers.parse({"timers": [GOOD, GOOD]})
    with pytest.raises(timers.TimersInvalid, match=r"X-2.*overlaps X-1"):
        timers.parse({"timers": [GOOD, {**GOOD, "id": "X-2", "from": date(2026, 1, 1)}]})


def test_every_packaged_row_belongs_to_a_known_profile() -> None:
    assert {row.profile for row in timers.packaged()} <= {"any", *config.PROFILES}
    for row in timers.packaged():
        assert row.article and row.source and row.source_en and row.zh and row.en
