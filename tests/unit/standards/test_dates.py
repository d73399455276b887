"""Dates, sentinels, and reasons that name the wrong part."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards.dates import OPEN_ENDED_DATES, DateKind, parse, parse_column


@pytest.mark.parametrize(
    "text",
    [
        "2019-03-05", "2019/03/05", "2019/3/5", "2019.3.5", "20190305", "2019年3月5日", "2019 年 3 月 5 日",
        "２０１９－０３－０５", " 2019-03-05 ", "2019-03-05 00:00:00", "2019-03-05T10:20:30", "2019/3/5 8:05",
        "2019-03-05 10:20:30.123", "20190305102030"[:8], "2019年3月5日10时20分", "2019-03-04T16:00:00Z",
        "2019-03-05T00:00:00+08:00", "2019-03-04T20:00:00-04:00", "2019-03-05 24:00:00",
    ],
)  # fmt: skip
def test_forms(text: str) -> None:
    assert parse(text).day == date(2019, 3, 5)


@pytest.mark.parametrize("text", ["2099-12-31", "2099-01-31", "9999-9-9", "9999/12/31", "20991231", "长期", "长期有效"])
def test_open_ended(text: str) -> None:
    assert parse(text).kind is DateKind.OPEN_ENDED and parse(text).day is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1900-1-1", DateKind.UNKNOWN),
        ("1900/01/01 00:00:00", DateKind.UNKNOWN),
        ("", DateKind.EMPTY),
        (None, DateKind.EMPTY),
        ("暂无", DateKind.EMPTY),
        ("— —", DateKind.EMPTY),
        ("无处罚期限", DateKind.EMPTY),
        (" \n", DateKind.EMPTY),
    ],
)
def test_sentinels_and_text_nulls(text: str | None, kind: DateKind) -> None:
    assert parse(text).kind is kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2019-13-01", "月份 13 不存在"),
        ("2019-00-01", "月份 0 不存在"),
        ("2019-03-32", "日 32 不存在"),
        ("2019-02-29", "2019 年不是闰年，没有 2 月 29 日"),
        ("2020-02-30", "2 月没有 30 日"),
        ("2019年4月31日", "4 月没有 31 日"),
        ("0202-03-05", "年份 0202 超出范围（1900 至 2100）"),
        ("0000-03-05", "年份 0000 不存在"),
        ("2019-03-05 25:00", "时间 25:00:00 不存在"),
        ("2019-03", "只有年月，缺少日；应为 YYYY-MM-DD"),
        ("2019", "只有年份，缺少月和日；应为 YYYY-MM-DD"),
        ("19-3-5", "年份须为四位且写在最前；应为 YYYY-MM-DD"),
        ("43831", "像是电子表格的日期序号，请改为日期格式；应为 YYYY-MM-DD"),
        ("2019-3/5", "无法识别的日期格式；应为 YYYY-MM-DD"),
        ("三月五日", "无法识别的日期格式；应为 YYYY-MM-DD"),
    ],
)
def test_reasons(text: str, reason: str) -> None:
    assert parse(text).kind is DateKind.INVALID
    assert parse(text).reason_zh == reason


def test_spreadsheet_serials_only_when_told() -> None:
    assert parse("43831", serial=True).day == date(2020, 1, 1)
    assert parse("43831.5", serial=True).day == date(2020, 1, 1)
    assert parse("73050", serial=True).kind is DateKind.OPEN_ENDED
    assert parse("12", serial=True).kind is DateKind.INVALID
    assert parse("999999", serial=True).kind is DateKind.INVALID
    assert parse("2020-01-01", serial=True).day == date(2020, 1, 1)


@given(st.dates(date(1900, 1, 2), date(2100, 12, 31)).filter(lambda day: day not in OPEN_ENDED_DATES))
def test_date_round_trip(day: date) -> None:
    forms = (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        day.strftime("%Y%m%d"),
        f"{day.year}年{day.month}月{day.day}日",
    )
    assert {parse(form).day for form in forms} == {day}


@given(st.lists(st.one_of(st.none(), st.text(alphabet="0129-/年月日 TZ:+", max_size=22)), max_size=20), st.booleans())
def test_a_column_reads_like_its_cells(texts: list[str | None], serial: bool) -> None:
    frame = parse_column(pl.Series("day", texts, dtype=pl.String), serial=serial)
    for text, row in zip(texts, frame.to_dicts(), strict=True):
        result = parse(text, serial=serial)
        assert (row["kind"], row["day"], row["reason_zh"]) == (result.kind.value, result.day, result.reason_zh)
        assert bool(result.reason_zh) == (result.kind is DateKind.INVALID)
