"""What one text means, and the texts that mean nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from xinyong.catalogue.entry import Severity
from xinyong.intake.checks.report import looks_like_formula

NULL_WORDS = (
    "N/A", "n/a", "NA", "N.A.", "NULL", "null", "Null", "<null>", "(null)", "NIL", "None", "none", "NONE", "NaN", "nan",
    "无", "暂无", "没有", "空", "未填", "未提供", "无数据", "无内容", "不适用", "暂缺", "缺失",
    "-", "--", "---", "—", "——", "— —", "－", "－－", "–", "– –", "/", "／", "//", "\\", "*", ".", "。",
)  # fmt: skip
NULL_TEXTS = frozenset(NULL_WORDS)


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader has to say about one text."""

    code: str
    severity: Severity = Severity.ERROR
    fix: str = ""
    details: dict[str, str] = field(default_factory=dict)
    #: The text could not be read at all: ``Field.malformed`` decides what that does.
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text means: the canonical value (None: empty) and at most one remark."""

    value: str | None = None
    remark: Remark | None = None
    #: The text stands for "nothing here".
    null_text: bool = False


#: The text stands for "nothing here".
NOTHING = Reading(null_text=True)


def is_null_text(text: str) -> bool:
    """Whether a text stands for "nothing here"."""
    return text in NULL_TEXTS or unicodedata.normalize("NFKC", text).strip() in NULL_TEXTS


_ALLOWED_CONTROLS = frozenset("\t\n\r")


def refused_text(text: str) -> Reading | None:
    """Why no text field may hold this text; None when it may."""
    if looks_like_formula(text):
        return Reading(remark=Remark("formula", details={"first": text[0]}))
    for character in text:
        if character < " " and character not in _ALLOWED_CONTROLS:
            return Reading(remark=Remark("control-character", details={"point": f"{ord(character):04X}"}))
    return None
