"""The working calendar as rows: one a year, its days off and its weekend days that are worked, with the notice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from xinyong.publicity.rulebook import CONFIRMED, TO_BE_CONFIRMED
from xinyong.publicity.sheets.rows import Raw
from xinyong.standards import calendar
from xinyong.standards.calendar import ExceptionDay, WorkingCalendar

#: Days that are off by law in every year, whatever a notice adds (regulation on days off for festivals).
_ALWAYS = ((1, 1), (5, 1), (10, 1))
_MOST = 60
_SATURDAY = 5


def _written(days: Iterable[ExceptionDay]) -> str:
    return "; ".join(f"{item.day} {item.name}".strip() for item in days)


@cache
def packaged_rows() -> tuple[Raw, ...]:
    """The years of the packaged notices, and the next one, which no notice speaks of yet."""
    found = []
    by_year: dict[int, list[ExceptionDay]] = {}
    for year, item in calendar.noticed():
        by_year.setdefault(year, []).append(item)
    for year, days in sorted(by_year.items()):
        notices = sorted({notice for item in days for notice in item.notices})
        found.append(
            {
                "id": f"CAL-{year}",
                "year": year,
                "zh": f"{year} 年节假日安排",
                "en": f"Days off in {year}",
                "off": _written(item for item in days if item.day_off),
                "worked": _written(item for item in days if not item.day_off),
                "source": "国务院办公厅关于部分节假日安排的通知",
                "source_en": "Notice of the General Office of the State Council on days off",
                "article": "; ".join(notices)[:300],
                "certainty": "text",
                "status": CONFIRMED,
            }
        )
    last = max(by_year)
    found.append(
        {
            "id": f"CAL-{last + 1}",
            "year": last + 1,
            "zh": f"{last + 1} 年节假日安排（尚未录入通知，暂按周末推算）",
            "en": f"Days off in {last + 1} (no notice entered; weekends only)",
            "off": "",
            "worked": "",
            "source": "",
            "source_en": "",
            "article": "",
            "certainty": "ours",
            "status": TO_BE_CONFIRMED,
        }
    )
    return tuple(found)


def days(text: str, *, off: bool, row: str) -> list[ExceptionDay]:
    """Days as an officer writes them: 2027-01-01 元旦; 2027-01-02. ValueError names what cannot be read."""
    found = []
    for part in (piece.strip() for piece in text.replace("；", ";").replace("\n", ";").split(";")):
        if not part:
            continue
        day, _sep, name = part.partition(" ")
        try:
            found.append(ExceptionDay(date.fromisoformat(day), name.strip(), off, ()))
        except ValueError:
            raise ValueError(
                f"{row}：“{part[:40]}”不是日期，应写作 2027-01-01 元旦 / not a day such as 2027-01-01"
            ) from None
    if len(found) > _MOST:
        raise ValueError(f"{row}：{len(found)} 天，太多 / too many days")
    return found


def parse(rows: Iterable[Raw]) -> WorkingCalendar:
    """The calendar of all years that are confirmed, without a gap. ValueError names the year and the day that is wrong."""
    exceptions: dict[date, ExceptionDay] = {}
    years = []
    for row in sorted(rows, key=lambda item: int(item["year"])):
        if row["status"] != CONFIRMED:
            continue
        year, name = int(row["year"]), str(row["id"])
        off, worked = days(str(row["off"]), off=True, row=name), days(str(row["worked"]), off=False, row=name)
        both = {item.day for item in off} & {item.day for item in worked}
        if both:
            raise ValueError(f"{name}：{min(both)} 既放假又上班 / both off and worked")
        for item in (*off, *worked):
            if not date(year - 1, 12, 1) <= item.day <= date(year + 1, 1, 31):
                raise ValueError(f"{name}：{item.day} 不属于 {year} 年 / not a day of {year}")
            if not item.day_off and item.day.weekday() < _SATURDAY and calendar.packaged().exception(item.day) is None:
                raise ValueError(f"{name}：{item.day} 本来就是工作日，不是调休上班日 / no weekend day")
        known = {item.day for item in off}
        missing = [date(year, *day) for day in _ALWAYS if date(year, *day) not in known]
        if missing:
            raise ValueError(f"{name}：缺少法定节日 {missing[0]} / a day off by law is missing")
        exceptions |= {item.day: item for item in (*off, *worked)}
        years.append(year)
    if years != list(range(years[0], years[-1] + 1)):
        raise ValueError("中间缺少年份 / a year is missing in between")
    return WorkingCalendar(exceptions.values(), date(years[0], 1, 1), date(years[-1], 12, 31))
