"""Public ids of entities and records: permanent, short, with a check character. Pure."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LONGEST = 14  # digits of the largest number a database key can hold, with its check character


def _check_character(digits: str) -> str:
    """Luhn mod 32: finds every single wrong character and nearly every swap of neighbours."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = _ALPHABET.index(digit) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return _ALPHABET[-total % 32]


def spell(letter: str, number: int) -> str:
    """A letter that says what is numbered, the number in base 32, and a check character."""
    digits = ""
    rest = number
    while True:
        rest, digit = divmod(rest, 32)
        digits = _ALPHABET[digit] + digits
        if rest == 0:
            return f"{letter}{digits}{_check_character(digits)}"


def read(letter: str, key: str) -> int | None:
    """The number :func:`spell` wrote, or None (also: wrong check character)."""
    text = key.upper()
    if not 3 <= len(text) <= _LONGEST + 1 or text[0] != letter or any(char not in _ALPHABET for char in text[1:]):
        return None
    number = 0
    for char in text[1:-1]:
        number = number * 32 + _ALPHABET.index(char)
    return number if number < 1 << 63 and spell(letter, number) == text else None


def public_key(entity_id: int) -> str:
    """``E`` + base 32 number + check character, e.g. entity 1 is ``E1Y``. The number is never reused."""
    return spell("E", entity_id)


def entity_id(key: str) -> int | None:
    """The number behind a public id, or None when it is no public id (also: wrong check character)."""
    return read("E", key)


def record_key(record_id: int) -> str:
    """The permanent public id of a record, e.g. record 1 is ``R1Y``."""
    return spell("R", record_id)


def record_id(key: str) -> int | None:
    """The number behind a record's public id, or None."""
    return read("R", key)
