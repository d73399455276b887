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

from xinyong.intake.console import csv_lines, harmless, write_xlsx
from xinyong.intake.pages import ErrorRow
from xinyong.ui.clock import marks
from xinyong.ui.icons import FALLBACK, ICONS, known
from xinyong.ui.paging import page_number
from xinyong.ui.templatetags.ui import pagination

HEADS = ("行", "字段", "列名", "原值", "级别", "原因", "建议", "建议值")


def error(**changes: Any) -> ErrorRow:
    values: dict[str, Any] = dict(
        row=17,
        field="CF_WSH",
        column="处罚决定书文号",
        value="x",
        kind="code",
        kind_label="代码",
        severity="error",
        reason="r",
        suggestion="s",
        fix="",
    )
    return ErrorRow(**{**values, **changes})


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


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_csv_cells_are_never_formulas(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    text = "".join(csv_lines([error(value=cell, fix=cell)], HEADS))
    assert text.startswith("\ufeff")
    row = list(csv.reader(io.StringIO(text[1:], newline="")))[1]
    assert row[3] == "'" + cell
    assert row[7] == "'" + cell


def test_workbook_holds_strings_only() -> None:
    target = io.BytesIO()
    write_xlsx(target, [error(value="=1+1"), error(value="http://example.org", fix="0012")], HEADS)
    sheet = openpyxl.load_workbook(io.BytesIO(target.getvalue())).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == list(HEADS)
    assert rows[1][3].value == "=1+1"
    assert {cell.data_type for row in rows[1:] for cell in row if cell.value} == {"s"}
    assert rows[2][7].value == "0012"


def test_workbook_without_errors_has_its_heading() -> None:
    target = io.BytesIO()
    write_xlsx(target, [], HEADS)
    sheet = openpyxl.load_workbook(io.BytesIO(target.getvalue())).active
    assert sheet is not None
    assert sheet.max_row == 1


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
