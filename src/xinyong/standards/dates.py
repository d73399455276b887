"""Dates as departments write them, with the sentinels of the published layouts.

A date column holds five different things, and only one of them is a date: an open end (2099-12-31, 9999-12-31,
长期), an explicit unknown (1900-1-1), nothing (empty, 暂无, 无处罚期限), and mistakes. A mistake says which part of it is
wrong. Numbers that spreadsheets use for days are read only when the caller says so: 43831 may be anything.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

import polars as pl

from xinyong.standards._columns import map_distinct

#: Dates of the published layouts that mean "no end".
OPEN_ENDED_DATES: Final = frozenset({date(2099, 12, 31), date(2099, 1, 31), date(9999, 9, 9), date(9999, 12, 31)})
#: The date that means "not known".
UNKNOWN_DATE: Final = date(1900, 1, 1)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
#: Shown for an open end in the published layouts (有效期至).
OPEN_ENDED_TEXT: Final = "2099-12-31"

_OPEN_ENDED_TEXTS: Final = frozenset({"长期", "长期有效", "永久", "永久有效", "永续", "无固定期限", "无限期", "不限"})
_EMPTY_TEXTS: Final = frozenset(
    {"", "NA", "N/A", "NULL", "NONE", "无", "暂无", "无处罚期限", "不详", "/", "-", "--", "—", "——", "— —"}
)
_CHINA: Final = timezone(timedelta(hours=8))
_FOLDING: Final = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_TIME: Final = (
    r"(?:[T ]*(?P<hour>[0-9]{1,2})[:时](?P<minute>[0-9]{1,2})(?:[:分](?P<second>[0-9]{1,2})(?:\.[0-9]+)?秒?|分)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FORMS: Final = tuple(
    re.compile(pattern + _TIME, re.ASCII)
    for pattern in (
        r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})",
        r"(?P<year>[0-9]{4}) ?年 ?(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?日",
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    )
)
_SERIAL: Final = re.compile(r"([0-9]{1,6})(?:\.[0-9]+)?", re.ASCII)
#: Day 0 of the 1900 date system, shifted by its day that never was (29 February 1900).
_SERIAL_EPOCH: Final = date(1899, 12, 30)
_SERIAL_FIRST: Final = 61
_NEARLY: Final = (
    (re.compile(r"(?:19|20)[0-9]{2}(?:[-/.年][0-9]{1,2}月?|[01][0-9])", re.ASCII), "只有年月，缺少日"),
    (re.compile(r"[0-9]{4}年?", re.ASCII), "只有年份，缺少月和日"),
    (re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{1,4}", re.ASCII), "年份须为四位且写在最前"),
    (re.compile(r"[0-9]{2}年.*", re.ASCII), "年份须为四位"),
    (re.compile(r"[0-9]{5,6}(?:\.[0-9]+)?", re.ASCII), "像是电子表格的日期序号，请改为日期格式"),
)


class DateKind(StrEnum):
    """What a text in a date column is."""

    DATE = "date"
    OPEN_ENDED = "open-ended"
    UNKNOWN = "unknown"
    EMPTY = "empty"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class DateReading:
    """The reading of one text. ``day`` is set for DATE only; ``reason_zh`` says which part of an INVALID is wrong."""

    kind: DateKind
    day: date | None = None
    reason_zh: str = ""


def parse(text: str | None, *, serial: bool = False) -> DateReading:
    """Read ``text``: 2019-03-05, 2019/3/5, 2019.3.5, 20190305, 2019年3月5日, each with or without a time.

    A time with a zone is converted to Beijing time first: ``2019-03-04T16:00:00Z`` is 5 March. ``serial``: the source
    is a spreadsheet, and a bare number of up to six digits is a day of its 1900 date system. Never raises.
    """
    folded = " ".join((text or "").translate(_FOLDING).split()).upper()
    if folded in _EMPTY_TEXTS:
        return DateReading(DateKind.EMPTY)
    if folded in _OPEN_ENDED_TEXTS:
        return DateReading(DateKind.OPEN_ENDED)
    if serial and (number := _SERIAL.fullmatch(folded)):
        return _read_serial(int(number[1]))
    for form in _FORMS:
        if match := form.fullmatch(folded):
            return _read(match)
    reason = next((reason for pattern, reason in _NEARLY if pattern.fullmatch(folded)), "无法识别的日期格式")
    return _invalid(f"{reason}；应为 YYYY-MM-DD")


def _read(match: re.Match[str]) -> DateReading:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    if not 1 <= month <= 12:
        return _invalid(f"月份 {month} 不存在")
    if not 1 <= day <= 31:
        return _invalid(f"日 {day} 不存在")
    if year < 1:
        return _invalid(f"年份 {year:04} 不存在")
    if day > monthrange(year, month)[1]:
        if (month, day) == (2, 29) and not isleap(year):
            return _invalid(f"{year} 年不是闰年，没有 2 月 29 日")
        return _invalid(f"{month} 月没有 {day} 日")
    found = date(year, month, day)
    if found in OPEN_ENDED_DATES:
        return DateReading(DateKind.OPEN_ENDED)
    if found == UNKNOWN_DATE:
        return DateReading(DateKind.UNKNOWN)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return _invalid(f"年份 {year:04} 超出范围（{FIRST_YEAR} 至 {LAST_YEAR}）")
    if match["hour"] is None:
        return DateReading(DateKind.DATE, found)
    return _read_time(found, match)


def _read_time(day: date, match: re.Match[str]) -> DateReading:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    # 24:00:00 is the end of the day and stays in it.
    if (hour, minute, second) == (24, 0, 0):
        return DateReading(DateKind.DATE, day)
    if hour > 23 or minute > 59 or second > 60:
        return _invalid(f"时间 {hour:02}:{minute:02}:{second:02} 不存在")
    if not match["zone"]:
        return DateReading(DateKind.DATE, day)
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=_zone(match["zone"]))
    return DateReading(DateKind.DATE, moment.astimezone(_CHINA).date())


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    # An offset of a day or more does not exist; the remainder keeps the reading total.
    offset = timedelta(hours=int(digits[:2]) % 24, minutes=int(digits[2:]) % 60)
    return timezone(-offset if text[0] == "-" else offset)


def _read_serial(number: int) -> DateReading:
    if number < _SERIAL_FIRST:
        return _invalid(f"电子表格日期序号 {number} 过小")
    found = _SERIAL_EPOCH + timedelta(days=number)
    if found in OPEN_ENDED_DATES:
        return DateReading(DateKind.OPEN_ENDED)
    if found.year > LAST_YEAR:
        return _invalid(f"电子表格日期序号 {number} 过大")
    return DateReading(DateKind.DATE, found)


def _invalid(reason_zh: str) -> DateReading:
    return DateReading(DateKind.INVALID, reason_zh=reason_zh)


def parse_column(values: pl.Series, *, serial: bool = False) -> pl.DataFrame:
    """:func:`parse` for a String column, each distinct text once.

    Columns: ``kind`` (Enum), ``day`` (Date, null unless a date), ``reason_zh`` (String).
    """
    results, at = map_distinct(values, lambda text: parse(text, serial=serial))
    frame = pl.DataFrame(
        {
            "kind": pl.Series([result.kind.value for result in results], dtype=pl.Enum([k.value for k in DateKind])),
            "day": pl.Series([result.day for result in results], dtype=pl.Date),
            "reason_zh": pl.Series([result.reason_zh for result in results], dtype=pl.String),
        }
    )
    return frame[at]
