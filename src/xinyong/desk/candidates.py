"""Whom may a returned row mean? The numbers in it, then its name; each candidate says in words what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinyong.registry import candidates as by_name
from xinyong.registry import lists
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity, Identifier

#: As many as there are keys to choose them.
MOST = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An entry that speaks for itself, with what speaks for and against it, (zh, en, against)."""

    entity: Entity
    grounds: tuple[tuple[str, str, bool], ...]


def suggest(name: str, numbers: Mapping[str, str], code: str, place: str) -> tuple[Suggestion, ...]:
    """Up to nine candidates: first those a number of the row leads to, then those of a like name, best first."""
    grounds: dict[int, list[tuple[str, str, bool]]] = {}
    for kind, value in numbers.items():
        for held in Identifier.objects.filter(type=kind, value=value):
            zh, en = lists.identifier_label(kind, "zh"), lists.identifier_label(kind, "en")
            grounds.setdefault(held.entity_id, []).append((f"{zh}指向该主体", f"The {en.lower()} leads here", False))
        if kind == "organisation_code":
            for entity in Entity.objects.extra(where=["substring(credit_code, 9, 9) = %s"], params=[value]):
                grounds.setdefault(entity.pk, []).append(
                    (
                        "统一社会信用代码第9至17位即行中的组织机构代码",
                        "Positions 9 to 17 of its credit code are the organisation code",
                        False,
                    )
                )
    if name:
        for item in by_name.candidates(name, code=code or None, place=place or None, k=MOST):
            found = grounds.setdefault(item.entity_id, [])
            found.extend((ground.zh, ground.en, ground.against) for ground in item.grounds)
    speaks = registry.canonicals(grounds)
    merged: dict[int, list[tuple[str, str, bool]]] = {}
    for entity_id, found in grounds.items():
        kept = merged.setdefault(speaks.get(entity_id, entity_id), [])
        kept.extend(item for item in found if item not in kept)
    entities = Entity.objects.in_bulk(list(merged)[:MOST])
    return tuple(
        Suggestion(entity=entities[pk], grounds=tuple(found))
        for pk, found in list(merged.items())[:MOST]
        if pk in entities
    )
