"""The small pure parts of the faces: clock positions, page numbers, downloads."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from xinyong.intake.correction.book import ListedRow, csv_lines, harmless, write_xlsx
from xinyong.intake.correction.layout import FIXED, row_heading
from xinyong.ui.clock import marks
from xinyong.ui.context import path_of
from xinyong.ui.icons import FALLBACK, ICONS, known
from xinyong.ui.paging import page_number
from xinyong.ui.templatetags.ui import pagination

HEADS = ("企业名称", "统一社会信用代码", row_heading("demo-20261120-0001"), *FIXED)
DETAIL = ("行", "字段")


def listed(number: int = 17, **changes: Any) -> ListedRow:
    values: dict[str, Any] = {"cells": ("x", "y"), "wrong": {1: "r"}, "reason": "r", "suggestion": "s", "fix": ""}
    return ListedRow(number=number, **{**values, **changes})


@given(st.one_of(st.none(), st.integers(-5, 105)), st.integers(-5, 105))
def test_clock_marks_stay_inside_and_agree(minimum: int | None, today: int) -> None:
    found = marks(minimum, today)
    assert 0 <= int(found.today[:-1]) <= 100
    assert int(found.minimum_width[:-1]) + int(found.open_width[:-1]) == int(found.today[:-1])
    assert found.passed is (minimum is not None and max(0, min(100, today)) >= max(0, min(100, minimum)))


@pytest.mark.parametrize(
    ("text", "expected"), [("", 1), ("3", 3), ("0", 1), ("-2", 1), ("x", 1), ("²", 1), ("٣", 1), ("99999999", 1)]
)
def test_page_number_never_fails(text: str, expected: int) -> None:
    assert page_number(RequestFactory().get("/", {"page": text})) == expected


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_csv_cells_are_never_formulas(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    text = "".join(csv_lines(HEADS, [listed(cells=(cell, "y"), fix=cell)]))
    assert text.startswith("\ufeff")
    row = list(csv.reader(io.StringIO(text[1:], newline="")))[1]
    assert row[0] == "'" + cell
    assert row[5] == "'" + cell


def test_workbook_holds_texts_only_and_marks_what_is_wrong() -> None:
    target = io.BytesIO()
    rows = [listed(cells=("=1+1", "0012")), listed(18, cells=("http://example.org", "91E10"), wrong={0: "why"})]
    write_xlsx(target, HEADS, rows, DETAIL, [("17", "CF_WSH")])
    book = openpyxl.load_workbook(io.BytesIO(target.getvalue()))
    sheet = book.worksheets[0]
    found = list(sheet.iter_rows())
    assert [cell.value for cell in found[0]] == list(HEADS)
    assert [found[1][0].value, found[1][1].value, found[1][2].value] == ["=1+1", "0012", "17"]
    assert {cell.data_type for row in found[1:] for cell in row if cell.value} == {"s"}
    assert {cell.number_format for row in found[1:] for cell in row} == {"@"}
    assert found[1][1].comment is not None and found[1][0].comment is None
    assert found[1][1].fill.fgColor.rgb != found[1][0].fill.fgColor.rgb
    assert [cell.value for cell in book.worksheets[1][2]] == ["17", "CF_WSH"]


def test_workbook_without_errors_has_its_heading() -> None:
    target = io.BytesIO()
    write_xlsx(target, HEADS, [], DETAIL, [])
    assert openpyxl.load_workbook(io.BytesIO(target.getvalue())).worksheets[0].max_row == 1


def test_icons_are_sorted_known_and_fall_back() -> None:
    assert list(ICONS) == sorted(set(ICONS))
    assert known("search") == "search"
    assert known("no-such-icon") == FALLBACK


@pytest.mark.parametrize(("current", "shown"), [(1, "1 2 3 … 9"), (5, "1 … 3 4 5 6 7 … 9"), (9, "1 … 7 8 9")])
def test_paging_keeps_the_other_parameters(current: int, shown: str) -> None:
    request = RequestFactory().get("/x", {"q": "示例", "page": str(current)})
    answer = pagination({"request": request}, current, 9, 170, anchor="list")
    assert " ".join("…" if link.gap else str(link.number) for link in answer["links"]) == shown
    addresses = [link.url for link in answer["links"] if link.url]
    assert all(url.startswith("?q=%E7%A4%BA%E4%BE%8B") and url.endswith("#list") for url in addresses)
    assert [link.number for link in answer["links"] if link.current] == [current]
    assert bool(answer["previous"]) is (current > 1)
    assert bool(answer["next"]) is (current < 9)


def test_first_page_has_no_empty_address() -> None:
    """An empty reference would keep the query of the page it stands on."""
    request = RequestFactory().get("/x", {"page": "2"})
    assert pagination({"request": request}, 2, 2, 30)["links"][0].url == "/x"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/console/deliveries", "/console/deliveries"),
        ("/en/console/deliveries", "/console/deliveries"),
        ("/zh-hant/console/deliveries", "/console/deliveries"),
        ("/enterprises", "/enterprises"),
        ("/en/", "/"),
    ],
)
def test_path_without_its_language(asked: str, found: str) -> None:
    assert path_of(RequestFactory().get(asked)) == found
