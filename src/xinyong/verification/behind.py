"""Numbers of which a snapshot does not yet hold what was committed: those of large deliveries that are still being taken in.

A filter per delivery says of each number "perhaps" or "certainly not"; who asks for a "perhaps" is answered from the ledger, all
others from the snapshot. A set would say it exactly, but a province's delivery names a million entities, and every process
that answers would hold them.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Final

import numpy as np

#: Bits for each number, at least: with three marks a number, one in a thousand others at most is taken for one of them.
_ROOM: Final = 32
_MOST: Final = 1 << 27
_MARKS: Final = struct.Struct("<3I")


def _marks(number: bytes) -> bytes:
    return hashlib.blake2b(number, digest_size=_MARKS.size).digest()


def filter_of(numbers: Iterable[bytes]) -> bytes:
    """The filter of these numbers: bits, a power of two of them."""
    marks = np.frombuffer(b"".join(map(_marks, numbers)), dtype="<u4")
    bits = 64
    while bits < min(_MOST, _ROOM * len(marks) // 3):
        bits *= 2
    held = np.zeros(bits, dtype=bool)
    held[marks & np.uint32(bits - 1)] = True
    return np.packbits(held, bitorder="little").tobytes()


def perhaps(held: bytes, number: bytes) -> bool:
    """Whether the number may be one of those the filter was made of; False is certain."""
    mask = len(held) * 8 - 1
    return all(held[at >> 3] >> (at & 7) & 1 for at in (mark & mask for mark in _MARKS.unpack(_marks(number))))
