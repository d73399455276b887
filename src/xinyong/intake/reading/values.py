"""What a spreadsheet cell says, as text: numbers without float noise, dates as ISO text, lost digits told."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal

_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs年月日]", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: From here on a double no longer holds every integer typed with 16 digits or more.
DIGITS_LOST = 1e15

GENERAL, DATE = -1, -2  # other styles: the number of digits of a format such as 000000


class CellProblem(Exception):
    """``lost``: the digits are gone; otherwise a reason in two languages."""

    def __init__(self, zh: str = "", en: str = "", *, lost: bool = False) -> None:
        super().__init__(en)
        self.zh, self.en, self.lost = zh, en, lost


def style_kind(identifier: int, code: str | None) -> int:
    """GENERAL, DATE or the width of a format of zeros only."""
    if code is None:
        return DATE if identifier in _BUILT_IN_DATES else GENERAL
    if re.fullmatch("0{2,20}", code):
        return len(code)
    if code.lower() == "general":
        return GENERAL
    return DATE if _DATE_LETTERS.search(_LITERALS.sub("", code)) else GENERAL


def number_text(raw: str, style: int, epoch_1904: bool) -> str:
    """The number as a person reads it in the sheet."""
    raw = raw.strip()
    if style == GENERAL and raw.isdecimal() and raw.isascii() and len(raw) <= 15 and (raw[0] != "0" or raw == "0"):
        return raw
    try:
        value = float(raw)
    except ValueError:
        raise CellProblem("单元格标为数值，内容却不是数值", "the cell is marked as a number but holds none") from None
    if not math.isfinite(value):
        raise CellProblem("数值超出范围", "the number is out of range")
    if style == DATE:
        return _date_text(value, epoch_1904)
    if abs(value) >= DIGITS_LOST:
        raise CellProblem(lost=True)
    text = format(value, ".15g")
    if "e" in text:
        text = format(Decimal(text), "f")
    if text == "-0":
        text = "0"
    return text.zfill(style) if style > 0 and text.isdecimal() else text


def _date_text(value: float, epoch_1904: bool) -> str:
    seconds = round(value * 86_400)
    if value < 0 or value >= 2_958_466:
        raise CellProblem("日期超出范围", "the date is out of range")
    if 0 <= value < 1:
        return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if epoch_1904:
        start = datetime(1904, 1, 1)
    elif 60 <= value < 61:
        raise CellProblem("1900-02-29 不存在", "1900-02-29 does not exist")
    else:
        start = datetime(1899, 12, 31 if value < 60 else 30)
    try:
        moment = start + timedelta(seconds=seconds)
    except OverflowError:
        raise CellProblem("日期超出范围", "the date is out of range") from None
    return moment.strftime("%Y-%m-%d") if seconds % 86_400 == 0 else moment.strftime("%Y-%m-%d %H:%M:%S")


def unescape(text: str) -> str:
    """``_x000D_`` and the like, by which workbooks write what XML cannot hold."""
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text
