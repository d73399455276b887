"""Why a name was found, in terms a reader can check: one comparison, one kind, and what was corrected. Pure.

Every judgement here is one small function whose docstring is what the official sees. The kinds are ordered: what
needs no correction comes first, then corrections from the surest to the weakest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from xinyong.registry.search import anatomy, shape, sound


class Kind(IntEnum):
    """Kinds of agreement, the surest first."""

    NAME = 0
    FORM = 10
    SHORT = 20
    PREFIX = 30
    PART = 40
    PLACE = 50
    PINYIN = 60
    INITIALS = 62
    SOUND = 70
    SHAPE = 72
    SWAP = 74
    MISSING = 76
    EXTRA = 78
    TYPO = 80
    WORDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """``kind``; ``wrote`` and ``meant``: what was corrected into what, empty where nothing was; ``distance`` in edits."""

    kind: Kind
    wrote: str = ""
    meant: str = ""
    distance: int = 0
    #: Nothing of the name is left over: a slip in the whole name says more than one that reads a part of it.
    whole: bool = True
    #: What the typed words cover in the name: (start, length) in the body, for marking. (-1, 0) when unknown.
    span: tuple[int, int] = (-1, 0)


@dataclass(frozen=True, slots=True)
class Edit:
    """One slip between what was written and a stretch of the name."""

    op: str
    wrote: str
    meant: str


_FAR: Final = 99
_TRIED: Final = 24
#: A text this short is a word of the trade rather than a name.
_WORD: Final = 2


def slip(written: str, meant: str) -> Edit | None:
    """Exactly one character is wrong, missing, too many, or two neighbours are swapped; None when it is more or nothing.

    恰有一字之差：错一字、少一字、多一字，或相邻两字写反。
    """
    if written == meant or abs(len(written) - len(meant)) > 1:
        return None
    front = 0
    least = min(len(written), len(meant))
    while front < least and written[front] == meant[front]:
        front += 1
    if len(written) == len(meant):
        if written[front + 1 :] == meant[front + 1 :]:
            return Edit("wrong", written[front], meant[front])
        pair = written[front : front + 2]
        if len(pair) == 2 and pair[::-1] == meant[front : front + 2] and written[front + 2 :] == meant[front + 2 :]:
            return Edit("swap", pair, pair[::-1])
        return None
    if len(written) > len(meant):
        return Edit("extra", written[front], "") if written[front + 1 :] == meant[front:] else None
    return Edit("missing", "", meant[front]) if written[front:] == meant[front + 1 :] else None


def of_edit(edit: Edit, span: tuple[int, int] = (-1, 0), *, whole: bool = True) -> Reason:
    """The kind of one slip: two characters that sound alike are 近音, that look alike 近形, any others 纠错."""
    if edit.op == "wrong":
        if sound.near(edit.wrote, edit.meant):
            kind = Kind.SOUND
        elif shape.near(edit.wrote, edit.meant):
            kind = Kind.SHAPE
        else:
            kind = Kind.TYPO
    else:
        kind = {"missing": Kind.MISSING, "extra": Kind.EXTRA, "swap": Kind.SWAP}[edit.op]
    return Reason(kind=kind, wrote=edit.wrote, meant=edit.meant, distance=1, span=span, whole=whole)


def same_key(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The names are equal but for width, brackets, spaces, letter case and traditional characters. 书写形式一致。"""
    return Reason(kind=Kind.NAME, span=(0, len(name.body))) if query.key == name.key else None


