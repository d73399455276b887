"""Reading values of a code list, one or several."""

from __future__ import annotations

import difflib
import re
import unicodedata

from xinyong.catalogue.entry import CodeList, Field
from xinyong.intake.checks.canonical import json_array
from xinyong.intake.checks.reading import NOTHING, Reading, Remark, is_null_text
from xinyong.intake.checks.report import shown

_STRONG_SEPARATORS = ";；|\n\r"
_WEAK_SEPARATORS = "、,，"
#: Permitted values named in an advice.
_SHOWN_VALUES = 8
_JOINTS = " \t-－—–―_:：("


def plain_values(code_list: CodeList | None) -> list[str]:
    return [item.value for item in code_list.values] if code_list is not None else []


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


class EnumReader:
    """Reads the values of one code list, other spellings and open prefixes included."""

    def __init__(self, item: Field) -> None:
        code_list = item.code_list if item.code_list is not None else CodeList(code="", values=())
        self._item = item
        self._order = {value.value: place for place, value in enumerate(code_list.values)}
        self._labels = {value.value: (value.zh, value.en) for value in code_list.values}
        self._known: dict[str, str] = {}
        # A value as stored wins over a label, a label over another spelling.
        spelled = [(value.value, value.value) for value in code_list.values]
        spelled += [(value.zh, value.value) for value in code_list.values]
        spelled += [(alias, value.value) for value in code_list.values for alias in value.aliases]
        for spelling, stored in spelled:
            self._known.setdefault(_fold(spelling), stored)
        self._open = {_fold(prefix).rstrip("-"): prefix.rstrip("-－") for prefix in code_list.open_prefixes}

    def read(self, text: str) -> Reading:
        """One value."""
        stored = self._one(text)
        if stored is not None:
            return Reading(stored)
        bare = self._bare_prefix(text)
        if bare is not None:
            return Reading(remark=Remark("value-needs-words", details={"part": bare}))
        if is_null_text(text):
            return NOTHING
        return Reading(remark=self._unknown(text))

    def read_list(self, text: str) -> Reading:
        """Several values, stored in the order of the code list, each once."""
        if self._one(text) is None and is_null_text(text):
            return NOTHING
        found: list[str] = []
        for part in re.split(f"[{re.escape(_STRONG_SEPARATORS + self._item.separator)}]", text):
            for member in self._members(part.strip()):
                stored = self._one(member)
                if stored is None:
                    bare = self._bare_prefix(member)
                    if bare is not None:
                        return Reading(remark=Remark("value-needs-words", details={"part": bare}))
                    return Reading(remark=self._unknown(member))
                found.append(stored)
        if not found:
            return NOTHING
        ordered = sorted(dict.fromkeys(found), key=lambda value: self._order.get(value, len(self._order)))
        return Reading(json_array(ordered))

    def _members(self, part: str) -> list[str]:
        """Members of a part between strong separators. The weak ones also stand inside values, so the longest run of
        pieces that is a value wins; the words after an open prefix run until a piece that is a value itself."""
        if not part:
            return []
        if self._closed(part) is not None:
            return [part]
        pieces = re.split(f"([{_WEAK_SEPARATORS}])", part)
        members: list[str] = []
        start = 0
        while start < len(pieces):
            end = self._run_end(pieces, start)
            member = "".join(pieces[start:end]).strip()
            if member:
                members.append(member)
            start = end + 1
        return members

    def _run_end(self, pieces: list[str], start: int) -> int:
        for end in range(len(pieces), start, -2):
            if self._closed("".join(pieces[start:end])) is not None:
                return end
        if self._one(pieces[start]) is None:
            return start + 1
        end = start + 1
        while end + 1 < len(pieces) and self._one(pieces[end + 1]) is None:
            end += 2
        return end

    def _closed(self, text: str) -> str | None:
        return self._known.get(_fold(text))

    def _one(self, text: str) -> str | None:
        closed = self._closed(text)
        if closed is not None and _fold(text) not in self._open:
            return closed
        for folded, prefix in self._open.items():
            if _fold(text).startswith(folded):
                words = _words_after(text, len(prefix))
                if words and not is_null_text(words):
                    return f"{prefix}-{words}"
        return None

    def _bare_prefix(self, text: str) -> str | None:
        for folded, prefix in self._open.items():
            if _fold(text).startswith(folded):
                return prefix
        return None

    def _unknown(self, text: str) -> Remark:
        part = shown(self._item, text)
        near = difflib.get_close_matches(_fold(text), list(self._known), n=3, cutoff=0.6)
        meant = list(dict.fromkeys(self._known[spelling] for spelling in near))
        zh, en = ("是否为：", "Perhaps: ") if meant else ("可填：", "Permitted: ")
        meant = meant or list(self._order)[:_SHOWN_VALUES]
        more = "……" if len(meant) == _SHOWN_VALUES < len(self._order) else ""
        advice = {
            "advice": zh + "；".join(_named(value, self._labels[value][0]) for value in meant) + more,
            "advice_en": en + "; ".join(_named(value, self._labels[value][1]) for value in meant) + more,
        }
        return Remark("value-unknown", details={"part": part, **advice}, malformed=True)


def _named(value: str, label: str) -> str:
    return value if label == value else f"{value}（{label}）"


def _words_after(text: str, length: int) -> str:
    """The words after an open prefix: 其他-责令改正, 其他（责令改正） and 其他：责令改正 say the same."""
    normal = "".join(text.split()) if len(text.split()) > 1 and len(text.split()[0]) < length else text
    words = normal[length:].lstrip(_JOINTS + "（")
    if words.endswith((")", "）")) and words.count("(") + words.count("（") < words.count(")") + words.count("）"):
        words = words[:-1]
    return words.strip()
