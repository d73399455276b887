"""What each type accepts, refuses and says, one line a case."""

from __future__ import annotations

import json

import pytest

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import FindingKind

from .support import ENTERPRISE, ORGAN, PLACEHOLDER, REGISTRATION, RESIDENT, check_one, said, with_field

#: field, cell, stored value (None: absent), raw kept
ACCEPTED = [
    ("name", "  某某公司　", "某某公司", True),
    ("name", "-A座经营部", "-A座经营部", False),
    ("remark", "N/A", None, True),
    ("remark", "— —", None, True),
    ("remark", "暂无", None, True),
    ("remark", "　", None, False),
    ("remark", "-5", "-5", False),
    ("remark", "+86 371 65900000", "+86 371 65900000", False),
    ("remark", "@某某餐厅", "@某某餐厅", False),
    ("remark", 'a"b\\c\nd', 'a"b\\c\nd', False),
    ("decided", "2026/1/5", "2026-01-05", True),
    ("decided", "２０２６年１月５日", "2026-01-05", True),
    ("decided", "20260105", "2026-01-05", True),
    ("until", "2099-12-31", "2099-12-31", False),
    ("until", "9999-9-9", "2099-12-31", True),
    ("until", "长期", "2099-12-31", True),
    ("until", "无处罚期限", None, True),
    ("fine", "0.500000", "0.5", True),
    ("fine", "1,000", "1000", True),
    ("fine", "０.５", "0.5", True),
    ("fine", "200.000000", "200", True),
    ("count", "007", "7", True),
    ("count", "-5", "-5", False),
    ("count", "1.0", "1", True),
    ("rate", "0.30", "0.3", True),
    ("capital", "100(万元人民币)", "100万元人民币", True),
    ("capital", "100万元人民币", "100万元人民币", False),
    ("kind", "1", "法人及非法人组织", True),
    ("penalties", "罚款", ["罚款"], False),
    ("penalties", "罚款；警告", ["警告", "罚款"], True),
    ("penalties", "警告;罚款", ["警告", "罚款"], False),
    ("penalties", "警告、罚款", ["警告", "罚款"], True),
    ("penalties", "警告，罚款,警告", ["警告", "罚款"], True),
    ("penalties", "罚款;没收违法所得、没收非法财物", ["罚款", "没收违法所得、没收非法财物"], False),
    ("penalties", "没收违法所得、没收非法财物、罚款", ["罚款", "没收违法所得、没收非法财物"], True),
    ("penalties", "其他-责令改正、限期整改", ["其他-责令改正、限期整改"], False),
    ("penalties", "其他（责令改正）；罚款", ["罚款", "其他-责令改正"], True),
    ("penalties", "其他-责令改正、罚款", ["罚款", "其他-责令改正"], True),
    ("state", None, "1", False),
    ("organisation", "M000100Y-4", "M000100Y4", True),
    ("number", REGISTRATION, REGISTRATION, False),
    ("number", "企合苏总字第000063号", "企合苏总字第000063号", False),
]


@pytest.mark.parametrize(("field", "cell", "stored", "raw"), ACCEPTED)
def test_accepted(field: str, cell: str | None, stored: object, raw: bool) -> None:
    checked = check_one(**{field: cell})
    assert [finding for finding in checked.findings if finding.severity is Severity.ERROR] == []
    payload = json.loads(checked.accepted["payload"][0])
    assert payload.get(field) == stored
    assert payload.get("_raw", {}).get(field) == (cell if raw else None)


