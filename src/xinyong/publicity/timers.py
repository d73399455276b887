"""Time limits of procedures: which row holds for a day and a province, and the last day it gives, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.publicity.rulebook import CERTAINTIES, CONFIRMED, TO_BE_CONFIRMED
from xinyong.standards import calendar
from xinyong.standards.calendar import Deadline, WorkingCalendar

UNITS = ("working_days", "days", "months")
_UNIT_WORDS = {"working_days": ("个工作日", "working days"), "days": ("日", "days"), "months": ("个月", "months")}
_KEYS = frozenset(
    [
        "id",
        "timer",
        "zh",
        "en",
        "profile",
        "starts",
        "length",
        "unit",
        "owner",
        "source",
        "source_en",
        "article",
        "certainty",
        "status",
        "extension",
        "longest",
        "excludes",
        "from",
        "until",
    ]
)


class TimersInvalid(ValueError):
    """A row of timers.yml cannot be used; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One limit. ``extension``: units it may be lengthened by, once; ``longest``: the whole never exceeds so many units."""

    id: str
    timer: str
    zh: str
    en: str
    profile: str
    starts: str
    length: int
    unit: str
    owner: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    extension: int = 0
    longest: int = 0
    excludes: str = ""
    valid_from: date = date.min
    valid_until: date = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The last day of a limit. ``deadline`` names the calendar it was computed with; ``extended``: with its extension."""

    timer: Timer
    start: date
    deadline: Deadline
    extended: bool
    paused: int

    @property
    def day(self) -> date:
        """The last day on which it is in time."""
        return self.deadline.day

    def words(self, language: str = "zh") -> str:
        """How the day came about, with the article."""
        english = language == "en"
        unit = _UNIT_WORDS[self.timer.unit][english]
        length = self.timer.length + (self.timer.extension or self.timer.longest - self.timer.length) * self.extended
        pause = ""
        if self.paused:
            pause = f", {self.paused} not counted" if english else f"，扣除 {self.paused} 日"
        if english:
            return f"{self.timer.en}: {length} {unit} after {self.start}{pause}, to {self.day} ({self.timer.article})"
        return f"{self.timer.zh}：自 {self.start} 次日起 {length}{unit}{pause}，至 {self.day}（{self.timer.article}）"


_source: list[Callable[[], tuple[Timer, ...]]] = []


def source(found: Callable[[], tuple[Timer, ...]]) -> None:
    """Where the rows in force come from once officers may have replaced some."""
    _source[:] = [found]


def in_force() -> tuple[Timer, ...]:
    """Every row with its span of days: the packaged ones, and what officers here confirmed or replaced."""
    return _source[0]() if _source else packaged()


@cache
def packaged() -> tuple[Timer, ...]:
    """The limits this release comes with."""
    text = (resources.files("xinyong.datapacks") / "rules" / "timers.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any], *, here: bool = False) -> tuple[Timer, ...]:
    """Limits from their YAML form. Raises TimersInvalid, with the row, for unknown words, gaps in values, two that hold at once."""
    rows: list[Timer] = []
    for raw in loaded["timers"]:
        name = raw.get("id", "?")
        if unknown := set(raw) - _KEYS:
            raise TimersInvalid(f"timers.yml, {name}: no such key: {', '.join(sorted(unknown))}")
        try:
            row = Timer(
                **{key: value for key, value in raw.items() if key not in ("from", "until")},
                valid_from=raw.get("from", date.min),
                valid_until=raw.get("until", date.max),
            )
        except TypeError as error:
            raise TimersInvalid(f"timers.yml, {name}: {error}") from error
        if row.unit not in UNITS or type(row.length) is not int or row.length < 1 or row.valid_until < row.valid_from:
            raise TimersInvalid(f"timers.yml, {name}: length, unit or window cannot be used")
        if row.certainty not in CERTAINTIES or row.status not in (CONFIRMED, TO_BE_CONFIRMED):
            raise TimersInvalid(f"timers.yml, {name}: certainty or status cannot be used")
        if not here and row.status == CONFIRMED and row.certainty in ("recalled", "fragments", "ours"):
            raise TimersInvalid(f"timers.yml, {name}: {row.certainty} is to be confirmed")
        for other in rows:
            if other.id == row.id:
                raise TimersInvalid(f"timers.yml, {name}: given twice")
            if (other.timer, other.profile) == (row.timer, row.profile) and not (
                other.valid_until < row.valid_from or row.valid_until < other.valid_from
            ):
                raise TimersInvalid(f"timers.yml, {name}: overlaps {other.id}")
        rows.append(row)
    return tuple(rows)


def find(timer: str, profile: str, day: date, rows: Iterable[Timer] | None = None) -> Timer | None:
    """The row that holds when the time began on a day: the profile's own, else the one for any; None without one."""
    found = [
        row
        for row in (in_force() if rows is None else rows)
        if row.timer == timer and row.profile in (profile, "any") and row.valid_from <= day <= row.valid_until
    ]
    return next((row for row in found if row.profile == profile), found[0] if found else None)


def due(
    timer: Timer,
    start: date,
    *,
    extended: bool = False,
    pauses: Iterable[tuple[date, date]] = (),
    days: WorkingCalendar | None = None,
    provisional: bool = True,
) -> Due:
    """The last day of a limit that began on ``start``, which is not counted (CLK-01).

    ``pauses``: spans, both days included, that do not count (HN 41). ValueError for an extension or a pause the row does
    not know; CalendarUnknown for years without notice unless ``provisional``.
    """
    working = days or calendar.official()
    spans = tuple(pauses)
    length = timer.length
    if extended:
        if not (timer.extension or timer.longest):
            raise ValueError(f"{timer.id} knows no extension")
        length = timer.longest or timer.length + timer.extension
    if spans and not timer.excludes:
        raise ValueError(f"{timer.id} excludes no time")
    if timer.unit == "months":
        found = working.add_months(start, length, provisional=provisional)
    elif timer.unit == "days":
        found = working.add_days(start, length, provisional=provisional)
    else:
        found = working.add_working_days(start, length, provisional=provisional)
    paused = 0
    if spans:
        found, paused = _with_pauses(working, start, length, spans, timer.unit, provisional)
    return Due(timer=timer, start=start, deadline=found, extended=extended, paused=paused)


def _with_pauses(
    working: WorkingCalendar,
    start: date,
    length: int,
    spans: tuple[tuple[date, date], ...],
    unit: str,
    provisional: bool,
) -> tuple[Deadline, int]:
    """The same, days inside a span left out. Returns the deadline and how many days of the unit were not counted.

    ``here``: officers may have confirmed what the file says is not sure.
    """

    def counts(day: date) -> bool:
        return unit != "working_days" or working.is_working_day(day, provisional=provisional)

    day, left, skipped = start, length, 0
    while left:
        day += timedelta(days=1)
        if not counts(day):
            continue
        if any(first <= day <= last for first, last in spans):
            skipped += 1
        else:
            left -= 1
    whole = (
        working.add_working_days(start, length + skipped, provisional=provisional)
        if unit == "working_days"
        else working.add_days(start, length + skipped, provisional=provisional)
    )
    return whole, skipped
