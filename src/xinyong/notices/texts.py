"""Words of notices and documents, read from datapacks/notices/notices.yml. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a subscription chooses."""

    code: str
    zh: str
    en: str

    def text(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of notice and its words."""

    code: str
    group: str
    zh: str
    en: str
    body_zh: str
    body_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A document that goes with some acts of a kind of case."""

    code: str
    kind: str
    acts: tuple[str, ...]
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The whole file."""

    groups: Mapping[str, Group]
    kinds: Mapping[str, Kind]
    documents: Mapping[tuple[str, str], Template]


@cache
def packaged() -> Texts:
    """The words this release comes with."""
    text = (resources.files("xinyong.datapacks") / "notices" / "notices.yml").read_text("utf-8")
    loaded = yaml.safe_load(text)
    templates = [
        Template(**{**row, "acts": tuple(row["acts"]), "paragraphs": tuple(row["paragraphs"])})
        for row in loaded["documents"]
    ]
    groups = {row["code"]: Group(**row) for row in loaded["groups"]}
    kinds = {row["code"]: Kind(**row) for row in loaded["kinds"]}
    unknown = {kind.group for kind in kinds.values()} - set(groups)
    if unknown:
        raise ValueError(f"notices.yml: groups {sorted(unknown)} are not in the list")
    return Texts(
        groups=groups,
        kinds=kinds,
        documents={(template.kind, act): template for template in templates for act in template.acts},
    )


def filled(template: str, parameters: Mapping[str, Any]) -> str:
    """A text with its placeholders filled; one that is not given stays empty rather than hiding the notice."""
    return template.format_map(
        defaultdict(str, {key: "" if value is None else value for key, value in parameters.items()})
    )


def words(kind: str, parameters: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Title and body of a notice."""
    known = packaged().kinds.get(kind)
    if known is None:
        return kind, ""
    english = language == "en"
    return (
        filled(known.en if english else known.zh, parameters).strip(),
        filled(known.body_en if english else known.body_zh, parameters).strip(),
    )
