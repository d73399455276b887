"""Reads over entities: by code, number, public id, and exact name; and which entries speak for which."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.utils import timezone

from xinyong.registry import keys, lists, rules
from xinyong.registry.models import Entity, FormerHolder, Identifier, Name, Relation, Succession
from xinyong.registry.search import anatomy, find, listing, words
from xinyong.standards import credit_code, entity_types
from xinyong.standards.credit_code_diagnosis import Diagnosis, diagnose

PAGE = 20
#: Entity numbers are bigint; pages beyond this one would overflow the offset and are empty.
_NUMBERS = 1 << 63
_LAST_PAGE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One entity found. ``via``: the number or name that matched, of kind ``name_kind`` (registered, former …).

    ``reason``: code, number, or a kind of agreement of ``registry.search.words``; ``wrote`` and ``meant``: what was
    corrected into what; ``span``: which part of ``via`` answers the query (start, length), (-1, 0) when not one part.
    """

    entity: Entity
    reason: str
    via: str
    name_kind: str = "registered"
    wrote: str = ""
    meant: str = ""
    span: tuple[int, int] = (-1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found. ``diagnosis`` is set when the text looked like a code.

    ``offers``: entities whose code is one slip from what was typed. ``capped``: there are more than ``total`` says.
    ``tried``: codes of the look-ups made.
    """

    matches: tuple[Match, ...]
    total: int
    diagnosis: Diagnosis | None
    offers: tuple[Match, ...] = ()
    capped: bool = False
    tried: tuple[str, ...] = ()
    facets: tuple[find.Facet, ...] = ()


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
    if entity is None:
        return None
    entity = canonical(entity)
    if address_key(entity) != key:
        raise Moved(address_key(entity))
    return entity


def found(key: str) -> Entity | None:
    """The very entry of a code, number or public id, merged or not: for officers and commands."""
    key = key.strip()
    try:
        return by_key(key)
    except Moved:
        pass
    diagnosis = diagnose(key)
    own = Entity.objects.filter(credit_code=diagnosis.normalised).first() if diagnosis.normalised else None
    number = keys.entity_id(key)
    if own is None and number is not None and number < _NUMBERS:
        own = Entity.objects.filter(pk=number).first()
    if own is None:
        identifier = Identifier.objects.select_related("entity").filter(value=key).first()
        own = identifier.entity if identifier else None
    return own


def own_key(entity: Entity) -> str:
    """What names this very entry in acts: its credit code or its public id."""
    return entity.credit_code or keys.public_key(entity.pk)


def root_id(entity: Entity) -> int:
    """The id of the entry that speaks for this one."""
    return entity.canonical_id or entity.pk


def canonical(entity: Entity) -> Entity:
    """The entry that speaks for this one; itself when it was not merged."""
    return entity if entity.canonical_id is None else Entity.objects.get(pk=entity.canonical_id)


def canonicals(entity_ids: Iterable[int]) -> dict[int, int]:
    """Entity id to the id that speaks for it; for lists that must show a merged entity once."""
    wanted = list(entity_ids)
    return {
        pk: canonical_id or pk
        for pk, canonical_id in Entity.objects.filter(pk__in=wanted).values_list("pk", "canonical_id")
    }


def members(entity: Entity) -> tuple[int, ...]:
    """Ids of every entry this one speaks for, its own first. Every read of records goes through this one function.

    Records keep the id they came under, so a page or a report of an entity reads those of all its members. Asked once for
    an object: a page asks a dozen times.
    """
    held: tuple[int, ...] | None = entity.__dict__.get("_members")
    if held is None:
        others = Entity.objects.filter(canonical_id=entity.pk).order_by("pk").values_list("pk", flat=True)
        held = entity.__dict__["_members"] = (entity.pk, *others)
    return held


def merged_entries(entity: Entity) -> list[Entity]:
    """The entries this one speaks for, without itself."""
    return list(Entity.objects.filter(canonical_id=entity.pk).order_by("pk"))


def group(entity: Entity) -> rules.Group:
    """The entry that speaks, everything merged into it, and the credit codes among them."""
    root = canonical(entity)
    entries = [root, *merged_entries(root)]
    return rules.Group(
        speaks=root.pk,
        members=tuple(item.pk for item in entries),
        codes={item.pk: item.credit_code for item in entries if item.credit_code},
    )


def _joins(ids: Iterable[int]) -> set[tuple[int, int]]:
    kinds = [kind.code for kind in lists.succession_kinds().values() if kind.joins]
    wanted = list(ids)
    rows = Succession.objects.filter(
        kind__in=kinds, revoked_by=None, predecessor__in=wanted, successor__in=wanted
    ).values_list("predecessor_id", "successor_id")
    return set(rows)


def merge_refusal(member: Entity, into: Entity) -> rules.Refusal | None:
    """Why the one may not be merged into the other; None when it may."""
    one, other = group(member), group(into)
    return rules.refusal(one, other, (member.pk, into.pk), _joins((*one.members, *other.members)))


def fingerprint(member: Entity, into: Entity) -> str:
    """What a preview of a merge rests on: equal only while members, codes and joining successions are the same."""
    one, other = group(member), group(into)
    joins = sorted(_joins((*one.members, *other.members)))
    text = repr((one.speaks, one.members, sorted(one.codes.items()), other.speaks, other.members,
                 sorted(other.codes.items()), joins, member.pk, into.pk))  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def normalised_number(value: str) -> str:
    """A number as it is kept: half width, upper case, without spaces; an organisation code without its hyphen."""
    folded = credit_code.normalise(value).text
    return folded.replace("-", "") if len(folded) == 10 and folded[8:9] == "-" else folded


def identifiers(entity: Entity) -> list[Identifier]:
    """All numbers that lead to an entity, those of the entries it speaks for included."""
    return list(Identifier.objects.filter(entity_id__in=members(entity)).order_by("type", "value"))


def former_numbers(entity: Entity) -> list[FormerHolder]:
    """Numbers that led to the entity and lead elsewhere now."""
    return list(FormerHolder.objects.filter(entity_id__in=members(entity)).order_by("type", "value", "valid_until"))


def former_names(entity: Entity) -> list[Name]:
    """Names the entity was registered under before, newest first, those of the entries it speaks for included.

    The registered name of a merged entry is a former name of the whole where it differs from the present one.
    """
    rows = Name.objects.filter(
        entity_id__in=members(entity), kind__in=[Name.Kind.FORMER, Name.Kind.REGISTERED]
    ).order_by("-valid_until", "-until", "pk")
    kept: dict[str, Name] = {}
    for row in rows:
        current = row.kind == Name.Kind.REGISTERED and row.entity_id == entity.pk
        if not current and row.name_key != entity.name_key:
            kept.setdefault(row.name, row)
    return sorted(kept.values(), key=lambda row: (row.valid_until or _day(row.until) or date.max, row.pk), reverse=True)


def _day(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment is not None else None


def successions(entity: Entity) -> list[Succession]:
    """Recorded successions in force that touch the entity, oldest first."""
    ids = members(entity)
    return list(
        Succession.objects.select_related("predecessor", "successor")
        .filter(models.Q(predecessor__in=ids) | models.Q(successor__in=ids), revoked_by=None)
        .order_by("effective_on", "pk")
    )


def relations(entity: Entity, *, held: bool, kind: str, limit: int = 200) -> list[Relation]:
    """Relations of one kind in which the entity is the holder (its branches, its investments) or the held side."""
    ids = members(entity)
    side = {"holder__in": ids} if held else {"entity__in": ids}
    rows = Relation.objects.select_related("holder", "entity").filter(kind=kind, **side)
    return list(rows.order_by("-share", "valid_from", "pk")[:limit])


def relation_count(entity: Entity, *, held: bool, kind: str) -> int:
    """How many there are in all; an entity may have thousands."""
    ids = members(entity)
    side = {"holder__in": ids} if held else {"entity__in": ids}
    return Relation.objects.filter(kind=kind, **side).count()


def relations_by_side(
    entity: Entity, kinds: Collection[str], *, limit: int
) -> dict[tuple[str, bool], tuple[list[Relation], int]]:
    """Relations by kind and side (True: the entity is the holder): the first of them, and how many there are in all.

    Most entities have none, so what there is is counted in two questions and only that is read.
    """
    ids = members(entity)
    found: dict[tuple[str, bool], tuple[list[Relation], int]] = {}
    for held, side in ((True, {"holder__in": ids}), (False, {"entity__in": ids})):
        counts = Relation.objects.filter(kind__in=kinds, **side).values_list("kind").annotate(models.Count("pk"))
        for kind, total in counts.order_by("kind"):
            rows = Relation.objects.select_related("holder", "entity").filter(kind=kind, **side)
            found[kind, held] = (list(rows.order_by("-share", "valid_from", "pk")[:limit]), total)
    return found


def search(
    text: str, page: int = 1, size: int = PAGE, chosen: Mapping[str, str] | None = None, *, facets: bool = False
) -> Found:
    """Entities by credit code, other number, or name: any part, short form, pinyin, and with one slip.

    Names are compared by their matching key, so width, brackets, spaces and traditional characters do not matter.
    Corrections are looked for only where few names have the text in them and none is it as a whole. A merged entry is found once, under the
    entry that speaks for it. ``chosen`` narrows the list (kind, status, place), ``facets`` asks what it can be narrowed by.
    """
    cleaned = _storable(text).strip()
    diagnosis = diagnose(cleaned) if _looks_like_code(cleaned) else None
    for value in {cleaned, (diagnosis.normalised or "") if diagnosis else ""} - {""}:
        identifier = Identifier.objects.select_related("entity").filter(value=value).first()
        if identifier is not None:
            reason = "code" if identifier.type == Identifier.Type.CREDIT_CODE else "number"
            return Found(
                matches=(Match(entity=canonical(identifier.entity), reason=reason, via=value),),
                total=1,
                diagnosis=diagnosis,
            )
    if page > _LAST_PAGE:
        page = _LAST_PAGE
    listed = listing.page(cleaned, page, size, chosen, facets=facets)
    entities = Entity.objects.in_bulk([hit.entity_id for hit in listed.hits])
    return Found(
        matches=tuple(_match(entities[hit.entity_id], hit) for hit in listed.hits),
        total=listed.total,
        diagnosis=diagnosis,
        offers=_offers(diagnosis) if not listed.total else (),
        capped=listed.capped,
        tried=listed.tried,
        facets=listed.facets,
    )


def _match(entity: Entity, hit: find.Hit) -> Match:
    reason = words.code_of(hit.reason)
    begin, length = hit.reason.span
    places = anatomy.places(hit.name)
    span = (-1, 0)
    if begin >= 0 and length and begin + length <= len(places):
        span = (places[begin], places[begin + length - 1] + 1 - places[begin])
    return Match(
        entity=entity,
        reason=reason,
        via=hit.name,
        name_kind=hit.kind,
        wrote=hit.reason.wrote,
        meant=hit.reason.meant,
        span=span,
    )


def _offers(diagnosis: Diagnosis | None) -> tuple[Match, ...]:
    """Entities whose code is one slip from the text that looked like a code: by check characters and by look-up."""
    if diagnosis is None or diagnosis.valid or not diagnosis.normalised:
        return ()
    codes = dict.fromkeys([diagnosis.repaired, *(item.code for item in diagnosis.candidates)])
    known = Identifier.objects.select_related("entity").filter(
        type=Identifier.Type.CREDIT_CODE, value__in=[code for code in codes if code]
    )
    return tuple(
        Match(
            entity=canonical(item.entity), reason="code", via=item.value, wrote=diagnosis.normalised, meant=item.value
        )
        for item in sorted(known, key=lambda item: list(codes).index(item.value))
    )


def _storable(text: str) -> str:
    """Without NUL and half surrogates: no stored text has them, and the database takes neither."""
    return "".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff")


def _looks_like_code(text: str) -> bool:
    compact = text.replace(" ", "").replace("-", "")
    ascii_share = sum(char.isascii() or "０" <= char <= "ｚ" for char in compact)
    return 8 <= len(compact) <= 24 and ascii_share == len(compact) and any(char.isdigit() for char in compact)


def unknown_statuses() -> list[tuple[str, int]]:
    """Registration statuses held that the list does not know, with how many entities bear each: an alarm.

    Until the list has them they mean nothing; above all they never mean that an entity is in operation.
    """
    counted = Entity.objects.exclude(status="").values_list("status").annotate(models.Count("pk")).order_by("status")
    return [(status, count) for status, count in counted if entity_types.registration_status(status) is None]
