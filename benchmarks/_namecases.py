"""What people type when they mean a given name: one maker a kind, seeded, with the target known.

A case is kept only when the target can be told from what was typed: when at most twenty names answer it as well as the
target does (twenty companies 宏达商贸 in twenty cities cannot all be first). How many were dropped is reported.
"""

from __future__ import annotations

import bisect
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA

from xinyong.registry.search import anatomy, shape, sound
from xinyong.registry.search.neighbours import Neighbourhood

TOLD: Final = 20
_PIECE: Final = 100_000
#: Raised whenever a maker changes: kept cases of another edition are made anew.
EDITION: Final = 2


@dataclass(frozen=True, slots=True)
class Case:
    """``text`` was typed, the name at ``target`` is meant."""

    kind: str
    text: str
    target: int


@cache
def _traditional() -> dict[int, str]:
    text = (files("opencc") / "dictionary" / "STCharacters.txt").read_text(encoding="utf-8")
    table = {}
    for line in text.splitlines():
        simplified, _, targets = line.partition("\t")
        if len(simplified) == 1 and targets:
            table[ord(simplified)] = targets.split()[0]
    return table


@cache
def _homophones() -> dict[str, str]:
    table: dict[str, list[str]] = {}
    common = {char for char in shape._parts()}
    for char, said in sound.readings().items():
        if char in common:
            table.setdefault(said[0], []).append(char)
    return {syllable: "".join(chars) for syllable, chars in table.items()}


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _slip(source: random.Random, text: str, how: str) -> str:
    """``text`` with one slip; empty when it cannot be made."""
    at = source.randrange(len(text))
    char = text[at]
    common = list(shape._parts())
    if how == "wrong":
        other = source.choice(common)
    elif how == "sound":
        said = sound.readings().get(char, ("",))[0]
        choice = _homophones().get(said, "").replace(char, "")
        other = source.choice(choice) if choice else ""
    elif how == "shape":
        alike = shape.lookalikes(char)
        other = source.choice(alike) if alike else ""
    elif how == "missing":
        return text[:at] + text[at + 1 :]
    elif how == "extra":
        return text[:at] + source.choice(common) + text[at:]
    else:
        if at + 1 == len(text) or text[at] == text[at + 1]:
            return ""
        return text[:at] + text[at + 1] + char + text[at + 2 :]
    return text[:at] + other + text[at + 1 :] if other and other != char else ""


class Register:
    """The names of a register with what telling needs: counts of short forms, sorted initials and sounds."""

    def __init__(self, names: Sequence[str], keys: Sequence[str]) -> None:
        self.names, self.keys = names, keys
        self.parts = [anatomy.dissect(key) for key in keys]
        self.shorts = Counter(part.short for part in self.parts)
        self.short_list = list(self.shorts)
        self._near: list[tuple[int, Neighbourhood]] = []
        self.bodies = "\n".join(part.body for part in self.parts)
        weights = list(self.shorts.values())
        points = np.frombuffer("".join(self.short_list).encode("utf-32-le"), dtype=np.uint32)
        lengths = np.fromiter(map(len, self.short_list), dtype=np.int64, count=len(self.short_list))
        numbers = sound.numbers_of(points, np.repeat(np.arange(len(lengths)), lengths)).tolist()
        spoken = sound.syllable_list()
        sounds, initials = [], []
        begin = 0
        for length, weight in zip(lengths.tolist(), weights, strict=True):
            row = [spoken[number] for number in numbers[begin : begin + length]]
            begin += length
            sounds += ["".join(row)] * weight
            initials += ["".join([part[:1] or "." for part in row])] * weight
        self.sounds, self.initials = sorted(sounds), sorted(initials)

    def prefixed(self, ordered: list[str], text: str) -> int:
        """How many of a sorted list begin with ``text``."""
        return bisect.bisect_left(ordered, text + "~") - bisect.bisect_left(ordered, text)

    def containing(self, text: str) -> int:
        """How many bodies have ``text``."""
        return self.bodies.count(text)

    def one_away(self, text: str) -> int:
        """How many short forms are at most one slip from ``text``."""
        near = [begin + other for begin, piece in self._pieces() for other, _ in piece.meet([text])]
        return sum(self.shorts[short] for at in near if OSA.distance(text, short := self.short_list[at]) <= 1)

    def _pieces(self) -> list[tuple[int, Neighbourhood]]:
        if not self._near:
            for begin in range(0, len(self.short_list), _PIECE):
                self._near.append((begin, Neighbourhood(self.short_list[begin : begin + _PIECE])))
        return self._near


Maker = Callable[[random.Random, Register, int], tuple[str, int]]