#: field, cell, code, kind of finding, words of the Chinese reason, value to use instead
REFUSED = [
    (
        "code",
        "9135010OM000100Y43",
        "code-wrong",
        FindingKind.CODE,
        "第 8 位为字母 O，应为数字 0；校验位不符",
        ENTERPRISE,
    ),
    ("code", "9135010OM00010OY43", "code-wrong", FindingKind.CODE, "第", None),
    ("code", REGISTRATION, "code-wrong", FindingKind.CODE, "15位注册号", ""),
    ("code", "4107006000012", "code-wrong", FindingKind.CODE, "13位旧注册号", ""),
    ("code", "410700NA000012X", "code-wrong", FindingKind.CODE, "农民专业合作社", ""),
    ("code", "M000100Y4", "code-wrong", FindingKind.CODE, "组织机构代码", ""),
    ("code", "随便写的", "code-wrong", FindingKind.CODE, "不是统一社会信用代码", ""),
    ("code", PLACEHOLDER, "placeholder-without-number", FindingKind.CODE, "占位代码", ""),
    ("code", None, "required-when", FindingKind.REQUIRED, "“字段kind”为“法人及非法人组织”时本项必填", ""),
    ("name", None, "required-empty", FindingKind.REQUIRED, "必填项为空", ""),
    ("name", "　", "required-empty", FindingKind.REQUIRED, "必填项为空", ""),
    ("name", "无", "required-text-null", FindingKind.REQUIRED, "视同未填", ""),
    ("name", "长" * 41, "too-long-refused", FindingKind.LENGTH, "共 41 个字，超过上限 40 个字", ""),
    ("name", "=cmd|' /C calc'!A0", "formula", FindingKind.VALUE, "公式", ""),
    ("remark", "＝1+1", "formula", FindingKind.VALUE, "公式", ""),
    ("remark", "@SUM(A1:A9)", "formula", FindingKind.VALUE, "公式", ""),
    ("remark", "+cmd|' /C calc'!A0", "formula", FindingKind.VALUE, "公式", ""),
    ("remark", "-2+3+cmd|' /C calc'!A0", "formula", FindingKind.VALUE, "公式", ""),
    ("remark", "a\x07b", "control-character", FindingKind.VALUE, "U+0007", ""),
    ("kind", "法人", "value-unknown", FindingKind.VALUE, "“法人”不在", ""),
    ("penalties", "罚款;瞎写", "value-unknown", FindingKind.VALUE, "“瞎写”不在", ""),
    ("penalties", "其他", "value-needs-words", FindingKind.VALUE, "须注明", ""),
    ("penalties", "其他-", "value-needs-words", FindingKind.VALUE, "须注明", ""),
    ("penalties", "其他-无", "value-needs-words", FindingKind.VALUE, "须注明", ""),
    ("decided", "2026/13/02", "date-wrong", FindingKind.DATE, "月份 13 不存在", ""),
    ("decided", "2026-02-30", "date-wrong", FindingKind.DATE, "2 月没有 30 日", ""),
    ("decided", "2099-12-31", "date-not-open", FindingKind.DATE, "长期有效", ""),
    ("decided", "1900-1-1", "required-text-null", FindingKind.REQUIRED, "视同未填", ""),
    ("decided", "2026-11-23", "not-future", FindingKind.DATE, "晚于今天", ""),
    ("until", "2025-01-01", "in-order", FindingKind.LOGIC, "“字段decided”晚于“字段until”", ""),
    ("fine", "五千元整", "amount-wrong", FindingKind.AMOUNT, "没有找到金额数字", ""),
    ("fine", "5美元", "amount-wrong", FindingKind.AMOUNT, "美元", ""),
    ("fine", "0", "fine-positive", FindingKind.AMOUNT, "应大于 0", ""),
    ("fine", None, "required-when", FindingKind.REQUIRED, "含“罚款”", ""),
    ("count", "1.5", "number-wrong", FindingKind.VALUE, "不是整数", ""),
    ("capital", "很多", "capital-wrong", FindingKind.AMOUNT, "没有找到金额数字", ""),
    ("organ", PLACEHOLDER, "required-text-null", FindingKind.REQUIRED, "视同未填", ""),
    ("organisation", "12", "organisation-code-wrong", FindingKind.CODE, "9 位", ""),
    ("facts", None, "text-or-remark", FindingKind.REQUIRED, "至少填写一项", ""),
]


