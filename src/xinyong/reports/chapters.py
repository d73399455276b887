"""What a report says, as plain values: the ten chapters in the official order, and the hash of their facts.

Order and rules of the national report, version V2.0 (公共信用信息报告标准): facts only, no score and no grade; newest
first, numbered; an empty chapter says that nothing was found, an empty value prints "— —".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

#: Chapters one to nine and the catalogue classes they hold. Classes named nowhere belong to chapter nine.
CHAPTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("登记注册基础信息", ("registration",)),
    ("行政管理信息", ("administrative",)),
    ("诚实守信相关荣誉信息", ("honour",)),
    ("严重失信主体名单信息", ("serious-list",)),
    ("经营（活动）异常名录（状态）信息", ("abnormal-list",)),
    ("信用承诺信息", ("commitment",)),
    ("信用评价信息", ("evaluation",)),
    ("司法判决及执行信息", ("judicial",)),
    ("其他信息", ()),
)
#: The same titles in English, for pages; the report itself is Chinese.
CHAPTERS_EN = (
    "Registration",
    "Administrative acts",
    "Honours",
    "Serious lists",
    "Abnormal operation",
    "Commitments",
    "Evaluations",
    "Court judgments and enforcement",
    "Other",
)
ADVICE = "信用状况提升建议"
NUMERALS = "一二三四五六七八九十"
EMPTY = "查询期内无相关信息"
EMPTY_VALUE = "— —"
#: The summary's figures in the official order: label, English label, unit, and the tone of a count above zero.
_SUMMARY = (
    ("行政许可", "Licences", "条", "blue"),
    ("行政处罚", "Penalties", "条", "amber"),
    ("诚实守信", "Honours", "项", "blue"),
    ("严重失信主体名单", "Serious lists", "条", "red"),
    ("经营（活动）异常", "Abnormal operation", "条", "red"),
    ("信用承诺", "Commitments", "份", "blue"),
    ("信用评价", "Evaluations", "项", "blue"),
    ("司法判决及执行", "Court judgments", "条", "red"),
)
_NAMED = frozenset(category for _, categories in CHAPTERS for category in categories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record: its public fields as (label, value), and where it came from. ``clock``: period of publicity in words."""

    title: str
    severity: str
    pairs: tuple[tuple[str, str], ...]
    clock: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The records of one dataset. ``total`` may be larger than the records printed; the report then says so."""

    dataset: str
    title: str
    category: str
    adverse: bool
    total: int
    items: tuple[Item, ...]
    #: For datasets printed as a table: heads of its columns and one row an item; empty where items print as cards.
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter; ``number`` from one."""

    number: int
    title: str
    total: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Of whom the report speaks."""

    name: str
    code: str
    code_label: str
    kind: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A department behind the report: what it delivered for this subject, and when last."""

    department: str
    resources: str
    records: int
    received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything printed that is a fact; what changes with the moment of printing (number, time, advice) is not here."""

    subject: Subject
    chapters: tuple[Chapter, ...]
    sources: tuple[Source, ...]
    advice: tuple[str, ...]

    def digest(self) -> str:
        """SHA-256 over subject and chapters one to nine. Equal digests mean: the report would say the same again."""
        facts = {"subject": asdict(self.subject), "chapters": [asdict(chapter) for chapter in self.chapters]}
        text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"xinyong-report-1\n" + text.encode()).hexdigest()

    def overview(self) -> list[dict[str, Any]]:
        """The eight figures of the summary (信用信息概要): labels, count, unit and tone."""
        by_number = {chapter.number: chapter for chapter in self.chapters}
        administrative = by_number[2].groups
        permits = sum(group.total for group in administrative if not group.adverse)
        penalties = sum(group.total for group in administrative if group.adverse)
        counts = (permits, penalties, *(by_number[number].total for number in range(3, 9)))
        return [
            {
                "label": label,
                "label_en": label_en,
                "count": count,
                "unit": unit,
                "tone": tone if tone == "blue" or count else "green",
            }
            for (label, label_en, unit, tone), count in zip(_SUMMARY, counts, strict=True)
        ]


def chapter_of(category: str) -> int:
    """Number of the chapter that holds a class of the catalogue."""
    return next((number for number, (_, own) in enumerate(CHAPTERS, start=1) if category in own), len(CHAPTERS))


def arrange(groups: Sequence[Group]) -> tuple[Chapter, ...]:
    """The groups in their chapters; penalties before permits in chapter two, as the official report has them."""
    chapters = []
    for number, (title, categories) in enumerate(CHAPTERS, start=1):
        own = [
            group
            for group in groups
            if (group.category in categories or (not categories and group.category not in _NAMED)) and group.total
        ]
        own.sort(key=lambda group: (not group.adverse, group.dataset))
        chapters.append(Chapter(number=number, title=title, total=sum(group.total for group in own), groups=tuple(own)))
    return tuple(chapters)


def printed(content: Content, frame: Mapping[str, Any]) -> dict[str, Any]:
    """What the template reads: the content and the ``frame`` of this one copy (number, times, issuer, code)."""
    return {
        **frame,
        "subject": asdict(content.subject),
        "overview": content.overview(),
        "chapters": [asdict(chapter) for chapter in content.chapters],
        "advice_title": ADVICE,
        "advice": list(content.advice),
        "sources": [asdict(source) for source in content.sources],
        "numerals": NUMERALS,
        "empty": EMPTY,
        "empty_value": EMPTY_VALUE,
    }
