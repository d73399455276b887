"""Identity codes of the demonstration, whole columns at a time. All lie in the region range reserved for fiction."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from xinyong.demo.draw import I64
from xinyong.standards import credit_code, organisation_code, regions

_Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_ALPHABET: Final = np.frombuffer(credit_code.ALPHABET.encode("ascii"), dtype=np.uint8)
_ORGANISATION_CHECKS: Final = np.frombuffer(organisation_code.CHECK_CHARACTERS.encode("ascii"), dtype=np.uint8)
_ZERO: Final = np.uint8(ord("0"))


@cache
def _values() -> tuple[I64, I64]:
    """Value of each byte in the credit code's alphabet and in the organisation code's (a different one)."""
    outer = np.zeros(256, dtype=np.int64)
    inner = np.zeros(256, dtype=np.int64)
    for value, character in enumerate(credit_code.ALPHABET):
        outer[ord(character)] = value
    for value, character in enumerate(organisation_code.CHARACTERS):
        inner[ord(character)] = value
    return outer, inner


def region_code(district: int) -> int:
    """Six-digit code of a district of the demonstration city; 0 is the city itself."""
    return int(regions.FICTITIOUS_REGION_PREFIX) * 10_000 + 100 + district


def _digits(numbers: I64, width: int, base: int = 10) -> I64:
    """Digits, most significant first: one row per number."""
    powers = np.array([base**place for place in range(width - 1, -1, -1)], dtype=np.int64)
    return numbers[:, None] // powers[None, :] % base


def _texts(matrix: _Bytes) -> list[str]:
    """One string per row of ASCII bytes."""
    width = matrix.shape[1]
    joined = np.ascontiguousarray(matrix).tobytes().decode("ascii")
    return [joined[at : at + width] for at in range(0, len(joined), width)]


def credit_codes(prefixes: _Bytes, region: I64, serial: I64, lead: _Bytes) -> list[str]:
    """Codes with both check characters.

    ``prefixes`` and ``lead`` have two ASCII columns: department and category, and the first two characters of the
    organisation code (``MA`` …). A lead of two NUL bytes gives an organisation code of eight digits, as older
    entities have. ``serial`` is unique and below 2**26.
    """
    count = len(serial)
    matrix: _Bytes = np.empty((count, 18), dtype=np.uint8)
    matrix[:, 0:2] = prefixes
    matrix[:, 2:8] = _digits(region, 6).astype(np.uint8) + _ZERO
    numeric = lead[:, 0] == 0
    body = _ALPHABET[_digits(serial, 6, 31)]
    matrix[:, 8:10] = lead
    matrix[:, 10:16] = body
    if numeric.any():
        matrix[numeric, 8:16] = _digits(serial[numeric], 8).astype(np.uint8) + _ZERO
    outer, inner = _values()
    sums = inner[matrix[:, 8:16]] @ np.asarray(organisation_code.WEIGHTS, dtype=np.int64)
    matrix[:, 16] = _ORGANISATION_CHECKS[(11 - sums % 11) % 11]
    sums = outer[matrix[:, 0:17]] @ np.asarray(credit_code.WEIGHTS, dtype=np.int64)
    matrix[:, 17] = _ALPHABET[(31 - sums % 31) % 31]
    return _texts(matrix)


def registration_numbers(region: I64, sequence: I64) -> list[str]:
    """Fifteen-digit numbers with their check digit (ISO 7064 MOD 11,10); ``sequence`` has at most eight digits."""
    count = len(sequence)
    digits = np.empty((count, 15), dtype=np.int64)
    digits[:, 0:6] = _digits(region, 6)
    digits[:, 6:14] = _digits(sequence, 8)
    product = np.full(count, 10, dtype=np.int64)
    for place in range(14):
        total = (product + digits[:, place]) % 10
        total[total == 0] = 10
        product = total * 2 % 11
    digits[:, 14] = (11 - product) % 10
    return _texts(digits.astype(np.uint8) + _ZERO)
