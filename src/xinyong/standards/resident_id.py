"""Shape and check of resident identity numbers (公民身份号码, GB 11643-1999), only to refuse and to mask them.

The platform keeps market entities. A resident number that arrives where a credit code belongs is personal data:
it is recognised, refused and never stored or echoed. So nothing here returns a part of the number.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"
_SHAPE_18: Final = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_SHAPE_15: Final = re.compile(r"[0-9]{15}", re.ASCII)
#: Provinces of GB/T 2260, and 83 of the residence permits of Taiwan residents. A foreigner's permanent residence
#: number of the 2023 form has 9 before the province (recalled).
_PROVINCES: Final = frozenset(
    f"{number}"
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for number in range(first, last + 1)
)
_FIRST_YEAR: Final = 1880
_LAST_YEAR: Final = 2099


def has_shape(text: str) -> bool:
    """Whether the 18 characters ``text`` (X upper case) have a province and a birth date; the check is not looked at."""
    if _SHAPE_18.fullmatch(text) is None:
        return False
    has_province = text[:2] in _PROVINCES or (text[0] == "9" and text[1:3] in _PROVINCES)
    return has_province and _is_date(text[6:14])


def is_valid(text: str) -> bool:
    """Whether ``text`` has the shape and the ISO 7064 MOD 11-2 check character of an 18-digit number."""
    if not has_shape(text):
        return False
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False)) % 11] == text[17]


def has_shape_15(text: str) -> bool:
    """Whether ``text`` can be a fifteen-digit number of the first generation (born 19YY); it has no check digit."""
    return _SHAPE_15.fullmatch(text) is not None and text[:2] in _PROVINCES and _is_date("19" + text[6:12])


def _is_date(digits: str) -> bool:
    year = int(digits[:4])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return False
    try:
        date(year, int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