def _makers() -> dict[str, Maker]:
    """Per kind: what is typed for the name at a place, and how many names answer it as well (0: not to be made)."""

    def exact(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        return reg.names[at], 1

    def width(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
        name = reg.names[at]
        cut = source.randrange(1, len(name))
        return _wide(f"{name[:cut]} {name[cut:]}"), 1

    def traditional(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        text = reg.names[at].translate(_traditional())
        return text, int(text != reg.names[at])

    def form(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        name = reg.names[at]
        if name.endswith("有限责任公司"):
            return name.replace("有限责任公司", "有限公司"), 1
        return name.replace("有限公司", "有限责任公司"), int(name.endswith("有限公司") and "股份" not in name)

    def part(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
        body = reg.parts[at].body
        size = source.randrange(3, 8)
        if len(body) <= size:
            return "", 0
        begin = source.randrange(len(body) - size)
        text = body[begin : begin + size]
        return text, reg.containing(text)

    def short(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        item = reg.parts[at]
        return item.short, reg.containing(item.short) if item.cut and len(item.short) >= 3 else 0

    def dropped(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        item = reg.parts[at]
        region = item.body[: item.cut]
        bare = "".join(char for char in region if char not in "市县区")
        return bare + reg.names[at][item.cut :], int(
            bare != region and len(bare) >= 2 and item.key.startswith(item.body[: item.cut])
        )

    def moved(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        item = reg.parts[at]
        region = item.body[: item.cut]
        if "省" not in region or not item.key.startswith(region):
            return "", 0
        head, tail = region.split("省", 1)
        rest = item.key[len(region) :]
        return f"{tail}{rest}({head})" if tail else f"{rest}({head})", reg.shorts[item.short] if len(rest) > 3 else 0

    def slip_full(how: str) -> Maker:
        def make(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
            text = _slip(source, reg.keys[at], how)
            if not text or len(reg.parts[at].body) < 4:
                return "", 0
            # 大成物资 without 成 is a part of many names as it stands: none of them is farther than the one meant.
            return text, 1 + reg.containing(anatomy.dissect(text).body)

        return make

    def slip_short(how: str) -> Maker:
        def make(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
            item = reg.parts[at]
            if not 4 <= len(item.short) <= 8 or not item.cut:
                return "", 0
            text = _slip(source, item.short, how)
            return text, reg.one_away(text) if text else 0

        return make

    def pinyin(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        text = sound.joined(sound.syllables(reg.parts[at].short))
        return text, reg.prefixed(reg.sounds, text) if text.isalpha() and text.isascii() else 0

    def pinyin_full(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
        parts = sound.syllables(reg.parts[at].body)
        return (" " if source.random() < 0.5 else "").join(parts), int(
            all(part.isalpha() for part in parts) and len(parts) >= 4
        )

    def initials(_: random.Random, reg: Register, at: int) -> tuple[str, int]:
        text = "".join(part[:1] for part in sound.syllables(reg.parts[at].short))
        return text, reg.prefixed(reg.initials, text) if text.isalpha() and len(text) >= 3 else 0

    def mixed(source: random.Random, reg: Register, at: int) -> tuple[str, int]:
        short_ = reg.parts[at].short
        parts = sound.syllables(short_)
        if len(short_) < 4 or not all(part.isalpha() for part in parts) or any(char.isascii() for char in short_):
            return "", 0
        place = source.randrange(len(short_))
        text = short_[:place] + parts[place] + short_[place + 1 :]
        return text, reg.shorts[short_]

    makers: dict[str, Maker] = {
        "exact": exact, "width": width, "traditional": traditional, "form": form, "part": part, "short": short,
        "dropped": dropped, "moved": moved, "pinyin": pinyin, "pinyin_full": pinyin_full, "initials": initials, "mixed": mixed,
    }  # fmt: skip
    for how in ("wrong", "missing", "extra", "swap", "sound", "shape"):
        makers[f"{how}_full"] = slip_full(how)
        makers[f"{how}_short"] = slip_short(how)
    return makers


def cases(register: Register, each: int, seed: int, among: int) -> tuple[list[Case], dict[str, int]]:
    """``each`` cases a kind with targets among the first ``among`` names, and how many could not be told, a kind."""
    source = random.Random(seed)
    found: list[Case] = []
    dropped: dict[str, int] = {}
    for kind, make in _makers().items():
        kept = 0
        for _ in range(each * 40):
            at = source.randrange(among)
            text, equals = make(source, register, at)
            if not text or not equals:
                continue
            if equals > TOLD:
                dropped[kind] = dropped.get(kind, 0) + 1
                continue
            found.append(Case(kind, text, at))
            kept += 1
            if kept == each:
                break
    return found, dropped
