"""Which of many texts are at most one slip from which of many others, in bulk. Pure.

Two texts one slip apart (wrong, missing, extra, two swapped neighbours) share a text with one character left out. So
the hashes of each text and of all its texts with one character left out are compared; what shares one is compared in
full by the caller. A chunk of a register is one matrix; memory follows the smaller side, time the larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

#: Longer texts are compared by their first so many characters: a name that long is told by its beginning.
WIDTH: Final = 30
_BASE: Final = 0x9E3779B97F4A7C15
_POWERS: Final = np.array([pow(_BASE, at, 1 << 64) for at in range(WIDTH + 2)], dtype=np.uint64)


def _matrix(texts: Sequence[str]) -> tuple[Any, Any]:
    cut = [text[:WIDTH] for text in texts]
    lengths = np.fromiter(map(len, cut), dtype=np.int64, count=len(cut))
    points = np.frombuffer("".join(cut).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    # Neighbouring code points must not give neighbouring hashes.
    points = (points * np.uint64(0xC2B2AE3D27D4EB4F)) ^ (points << np.uint64(31))
    matrix = np.zeros((len(cut), WIDTH), dtype=np.uint64)
    rows = np.repeat(np.arange(len(cut)), lengths)
    starts = np.cumsum(lengths) - lengths
    matrix[rows, np.arange(len(points)) - np.repeat(starts, lengths)] = points
    return matrix, lengths


def hashes(texts: Sequence[str]) -> tuple[Any, Any]:
    """For each text the hash of itself and of itself without each one of its characters: places and hashes side by side."""
    if not texts:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    matrix, lengths = _matrix(texts)
    count = len(texts)
    before = np.zeros((count, WIDTH + 1), dtype=np.uint64)  # hash of the first n characters
    after = np.zeros((count, WIDTH + 2), dtype=np.uint64)  # hash of what follows, as if it began at n
    for at in range(WIDTH):
        before[:, at + 1] = before[:, at] + matrix[:, at] * _POWERS[at]
    for at in range(WIDTH - 1, -1, -1):
        after[:, at] = matrix[:, at] + after[:, at + 1] * _POWERS[1]
    whole = after[:, 0]
    left_out = before[:, :WIDTH] + after[:, 1 : WIDTH + 1] * _POWERS[:WIDTH]
    inside = np.arange(WIDTH) < lengths[:, None]
    rows = np.concatenate([np.arange(count), np.nonzero(inside)[0]])
    # The length stands in the hash, or a text of zeros would equal a shorter one.
    salt = lengths.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    shorter = (lengths - 1).astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    values = np.concatenate([whole ^ salt, (left_out ^ shorter[:, None])[inside]])
    return rows, values


class Neighbourhood:
    """One side, kept: texts that chunks of the other side are held against."""

    def __init__(self, texts: Sequence[str]) -> None:
        rows, values = hashes(texts)
        order = np.argsort(values, kind="stable")
        self._rows, self._values = rows[order], values[order]

    def meet(self, others: Sequence[str]) -> list[tuple[int, int]]:
        """Pairs (kept, other) that may be one slip apart, in order, none twice."""
        if not len(self._values) or not others:
            return []
        rows, values = hashes(others)
        first = np.searchsorted(self._values, values, side="left")
        last = np.searchsorted(self._values, values, side="right")
        hit = np.flatnonzero(last > first)
        if not len(hit):
            return []
        sizes = (last - first)[hit]
        offsets = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = self._rows[np.repeat(first[hit], sizes) + offsets]
        other = np.repeat(rows[hit], sizes)
        packed = np.unique(kept.astype(np.int64) << 32 | other)
        return [(int(pair >> 32), int(pair & 0xFFFFFFFF)) for pair in packed]
