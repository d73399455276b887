"""The index terms of names as numbers, for one query and for columns of millions alike. Pure.

A term is a pair of characters that stand at most two apart, in order; or a pair of neighbouring syllables with their
mixed-up sounds made one. One wrong, missing, extra or swapped character therefore leaves most terms of a name whole.
A term is a 31-bit hash: a collision can only add a candidate, which the comparison of the names themselves drops again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from xinyong.registry.search import sound

_SOUND: Final = np.uint64(1 << 40)


def _mixed(first: Any, second: Any) -> Any:
    value = first * np.uint64(0x9E3779B97F4A7C15) + second * np.uint64(0xC2B2AE3D27D4EB4F)
    value ^= value >> np.uint64(29)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    return value >> np.uint64(33)


def _laid(texts: Sequence[str]) -> tuple[Any, Any]:
    """Code points of all texts end to end, and of each the place of its text."""
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    return points, np.repeat(np.arange(len(texts), dtype=np.int64), lengths)


def _pairs(points: Any, row: Any, distance: int) -> tuple[Any, Any]:
    """Rows and terms of the pairs ``distance`` apart that lie within one text."""
    if len(points) <= distance:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    inside = row[:-distance] == row[distance:]
    first, second = points[:-distance][inside].astype(np.uint64), points[distance:][inside].astype(np.uint64)
    return row[:-distance][inside], _mixed(first, second)


class Terms:
    """The terms of a column of bodies: ``row`` and ``term`` side by side, sorted, none twice in a row.

    ``numbers`` are the syllable numbers of all characters end to end, for the texts of sounds and initials.
    """

    def __init__(self, bodies: Sequence[str], plains: Sequence[tuple[int, str]] = ()) -> None:
        points, row = _laid(bodies)
        self.numbers = sound.numbers_of(points, row)
        spoken = sound.blurred_hashes()[self.numbers] + _SOUND
        found = [_pairs(points, row, 1), _pairs(points, row, 2), _pairs(spoken, row, 1)]
        if plains:
            other, at = _laid([text for _, text in plains])
            rows = np.array([place for place, _ in plains], dtype=np.int64)[at]
            found += [_pairs(other, rows, 1), _pairs(other, rows, 2)]
        packed = np.concatenate([rows.astype(np.uint64) << np.uint64(32) | terms for rows, terms in found])
        packed.sort()  # numpy.unique hashes, which takes six times as long
        packed = packed[np.append(True, packed[1:] != packed[:-1])] if len(packed) else packed
        self.row = (packed >> np.uint64(32)).astype(np.int64)
        self.term = (packed & np.uint64(0x7FFFFFFF)).astype(np.int32)


def of_pairs(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """The terms of pairs of characters."""
    if not pairs:
        return []
    first = np.array([ord(one) for one, _ in pairs], dtype=np.uint64)
    second = np.array([ord(other) for _, other in pairs], dtype=np.uint64)
    return [int(term) for term in _mixed(first, second)]


def of_syllables(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """The terms of pairs of syllables; syllables outside the table have none (0 is never a term in use)."""
    if not pairs:
        return []
    hashes = sound.blurred_hashes()
    numbers = sound.numbers()
    first = np.array([hashes[numbers.get(one, 0)] for one, _ in pairs], dtype=np.uint64) + _SOUND
    second = np.array([hashes[numbers.get(other, 0)] for _, other in pairs], dtype=np.uint64) + _SOUND
    return [int(term) for term in _mixed(first, second)]