def same_body(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The names are equal but for the legal form (有限公司、有限责任公司) and brackets. 除组织形式外一致。"""
    if query.body == name.body or (name.plain and query.body == name.plain):
        return Reason(kind=Kind.FORM, span=(0, len(name.body)))
    return None


def same_short(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The names are equal when the region in front and the legal form are left out. 去掉地名和组织形式后一致。"""
    if query.body == name.short:
        return Reason(kind=Kind.SHORT, span=(name.cut, len(name.short)))
    front = query.body[: -len(name.short)]
    if front and query.body.endswith(name.short) and _in_order(front, name.body[: name.cut]):
        return Reason(kind=Kind.SHORT, span=(name.cut, len(name.short)))
    if query.cut and query.short == name.short:
        kind = Kind.SHORT if regions_agree(query, name) else Kind.PLACE
        return Reason(
            kind=kind, wrote=query.body[: query.cut], meant=name.body[: name.cut], span=(name.cut, len(name.short))
        )
    return None


def _in_order(few: str, many: str) -> bool:
    """Whether the characters of ``few`` stand in ``many`` in this order: 新乡牧野 in 河南省新乡市牧野区."""
    rest = iter(many)
    return all(char in rest for char in few)


@lru_cache(maxsize=4096)
def _bare(region: str) -> str:
    """The regions in a text, each without 省, 市 and the like, between bars: 河南省新乡市 → |河南|新乡|. Nothing for none.

    Of 德州 nothing is taken: 德 is in 常德 too. Without the bars 山南 would be in 佛山南海.
    """
    parts, at = [""], 0
    while at < len(region):
        step = anatomy.first_region(region[at:]) or len(region) - at
        part = region[at : at + step]
        parts.append(part[:-1] if len(part) > _WORD and part[-1] in "省市区县州盟旗" else part)
        at += step
    return "|".join([*parts, ""]) if region else ""


def regions_agree(query: anatomy.Anatomy, name: anatomy.Anatomy) -> bool:
    """One region in front is a part of the other (新乡 and 河南省新乡市), or the name says it in brackets. 地名相容。"""
    one, other = _bare(query.body[: query.cut]), _bare(name.body[: name.cut])
    return not one or not other or one in other or other in one


def part_of(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """What was typed stands in the name as it is, at its beginning or inside. 名称含有所输文字。"""
    if name.short.startswith(query.body):
        return Reason(kind=Kind.PREFIX, span=(name.cut, len(query.body)))
    at = name.body.find(query.body)
    if at >= 0:
        return Reason(kind=Kind.PREFIX if at == 0 else Kind.PART, span=(at, len(query.body)))
    if name.plain and query.body in name.plain:
        return Reason(kind=Kind.PART)
    at = name.key.find(query.key)
    return Reason(kind=Kind.PART) if at >= 0 else None


def one_slip(query: str, name: anatomy.Anatomy) -> Reason | None:
    """What was typed stands in the name but for one slip. 所输文字与名称中一段仅一字之差。"""
    size = len(query)
    if size < 2:
        return None
    best: tuple[tuple[int, int, int], Reason] | None = None
    for text in {name.body, name.short, name.plain} - {""}:
        at = name.body.find(text)
        for begin in _starts(query, text):
            for length in (size, size + 1, size - 1):
                stretch = text[begin : begin + length]
                if len(stretch) < max(2, length):
                    continue
                edit = slip(query, stretch)
                if edit is None or (
                    edit.op == "missing" and edit.meant in (stretch[0], stretch[-1]) and query in stretch
                ):
                    continue
                span = (at + begin, length) if at >= 0 else (-1, 0)
                reason = of_edit(edit, span, whole=len(stretch) == len(text))
                rank = (0 if reason.whole else 1, int(reason.kind), begin)
                if best is None or rank < best[0]:
                    best = (rank, reason)
    return best[1] if best else None


def _starts(query: str, text: str) -> list[int]:
    """Where a stretch with at most one slip can begin: near a place where a half of the query stands."""
    half = max(1, len(query) // 2)
    found: set[int] = set()
    for offset, piece in ((0, query[:half]), (len(query) - half, query[-half:])):
        at = text.find(piece)
        while at >= 0:
            found.update(start for start in (at - offset - 1, at - offset, at - offset + 1) if start >= 0)
            at = text.find(piece, at + 1)
    # A slip in the very middle spoils both halves: then every place of a short text is tried.
    return sorted(found) if found else list(range(max(0, min(len(text), _TRIED) - len(query) + 2)))


def whole_slip(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The names differ in one character, regions in front left out. 去掉地名后仅一字之差。"""
    edit = slip(query.short, name.short)
    if edit is None or not query.cut:
        return None
    reason = of_edit(edit, (name.cut, len(name.short)))
    return (
        reason
        if regions_agree(query, name)
        else Reason(kind=reason.kind, wrote=reason.wrote, meant=reason.meant, distance=2, span=reason.span)
    )


def _moved(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The same when what was written in brackets is read as the place in front: 天利配件厂（安徽）. 括号内地名前移。"""
    plain = anatomy.Anatomy(query.plain, query.plain, anatomy.region_length(query.plain))
    return same_body(plain, name) or same_short(plain, name)


def form_slip(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason | None:
    """The names are equal but for one slip in the legal form (有线公司). 组织形式中一字之差。"""
    edit = slip(query.key, name.key)
    return of_edit(edit) if edit else None


def sounds_alike(query: str, name: anatomy.Anatomy) -> Reason | None:
    """Several characters differ, and each sounds like the one in its place. 数字不同而读音相近。"""
    size = len(query)
    for text in (name.short, name.body):
        for begin in range(len(text) - size + 1):
            stretch = text[begin : begin + size]
            wrong = [(one, other) for one, other in zip(query, stretch, strict=True) if one != other]
            if wrong and len(wrong) < size + 1 and all(sound.near(one, other) for one, other in wrong):
                at = name.body.find(text) + begin
                return Reason(
                    kind=Kind.SOUND,
                    wrote="".join(one for one, _ in wrong),
                    meant="".join(other for _, other in wrong),
                    distance=len(wrong),
                    span=(at, size),
                )
    return None


def shared_words(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason:
    """The names share most of their characters in order; a person has to look. 多数文字相同，需人工核对。"""
    return Reason(kind=Kind.WORDS, distance=min(_FAR, OSA.distance(query.short, name.short)))


def explain(query: anatomy.Anatomy, name: anatomy.Anatomy) -> Reason:
    """The surest reason for which ``name`` answers ``query``; for text with Chinese characters."""
    found = same_key(query, name) or same_body(query, name) or same_short(query, name) or part_of(query, name)
    if found:
        return found
    if query.plain and (found := _moved(query, name)):
        return found
    slips = [
        reason for reason in (one_slip(query.body, name), whole_slip(query, name), form_slip(query, name)) if reason
    ]
    if slips:
        return min(slips, key=lambda reason: (reason.distance, reason.kind))
    if query.cut and query.short in name.short:
        if regions_agree(query, name):
            # Two characters after a place (山东实业) are in thousands of names: one slip in the whole says more.
            told = len(query.short) > _WORD
            span = (name.body.find(query.short), len(query.short))
            return Reason(kind=Kind.PART, span=span, distance=0 if told else 1, whole=told)
        return Reason(kind=Kind.PLACE, wrote=query.body[: query.cut], meant=name.body[: name.cut], distance=2)
    return sounds_alike(query.body, name) or shared_words(query, name)


def explain_letters(key: str, letters: str, name: anatomy.Anatomy) -> Reason:
    """The surest reason for which ``name`` answers a query typed in letters, or in letters and characters.

    拼音、首字母，或汉字与拼音混合。
    """
    if key in name.key:
        return Reason(kind=Kind.PART if key != name.key else Kind.NAME, span=(name.body.find(key), len(key)))
    if letters:
        typed = sound.without_legal_form(letters)
        return _by_pinyin(typed, name) or _by_initials(typed, name) or _near_pinyin(typed, name)
    return _by_mixture(key, name)


def _by_pinyin(letters: str, name: anatomy.Anatomy) -> Reason | None:
    """The letters are the pinyin of the name, of its short form, or of a stretch that begins with a syllable. 拼音一致。"""
    parts = sound.syllables(name.body)
    for begin in dict.fromkeys((name.cut, 0, *range(len(parts)))):
        rest = sound.joined(parts[begin:])
        if rest.startswith(letters):
            size = _covered(parts[begin:], len(letters))
            return Reason(kind=Kind.PINYIN, span=(begin, size), distance=0 if begin in (0, name.cut) else 1)
    return None


def _covered(parts: list[str], length: int) -> int:
    """How many syllables ``length`` letters reach into."""
    for place, part in enumerate(parts):
        length -= len(part)
        if length <= 0:
            return place + 1
    return len(parts)


def _by_initials(letters: str, name: anatomy.Anatomy) -> Reason | None:
    """The letters are the first letters of the syllables from the short form or the region on. 拼音首字母一致。"""
    initials = "".join(part[:1] or "." for part in sound.syllables(name.body))
    for begin in (name.cut, 0):
        if initials[begin:].startswith(letters):
            whole = len(letters) == len(initials) - begin
            return Reason(kind=Kind.INITIALS, span=(begin, len(letters)), whole=whole)
    return None


def _near_pinyin(letters: str, name: anatomy.Anatomy) -> Reason:
    """The letters are nearly the pinyin of the name: mixed-up sounds, another reading, one slip. 拼音相近。"""
    spoken = [sound.joined(sound.syllables(text)) for text in (name.short, name.body)]
    distance = min(OSA.distance(letters, text) for text in spoken)
    return Reason(kind=Kind.PINYIN, distance=min(_FAR, 1 + distance))


def mixture_fits(key: str, body: str, short: str) -> bool:
    """Whether a query of characters and letters is the beginning of the short form, each as typed."""
    return bool(_mixture_from(key, body, sound.syllables(body), len(body) - len(short)))


def _by_mixture(key: str, name: anatomy.Anatomy) -> Reason:
    """Characters stand as typed and letters are the pinyin or the first letter of those in their place. 汉字与拼音混合。"""
    parts = sound.syllables(name.body)
    for begin in dict.fromkeys((name.cut, 0, *range(len(parts)))):
        size = _mixture_from(key, name.body, parts, begin)
        if size:
            return Reason(kind=Kind.PINYIN, span=(begin, size), distance=0 if begin in (0, name.cut) else 1)
    return Reason(kind=Kind.WORDS, distance=min(_FAR, OSA.distance(key, name.short)))


def _mixture_from(key: str, body: str, parts: list[str], begin: int) -> int:
    """How many characters of the name from ``begin`` on the mixed query covers; 0 when it does not fit."""
    states = {(0, begin)}
    while states:
        following: set[tuple[int, int]] = set()
        for at, place in states:
            if at == len(key):
                return place - begin
            if place == len(body):
                continue
            if key[at] == body[place]:
                following.add((at + 1, place + 1))
            spoken = parts[place].upper()
            for size in range(1, len(spoken) + 1):
                if key[at : at + size] == spoken[:size] and size in (1, len(spoken)):
                    following.add((at + size, place + 1))
            if spoken and key[at:] and spoken.startswith(key[at:]):
                following.add((len(key), place + 1))
        states = following
    return 0
