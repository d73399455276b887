"""Organisation code (组织机构代码, GB 11714): eight characters and a check character.

Positions 9 to 17 of a unified social credit code are an organisation code. The trap: GB 11714 counts letters
A = 10 … Z = 35, the credit code counts them in its own alphabet of 31. A validator that mixes the two passes on
every purely numeric code, so tests with old companies only do not notice.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import polars as pl

from xinyong.standards._columns import byte_matrix

WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECK_CHARACTERS: Final = "0123456789X"

_VALUE: Final = {character: value for value, character in enumerate(CHARACTERS)}
#: Value of each byte; what no code may hold is far below zero.
_VALUES: Final = np.full(256, -1_000_000, dtype=np.int32)
for _character, _number in _VALUE.items():
    _VALUES[ord(_character)] = _number
_SHAPE: Final = re.compile(r"[0-9A-Z]{8}[0-9X]", re.ASCII)


def check_character(body: str) -> str:
    """Check character of the eight characters ``body``; ``ValueError`` when they are not eight of 0-9 A-Z."""
    if len(body) != len(WEIGHTS) or not all(character in _VALUE for character in body):
        raise ValueError("an organisation code body has eight characters of 0-9 and A-Z")
    remainder = sum(_VALUE[character] * weight for character, weight in zip(body, WEIGHTS, strict=True)) % 11
    # 11 - remainder lies in 1..11; the standard writes 10 as X and 11 as 0, which is the index modulo 11.
    return CHECK_CHARACTERS[(11 - remainder) % 11]


def is_valid(code: str) -> bool:
    """Whether ``code`` (nine characters, no hyphen, upper case) has the shape and the right check character."""
    return _SHAPE.fullmatch(code) is not None and check_character(code[:8]) == code[8]


def are_valid(values: pl.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """:func:`is_valid` for a String column, as a mask of its length; null gives false."""
    width = len(WEIGHTS) + 1
    fits = (values.str.len_bytes() == width).fill_null(False).to_numpy()
    valid = np.zeros(len(values), dtype=np.bool_)
    codes = _VALUES[byte_matrix(values.filter(fits), width)]
    total = codes @ np.array([*WEIGHTS, 1], dtype=np.int32)
    # The check character makes the weighted sum divisible by eleven; X stands for ten there, and no other letter may.
    last = codes[:, -1]
    valid[fits] = (codes >= 0).all(axis=1) & (last <= 9) & (total % 11 == 0)
    is_x = fits & values.str.ends_with("X").fill_null(False).to_numpy()
    if is_x.any():
        some = codes[is_x[fits]]
        rest = some[:, :-1] @ np.array(WEIGHTS, dtype=np.int32) + 10
        valid[is_x] = (some >= 0).all(axis=1) & (rest % 11 == 0)
    return valid


def hyphenated(code: str) -> str:
    """``12345678X`` as old certificates print it: ``12345678-X``."""
    return f"{code[:8]}-{code[8:]}"
