"""Rows of the search table made from columns of names: what one pass of the bulk build or the effect writes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from xinyong.registry.search import anatomy, sound
from xinyong.registry.search.grams import Terms

#: Name id, entity id, matching key.
NameRow = tuple[int, int, str]

#: Columns of the table in the order they are written.
COLUMNS: Final = ("name_id", "entity_id", "body", "short", "initials", "sounds", "grams")
SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
_HEAD: Final = struct.Struct(">hiqiq")
_LENGTH: Final = struct.Struct(">i")
#: Length, dimensions, null flag, type int4, size of the only dimension, its lower bound.
_ARRAY: Final = struct.Struct(">iiiIii")
_INT4: Final = 23


@cache
def _initials() -> Any:
    """First letter of each numbered syllable as a byte; a dot where a character has no reading."""
    return np.array([ord(item[0]) if item else ord(".") for item in sound.syllable_list()], dtype=np.uint8)


def binary(rows: Sequence[NameRow]) -> tuple[bytes, Any]:
    """``rows`` as rows of a binary COPY, and the terms of all rows end to end, for counting."""
    parts = [anatomy.dissect(row[2]) for row in rows]
    bodies = [part.body for part in parts]
    terms = Terms(bodies, [(place, part.plain) for place, part in enumerate(parts) if part.plain])
    letters = _initials()[terms.numbers].tobytes()
    spoken = sound.syllable_list()
    numbers = terms.numbers.tolist()
    counts = np.bincount(terms.row, minlength=len(rows)).tolist()
    cells = np.empty((len(terms.term), 2), dtype=">i4")
    cells[:, 0] = 4
    cells[:, 1] = terms.term
    packed = cells.tobytes()
    out: list[bytes] = []
    begin = at = 0
    for row, part, count in zip(rows, parts, counts, strict=True):
        end = begin + len(part.body)
        body, short = part.body.encode(), part.short.encode()
        sounds = "".join([spoken[number] for number in numbers[begin + part.cut : end]]).encode()
        initials = letters[begin:end]
        until = at + count * 8
        out += (
            _HEAD.pack(7, 8, row[0], 8, row[1]),
            _LENGTH.pack(len(body)), body,
            _LENGTH.pack(len(short)), short,
            _LENGTH.pack(len(initials)), initials,
            _LENGTH.pack(len(sounds)), sounds,
            _ARRAY.pack(20 + count * 8, 1, 0, _INT4, count, 1) if count else _ARRAY.pack(12, 0, 0, _INT4, 0, 0)[:16],
            packed[at:until],
        )  # fmt: skip
        begin, at = end, until
    return b"".join(out), terms.term
