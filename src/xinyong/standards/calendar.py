"""Working days by the notices of the State Council, and the ends of legal periods.

Periods under the Civil Code: the day that starts a period is not counted (art. 201); months and years end on the
day of the same number, or on the last day of a month that has none (art. 202); a last day that is a day off moves to
the next working day (art. 203). In the Administrative Penalty Law periods of 2, 3, 5 and 7 days are working days
(art. 85).

The days off of a year are announced about two months before it begins, and were changed in the middle of a year
(2019). So every result carries the calendar version it was computed with. Outside the years announced the answer is
an error, not a guess; a caller that must answer anyway asks for ``provisional=True`` and gets the plain weekly
pattern, marked as such, to be computed again when the notice is out.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import ClassVar, Final

import polars as pl

from xinyong.errors import ErrorCode, XinyongError
from xinyong.standards._data import read_rows

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


class CalendarUnknown(XinyongError):
    """A working day was asked for in a year whose holiday notice is not loaded; load it or ask provisionally."""

    code: ClassVar[ErrorCode] = ErrorCode.CALENDAR_UNKNOWN
    status: ClassVar[int] = 422
    zh: ClassVar[str] = (
        "无法计算工作日：{day} 不在日历覆盖范围（{first} 至 {last}）内。"
        "国务院办公厅尚未公布或尚未导入该年度放假安排；请导入后重算。"
    )
    en: ClassVar[str] = (
        "Working days unknown: {day} lies outside the calendar ({first} to {last}). The holiday notice of that year "
        "is not published or not loaded; load it and compute again."
    )


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """What a stored deadline must say about its calendar: hash of the content, first and last day covered."""

    digest: str
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.last.isoformat()}-{self.digest}"


@dataclass(frozen=True, slots=True)
class ExceptionDay:
    """A day that differs from the weekly pattern: a day off, or a weekend day that is worked."""

    day: date
    name: str
    day_off: bool
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Last day of a period.

    ``nominal`` is the day before art. 203 moved it. ``provisional``: some day in the computation lies outside the
    calendar and followed the plain weekly pattern.
    """

    day: date
    nominal: date
    calendar: CalendarVersion
    provisional: bool


