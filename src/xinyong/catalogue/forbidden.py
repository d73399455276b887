"""Kinds of information no dataset may have a field for (REF-03): rows of ``rules/forbidden-kinds.yml``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """One kind. ``words``: what names it; ``unless``: names in which a word means something else."""

    id: str
    zh: str
    en: str
    article: str
    words: tuple[str, ...]
    unless: tuple[str, ...]


@cache
def packaged() -> tuple[Forbidden, ...]:
    """The kinds this release knows."""
    text = (resources.files("xinyong.datapacks") / "rules" / "forbidden-kinds.yml").read_text(encoding="utf-8")
    return tuple(
        Forbidden(
            id=row["id"],
            zh=row["zh"],
            en=row["en"],
            article=row["article"],
            words=tuple(word.lower() for word in row["words"]),
            unless=tuple(word.lower() for word in row.get("except", ())),
        )
        for row in yaml.safe_load(text)["kinds"]
    )


def forbidden_kind(*names: str) -> Forbidden | None:
    """The kind a field of these names would be; None for one that may be kept."""
    for name in names:
        text = name.lower()
        for kind in packaged():
            if any(word in text for word in kind.words) and not any(word in text for word in kind.unless):
                return kind
    return None
