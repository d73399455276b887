"""What a written name consists of, for searching: its key, its body without legal form, and the part after the region.

Pure. A body is what two writings of one name share when one of them says 有限公司 and the other 有限责任公司; the short
is what people call the entity when the region in front is left out as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz.distance import OSA

from xinyong.standards import names

#: Legal forms that say nothing about which entity is meant. Inside a name too: the head office of a branch has one.
_FORMS: Final = re.compile(
    "股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|有限公司|集团公司|总公司|股份公司|"
    r"\((?:特殊普通合伙|普通合伙|有限合伙|个人独资|个体工商户|集团|自然人独资|国有独资)\)|"
    "特殊普通合伙企业|普通合伙企业|有限合伙企业|合伙企业"
)
_TAIL: Final = re.compile("(?:集团|公司)+$")
_BRACKETED: Final = re.compile(r"\(([^()]*)\)")
_BRACKETS: Final = str.maketrans("", "", "()")
_REGION_TURNS: Final = 3
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Anatomy:
    """``key``: normalised name; ``body``: without legal form and brackets; ``cut``: characters of region in front.

    ``plain`` is the body without what stood in brackets, or empty where nothing did.
    """

    key: str
    body: str
    cut: int
    plain: str = ""

    @property
    def short(self) -> str:
        """The body without the region in front."""
        return self.body[self.cut :]


@cache
def _fronts() -> dict[str, tuple[str, ...]]:
    """Region names by their first two characters, longest first: a look-up instead of sixteen slices a name."""
    table: dict[str, list[str]] = {}
    for region in names.region_fronts():
        table.setdefault(region[:2], []).append(region)
    return {front: tuple(sorted(regions, key=len, reverse=True)) for front, regions in table.items()}


def region_length(text: str) -> int:
    """How many characters in front of ``text`` name its region (province, prefecture, county; full or short).

    At least two characters always stay: a name that is nothing but a region keeps its last part.
    """
    cut = 0
    for _ in range(_REGION_TURNS):
        step = first_region(text[cut:])
        if not step:
            break
        cut += step
    return cut


def first_region(text: str) -> int:
    """The length of the first region in front of ``text``, or 0."""
    for region in _fronts().get(text[:2], ()):
        if len(text) - len(region) >= _LEAST and text.startswith(region):
            return len(region)
    return 0


@cache
def _bare_counties() -> frozenset[str]:
    return frozenset(
        region[:-1] for region in names.region_fronts() if len(region) > _LEAST and region[-1] in "市区县旗"
    )


def bare_county_length(text: str) -> int:
    """The length of a county's name without 县, 区 or 市 in front of ``text``, or 0. Too often a word to be cut for good."""
    bare = _bare_counties()
    return next((size for size in (4, 3, 2) if len(text) - size >= _LEAST and text[:size] in bare), 0)


def bare_region(text: str) -> str:
    """The last region of a text of regions, without 省, 市 and the like: 河南省新乡市 → 新乡."""
    at = 0
    while step := first_region(text[at:]):
        at += step
    last = text[at:]
    return last[:-1] if len(last) > _LEAST and last[-1] in "省市区县州盟旗" else last


def without_form(key: str) -> str:
    """A key without legal forms; the key itself when nothing would be left."""
    body = _TAIL.sub("", _FORMS.sub("", key))
    return body if len(body) >= _LEAST else key


#: Legal forms long enough to be told with one slip in them, the longest first.
_LONG_FORMS: Final = (
    "股份有限责任公司", "集团有限公司", "有限责任公司", "股份有限公司", "有限公司", "集团公司", "股份公司", "总公司",
)  # fmt: skip
_TRACES: Final = frozenset("有限公司")
_LONGER: Final = re.compile("[股份集团总]|公司.")
#: The shortest form with a slip, where it ends a name: another character, the two swapped, one between them.
_SHORTEST: Final = re.compile("(?:[^公]司|公[^司]|司公)$")
_PARTED: Final = re.compile("公([^司])司$")


def misspelt_forms(key: str) -> tuple[str, ...]:
    """Bodies of a key that has one slip in a legal form, at its end or inside (有线公司, 有限公肢司崇武分公司).

    The longest form that can be read there counts; more than one body where it can be read in two ways, none where no
    form has a slip.
    """
    rest = _FORMS.sub("", key)
    if len(_TRACES.intersection(rest)) < len(_TRACES) - 1 and not _LONGER.search(rest):
        return _misspelt_ends(key)
    whole = [match.span() for match in _FORMS.finditer(key)]
    for form in _LONG_FORMS:
        found: dict[str, None] = {}
        for size in (len(form), len(form) + 1, len(form) - 1):
            for begin in range(_LEAST, len(key) - size + 1):
                end = begin + size
                stretch = key[begin:end]
                # A form written right is none with a slip, unless it is the rest of a longer one.
                if any(first < end and begin < last and not (begin < first and last <= end) for first, last in whole):
                    continue
                if OSA.distance(stretch, form, score_cutoff=1) == 1 and _is_slip(stretch, form, key[end : end + 1]):
                    found.setdefault(without_form(key[:begin] + key[end:]).translate(_BRACKETS))
        if found:
            return tuple(found)
    return _misspelt_ends(key)


def _misspelt_ends(key: str) -> tuple[str, ...]:
    """Bodies of a key that ends with a slip in 公司 itself (技术讼司); 兰公阳司 may be 兰阳公司, or 兰公司 with 阳 too many."""
    if parted := _PARTED.search(key):
        begun = key[: parted.start()]
        found = [begun + parted[1], begun]
    else:
        found = [key[:-2]] if _SHORTEST.search(key) else []
    return tuple(text.translate(_BRACKETS) for text in found if len(text) >= _LEAST)


def _is_slip(stretch: str, form: str, following: str) -> bool:
    """Whether the slip lies inside the stretch; one character too many at an edge is none of the form."""
    if len(stretch) > len(form):
        return stretch[0] == form[0] and stretch[-1] == form[-1]
    return stretch[-1] == form[-1] or following != form[-1]


def dissect(key: str) -> Anatomy:
    """The anatomy of a name given by its matching key."""
    formless = without_form(key)
    body = formless.translate(_BRACKETS)
    if len(body) < _LEAST:
        body = key.translate(_BRACKETS) or key
    plain = ""
    if "(" in formless:
        plain = _TAIL.sub("", _BRACKETED.sub("", formless).translate(_BRACKETS))
        plain = plain if plain != body and len(plain) >= _LEAST else ""
    return Anatomy(key, body, region_length(body), plain)


def of(name: str) -> Anatomy:
    """The anatomy of a name as written."""
    return dissect(names.matching_key(name))


def places(name: str) -> list[int]:
    """Of each character of the body of ``name``, where it stands in the name as written."""
    body = of(name).body
    found: list[int] = []
    for at, char in enumerate(name):
        if len(found) < len(body) and names.matching_key(char) == body[len(found)]:
            found.append(at)
    return found if len(found) == len(body) else []