@pytest.mark.parametrize(("field", "cell", "code", "kind", "words", "fix"), REFUSED)
def test_refused(field: str, cell: str | None, code: str, kind: FindingKind, words: str, fix: str | None) -> None:
    checked = check_one(**{field: cell})
    assert checked.accepted.is_empty()
    assert checked.rejected.to_list() == [2]
    finding = said(checked, code, None if code in ("text-or-remark", "in-order") else field)
    assert (finding.row, finding.kind) == (2, kind)
    assert words in finding.reason_zh
    assert finding.reason_en.isascii() or "“" in finding.reason_en
    if fix is not None:
        assert finding.fix == fix
    if fix:
        assert finding.suggestion_zh == f"建议改为 {fix}"


#: field, cell, code, words, stored value
WARNED = [
    ("code", ENTERPRISE.lower(), "code-repaired", "小写字母转为大写", ENTERPRISE),
    ("code", "９１350100M000100Y43", "code-repaired", "全角字符转为半角", ENTERPRISE),
    ("code", "9135 0100 M000 100Y43", "code-repaired", "删除空格", ENTERPRISE),
    ("name", "长" * 21, "too-long", "超过规定的 20 个字", "长" * 21),
    ("fine", "3000元", "amount-read", "已按 0.3 万元接收", "0.3"),
    ("fine", "32000", "fine-in-yuan", "超过 1000", "32000"),
    ("until", "1900-01-01", "date-unknown", "日期不详", None),
    ("rate", "百分之五", "number-wrong", "不是", None),
    ("organisation", "123456788", "organisation-matches", "不一致", "123456788"),
    ("organisation", "M000100Y5", "organisation-code-wrong", "应为 4", "M000100Y5"),
    ("number", "410700600000015", "registration-number-check", "应为 4", "410700600000015"),
    ("number", "甲乙丙", "registration-number-form", "不是已知的注册号格式", "甲乙丙"),
    ("facts", "当事人电话13812345678", "personal-number-in-text", "手机号码", "当事人电话13812345678"),
]


@pytest.mark.parametrize(("field", "cell", "code", "words", "stored"), WARNED)
def test_warned(field: str, cell: str, code: str, words: str, stored: str | None) -> None:
    checked = check_one(**{field: cell})
    finding = said(checked, code)
    assert finding.severity is Severity.WARNING
    assert words in finding.reason_zh
    payload = json.loads(checked.accepted["payload"][0])
    assert payload.get(field) == stored


def test_unreadable_value_of_a_lenient_field_keeps_its_text() -> None:
    payload = json.loads(check_one(rate="百分之五").accepted["payload"][0])
    assert payload["_raw"] == {"rate": "百分之五"}


def test_yuan_given_as_ten_thousand_yuan_has_a_fix() -> None:
    assert said(check_one(fine="32000"), "fine-in-yuan").fix == "3.2"


def test_formula_is_shown_so_that_it_cannot_run() -> None:
    assert said(check_one(name="=1+1"), "formula").value == "'=1+1"


def test_organ_outside_the_directory_is_a_warning_only_when_there_is_a_directory() -> None:
    from .support import GOOD, check

    assert check([GOOD]).findings == []
    assert check([GOOD], organs={ORGAN: "某机关"}).findings == []
    finding = said(check([GOOD], organs={ENTERPRISE: "另一机关"}), "organ-unknown")
    assert finding.severity is Severity.WARNING


def test_must_be_empty() -> None:
    finding = said(check_one(state="2", remark="有内容"), "must-be-empty")
    assert finding.kind is FindingKind.FORBIDDEN


def test_text_with_a_personal_number_is_flagged_and_its_value_masked() -> None:
    checked = check_one(facts=f"张某，身份证{RESIDENT}，电话13812345678")
    finding = said(checked, "personal-number-in-text")
    assert RESIDENT not in finding.value
    assert "13812345678" not in finding.value
    assert json.loads(checked.accepted["payload"][0])["_redact"] == ["facts"]


def test_hard_limit_without_soft_limit() -> None:
    entry = with_field("remark", max_length=None, hard_max_length=3)
    assert check_one(entry, remark="四个字啊").accepted.is_empty()
