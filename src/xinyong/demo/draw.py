"""Draws without state: every value is a function of (seed, stream, index).

A generator with state would make row 900,000 depend on all rows before it, and a city of ten million would have to
be held in memory. Here an entity's name or code can be computed again wherever it is needed. Only 64-bit integer
arithmetic and IEEE multiplication are used, so the same seed gives the same bytes on every machine.

The mixing function is splitmix64 (Steele, Lea, Flood 2014, public domain).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

U64 = np.ndarray[Any, np.dtype[np.uint64]]
I64 = np.ndarray[Any, np.dtype[np.int64]]
F64 = np.ndarray[Any, np.dtype[np.float64]]

_GAMMA: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1


def mix(value: int) -> int:
    """splitmix64's finaliser over one 64-bit number."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


def stream_key(seed: int, name: str) -> int:
    """The 64-bit key of a named stream; the name is mixed in byte by byte, never by ``hash``."""
    key = mix((seed + _GAMMA) & _MASK)
    for byte in name.encode("utf-8"):
        key = mix((key ^ byte) * _GAMMA & _MASK)
    return key


class Draw:
    """The streams of one seed. Indices are non-negative integers below 2**40."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._keys: dict[str, int] = {}

    def bits(self, name: str, index: I64) -> U64:
        """64 well-mixed bits for every index."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = stream_key(self.seed, name)
        value = index.astype(np.uint64) * np.uint64(_GAMMA) + np.uint64(key)
        value ^= value >> np.uint64(30)
        value *= np.uint64(0xBF58476D1CE4E5B9)
        value ^= value >> np.uint64(27)
        value *= np.uint64(0x94D049BB133111EB)
        value ^= value >> np.uint64(31)
        return value

    def below(self, name: str, index: I64, bound: int) -> I64:
        """Integers from 0 to ``bound`` - 1 (bound below 2**31)."""
        return ((self.bits(name, index) >> np.uint64(33)) * np.uint64(bound) >> np.uint64(31)).astype(np.int64)

    def below_each(self, name: str, index: I64, bounds: I64) -> I64:
        """The same with a bound per index (every bound at least 1)."""
        high = self.bits(name, index) >> np.uint64(33)
        return (high * bounds.astype(np.uint64) >> np.uint64(31)).astype(np.int64)

    def unit(self, name: str, index: I64) -> F64:
        """Numbers in [0, 1) with 53 bits."""
        return (self.bits(name, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def weighted(self, name: str, index: I64, weights: Sequence[int]) -> I64:
        """Positions in ``weights``, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(edges, self.below(name, index, int(edges[-1])), side="right").astype(np.int64)


class Permutation:
    """A bijection of ``0 … 2**bits - 1`` chosen by a key: unique inputs stay unique."""

    def __init__(self, seed: int, name: str, bits: int) -> None:
        key = stream_key(seed, name)
        self._bits = bits
        self._rounds = [(mix(key + 2 * turn) | 1, mix(key + 2 * turn + 1)) for turn in range(3)]

    def apply(self, index: I64) -> I64:
        """The images of indices below ``2**bits``."""
        mask = np.uint64((1 << self._bits) - 1)
        shift = np.uint64(self._bits // 2)
        value = index.astype(np.uint64)
        for factor, offset in self._rounds:
            value = (value * np.uint64(factor) + np.uint64(offset)) & mask
            value ^= value >> shift
        return value.astype(np.int64)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` split in proportion to ``weights`` with the exact sum (largest remainders, earlier ones first)."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return shares
