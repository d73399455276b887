"""Which characters look alike, judged by the parts they are made of. Pure.

Two characters look alike when they differ in one part of several (货 and 贷), when one is a part of the other (原 and
源), or when they are made of the same parts (己 and 已). The parts come from an open decomposition dictionary.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

#: A part found in more characters than this is a radical: sharing it alone makes nothing look alike.
_RADICAL: Final = 60
_ALIKE: Final = 0.5


@cache
def _parts() -> dict[str, tuple[str, str]]:
    """Per character its parts and the parts of its parts."""
    text = (files("xinyong.datapacks") / "standards" / "near_shapes.csv").read_text(encoding="utf-8")
    return {row["char"]: (row["parts"], row["deep"]) for row in csv.DictReader(text.splitlines())}


@cache
def _holders() -> dict[str, frozenset[str]]:
    """Per part the characters that have it."""
    table: dict[str, set[str]] = defaultdict(set)
    for char, (parts, deep) in _parts().items():
        for part in {*parts, *deep}:
            table[part].add(char)
    return {part: frozenset(chars) for part, chars in table.items()}


@lru_cache(maxsize=8192)
def near(one: str, other: str) -> bool:
    """Whether two characters look alike."""
    table = _parts()
    if one == other or one not in table or other not in table:
        return False
    (first, deep_first), (second, deep_second) = table[one], table[other]
    if one in second or other in first:
        return True
    if any(part in second and len(_holders()[part]) <= _RADICAL for part in first if len(first) > 1):
        return True
    if len(deep_first) == len(deep_second) and sorted(deep_first) == sorted(deep_second):
        return True
    if len(first) != len(second):
        return False
    left, right = _less(first, second), _less(second, first)
    if len(left) != 1 or len(right) != 1:
        return False
    mine, theirs = _parts_of(left), _parts_of(right)
    return (len(mine) - len(_less(mine, theirs))) / max(len(mine), len(theirs)) >= _ALIKE


def _less(parts: str, others: str) -> str:
    """The parts that are left when each of ``others`` is taken away once."""
    for part in others:
        parts = parts.replace(part, "", 1)
    return parts


def _parts_of(part: str) -> str:
    return _parts().get(part, (part, part))[0]


@lru_cache(maxsize=4096)
def lookalikes(char: str) -> tuple[str, ...]:
    """The characters that look like ``char``, in the order of the standard set."""
    parts, deep = _parts().get(char, ("", ""))
    holders = _holders()
    pool = set(holders.get(char, ()))
    for part in {*parts, *deep}:
        if len(holders.get(part, ())) <= _RADICAL * 4:
            pool |= holders[part]
            pool.add(part)
    return tuple(other for other in _parts() if other in pool and near(char, other))
