"""Matching keys of names: one spelling for the many a registered name arrives in.

A key is for comparing, never for showing: callers keep the original. It is a table from character to character, so
a column is one look-up per character, and equal names stay equal whatever the table says. What is made equal: full
and half width, all kinds of brackets, traditional and simplified characters (three of five policy texts and many
imported names come in traditional characters), letter case, dashes. What is dropped: spaces, control and zero-width
characters, middle dots and quotes.

Simplification is by character, without regard to words (乾坤 becomes 干坤). For a key that is right: both sides
change alike, and word rules would make the key of a part differ from that part of the key.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from xinyong.standards import regions
from xinyong.standards._columns import CharacterMap

_OPENING: Final = "([{（［｛〔〖【《〈「『﹝﹙⦅"
_CLOSING: Final = ")]}）］｝〕〗】》〉」』﹞﹚⦆"
_DROPPED: Final = "·・•‧∙⋅‣●'\"`‘’“”„‟＇＂"
_DASHES: Final = "‐‑‒–—―−－﹣"

#: Legal forms at the end of a name, each before the shorter ones it ends with.
LEGAL_FORMS: Final = (
    "股份有限责任公司", "有限责任公司", "股份有限公司", "集团有限公司", "有限公司", "集团公司", "总公司", "公司",
    "特殊普通合伙企业", "普通合伙企业", "有限合伙企业", "合伙企业",
    "(特殊普通合伙)", "(普通合伙)", "(有限合伙)", "(个人独资)", "(个体工商户)",
    "农民专业合作社", "专业合作社", "合作社", "代表处", "办事处", "事务所", "经营部", "门市部", "服务部", "营业部",
    "商店", "商行", "厂", "店", "部",
)  # fmt: skip
#: Ends of the name of a branch; the legal form of the head office stands before it.
_BRANCH: Final = re.compile(
    r".*(?:公司|合作社|银行|合伙企业)"
    r"(?P<branch>.{0,12}?(?:分公司|支公司|分行|支行|分社|分店|分厂|分部|营业部|经营部|门市部|服务部|店|厂))"
)
_REGION_SUFFIX: Final = re.compile(r"(?:特别行政区|自治[区州县旗]|地区|[省市区县盟旗])\Z")


#: Where characters can change beside those with a simplified form. Left out are ideographs, syllables of Hangul and
#: scripts without case, surrogates, private and unassigned planes: hundreds of thousands that stay as they are.
_CHANGING: Final = (
    (0x0000, 0x33FF),
    (0xA000, 0xABFF),
    (0xF900, 0xFFFF),
    (0x10000, 0x14FFF),
    (0x16800, 0x16FFF),
    (0x1B000, 0x1FFFF),
    (0x2F800, 0x2FA1F),
)


@cache
def _key_map() -> CharacterMap:
    """The table of the key, applied to itself until it changes nothing more."""
    simplified = _simplified()
    table: dict[int, int | None] = {}
    points = (point for first, last in _CHANGING for point in range(first, last + 1))
    for point in (*points, *map(ord, simplified)):
        target = _fold(chr(point), simplified)
        if target != chr(point):
            table[point] = ord(target) if target else None
    return CharacterMap(table)


def _fold(character: str, simplified: dict[str, str]) -> str:
    """What one character becomes; empty when it is dropped."""
    if character in _OPENING:
        return "("
    if character in _CLOSING:
        return ")"
    if character in _DASHES:
        return "-"
    if character in _DROPPED or unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf"):
        return ""
    folded = unicodedata.normalize("NFKC", character).upper()
    # A character that decomposes into several (㈱, ½) would break the one-to-one table; it stays as it is.
    folded = folded if len(folded) == 1 else character
    folded = simplified.get(folded, folded)
    return folded if folded == character else _fold(folded, simplified)


def _simplified() -> dict[str, str]:
    """Traditional to simplified characters, from the dictionary of OpenCC; the first choice where it lists several."""
    text = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8")
    table: dict[str, str] = {}
    for line in text.splitlines():
        source, _, targets = line.partition("\t")
        target = targets.split()[0] if targets.split() else source
        if len(source) == 1 and len(target) == 1 and source != target:
            table[source] = target
    # A few pairs point at each other (variants); keep the way that leads out, so that folding ends.
    return {source: target for source, target in table.items() if table.get(target) != source or source < target}


def matching_key(name: str) -> str:
    """The matching key of ``name``; of a key it is the key itself."""
    return _key_map().apply(name)


def matching_keys(values: pl.Series) -> pl.Series:
    """:func:`matching_key` for a String column; nulls stay null."""
    return _key_map().apply_column(values)


def organisation_suffix(name: str) -> str:
    """The legal form at the end of ``name`` in key spelling (有限公司, (有限合伙) …), or an empty text.

    Of a branch it is the part that names the branch: ``…有限公司郑州分公司`` → ``郑州分公司``.
    """
    key = matching_key(name)
    if branch := _BRANCH.fullmatch(key):
        return branch["branch"]
    return next((form for form in LEGAL_FORMS if key.endswith(form) and len(key) > len(form)), "")


def core(name: str) -> str:
    """What distinguishes ``name``: its key without region names in front and without its legal form.

    ``河南省新乡市牧野区宏达商贸有限公司`` → ``宏达商贸``. At least two characters always stay. A branch keeps its branch
    part, since that is what distinguishes it: ``…宏达商贸有限公司郑州分公司`` → ``宏达商贸有限公司郑州分公司``.
    """
    key = matching_key(name)
    if not _BRANCH.fullmatch(key):
        while form := next((form for form in LEGAL_FORMS if key.endswith(form) and len(key) >= len(form) + 2), ""):
            key = key[: -len(form)]
    return _without_regions(key)


def _without_regions(key: str) -> str:
    full, short = _region_names()
    # Province, prefecture and county may stand one after another, in full or short, and bare or in brackets.
    for _ in range(3):
        rest = _strip_front(key, full) or _strip_front(key, short)
        if rest is None:
            return key
        key = rest
    return key


def _strip_front(key: str, names: frozenset[str]) -> str | None:
    """``key`` without the longest of ``names`` in front, if at least two characters stay; else ``None``."""
    for length in range(min(len(key) - 2, _LONGEST_REGION), 1, -1):
        if key[:length] in names:
            return key[length:]
    return None


_LONGEST_REGION: Final = 16


@cache
def _region_names() -> tuple[frozenset[str], frozenset[str]]:
    """Keys of region names in full (all dates), and of provinces and prefectures without 省, 市 and the like.

    Counties count only in full: their bare names are too often ordinary words of a trade name.
    """
    full: set[str] = set()
    short: set[str] = set()
    for lifetime in (*regions.table(), *regions.fictitious_table()):
        name = matching_key(lifetime.name)
        full.add(name)
        bare = _REGION_SUFFIX.sub("", name)
        if lifetime.level is not regions.Level.COUNTY and len(bare) >= 2:
            short.add(bare)
    return frozenset(full), frozenset(short | _AUTONOMOUS_SHORT)


@cache
def region_fronts() -> frozenset[str]:
    """Keys of every region name that may stand in front of a name: in full, and the short ones that are not words."""
    full, short = _region_names()
    return frozenset(name for name in full | short if len(name) >= 2)


#: The five autonomous regions are called by a name their full name does not begin with alone.
_AUTONOMOUS_SHORT: Final = frozenset({"内蒙古", "广西", "西藏", "宁夏", "新疆"})