class WorkingCalendar:
    """Working days of a span of years. Build one from notices, or take :func:`official`."""

    def __init__(self, exceptions: Iterable[ExceptionDay], first: date, last: date) -> None:
        """``exceptions`` between or near ``first`` and ``last``, the first and last day covered (whole years)."""
        self._exceptions: Mapping[date, ExceptionDay] = {item.day: item for item in exceptions}
        content = "\n".join(
            f"{item.day.isoformat()} {int(item.day_off)}"
            for item in sorted(self._exceptions.values(), key=lambda item: item.day)
        )
        digest = hashlib.sha256(f"{first} {last}\n{content}".encode()).hexdigest()[:12]
        self.version = CalendarVersion(digest, first, last)

    def exception(self, day: date) -> ExceptionDay | None:
        """Why ``day`` differs from the weekly pattern (name and notices), or ``None`` when it does not."""
        return self._exceptions.get(day)

    def covers(self, day: date) -> bool:
        """Whether the notice for the year of ``day`` is loaded."""
        return self.version.first <= day <= self.version.last

    def is_working_day(self, day: date, *, provisional: bool = False) -> bool:
        """Whether ``day`` is worked. ``CalendarUnknown`` outside the covered years unless ``provisional``."""
        if not provisional:
            self._require(day)
        exception = self._exceptions.get(day)
        return day.weekday() < _SATURDAY if exception is None else not exception.day_off

    def next_working_day(self, day: date, *, provisional: bool = False) -> date:
        """``day`` itself when it is worked, else the next day that is."""
        while not self.is_working_day(day, provisional=provisional):
            day += _DAY
        return day

    def add_working_days(self, start: date, count: int, *, provisional: bool = False) -> Deadline:
        """End of a period of ``count`` working days; ``start`` is not counted. ``ValueError`` for ``count`` < 1."""
        _require_positive(count)
        day = start
        for _ in range(count):
            day = self.next_working_day(day + _DAY, provisional=provisional)
        return self._deadline(start + _DAY, day, day)

    def add_days(self, start: date, count: int, *, provisional: bool = False) -> Deadline:
        """End of a period of ``count`` calendar days; ``start`` is not counted, a last day off moves on."""
        _require_positive(count)
        return self._rolled(start + count * _DAY, provisional)

    def add_months(self, start: date, count: int, *, provisional: bool = False) -> Deadline:
        """End of a period of ``count`` months: same day number or month end, and a last day off moves on."""
        _require_positive(count)
        return self._rolled(same_day_later(start, count), provisional)

    def add_years(self, start: date, count: int, *, provisional: bool = False) -> Deadline:
        """End of a period of ``count`` years: 29 February ends on 28 February, and a last day off moves on."""
        return self.add_months(start, count * 12, provisional=provisional)

    def working_days_between(self, start: date, end: date, *, provisional: bool = False) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` lies before ``start``.

        Late by law means more than the allowed number. ``add_working_days(start, n).day`` is the first day for which
        this is ``n``.
        """
        if end < start:
            return -self.working_days_between(end, start, provisional=provisional)
        days = range(1, (end - start).days + 1)
        return sum(self.is_working_day(start + offset * _DAY, provisional=provisional) for offset in days)

    def working_days_between_columns(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """:meth:`working_days_between` for two Date columns of equal length, as Int32; null where either is null.

        ``CalendarUnknown`` names the first day outside the covered years.
        """
        days = pl.concat([starts, ends]).drop_nulls()
        for day in (days.min(), days.max()):
            if isinstance(day, date):
                self._require(day)
        worked = [self.is_working_day(day) for day in self._covered_days()]
        # Working days from the first covered day up to and including each day.
        until = pl.Series(worked).cast(pl.Int32).cum_sum()
        first = self.version.first
        return until.gather((ends - first).dt.total_days()) - until.gather((starts - first).dt.total_days())

    def _covered_days(self) -> Iterator[date]:
        first, last = self.version.first, self.version.last
        return (first + offset * _DAY for offset in range((last - first).days + 1))

    def _rolled(self, nominal: date, provisional: bool) -> Deadline:
        return self._deadline(nominal, self.next_working_day(nominal, provisional=provisional), nominal)

    def _deadline(self, first_looked_up: date, day: date, nominal: date) -> Deadline:
        return Deadline(day, nominal, self.version, not (self.covers(first_looked_up) and self.covers(day)))

    def _require(self, day: date) -> None:
        if not self.covers(day):
            raise CalendarUnknown(day=day, first=self.version.first, last=self.version.last)


def same_day_later(start: date, months: int) -> date:
    """The day of the same number ``months`` later, or the last day of a month that has none (Civil Code art. 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _require_positive(count: int) -> None:
    if count < 1:
        raise ValueError(f"a period has at least one day, month or year, not {count}")


_source: list[Callable[[], WorkingCalendar]] = []


def source(found: Callable[[], WorkingCalendar]) -> None:
    """Where the calendar in force comes from once an operator may have entered a notice of its own."""
    _source[:] = [found]


def official() -> WorkingCalendar:
    """The calendar in force: the packaged notices, and those entered since."""
    return _source[0]() if _source else packaged()


@cache
def noticed() -> tuple[tuple[int, ExceptionDay], ...]:
    """Every day the packaged notices name, with the year of its notice."""
    return tuple(
        (
            int(row["notice_year"]),
            ExceptionDay(
                date.fromisoformat(row["date"]), row["name"], row["day_off"] == "1", tuple(row["notices"].split())
            ),
        )
        for row in read_rows("holidays.csv")
    )


@cache
def packaged() -> WorkingCalendar:
    """The calendar of the notices shipped in ``holidays.csv`` (2007 to 2026).

    A notice may name days of the end of the year before (2006-12-30 was worked for New Year 2007), so the last days
    of the last covered year can still change with the next notice.
    """
    years = [year for year, _ in noticed()]
    return WorkingCalendar((day for _, day in noticed()), date(min(years), 1, 1), date(max(years), 12, 31))
