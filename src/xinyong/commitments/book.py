"""Kinds, texts, excluded matters and consequences as data (``datapacks/commitments``). Pure: no Django.

A text that promises or asks for what nobody may ask for cannot be loaded; neither can a matter an officer types be offered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from xinyong.commitments.errors import CommitmentsInvalid

#: The value of the dataset for commitments that are signed within an application for repair, in the room of remedies.
REPAIR = "信用修复型"
PLACEHOLDERS = ("firm", "code", "matter", "department", "papers", "complete_by", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A value with its words."""

    code: str
    zh: str
    en: str

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Word):
    """A kind of commitment. ``begun_by``: department or firm; ``clean``: not for a subject with an unrepaired breach."""

    value: str
    about_zh: str
    about_en: str
    begun_by: str
    clean: bool
    ruled_out: bool
    completes: bool
    publication: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to sign, one version of it. ``check_days`` None: exempt from a check; ``completion_days``: for missing papers."""

    code: str
    version: str
    kind: str
    effective_from: date
    effective_until: date | None
    organs: tuple[str, ...]
    title: str
    title_en: str
    matter: str
    term_months: int | None
    check_days: int | None
    completion_days: int | None
    content: tuple[str, ...]
    liability: str
    certainty: str
    status: str
    digest: str

    def in_force(self, day: date) -> bool:
        """Whether it can be signed on this day."""
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)

    def offered_by(self, organ: str) -> bool:
        """Whether a department of this name may offer it."""
        return not self.organs or any(word in organ for word in self.organs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Never(Word):
    """What is never asked for, and the words by which a text gives it away."""

    words: tuple[str, ...]
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence(Word):
    """What follows from a breach that was found. ``grave``: only where the result is grave."""

    source: str
    source_en: str
    article: str
    grave: bool
    certainty: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything of the data."""

    version: str
    kinds: Mapping[str, Kind]
    elsewhere: tuple[Mapping[str, str], ...]
    publicity_types: tuple[str, ...]
    excluded: tuple[Word, ...]
    excluded_basis: Mapping[str, str]
    never: tuple[Never, ...]
    consequences: Mapping[str, Consequence]
    texts: tuple[Text, ...]

    def text(self, code: str, day: date) -> Text | None:
        """The version of a text that can be signed on a day."""
        return next((text for text in self.texts if text.code == code and text.in_force(day)), None)

    def version_of(self, code: str, version: str) -> Text | None:
        """One version of a text, also one that is not signed any more."""
        return next((text for text in self.texts if (text.code, text.version) == (code, version)), None)

    def forbidden(self, words: str) -> Never | None:
        """What these words ask for though nobody may; None when nothing."""
        return next((row for row in self.never if any(word in words for word in row.words)), None)


def _read(name: str) -> Any:
    text = (resources.files("xinyong.datapacks") / "commitments" / name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def book() -> Book:
    """The packaged data. Raises CommitmentsInvalid."""
    return parse(_read("kinds.yml"), _read("texts.yml"))


def _text(row: Mapping[str, Any]) -> Text:
    said = json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)
    return Text(
        **{
            **row,
            "organs": tuple(row["organs"]),
            "content": tuple(row["content"]),
            "digest": hashlib.sha256(said.encode()).hexdigest()[:16],
        }
    )


def parse(loaded: Mapping[str, Any], texts: Mapping[str, Any]) -> Book:
    """The book from its files. Raises CommitmentsInvalid with every mistake."""
    made = Book(
        version=str(loaded["version"]),
        kinds=MappingProxyType({row["code"]: Kind(**row) for row in loaded["kinds"]}),
        elsewhere=tuple(loaded["elsewhere"]),
        publicity_types=tuple(loaded["publicity_types"]),
        excluded=tuple(Word(**row) for row in loaded["excluded"]),
        excluded_basis=MappingProxyType(loaded["excluded_basis"]),
        never=tuple(Never(**{**row, "words": tuple(row["words"])}) for row in loaded["never_asked"]),
        consequences=MappingProxyType({row["code"]: Consequence(**row) for row in loaded["consequences"]}),
        texts=tuple(_text(row) for row in texts["texts"]),
    )
    mistakes = _mistakes(made)
    if mistakes:
        raise CommitmentsInvalid(
            mistakes_zh="；".join(f"{where}：{zh}" for where, zh, _ in mistakes),
            mistakes_en="; ".join(f"{where}: {en}" for where, _, en in mistakes),
        )
    return made


def _mistakes(made: Book) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for kind in made.kinds.values():
        if not kind.article or not kind.source:
            found.append((kind.code, "没有依据", "it has no basis"))
        if kind.begun_by not in ("department", "firm") or kind.publication not in ("choice", "never"):
            found.append((kind.code, "begun_by 或 publication 不对", "begun_by or publication is not known"))
    for text in made.texts:
        where = f"{text.code} {text.version}"
        if text.kind not in made.kinds:
            found.append((where, f"没有类型 {text.kind}", f"there is no kind {text.kind}"))
            continue
        never = made.forbidden("".join((*text.content, text.liability, text.matter)))
        if never is not None:
            found.append((where, f"承诺书不得写入：{never.zh}（{never.article}）", f"it asks for: {never.en}"))
        if made.kinds[text.kind].completes != (text.completion_days is not None):
            found.append(
                (where, "容缺受理须有补齐期限，其他类型没有", "papers missing need their time, others have none")
            )
        if text.effective_until is not None and text.effective_until < text.effective_from:
            found.append((where, "止期早于起期", "it ends before it begins"))
        if not text.content or not text.liability:
            found.append((where, "没有承诺内容或者违诺责任", "content or liability is missing"))
        for other in made.texts:
            if other is not text and other.code == text.code and other.in_force(text.effective_from):
                found.append((where, "同一天有两个版本", "two versions hold on one day"))
    return found


def filled(text: Text, given: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Content and liability with their placeholders filled; an unknown brace stays as it is."""

    def fill(line: str) -> str:
        for name in PLACEHOLDERS:
            line = line.replace("{" + name + "}", given.get(name, ""))
        return line

    return tuple(fill(line) for line in text.content), fill(text.liability)
