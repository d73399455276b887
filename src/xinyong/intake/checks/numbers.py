"""Reading dates, numbers and amounts of money."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

import polars as pl

from xinyong.catalogue.entry import Field, Severity
from xinyong.intake.checks.reading import NOTHING, Reading, Remark, is_null_text
from xinyong.standards import dates, money

_FIRST_PLAIN, _LAST_PLAIN = date(1900, 1, 2), date(2098, 12, 31)


def fine_date(text: pl.Series, item: Field) -> pl.Series:
    """Existing days written YYYY-MM-DD that are no sentinel; and the usual sentinel where an open end is allowed."""
    shaped = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    fine = shaped & text.str.to_date("%Y-%m-%d", strict=False).is_between(_FIRST_PLAIN, _LAST_PLAIN)
    if item.open_ended:
        fine |= text == dates.OPEN_ENDED_TEXT
    return fine.fill_null(value=False)


def read_date(text: str, item: Field) -> Reading:
    reading = dates.parse(text)
    match reading.kind:
        case dates.DateKind.DATE if reading.day is not None:
            return Reading(reading.day.isoformat())
        case dates.DateKind.OPEN_ENDED:
            if item.open_ended:
                return Reading(dates.OPEN_ENDED_TEXT)
            return Reading(remark=Remark("date-not-open", malformed=True))
        case dates.DateKind.UNKNOWN:
            return Reading(remark=None if item.required else Remark("date-unknown", Severity.WARNING))
        case dates.DateKind.EMPTY:
            return NOTHING
    if is_null_text(text):
        return NOTHING
    reason = {"reason": reading.reason_zh, "reason_en": "Not a date that exists in the form YYYY-MM-DD"}
    return Reading(remark=Remark("date-wrong", details=reason, malformed=True))


CANONICAL_DECIMAL = r"^(0|-?[1-9][0-9]{0,17}|-?(0|[1-9][0-9]{0,17})\.[0-9]{0,5}[1-9])$"
PADDED_DECIMAL = r"^(0|[1-9][0-9]{0,17})\.[0-9]{1,6}$"
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]*)?", re.ASCII)
_GROUPED = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?:[,.]|$))", re.ASCII)


def decimal_text(number: Decimal) -> str:
    """A number without an exponent and without trailing zeros; zero has no sign."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _plain_number(text: str) -> Decimal | None:
    """The number ``text`` writes in plain digits (full width and groups of three allowed), else None."""
    folded = _GROUPED.sub("", "".join(unicodedata.normalize("NFKC", text).split()))
    return Decimal(folded) if _PLAIN_NUMBER.fullmatch(folded) else None


def read_integer(text: str) -> Reading:
    number = _plain_number(text)
    if number is not None and number == number.to_integral_value():
        return Reading(decimal_text(number.to_integral_value()))
    return _not_a_number(text, "整数", "a whole number")


def read_decimal(text: str) -> Reading:
    number = _plain_number(text)
    if number is not None and number == round(number, 6):
        return Reading(decimal_text(round(number, 6)))
    return _not_a_number(text, "最多六位小数的数字", "a number with at most six decimals")


def _not_a_number(text: str, shape: str, shape_en: str) -> Reading:
    if is_null_text(text):
        return NOTHING
    return Reading(remark=Remark("number-wrong", details={"shape": shape, "shape_en": shape_en}, malformed=True))


def read_money(text: str) -> Reading:
    number = _plain_number(text)
    if number is not None and number == round(number, 6):
        return Reading(decimal_text(round(number, 6)))
    if is_null_text(text):
        return NOTHING
    amount = money.parse(text)
    if amount.kind is money.AmountKind.EMPTY:
        return NOTHING
    if amount.amount is None or amount.currency is None or abs(amount.amount) >= 10**18:
        reason = {"reason": amount.reason_zh or "金额超出可存储的范围", "reason_en": "Not an amount of money"}
        return Reading(remark=Remark("amount-wrong", details=reason, malformed=True))
    if amount.currency.alpha != "CNY":
        reason = {"reason": f"币种为{amount.currency.label}，本项应为人民币", "reason_en": "The currency is not yuan"}
        return Reading(remark=Remark("amount-wrong", details=reason, malformed=True))
    value = decimal_text(amount.amount)
    return Reading(value, Remark("amount-read", Severity.WARNING, fix=value))


def read_capital(text: str) -> Reading:
    if is_null_text(text):
        return NOTHING
    amount = money.parse(text)
    if amount.kind is money.AmountKind.EMPTY:
        return NOTHING
    if amount.amount is None or amount.currency is None:
        reason = {"reason": amount.reason_zh, "reason_en": "No single amount and currency can be read"}
        return Reading(remark=Remark("capital-wrong", details=reason, malformed=True))
    return Reading(f"{decimal_text(amount.amount)}万元{amount.currency.label}")
