"""Report numbers and verification codes."""

from __future__ import annotations

import secrets
from datetime import datetime

#: Digits and capitals without I, L, O and U, which are misread on paper.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PLACE = {character: place for place, character in enumerate(ALPHABET)}
#: What people write for the characters left out.
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
LENGTH = 12
NUMBER_LENGTH = 22
TOKEN_LENGTH = 27


def _check(body: str) -> str:
    """Luhn modulo 32: finds every wrong character and every swap of neighbours but one pair."""
    total = 0
    for offset, character in enumerate(reversed(body)):
        value = _PLACE[character] * (2 if offset % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def new_code() -> str:
    """A random verification code: 11 characters (55 bits) and a check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + _check(body)


def new_token() -> str:
    """The secret part of an address: 26 characters (130 bits) and a check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH - 1))
    return body + _check(body)


def is_token(text: str) -> bool:
    """Whether this can be such a part: its length, its characters, its check character."""
    plausible = len(text) == TOKEN_LENGTH and all(character in _PLACE for character in text)
    return plausible and _check(text[:-1]) == text[-1]


def code_of(digest: bytes) -> str:
    """A code that follows from a hash: its first 55 bits and a check character."""
    number = int.from_bytes(digest[:7], "big") >> 1
    body = "".join(ALPHABET[number >> shift & 31] for shift in range(50, -1, -5))
    return body + _check(body)


def normalise(text: str) -> str | None:
    """The code as stored, from what a person typed; None when its check character says that it is mistyped."""
    code = "".join(text.split()).replace("-", "").upper().translate(_MISREAD)
    if len(code) != LENGTH or any(character not in _PLACE for character in code):
        return None
    return code if _check(code[:-1]) == code[-1] else None


def grouped(code: str) -> str:
    """7F3K9QD2XA41 as 7F3K-9QD2-XA41."""
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def normalise_number(text: str) -> str | None:
    """A report number as stored, from what a person typed; None for what cannot be one."""
    number = "".join(text.split()).upper()
    plausible = len(number) == NUMBER_LENGTH and number.isascii() and number[:14].isdigit() and number.isalnum()
    return number if plausible else None


def new_number(moment: datetime) -> str:
    """A report number: 14-digit local time and 8 characters (layout of the national report, version V2.0)."""
    return f"{moment:%Y%m%d%H%M%S}" + "".join(secrets.choice(ALPHABET) for _ in range(8))
