"""Organisation code (组织机构代码, GB 11714): eight characters and a check character.

Positions 9 to 17 of a unified social credit code are an organisation code. The trap: GB 11714 counts letters
A = 10 … Z = 35, the credit code counts them in its own alphabet of 31. A validator that mixes the two passes on
every purely numeric code, so tests with old companies only do not notice.
"""

from __future__ import annotations

import re
from typing import Final

WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECK_CHARACTERS: Final = "0123456789X"

_VALUE: Final = {character: value for value, character in enumerate(CHARACTERS)}
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


def hyphenated(code: str) -> str:
    """``12345678X`` as old certificates print it: ``12345678-X``."""
    return f"{code[:8]}-{code[8:]}"
