"""Recognising layouts, and reading through the old one."""

from __future__ import annotations

import json
from datetime import date

import pytest

from xinyong.catalogue.entry import Severity
from xinyong.errors import ErrorCode
from xinyong.intake.checks import HeaderWrong, LayoutMatch, choose_layout, compile_entry
from xinyong.intake.findings import FindingKind

from .support import ENTERPRISE, ENTRY, GOOD, ORGAN, RESIDENT, check, context, frame, said

OLD_ROW: dict[str, str | None] = {
    "代码": ENTERPRISE,
    "名称": "某某公司",
    "文号": "1号",
    "事由": "事由",
    "类别1": "罚款",
    "类别2": "其他",
    "日期": "2016-01-05",
    "机关": ORGAN,
    "状态": "0",
    "身份证": None,
    "时间戳": "2016-01-06",
}


def match(*header: str) -> LayoutMatch:
    return choose_layout(ENTRY, header)


def test_signature_decides() -> None:
    assert match("_row", *GOOD).layout.code == "new"
    assert match(*OLD_ROW).layout.code == "old"


def test_headings_are_compared_without_width_case_and_star() -> None:
    assert match(*(f"{name.upper()} *" for name in GOOD)).layout.code == "new"
    assert match(*(f"\ufeff{name}" for name in GOOD)).unknown == ()


def test_without_a_signature_the_best_fit_is_taken() -> None:
    assert match(*(name for name in OLD_ROW if name != "类别2")).layout.code == "old"


def test_unknown_columns_are_noted() -> None:
    found = match(*GOOD, "多余列", "remarks")
    assert found.unknown == ("多余列", "remarks")
    assert [note.code for note in found.notes] == ["unknown-columns"]
    assert "多余列" in found.notes[0].zh


def test_columns_not_kept_and_expired_layout_are_noted() -> None:
    checker = compile_entry(ENTRY, match(*OLD_ROW), context())
    assert [note.code for note in checker.notes] == ["columns-not-kept", "layout-expired"]
    still = compile_entry(ENTRY, match(*OLD_ROW), context(today=date(2019, 1, 31)))
    assert [note.code for note in still.notes] == ["columns-not-kept"]


def test_header_without_required_columns() -> None:
    header = [name for name in GOOD if name not in ("document", "organ")]
    with pytest.raises(HeaderWrong) as caught:
        match(*header, "documents")
    error = caught.value
    assert error.code is ErrorCode.HEADER_WRONG
    assert error.data["missing"] == ["document", "organ"]
    assert error.data["suggestions"] == {"documents": "document"}
    assert "缺少必填列：document（字段document）、organ（字段organ）。" in error.message("zh")
    assert "“documents”疑为“document”" in error.message("zh")
    assert "Missing required columns" in error.message("en")


@pytest.mark.parametrize("header", [[], ["甲", "乙"], ["_row"]])
def test_header_of_something_else(header: list[str]) -> None:
    with pytest.raises(HeaderWrong):
        match(*header)


def test_old_layout_maps_joins_and_infers() -> None:
    checked = check([OLD_ROW])
    assert checked.findings == []
    payload = json.loads(checked.accepted["payload"][0])
    assert payload["penalties"] == ["罚款", "其他-未注明"]
    assert payload["state"] == "1"
    assert payload["until"] == "2016-01-05"
    assert payload["_inferred"] == ["until"]
    assert payload["_raw"] == {"penalties": "罚款;其他", "state": "0"}


def test_old_layout_value_map_to_nothing() -> None:
    payload = json.loads(check([{**OLD_ROW, "类别2": "空", "状态": "9"}]).accepted["payload"][0])
    assert payload["penalties"] == ["罚款"]
    assert payload["state"] == "1"  # the field's default


def test_column_that_must_not_be_collected() -> None:
    checked = check([{**OLD_ROW, "身份证": RESIDENT, "文号": None}, {**OLD_ROW, "身份证": "无"}])
    finding = said(checked, "not-to-be-collected")
    assert (finding.row, finding.kind, finding.value) == (2, FindingKind.FORBIDDEN, "")
    assert "不得归集" in finding.reason_zh
    assert len(checked.findings) == 1
    assert checked.accepted["row"].to_list() == [3]


def test_two_spellings_of_one_column_must_agree() -> None:
    rows = frame(
        [
            {**OLD_ROW, "文 号": None},
            {**OLD_ROW, "文号": None, "文 号": "2号"},
            {**OLD_ROW, "文 号": "2号"},
        ],
        [*OLD_ROW, "文 号"],
    )
    checked = compile_entry(ENTRY, choose_layout(ENTRY, rows.columns), context()).check(rows)
    finding = said(checked, "columns-disagree")
    assert (finding.row, finding.severity) == (4, Severity.ERROR)
    assert [json.loads(text)["document"] for text in checked.accepted["payload"]] == ["1号", "2号"]
