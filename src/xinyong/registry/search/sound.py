"""How names sound: syllables of characters, near sounds, and letters a person types read as syllables. Pure.

Readings come from pypinyin's tables. A character has its most frequent reading unless the pair it stands in says
otherwise (银行 is yin hang, 行政 is xing zheng). Two characters sound near when any of their readings are equal after
the sounds that southern speakers and fast typists mix up are made one: z/zh, c/ch, s/sh, an/ang, en/eng, in/ing.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np

#: Pairs of the trade that the phrase table lacks or reads otherwise.
_PAIRS: Final = {
    "商行": ("shang", "hang"), "分行": ("fen", "hang"), "支行": ("zhi", "hang"), "车行": ("che", "hang"),
    "药行": ("yao", "hang"), "茶行": ("cha", "hang"), "洋行": ("yang", "hang"), "布行": ("bu", "hang"),
    "乐器": ("yue", "qi"), "音乐": ("yin", "yue"), "长城": ("chang", "cheng"), "重工": ("zhong", "gong"),
    "传媒": ("chuan", "mei"), "运行": ("yun", "xing"), "调味": ("tiao", "wei"), "调料": ("tiao", "liao"),
}  # fmt: skip
_LIMIT: Final = 0x30000
#: Syllables that only interjections and very rare characters have.
_RARE: Final = frozenset(
    ("ng", "o", "yo", "ei", "eng", "lo", "hng", "m", "n", "hm", "e", "ang", "dia", "cei", "kei", "tei", "nou", "nun")
)
#: Ways to read letters that are tried at first.
SEGMENTATIONS: Final = 6
_BETWEEN: Final = re.compile(r"[\s'’‘`\-]+")
_LEGAL: Final = re.compile("(gufen)?(youxian)?(zeren)?gongsi$|(gufen)?youxian(zeren)?(gong|gongs|g)?$|(jituan)$")


def _plain(reading: str) -> str:
    """A reading without its tone mark; ü is typed as v."""
    marked = reading.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v").replace("ǚ", "v").replace("ǜ", "v")
    letters = unicodedata.normalize("NFD", marked)
    return "".join(char for char in letters if "a" <= char <= "z")


def blurred(syllable: str) -> str:
    """The syllable with mixed-up sounds made one: zhong → zong, ying → yin."""
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    if syllable.endswith(("ang", "eng", "ing")):
        syllable = syllable[:-1]
    return syllable


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Every reading of every character, most frequent first, without tones."""
    from pypinyin.pinyin_dict import pinyin_dict

    table = {}
    for point, text in pinyin_dict.items():
        if point < _LIMIT:
            plain = tuple(dict.fromkeys(filter(None, map(_plain, text.split(",")))))
            if plain:
                table[chr(point)] = plain
    return table


@cache
def _pairs() -> dict[str, tuple[str, str]]:
    """Pairs of characters of which at least one is not read in its most frequent way."""
    from pypinyin.constants import PHRASES_DICT

    table = {}
    known = readings()
    for phrase, said in PHRASES_DICT.items():
        if len(phrase) == 2 and len(said) == 2 and phrase[0] in known and phrase[1] in known:
            first, second = _plain(said[0][0]), _plain(said[1][0])
            if first and second and (first != known[phrase[0]][0] or second != known[phrase[1]][0]):
                table[phrase] = (first, second)
    return table | _PAIRS


@cache
def syllable_list() -> tuple[str, ...]:
    """All syllables and single characters that stand for themselves; the place in the list is the syllable's number."""
    spoken = {item for said in readings().values() for item in said}
    return ("", *sorted(spoken | set("abcdefghijklmnopqrstuvwxyz0123456789")))


@cache
def _lookup() -> tuple[Any, Any, Any, dict[str, int]]:
    """Arrays for columns: number of each character's syllable; sorted pair codes; the two numbers of each pair."""
    numbers = {item: place for place, item in enumerate(syllable_list())}
    single = np.zeros(_LIMIT, dtype=np.int16)
    for char, said in readings().items():
        single[ord(char)] = numbers[said[0]]
    for char in "abcdefghijklmnopqrstuvwxyz0123456789":
        single[ord(char)] = single[ord(char.upper())] = numbers[char]
    pairs = sorted((ord(pair[0]) << 20 | ord(pair[1]), said) for pair, said in _pairs().items())
    codes = np.array([code for code, _ in pairs], dtype=np.int64)
    spoken = np.array([[numbers[first], numbers[second]] for _, (first, second) in pairs], dtype=np.int16)
    return single, codes, spoken, numbers


