"""The public id of an entity: permanent, short, with a check character. Pure."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_PRIME = 31  # below 32, so that the check character comes from the same alphabet


def public_key(entity_id: int) -> str:
    """``E`` + base 32 number + check character, e.g. entity 1 is ``E11``. The number is never reused."""
    digits = ""
    rest = entity_id
    while True:
        rest, digit = divmod(rest, 32)
        digits = _ALPHABET[digit] + digits
        if rest == 0:
            return f"E{digits}{_ALPHABET[entity_id % _PRIME]}"


def entity_id(key: str) -> int | None:
    """The number behind a public id, or None when it is no public id (also: wrong check character)."""
    text = key.upper()
    if len(text) < 3 or text[0] != "E" or any(char not in _ALPHABET for char in text[1:]):
        return None
    number = 0
    for char in text[1:-1]:
        number = number * 32 + _ALPHABET.index(char)
    return number if public_key(number) == text else None
