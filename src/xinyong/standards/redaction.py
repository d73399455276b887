"""Masking of personal numbers in free text: resident numbers, telephones, bank accounts.

A text about to be published must hold no number of a person (a 15- or 18-digit identity number anywhere stops
publication until masked). The same texts are full of numbers that must stay: credit codes, registration numbers,
decision numbers, dates, amounts. So every run of digits is judged whole, by shape, check digit and the words around
it; nothing is cut out of a longer run.

Every masked character becomes ``*``, so spans have the same place before and after, and masking a masked text
changes nothing. Where the evidence is even, privacy decides, with one exception: a valid credit code stays, even
when it passes as a resident number (three do in 278,000), unless the words before it say identity card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import polars as pl

from xinyong.standards import credit_code, registration_number, resident_id
from xinyong.standards._columns import map_distinct
from xinyong.standards._views import INLINE, views

MASK: Final = "*"


class NumberKind(StrEnum):
    """What was masked."""

    RESIDENT_ID = "resident-id"
    MOBILE = "mobile"
    LANDLINE = "landline"
    BANK_ACCOUNT = "bank-account"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to before ``end`` (0-based), masked as ``kind``. The value itself is not kept."""

    start: int
    end: int
    kind: NumberKind


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text of the same length as the input, different from it only inside ``spans`` (ascending, disjoint)."""

    text: str
    spans: tuple[Span, ...]


_FOLDING: Final = {
    **{point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), 0x20),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), ord("-")),
    ord("〔"): ord("["), ord("〕"): ord("]"), ord("﹝"): ord("["), ord("﹞"): ord("]"),
}  # fmt: skip
_GAP: Final = "[ -]?"
#: The order matters: the longer shapes first, so a resident number is never taken for a telephone in front of digits.
_SHAPES: Final = (
    # Resident number of 18 or 15, whole or written in groups (region, birth date, rest).
    rf"(?P<resident>[0-9]{{6}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{2}}{_GAP}[0-9]{{2}}{_GAP}[0-9]{{3}}[0-9Xx]|[0-9]{{15}})",
    # Bank account, whole or in groups of four; the bounds are widened where words name it.
    r"(?P<account>[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?|[0-9]{9,30})",
    rf"(?P<mobile>(?:\+?86[ -]?|0086[ -]?)?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}})",
    r"(?P<landline>\(0[0-9]{2,3}\) ?[2-9][0-9]{2,3}[ -]?[0-9]{4}|0[0-9]{2,3}[ -]?[2-9][0-9]{2,3}[ -]?[0-9]{4}|[2-9][0-9]{6,7})",
)
#: A run begins and ends where no letter or digit touches it, so nothing is cut out of a code. The words Tel and ID may
#: stand directly before. A decimal fraction after it makes it an amount; a comma does not (it separates numbers in a
#: list, and the groups of an amount have three digits).
_BEFORE: Final = r"(?:(?<![0-9A-Za-z*])|(?<=(?i:tel))|(?<=(?i:id)))"
_AFTER: Final = r"(?![0-9A-Za-z*])(?!\.[0-9]{1,6}(?![0-9]))"
_PATTERNS: Final = tuple(re.compile(_BEFORE + shape + _AFTER, re.ASCII) for shape in _SHAPES)

#: How far before or after a number a word is taken to name it.
_NEAR: Final = 14
_SAYS_RESIDENT: Final = re.compile(r"(?:身份证|身份号码|证件号|证件号码|公民身份)[^0-9;。]{0,8}\Z")
_SAYS_PHONE: Final = re.compile(r"(?:电话|手机|联系方式|传真|热线|(?i:tel|phone|mobile))[^0-9;。]{0,6}\Z")
_SAYS_ACCOUNT: Final = re.compile(r"(?:账号|帐号|账户|帐户|卡号|银行卡|开户行)[^0-9;。]{0,10}\Z")
_SAYS_REGISTRATION: Final = re.compile(r"(?:注册号|登记号|执照号|信用代码|组织机构代码)[^0-9;。]{0,6}\Z")
#: A decision, case, permit or certificate number: 第…号, 字…号, or a number right after the year 〔2026〕.
_DOCUMENT_BEFORE: Final = re.compile(r"[第字][A-Za-z]{0,4} ?\Z")
_YEAR_BEFORE: Final = re.compile(r"[\[(](?:19|20)[0-9]{2}[\])]第? ?\Z")
_AMOUNT_AFTER: Final = re.compile(r" ?(?:[万亿千百]?(?:元|美元|港元|欧元)|[万亿])")
_SEPARATOR: Final = re.compile(r"[ ()-]")
_DATE_AT_END: Final = re.compile(r"20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])\Z")
_BANK_FIRST: Final = "34569"


def redact(text: str) -> Redaction:
    """``text`` with personal numbers masked, and where."""
    spans: list[Span] = []
    while found := _search(text):
        for span in found:
            text = text[: span.start] + MASK * (span.end - span.start) + text[span.end :]
        spans += found
    return Redaction(text, tuple(sorted(spans, key=lambda span: span.start)))


def _search(text: str) -> list[Span]:
    folded = text.translate(_FOLDING)
    spans: list[Span] = []
    taken = bytearray(len(text))
    for pattern in _PATTERNS:
        for match in pattern.finditer(folded):
            kind = _judge(match)
            if kind is not None and not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
                spans.append(Span(match.start(), match.end(), kind))
    return spans


def _judge(match: re.Match[str]) -> NumberKind | None:
    """What the run is, or ``None`` when it stays."""
    before = match.string[max(0, match.start() - _NEAR) : match.start()]
    digits = re.sub(r"[ ()+-]", "", match[0]).upper()
    if match.lastgroup == "resident":
        return NumberKind.RESIDENT_ID if _is_resident(digits, before) else None
    if _SAYS_PHONE.search(before) is None and _SAYS_ACCOUNT.search(before) is None and _has_other_use(match, before):
        return None
    if match.lastgroup == "account":
        return NumberKind.BANK_ACCOUNT if _is_account(digits, before) else None
    if match.lastgroup == "mobile":
        return NumberKind.MOBILE
    return NumberKind.LANDLINE if _is_landline(match[0], digits, before) else None


def _has_other_use(match: re.Match[str], before: str) -> bool:
    """Whether the words around the run make it a document number, an amount or a registration number."""
    after = match.string[match.end() : match.end() + _NEAR]
    is_document = _YEAR_BEFORE.search(before) or (_DOCUMENT_BEFORE.search(before) and after.startswith("号"))
    return bool(is_document or _AMOUNT_AFTER.match(after) or _SAYS_REGISTRATION.search(before))


def _is_resident(digits: str, before: str) -> bool:
    if _SAYS_RESIDENT.search(before):
        return True
    if len(digits) == 15:
        # About one registration number in a hundred has a birth date by chance, and one old resident number in ten
        # passes the check of a registration number: the check and the words decide.
        by_words = _SAYS_REGISTRATION.search(before) is not None
        return resident_id.has_shape_15(digits) and not registration_number.is_valid(digits) and not by_words
    # A resident number with a slip in it is still a person's number, so its check is not asked for.
    return resident_id.has_shape(digits) and not credit_code.is_valid(digits)


def _is_account(digits: str, before: str) -> bool:
    if _SAYS_ACCOUNT.search(before):
        return True
    shape = 16 <= len(digits) <= 19 and digits[0] in _BANK_FIRST and _passes_luhn(digits)
    return shape and not credit_code.is_valid(digits)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_landline(written: str, digits: str, before: str) -> bool:
    """With an area code and a separator it speaks for itself; other runs of seven to twelve digits need a word.

    So does one that ends in a date: 0371-20190412 is rather a serial number.
    """
    if _SAYS_PHONE.search(before):
        return True
    return digits[0] == "0" and _SEPARATOR.search(written[:6]) is not None and not _DATE_AT_END.search(digits)


#: Seven digits with at most a few separators between: every number that can be masked has them.
_ANY_NUMBER: Final = r"(?:[0-9０-９][ \-()（）－\u00a0\u2002\u2003\u2009\u202f\u3000‐‑‒–—―−]{0,3}){7}"


#: What may stand between two digits of one number begins with one of these bytes.
_JOINT = np.zeros(256, dtype=np.bool_)
_JOINT[[character.encode()[0] for character in " -()（）－\u00a0\u2002\u2003\u2009\u202f\u3000‐‑‒–—―−"]] = True
_LONGEST_JOINT: Final = 3 * len("（".encode())
_DIGITS: Final = 7


def _asked(values: pl.Series) -> pl.Series | None:
    """Rows that may hold seven digits in a row, from the bytes of the whole column; None where bytes cannot tell.

    Never a wrong no. A full-width digit, or texts that share their bytes, leave the answer to the pattern.
    """
    seen = views(values)
    rows = np.zeros(len(values), dtype=np.bool_)
    rows[seen.lengths >= _DIGITS] = seen.lengths[seen.lengths >= _DIGITS] <= INLINE
    long = np.flatnonzero(seen.lengths > INLINE)
    places = seen.bytes.view("<i4")[long]
    for number, buffer in enumerate(seen.buffers):
        mine = np.flatnonzero(places[:, 2] == number)
        starts = places[mine, 3].astype(np.intp)
        stops = starts + places[mine, 0]
        if (starts[1:] < stops[:-1]).any():
            return None
        full = np.flatnonzero(buffer[1:-1] == 0xBC) + 1
        full = full[buffer[full - 1] == 0xEF]
        if ((buffer[full + 1] >= 0x90) & (buffer[full + 1] <= 0x99)).any():
            return None
        digits = np.flatnonzero((buffer - np.uint8(0x30)) < 10)
        if len(digits) < _DIGITS:
            continue
        gaps = np.diff(digits)
        joined = (gaps == 1) | ((gaps <= 1 + _LONGEST_JOINT) & _JOINT[buffer[digits[:-1] + 1]])
        # A digit begins a number when the next six hang together with it.
        upto = np.concatenate((np.zeros(1, dtype=np.intp), np.cumsum(joined)))
        begins = digits[: -(_DIGITS - 1)][upto[_DIGITS - 1 :] - upto[: -(_DIGITS - 1)] == _DIGITS - 1]
        owners = np.searchsorted(starts, begins, side="right") - 1
        owners = owners[owners >= 0]
        rows[long[mine[np.unique(owners)]]] = True
    return pl.Series(rows)


def contains_personal_number(values: pl.Series) -> pl.Series:
    """Boolean column: whether :func:`redact` would mask something in each text; null gives false.

    Rows without seven digits in a row are dismissed as a column; only the rest is read one by one.
    """
    found = np.zeros(len(values), dtype=np.bool_)
    asked = _asked(values)
    at = np.arange(len(values)) if asked is None else np.flatnonzero(asked.to_numpy())
    part = values if asked is None else values.gather(at)
    candidates = part.str.contains(_ANY_NUMBER).fill_null(False)
    if candidates.any():
        results, which = map_distinct(part.filter(candidates), lambda text: bool(redact(text or "").spans))
        found[at[candidates.to_numpy()]] = np.array(results, dtype=np.bool_)[which]
    return pl.Series(values.name, found)


def personal_numbers(values: pl.Series) -> Iterator[tuple[int, Redaction]]:
    """Row number and redaction of each row of a String column that holds a personal number."""
    for row in np.flatnonzero(contains_personal_number(values).to_numpy()):
        yield int(row), redact(values[int(row)])
