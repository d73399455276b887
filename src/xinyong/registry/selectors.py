"""Reads over entities: by code, number, public id, and exact name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from xinyong.registry import keys
from xinyong.registry.models import Entity, Identifier, Name
from xinyong.runtime import sql
from xinyong.standards import names
from xinyong.standards.credit_code_diagnosis import Diagnosis, diagnose

PAGE = 20
#: Entity numbers are bigint; pages beyond this one would overflow the offset and are empty.
_NUMBERS = 1 << 63
_LAST_PAGE = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One entity found. ``reason``: code, number, name, former, reported or prefix; ``via``: what matched."""

    entity: Entity
    reason: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found. ``diagnosis`` is set when the text looked like a code."""

    matches: tuple[Match, ...]
    total: int
    diagnosis: Diagnosis | None


class Moved(Exception):
    """The entity is known under another address now; ``key`` is the part of the new address."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def address_key(entity: Entity) -> str:
    """The entity's part of an address: its credit code, or its public id where it has none."""
    return entity.credit_code or keys.public_key(entity.pk)


def by_key(key: str) -> Entity | None:
    """The entity of an address. Raises Moved when another spelling is the permanent one."""
    if key != _storable(key):
        return None
    diagnosis = diagnose(key)
    entity = None
    if diagnosis.normalised:
        entity = Entity.objects.filter(credit_code=diagnosis.normalised).first()
    if entity is None:
        number = keys.entity_id(key)
        entity = Entity.objects.filter(pk=number).first() if number is not None and number < _NUMBERS else None
    if entity is None:
        identifier = Identifier.objects.select_related("entity").filter(value=key).first()
        entity = identifier.entity if identifier else None
    if entity is not None and address_key(entity) != key:
        raise Moved(address_key(entity))
    return entity


def identifiers(entity: Entity) -> list[Identifier]:
    """All numbers of an entity."""
    return list(Identifier.objects.filter(entity=entity).order_by("type", "value"))


def former_names(entity: Entity) -> list[Name]:
    """Names the entity was registered under before."""
    return list(Name.objects.filter(entity=entity, kind=Name.Kind.FORMER).order_by("-until"))


def search(text: str, page: int = 1) -> Found:
    """Entities by credit code, other number, exact name (present, former, reported) or the beginning of a name.

    Names are compared by their matching key, so width, brackets, spaces and traditional characters do not matter.
    """
    cleaned = _storable(text).strip()
    diagnosis = diagnose(cleaned) if _looks_like_code(cleaned) else None
    for value in {cleaned, (diagnosis.normalised or "") if diagnosis else ""} - {""}:
        identifier = Identifier.objects.select_related("entity").filter(value=value).first()
        if identifier is not None:
            reason = "code" if identifier.type == Identifier.Type.CREDIT_CODE else "number"
            return Found(
                matches=(Match(entity=identifier.entity, reason=reason, via=value),), total=1, diagnosis=diagnosis
            )
    key = names.matching_key(cleaned)
    if not key:
        return Found(matches=(), total=0, diagnosis=diagnosis)
    rows = _rows(key, page) if page <= _LAST_PAGE else []
    entities = Entity.objects.in_bulk([row[0] for row in rows])
    matches = tuple(Match(entity=entities[row[0]], reason=row[1], via=row[2]) for row in rows)
    counted = rows or (_rows(key, 1) if page > 1 else [])  # a page beyond the last one still has a total
    return Found(matches=matches, total=int(counted[0][3]) if counted else 0, diagnosis=diagnosis)


def _storable(text: str) -> str:
    """Without NUL and half surrogates: no stored text has them, and the database takes neither."""
    return "".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff")


def _looks_like_code(text: str) -> bool:
    compact = text.replace(" ", "").replace("-", "")
    ascii_share = sum(char.isascii() or "０" <= char <= "ｚ" for char in compact)
    return 8 <= len(compact) <= 24 and ascii_share == len(compact) and any(char.isdigit() for char in compact)


def _rows(key: str, page: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("registry", "search_names"),
            {"key": key, "after": key + "\U0010ffff", "limit": PAGE, "offset": (page - 1) * PAGE},
        )
        return list(cursor.fetchall())
