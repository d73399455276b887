"""Amounts of money as departments write them, in 万元 (ten thousand yuan) with six decimals, as exact decimals.

Six decimals of 万元 are one fen, which is the unit of the double-publicity standard (罚款金额, N(18,6)). Never a
float, never an integer of 万元: a deployment that stored whole 万元 turned every fine of 200 yuan into 0.

A text often leaves something open ("60万", "200()"). Then the usual reading is taken and the result says what was
assumed, so that a person can see it. A text with two readings ("5(元/万元)") is not read at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import polars as pl

from xinyong.standards._columns import map_distinct

#: One fen in 万元.
FEN: Final = Decimal("0.000001")
#: Polars type of an amount: 24 digits before the point are more than any register holds.
AMOUNT_DTYPE: Final = pl.Decimal(precision=30, scale=6)
_MAX_AMOUNT: Final = Decimal(10) ** 24


class Unit(StrEnum):
    """Unit an amount is written in."""

    YUAN = "元"
    TEN_THOUSAND_YUAN = "万元"


class AmountKind(StrEnum):
    """What a text in an amount column is."""

    AMOUNT = "amount"
    EMPTY = "empty"
    INVALID = "invalid"


class Assumption(StrEnum):
    """What the text did not say and the reading took as given, or lost."""

    UNIT = "unit"
    CURRENCY = "currency"
    ROUNDED = "rounded"


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of ISO 4217."""

    alpha: str
    numeric: str
    label: str
    names: tuple[str, ...]


#: Currencies met in registered capital. 954 was the European Currency Unit; an old table uses it for the euro.
CURRENCIES: Final = (
    Currency("CNY", "156", "人民币", ("人民币元", "人民币", "元人民币", "RMB", "CNY", "￥", "¥")),
    Currency("USD", "840", "美元", ("美元", "美金", "USD", "US$")),
    Currency("HKD", "344", "港元", ("香港元", "港元", "港币", "HKD", "HK$")),
    Currency("MOP", "446", "澳门元", ("澳门元", "澳门币", "MOP")),
    Currency("TWD", "901", "新台币", ("新台币", "新台湾元", "台币", "TWD")),
    Currency("EUR", "978", "欧元", ("欧元", "EUR")),
    Currency("JPY", "392", "日元", ("日元", "日币", "日圆", "JPY")),
    Currency("GBP", "826", "英镑", ("英镑", "GBP")),
    Currency("AUD", "036", "澳大利亚元", ("澳大利亚元", "澳元", "AUD")),
    Currency("CAD", "124", "加拿大元", ("加拿大元", "加元", "CAD")),
    Currency("SGD", "702", "新加坡元", ("新加坡元", "新元", "SGD")),
    Currency("KRW", "410", "韩元", ("韩元", "韩国圆", "韩币", "KRW")),
    Currency("CHF", "756", "瑞士法郎", ("瑞士法郎", "CHF")),
    Currency("DEM", "276", "德国马克", ("德国马克", "马克", "DEM")),
)
_BY_NAME: Final = MappingProxyType({name: currency for currency in CURRENCIES for name in currency.names})
_BY_NUMERIC: Final = MappingProxyType({currency.numeric: currency for currency in CURRENCIES})
_BY_ALPHA: Final = MappingProxyType({currency.alpha: currency for currency in CURRENCIES})
_OLD_EURO: Final = "954"


def currency(code: str) -> Currency | None:
    """The currency with ISO numeric or alphabetic ``code``; 954 is read as the euro, as registers that use it mean."""
    text = code.strip().upper()
    return _BY_ALPHA.get(text) or _BY_NUMERIC.get("978" if text == _OLD_EURO else text.zfill(3))


@dataclass(frozen=True, slots=True)
class Amount:
    """The reading of one text. ``amount`` is in 万元 of ``currency`` with six decimals; both ``None`` unless AMOUNT."""

    kind: AmountKind
    amount: Decimal | None = None
    currency: Currency | None = None
    assumptions: tuple[Assumption, ...] = ()
    reason_zh: str = ""


_EMPTY_TEXTS: Final = frozenset({"", "NA", "N/A", "NULL", "NONE", "无", "暂无", "-", "--", "—", "——", "/"})
#: Written multiples of 元, in 万元. The longest are tried first, so 万元 is not read as 元.
_SCALES: Final = (
    ("万亿", Decimal(10) ** 8),
    ("千万", Decimal(10) ** 3),
    ("百万", Decimal(10) ** 2),
    ("亿", Decimal(10) ** 4),
    ("万", Decimal(1)),
    ("千", Decimal("0.1")),
    ("", Decimal("0.0001")),
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?", re.ASCII)
_MISPLACED_COMMA: Final = re.compile(r"[0-9],[0-9]", re.ASCII)
_FOLDING: Final = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, ord("圆"): ord("元")}
_IGNORED: Final = re.compile(r"[\s()\[\]:\u200b\ufeff]+")