def numbers() -> dict[str, int]:
    """The number of each syllable."""
    return _lookup()[3]


@cache
def blurred_hashes() -> Any:
    """A stable hash of each numbered syllable's blurred form, for the index."""
    return np.array([zlib.crc32(blurred(item).encode()) for item in syllable_list()], dtype=np.uint64)


def numbers_of(points: Any, row: Any) -> Any:
    """Syllable numbers of code points laid end to end; ``row`` says to which name each belongs."""
    single, codes, spoken, _ = _lookup()
    found = single[np.minimum(points, _LIMIT - 1)]
    if len(points) > 1:
        pair = points[:-1].astype(np.int64) << 20 | points[1:].astype(np.int64)
        place = np.minimum(np.searchsorted(codes, pair), len(codes) - 1)
        hit = np.flatnonzero((codes[place] == pair) & (row[:-1] == row[1:]))
        # A character that is in two such pairs is read as in the second.
        found[hit[::-1] + 1] = spoken[place[hit[::-1]], 1]
        found[hit[::-1]] = spoken[place[hit[::-1]], 0]
    return found


@cache
def _spoken() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The same tables for one text at a time: syllable of a character, syllables of a pair."""
    single = {char: said[0] for char, said in readings().items()}
    for char in "abcdefghijklmnopqrstuvwxyz0123456789":
        single[char] = single[char.upper()] = char
    return single, _pairs()


@lru_cache(maxsize=4096)
def _said(text: str) -> tuple[str, ...]:
    single, pairs = _spoken()
    found = [single.get(char, "") for char in text]
    joint = [pairs.get(text[at : at + 2]) for at in range(len(text) - 1)]
    # As in numbers_of: a character that is in two such pairs is read as in the second.
    for at, said in enumerate(joint):
        if said:
            found[at : at + 2] = said
    return tuple(found)


def syllables(text: str) -> list[str]:
    """The syllables of a text, one for each character; a character without a reading gives an empty one."""
    return list(_said(text))


@lru_cache(maxsize=8192)
def near(one: str, other: str) -> bool:
    """Whether two characters may sound alike."""
    known = readings()
    first = {blurred(item) for item in known.get(one, ())}
    return not first.isdisjoint(blurred(item) for item in known.get(other, ()))


@lru_cache(maxsize=8192)
def same(one: str, other: str) -> bool:
    """Whether two characters have a reading in common, apart from the tone."""
    known = readings()
    return not set(known.get(one, ())).isdisjoint(known.get(other, ()))


@cache
def _syllable_set() -> frozenset[str]:
    return frozenset(item for said in readings().values() for item in said if len(item) > 1 or item in "aoe")


@lru_cache(maxsize=2048)
def _oddness(piece: str) -> int:
    """How unlikely a piece is inside a name: unfinished syllables and those of interjections (ng, o) come last."""
    if piece not in _syllable_set():
        return 2
    return 1 if piece in _RARE else 0


def segment(letters: str, most: int = SEGMENTATIONS) -> list[tuple[str, ...]]:
    """Ways to read ``letters`` as syllables, fewest syllables first, at most so many. The last syllable may be unfinished (``hongd``).

    Empty when the letters cannot be read so.
    """
    valid = _syllable_set()
    starts = _syllable_starts()
    ways: list[list[tuple[str, ...]]] = [[] for _ in range(len(letters) + 1)]
    ways[0] = [()]
    for end in range(1, len(letters) + 1):
        found: list[tuple[str, ...]] = []
        for begin in range(max(0, end - 6), end):
            piece = letters[begin:end]
            if ways[begin] and (piece in valid or (end == len(letters) and piece in starts)):
                found += [(*way, piece) for way in ways[begin]]
        found.sort(key=lambda way: (sum(map(_oddness, way)), len(way), -len(way[0])))
        ways[end] = found[:most]
    return ways[-1]


def parted(text: str) -> tuple[str, ...]:
    """The syllables of pinyin typed with spaces, hyphens or apostrophes between all of them (xi an, xi'an); else empty."""
    parts = tuple(part.replace("ü", "v") for part in _BETWEEN.split(text.strip().lower()))
    return parts if len(parts) > 1 and _syllable_set().issuperset(parts) else ()


@cache
def _syllable_starts() -> frozenset[str]:
    return frozenset(item[:size] for item in _syllable_set() for size in range(1, len(item)))


def without_legal_form(letters: str) -> str:
    """Typed letters without a romanised legal form at the end (youxiangongsi)."""
    return _LEGAL.sub("", letters) or letters


def joined(parts: Sequence[str]) -> str:
    """Syllables in one piece, as people type them."""
    return "".join(parts)
