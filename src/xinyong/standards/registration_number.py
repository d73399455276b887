"""Registration numbers that market entities had before the unified social credit code.

* Fifteen digits (工商行政管理市场主体注册号编制规则, GS15-2006): region, sequence, check digit ISO 7064 MOD 11,10.
* Fifteen characters of farmers' cooperatives: region, ``NA``, six digits, ``X``. The last character is always X
  in the 341 numbers of the real data, so it proves nothing.
* Thirteen digits, older: no check digit exists.
* Texts of foreign-invested enterprises before 2007, such as 企合苏总字第000063号, and local forms with a prefix or
  a suffix around the digits.

Many individual businesses never got a credit code: the fifteen digits are then their number of record.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

import numpy as np
import polars as pl

from xinyong.standards._columns import byte_matrix

LENGTH: Final = 15

_THIRTEEN: Final = re.compile(r"[0-9]{13}", re.ASCII)
_FIFTEEN: Final = re.compile(r"[0-9]{15}", re.ASCII)
_COOPERATIVE: Final = re.compile(r"[0-9]{6}NA[0-9]{6}X", re.ASCII)
_FOREIGN_TEXT: Final = re.compile(r"企[合独作股外][\u4e00-\u9fff]{1,8}字第?[0-9]{3,8}号?", re.ASCII)
_LOCAL_FORM: Final = re.compile(r"(?:\([A-Z]\)|[A-Z])-?[0-9]{12,13}(?:-[0-9]{0,3})?", re.ASCII)


class RegistrationNumberForm(StrEnum):
    """How a registration number is written."""

    DIGITS_15 = "digits-15"
    COOPERATIVE_15 = "cooperative-15"
    DIGITS_13 = "digits-13"
    OLD_TEXT = "old-text"


class EntityRange(StrEnum):
    """What the first digit of the sequence (position 7) of a fifteen-digit number says."""

    DOMESTIC = "domestic"
    FOREIGN_INVESTED = "foreign-invested"
    INDIVIDUAL = "individual"


def check_digit(body: str) -> str:
    """ISO 7064 MOD 11,10 check digit of the fourteen digits ``body``; ``ValueError`` when they are not digits."""
    if len(body) != 14 or not (body.isascii() and body.isdigit()):
        raise ValueError("a registration number body has fourteen digits")
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def is_valid(number: str) -> bool:
    """Whether ``number`` has fifteen digits and the right check digit."""
    return _FIFTEEN.fullmatch(number) is not None and check_digit(number[:14]) == number[14]


def are_valid(values: pl.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """:func:`is_valid` for a String column, as a mask of its length; null gives false. Fifteen zeros give false."""
    fits = (values.str.len_bytes() == LENGTH).fill_null(False).to_numpy()
    valid = np.zeros(len(values), dtype=np.bool_)
    digits = byte_matrix(values.filter(fits), LENGTH) - np.uint8(ord("0"))
    all_digits = (digits <= 9).all(axis=1)
    digits[~all_digits] = 0
    product = np.full(len(digits), 10, dtype=np.uint8)
    for at in range(LENGTH - 1):
        total = (product + digits[:, at]) % 10
        product = np.where(total == 0, 10, total).astype(np.uint8) * 2 % 11
    valid[fits] = all_digits & (digits[:, LENGTH - 1] == (11 - product) % 10) & digits.any(axis=1)
    return valid


def form_of(text: str) -> RegistrationNumberForm | None:
    """The form of ``text`` (half width, upper case, no spaces), or ``None``; the check digit is not looked at."""
    if _FIFTEEN.fullmatch(text):
        return RegistrationNumberForm.DIGITS_15
    if _COOPERATIVE.fullmatch(text):
        return RegistrationNumberForm.COOPERATIVE_15
    if _THIRTEEN.fullmatch(text):
        return RegistrationNumberForm.DIGITS_13
    if _FOREIGN_TEXT.fullmatch(text) or _LOCAL_FORM.fullmatch(text):
        return RegistrationNumberForm.OLD_TEXT
    return None


def entity_range(number: str) -> EntityRange:
    """Kind of entity by position 7 of a fifteen-digit ``number``: 0-3 domestic, 4-5 foreign-invested, 6-9 individual.

    ``ValueError`` when ``number`` does not have fifteen digits.
    """
    if not _FIFTEEN.fullmatch(number):
        raise ValueError("a registration number has fifteen digits")
    digit = int(number[6])
    if digit <= 3:
        return EntityRange.DOMESTIC
    return EntityRange.FOREIGN_INVESTED if digit <= 5 else EntityRange.INDIVIDUAL
