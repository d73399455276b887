"""Amounts: every shape met in real data, exactly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards.money import FEN, AmountKind, Assumption, Unit, currency, parse, parse_column, to_text

U, C, R = Assumption.UNIT, Assumption.CURRENCY, Assumption.ROUNDED


@pytest.mark.parametrize(
    ("text", "amount", "alpha", "assumptions"),
    [
        ("100(万元人民币)", "100", "CNY", ()),
        ("15,861.4721(万元人民币)", "15861.4721", "CNY", ()),
        ("60万人民币", "60", "CNY", ()),
        ("3.1000(万)", "3.1", "CNY", (C,)),
        ("32000元", "3.2", "CNY", (C,)),
        ("1亿元", "10000", "CNY", (C,)),
        ("１００万元", "100", "CNY", (C,)),
        ("50（万元）", "50", "CNY", (C,)),
        ("5( 万人民币元)", "5", "CNY", ()),
        ("5(万元(人民币))", "5", "CNY", ()),
        ("1,000,000(人民币元)", "100", "CNY", ()),
        ("2,000(元人民币)", "0.2", "CNY", ()),
        ("30(万香港元)", "30", "HKD", ()),
        ("30万港币", "30", "HKD", ()),
        ("3(万元(美元))", "3", "USD", ()),
        ("3((万美元))", "3", "USD", ()),
        ("7(万澳大利亚元)", "7", "AUD", ()),
        ("336()", "336", "CNY", (U, C)),
        ("10000.0", "10000", "CNY", (U, C)),
        ("5万元整", "5", "CNY", (C,)),
        ("￥200元", "0.02", "CNY", ()),
        ("0.01元", "0.000001", "CNY", (C,)),
        ("0.015元", "0.000002", "CNY", (C, R)),
        ("-5万元", "-5", "CNY", (C,)),
        ("3百万元", "300", "CNY", (C,)),
    ],
)
def test_amounts(text: str, amount: str, alpha: str, assumptions: tuple[Assumption, ...]) -> None:
    result = parse(text)
    assert result.kind is AmountKind.AMOUNT and result.currency is not None
    assert result.amount == Decimal(amount) and result.amount.as_tuple().exponent == -6
    assert (result.currency.alpha, result.assumptions) == (alpha, assumptions)


@pytest.mark.parametrize("text", [None, "", " ", "N/A", "-", "无", "()", "　"])
def test_nothing_is_empty_and_not_zero(text: str | None) -> None:
    assert parse(text).kind is AmountKind.EMPTY and parse(text).amount is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("60(元/万元)", "元/万元"),
        ("1,2000000(万)", "逗号"),
        ("3万至5万元", "多个数字"),
        ("若干万元", "没有找到"),
        ("罚款200元", "罚款"),
        ("9" * 40 + "元", "过长"),
        ("9" * 25 + "万元", "超出"),
    ],
)
def test_a_text_with_two_readings_is_not_read(text: str, reason: str) -> None:
    result = parse(text)
    assert result.kind is AmountKind.INVALID and result.amount is None
    assert reason in result.reason_zh


def test_default_unit_and_currency_are_the_callers() -> None:
    result = parse("10000.0", default_unit=Unit.YUAN, default_currency="USD")
    assert (result.amount, result.currency and result.currency.numeric) == (Decimal(1), "840")
    with pytest.raises(ValueError, match="XXX"):
        parse("1", default_currency="XXX")


def test_currency_codes() -> None:
    euro = currency("954")
    assert euro is not None and euro.alpha == "EUR" and currency("978") == euro == currency("eur")
    assert currency("36") == currency("AUD") and currency("000") is None


@given(st.integers(0, 10**17))
def test_money_round_trip(fen: int) -> None:
    amount = fen * FEN
    assert parse(to_text(amount) + "万元人民币").amount == amount
    grouped = f"{fen // 100:,}.{fen % 100:02}(人民币元)"
    assert parse(grouped).amount == amount
    column = parse_column(pl.Series([to_text(amount) + "万元"]))
    assert column["amount"][0] == amount


@given(st.lists(st.one_of(st.none(), st.text(alphabet="0123456789,.万元亿美人民币() /", max_size=12)), max_size=20))
def test_a_column_reads_like_its_cells(texts: list[str | None]) -> None:
    frame = parse_column(pl.Series("amount", texts, dtype=pl.String))
    for text, row in zip(texts, frame.to_dicts(), strict=True):
        result = parse(text)
        assert (row["kind"], row["amount"]) == (result.kind.value, result.amount)
        assert row["currency"] == (result.currency and result.currency.alpha)
        assert row["assumptions"] == " ".join(result.assumptions) and row["reason_zh"] == result.reason_zh


def test_real_capital_is_read(shared_data: Path) -> None:
    column = pl.read_csv(shared_data / "registration" / "registration_a.csv.gz", infer_schema=False)["注册资金"]
    counts = dict(parse_column(column)["kind"].value_counts().iter_rows())
    # The eleven are misplaced commas (1,2000000) and one 元/万元: nobody can say what they mean.
    assert counts == {"amount": 60_464, "empty": 19_395, "invalid": 11}
