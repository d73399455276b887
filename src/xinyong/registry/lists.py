"""Open lists of the registry as data: kinds of numbers, of succession, of relations (``datapacks/registry``). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierType:
    """A kind of number. ``leads``: alone it may lead a row to its entity; ``ties``: register or anyone.

    ``fields``: catalogue fields that hold such a number, beside those an entry's subject names itself.
    """

    code: str
    zh: str
    en: str
    issuer_zh: str
    issuer_en: str
    leads: bool
    ties: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionKind:
    """``joins``: one subject under two codes, whose entries may be merged; ``ends``: the predecessor is no more.

    ``public``: whether the two files name each other to the public.
    """

    code: str
    zh: str
    en: str
    joins: bool
    forward_zh: str
    forward_en: str
    back_zh: str
    back_en: str
    ends: bool
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationKind:
    """``holder``: what the one side is called; ``share``: whether the relation carries one; ``public``: whether the public
    may see it."""

    code: str
    zh: str
    en: str
    holder_zh: str
    holder_en: str
    share: bool
    public: bool


#: In :attr:`EntryRule.numbers`: a number of any kind will do.
ANY_NUMBER = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRule:
    """What the law says of entering an entity of this kind by hand, from when to when, and where it says so.

    ``numbers``: kinds of number that suffice; ``name``: least characters of a name that suffices without one.
    """

    kind: str
    allowed: bool
    numbers: tuple[str, ...]
    name: int | None
    effective_from: date
    effective_until: date | None
    source: str
    article: str
    status: str
    refusal_zh: str
    refusal_en: str


def _rows(file: str, key: str) -> list[dict[str, Any]]:
    text = (resources.files("xinyong.datapacks") / "registry" / file).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)[key]
    return rows


@cache
def identifier_types() -> Mapping[str, IdentifierType]:
    """Kinds of numbers by code."""
    rows = (
        IdentifierType(**{**row, "fields": tuple(row.get("fields", ()))})
        for row in _rows("identifier-types.yml", "types")
    )
    return MappingProxyType({row.code: row for row in rows})


@cache
def succession_kinds() -> Mapping[str, SuccessionKind]:
    """Kinds of succession by code."""
    rows = (SuccessionKind(**row) for row in _rows("succession-kinds.yml", "kinds"))
    return MappingProxyType({row.code: row for row in rows})


@cache
def relation_kinds() -> Mapping[str, RelationKind]:
    """Kinds of relations by code."""
    rows = (RelationKind(**row) for row in _rows("relation-kinds.yml", "kinds"))
    return MappingProxyType({row.code: row for row in rows})


@cache
def entry_rules() -> tuple[EntryRule, ...]:
    """Rules of entry by hand, of all days."""
    return tuple(EntryRule(**{**row, "numbers": tuple(row["numbers"])}) for row in _rows("entry-by-hand.yml", "rules"))


def entry_rule(kind: str, on: date) -> EntryRule | None:
    """The rule in force on a day; None for a kind that is not taken."""
    for rule in entry_rules():
        until = rule.effective_until
        if rule.kind == kind and rule.effective_from <= on and (until is None or on <= until):
            return rule
    return None


def identifier_label(code: str, language: str) -> str:
    """The kind of number in words; the code itself for a kind that is not on the list."""
    known = identifier_types().get(code)
    return code if known is None else known.en if language == "en" else known.zh


@cache
def number_fields() -> Mapping[str, str]:
    """Catalogue field to the kind of number it holds, for kinds that may lead a row to its entity."""
    return MappingProxyType(
        {field: kind.code for kind in identifier_types().values() if kind.leads for field in kind.fields}
    )