def parse(text: str | None, *, default_unit: Unit = Unit.TEN_THOUSAND_YUAN, default_currency: str = "CNY") -> Amount:
    """Read ``text``, such as ``15,861.4721(万元人民币)``, ``60万人民币``, ``32000元`` or ``1亿元``.

    ``default_unit`` and ``default_currency`` (ISO alphabetic) are taken, and noted as assumptions, when the text does
    not say. ``ValueError`` for an unknown ``default_currency``; bad texts are INVALID with a reason, never raised.
    """
    fallback = _BY_ALPHA.get(default_currency)
    if fallback is None:
        raise ValueError(f"unknown currency {default_currency!r}")
    folded = (text or "").translate(_FOLDING).strip().upper()
    if folded in _EMPTY_TEXTS or not _IGNORED.sub("", folded):
        return Amount(AmountKind.EMPTY)
    compact = _IGNORED.sub("", folded)
    numbers = list(_NUMBER.finditer(compact))
    if len(numbers) != 1:
        return _invalid(_why_not_one_number(compact, len(numbers)))
    number = numbers[0]
    return _read(number[0], compact[: number.start()] + compact[number.end() :], default_unit, fallback)


def _read(number: str, words: str, default_unit: Unit, fallback: Currency) -> Amount:
    """Read the bare ``number`` and the ``words`` around it; what is left of the words after both must be nothing."""
    assumptions: list[Assumption] = []
    found = max((name for name in _BY_NAME if name in words), key=len, default=None)
    rest = words.replace(found, "", 1) if found else words
    unit_word = next(word for word, _ in _SCALES if word in rest)
    scale = dict(_SCALES)[unit_word]
    rest = rest.replace(unit_word, "", 1)
    if rest.removesuffix("整") not in ("", "元"):
        return _invalid(f"无法识别的单位或文字“{words}”")
    # 100(人民币元) and 100(美元) name the unit; 100(人民币) and 100() do not.
    says_yuan = "元" in rest or (found is not None and "元" in found)
    if not unit_word and not says_yuan:
        assumptions.append(Assumption.UNIT)
        scale = Decimal(1) if default_unit is Unit.TEN_THOUSAND_YUAN else Decimal("0.0001")
    if found is None:
        assumptions.append(Assumption.CURRENCY)
    with localcontext() as context:
        # Enough digits for any number that passes the limit below, whatever context the caller has set.
        context.prec = 60
        if len(number) > context.prec // 2:
            return _invalid("数字过长")
        exact = Decimal(number.replace(",", "")) * scale
        amount = exact.quantize(FEN, rounding=ROUND_HALF_UP)
    if abs(amount) >= _MAX_AMOUNT:
        return _invalid("金额超出可存储的范围")
    if amount != exact:
        assumptions.append(Assumption.ROUNDED)
    return Amount(AmountKind.AMOUNT, amount, _BY_NAME[found] if found else fallback, tuple(assumptions))


def _why_not_one_number(text: str, count: int) -> str:
    if count == 0:
        return "没有找到金额数字"
    if _MISPLACED_COMMA.search(text):
        return "千分位逗号位置不对，可能误把小数点写成逗号"
    return "含有多个数字，无法确定金额"


def _invalid(reason_zh: str) -> Amount:
    return Amount(AmountKind.INVALID, reason_zh=reason_zh)


def to_text(amount: Decimal) -> str:
    """``amount`` (万元) without trailing zeros and without an exponent: ``200.000000`` → ``200``, ``0.02`` → ``0.02``."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_column(
    values: pl.Series, *, default_unit: Unit = Unit.TEN_THOUSAND_YUAN, default_currency: str = "CNY"
) -> pl.DataFrame:
    """:func:`parse` for a String column, each distinct text once.

    Columns: ``kind`` (Enum), ``amount`` (Decimal(30, 6), 万元, null unless an amount), ``currency`` (ISO alphabetic),
    ``currency_numeric``, ``assumptions`` (names joined by a space), ``reason_zh``.
    """
    results, at = map_distinct(
        values, lambda text: parse(text, default_unit=default_unit, default_currency=default_currency)
    )
    frame = pl.DataFrame(
        {
            "kind": pl.Series([result.kind.value for result in results], dtype=pl.Enum([k.value for k in AmountKind])),
            "amount": pl.Series([result.amount for result in results], dtype=AMOUNT_DTYPE),
            "currency": pl.Series([result.currency and result.currency.alpha for result in results], dtype=pl.String),
            "currency_numeric": pl.Series(
                [result.currency and result.currency.numeric for result in results], dtype=pl.String
            ),
            "assumptions": pl.Series([" ".join(result.assumptions) for result in results], dtype=pl.String),
            "reason_zh": pl.Series([result.reason_zh for result in results], dtype=pl.String),
        }
    )
    return frame[at]
