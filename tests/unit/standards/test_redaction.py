"""Masking: what goes, what stays, and the two invariants of rules.md 26.7."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards.redaction import MASK, NumberKind, contains_personal_number, personal_numbers, redact

from .conftest import credit_codes

RESIDENT, MOBILE = NumberKind.RESIDENT_ID, NumberKind.MOBILE
LANDLINE, BANK = NumberKind.LANDLINE, NumberKind.BANK_ACCOUNT


@pytest.mark.parametrize(
    ("text", "hidden", "kind"),
    [
        ("当事人身份证号11010519491231002X。", "11010519491231002X", RESIDENT),
        ("身份证：11010519491231002x", "11010519491231002x", RESIDENT),
        ("张某(１１０１０５１９４９１２３１００２Ｘ)", "１１０１０５１９４９１２３１００２Ｘ", RESIDENT),
        ("110105 1949 12 31 002X", "110105 1949 12 31 002X", RESIDENT),
        ("110105-19491231-002X", "110105-19491231-002X", RESIDENT),
        ("号码110105194912310021，有误", "110105194912310021", RESIDENT),
        ("ID11010519491231002X", "11010519491231002X", RESIDENT),
        ("旧证110105491231003", "110105491231003", RESIDENT),
        ("身份证913101206309232217", "913101206309232217", RESIDENT),
        ("手机13812345678", "13812345678", MOBILE),
        ("Tel13812345678", "13812345678", MOBILE),
        ("+86 138-1234-5678", "+86 138-1234-5678", MOBILE),
        ("信用代码、电话13812345678", "13812345678", MOBILE),
        ("电话:0373-3051234", "0373-3051234", LANDLINE),
        ("(0371)65551234", "(0371)65551234", LANDLINE),
        ("（0371）65551234转8", "（0371）65551234", LANDLINE),
        ("联系电话：3051234", "3051234", LANDLINE),
        ("卡号 6222 0212 3456 7890 123", "6222 0212 3456 7890 123", BANK),
        ("账号：1702020409200012345", "1702020409200012345", BANK),
        ("汇入4111111111111111", "4111111111111111", BANK),
    ],
)
def test_personal_numbers_are_masked(text: str, hidden: str, kind: NumberKind) -> None:
    result = redact(text)
    assert result.text == text.replace(hidden, MASK * len(hidden))
    assert [(text[span.start : span.end], span.kind) for span in result.spans] == [(hidden, kind)]


def test_several_numbers_in_a_list() -> None:
    assert redact("13812345678,13912345678、1.13712345678").text == "***********,***********、1.***********"


@pytest.mark.parametrize(
    "text",
    [
        "统一社会信用代码91350100M000100Y43",
        "代码913101206309232217（全数字）",
        "注册号320404000009558",
        "140100000000013",
        "郑市监罚决〔2026〕0412号",
        "深交罚决第ZD021974号",
        "豫〔2019〕13812345678号",
        "京第13812345678号",
        "公证〔2019〕0373-3051234",
        "许可0371-20190412",
        "2019年12月31日，20191231，2019-12-31至2020-12-31",
        "罚款13812345678元",
        "违法所得13812345678.90元",
        "合计13812345678 万元",
        "面积315.25平方米，4728.75元(肆仟柒佰贰拾捌元柒角伍分)",
        "编号9144010119050653810091350",
        "410711********1234",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert redact(text).text == text and not redact(text).spans


@given(credit_codes)
def test_a_valid_credit_code_always_stays(code: str) -> None:
    for text in (code, f"（{code}）", f"当事人{code}，电话"):
        assert redact(text).text == text


pieces = st.one_of(
    st.sampled_from(
        [
            "身份证号",
            "电话：",
            "账号",
            "第",
            "号",
            "〔2026〕",
            " ",
            "-",
            "元",
            ".",
            ",",
            "，",
            "(",
            ")",
            "*",
            "+86",
            "注册号",
            "X",
        ]
    ),
    st.sampled_from(["11010519491231002X", "13812345678", "0373-3051234", "6222021234567890123", "913101206309232217"]),
    st.text(alphabet="0123456789０１２ -", max_size=20),
    st.text(max_size=5),
)
texts = st.lists(pieces, max_size=10).map("".join)


@given(texts)
def test_masking_is_idempotent_and_touches_only_its_spans(text: str) -> None:
    result = redact(text)
    assert redact(result.text).text == result.text and not redact(result.text).spans
    assert len(result.text) == len(text)
    masked = {at for span in result.spans for at in range(span.start, span.end)}
    assert len(masked) == sum(span.end - span.start for span in result.spans)
    for at, (old, new) in enumerate(zip(text, result.text, strict=True)):
        assert new == (MASK if at in masked else old)


@given(st.lists(st.one_of(st.none(), texts), max_size=10))
def test_the_column_test_finds_what_masking_finds(values: list[str | None]) -> None:
    column = pl.Series("text", values, dtype=pl.String)
    assert contains_personal_number(column).to_list() == [bool(redact(value or "").spans) for value in values]
    for row, result in personal_numbers(column):
        assert result == redact(values[row] or "")


def test_real_codes_names_and_scopes_are_left_alone(shared_data: Path) -> None:
    frame = pl.read_csv(shared_data / "registration" / "registration_a.csv.gz", infer_schema=False)
    for name in frame.columns:
        assert not contains_personal_number(frame[name]).any(), name
    traps = pl.read_csv(shared_data / "registration" / "uscc_also_valid_resident_id_shape_a.csv.gz", infer_schema=False)
    assert not contains_personal_number(traps["统一社会信用代码"]).any()
