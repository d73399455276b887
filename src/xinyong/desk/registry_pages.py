"""What the registry's console pages show, and the reads behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.registry import actions, keys, lists, rules
from xinyong.registry import selectors as registry
from xinyong.registry.errors import EntityUnknown
from xinyong.registry.models import Act, Entity, Name
from xinyong.runtime import sql
from xinyong.runtime.pages import by_key

PAGE = 20
_KINDS = {
    Act.Kind.MERGE: ("归并", "Merge"),
    Act.Kind.SPLIT: ("拆分", "Split"),
    Act.Kind.SUCCESSION: ("登记承继", "Succession recorded"),
    Act.Kind.SUCCESSION_REVOKED: ("撤销承继", "Succession revoked"),
    Act.Kind.NUMBER: ("登记号码", "Number entered"),
    Act.Kind.NUMBER_MOVED: ("号码改属", "Number moved"),
    Act.Kind.RULE: ("名称认定规则", "Rule for a name"),
    Act.Kind.RULE_REVOKED: ("撤销名称规则", "Rule revoked"),
    Act.Kind.ENTITY: ("登记新主体", "Entity entered"),
}
_STATES = {
    Act.State.PROPOSED: ("待复核", "Needs a second person", "amber"),
    Act.State.IN_FORCE: ("有效", "In force", "green"),
    Act.State.REFUSED: ("复核不同意", "Refused", "grey"),
    Act.State.UNDONE: ("已撤销", "Taken back", "grey"),
}
_NAME_KINDS = {
    Name.Kind.REGISTERED: ("登记名称", "Registered"),
    Name.Kind.FORMER: ("曾用名", "Former"),
    Name.Kind.REPORTED: ("部门报送", "As reported"),
    Name.Kind.SHORT: ("简称", "Short"),
    Name.Kind.ENGLISH: ("英文名称", "English"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCard:
    """One registry entry in a preview: what names it, and what it holds."""

    entity_id: int
    key: str
    name: str
    code: str
    kind: str
    status: str
    place: str
    url: str
    members: int
    numbers: tuple[tuple[str, str], ...]
    records: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a merge would do: ``refusal`` when it may not; else the fingerprint to send with it."""

    member: EntryCard
    into: EntryCard
    refusal: str
    seen: str
    redirects: tuple[str, ...]
    total: int
    second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One act. ``can_decide``: this officer may be its second person."""

    number: int
    kind: str
    state: str
    state_label: str
    state_tone: str
    entity: str
    entity_url: str
    other: str
    other_url: str
    actor: str
    second: str
    reason: str
    evidence: str
    note: str
    at: datetime
    can_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActList:
    """A page of acts with the two entries looked up beside it."""

    rows: tuple[ActRow, ...]
    total: int
    page: int
    pages: int
    waiting: int
    member_key: str
    into_key: str
    preview: Preview | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionLine:
    """A succession as this entity sees it."""

    number: int
    words: str
    other: str
    other_url: str
    on: date | None
    basis: str
    delivered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntity:
    """All the registry knows of one entry: the officers' page."""

    card: EntryCard
    canonical: str
    canonical_url: str
    merged: tuple[tuple[str, str, int], ...]
    identifiers: tuple[tuple[str, str, str, str, str], ...]
    past_numbers: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[str, str, str, str], ...]
    successions: tuple[SuccessionLine, ...]
    relations: tuple[tuple[str, str, str, str, str], ...]
    relation_total: int
    acts: tuple[ActRow, ...]
    may_act: bool
    succession_kinds: tuple[tuple[str, str], ...]
    number_types: tuple[tuple[str, str], ...]


def entry(key: str) -> Entity:
    """The very entry of a code, number or public id. Raises EntityUnknown."""
    found = registry.found(key)
    if found is None:
        raise EntityUnknown(key=key.strip()[:60])
    return found


def _url(entity: Entity) -> str:
    return reverse("registry-entity", args=[registry.own_key(entity)])


def _counts(members: tuple[int, ...], language: str) -> tuple[tuple[str, int], ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("desk", "records_by_dataset"), {"entities": list(members)})
        return tuple((code, count) for code, count in cursor.fetchall())


def card(entity: Entity, language: str) -> EntryCard:
    """The entry with what it speaks for."""
    ids = registry.members(entity)
    numbers = [(lists.identifier_label(item.type, language), item.value) for item in registry.identifiers(entity)]
    return EntryCard(
        entity_id=entity.pk,
        key=registry.own_key(entity),
        name=entity.name,
        code=entity.credit_code or "",
        kind=entity.kind,
        status=entity.status,
        place=entity.place,
        url=_url(entity),
        members=len(ids),
        numbers=tuple(numbers),
        records=_counts(ids, language),
    )


def preview(member: Entity, into: Entity, language: str) -> Preview:
    """What merging the one into the other would change."""
    why = registry.merge_refusal(member, into)
    one, other = card(member, language), card(into, language)
    moved = [registry.own_key(item) for item in (member, *registry.merged_entries(member))]
    return Preview(
        member=one,
        into=other,
        refusal=rules.WORDS[why][1 if language == "en" else 0] if why is not None else "",
        seen=registry.fingerprint(member, into),
        redirects=tuple(moved),
        total=sum(count for _, count in (*one.records, *other.records)),
        second=actions.needs_second("merge"),
    )


def _act_row(act: Act, user: User, language: str, entities: dict[int, Entity]) -> ActRow:
    index = 1 if language == "en" else 0
    entity, other = entities.get(act.entity_id), entities.get(act.other_id or 0)

    def named(item: Entity | None) -> str:
        return (item.name or registry.own_key(item)) if item is not None else ""

    return ActRow(
        number=act.pk,
        kind=_KINDS[Act.Kind(act.kind)][index],
        state=act.state,
        state_label=_STATES[Act.State(act.state)][index],
        state_tone=_STATES[Act.State(act.state)][2],
        entity=named(entity) or str(act.detail.get("name", "")),
        entity_url=_url(entity) if entity else "",
        other=named(other),
        other_url=_url(other) if other else "",
        actor=act.actor,
        second=act.second,
        reason=act.reason,
        evidence=act.evidence,
        note=str(act.detail.get("note", "")),
        at=act.at,
        can_decide=act.state == Act.State.PROPOSED
        and act.actor != user.username
        and accounts.may(user, Right.REGISTRY_ACT),
    )


def _act_rows(acts: list[Act], user: User, language: str) -> tuple[ActRow, ...]:
    ids = {act.entity_id for act in acts} | {act.other_id for act in acts if act.other_id}
    entities = Entity.objects.in_bulk(list(ids))
    return tuple(_act_row(act, user, language, entities) for act in acts)


def act_list(user: User, member_key: str, into_key: str, page: int, language: str) -> ActList:
    """Acts, newest first, those that wait for a second person before the others; with a preview when two are named."""
    accounts.require(user, Right.REGISTRY_ACT)
    problem, shown = "", None
    if member_key or into_key:
        try:
            shown = preview(entry(member_key), entry(into_key), language)
        except EntityUnknown as error:
            problem = error.message(language)
    acts = Act.objects.all()
    total = acts.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    waiting = Act.objects.filter(state=Act.State.PROPOSED)
    listed = list(acts.order_by("-pk")[(page - 1) * PAGE : page * PAGE])
    first = [act for act in waiting.order_by("pk")[:PAGE] if act not in listed] if page == 1 else []
    return ActList(
        rows=_act_rows([*first, *listed], user, language),
        total=total,
        page=page,
        pages=pages,
        waiting=waiting.count(),
        member_key=member_key,
        into_key=into_key,
        preview=shown,
        problem=problem,
    )


def _day(moment: date | datetime | None) -> str:
    if moment is None:
        return ""
    return (timezone.localdate(moment) if isinstance(moment, datetime) else moment).isoformat()


def _succession_lines(entity: Entity, language: str) -> tuple[SuccessionLine, ...]:
    ids = set(registry.members(entity))
    lines = []
    for item in registry.successions(entity):
        kind = lists.succession_kinds()[item.kind]
        forward = item.predecessor_id in ids
        other = item.successor if forward else item.predecessor
        words = (kind.forward_en, kind.back_en) if language == "en" else (kind.forward_zh, kind.back_zh)
        lines.append(
            SuccessionLine(
                number=item.pk,
                words=words[0] if forward else words[1],
                other=other.name or registry.own_key(other),
                other_url=_url(other),
                on=item.effective_on,
                basis=item.basis,
                delivered="" if item.delivery_id is None else f"{item.delivery_id} · {item.source_row}",
            )
        )
    return tuple(lines)


def _relation_lines(entity: Entity, language: str) -> tuple[tuple[str, str, str, str, str], ...]:
    lines = []
    for kind in lists.relation_kinds().values():
        for held in (True, False):
            label = (kind.en if held else kind.holder_en) if language == "en" else (kind.zh if held else kind.holder_zh)
            for item in registry.relations(entity, held=held, kind=kind.code, limit=50):
                other = item.entity if held else item.holder
                share = f"{item.share.normalize():f}%" if item.share is not None else ""
                term = " – ".join(filter(None, (_day(item.valid_from), _day(item.valid_until))))
                lines.append((label, other.name or registry.own_key(other), _url(other), share, term))
    return tuple(lines)


def registry_entity(user: User, key: str, language: str) -> RegistryEntity:
    """Everything the registry holds of one entry. Raises EntityUnknown or RightMissing."""
    accounts.require(user, Right.REGISTRY_ACT)
    entity = entry(key)
    speaks = registry.canonical(entity)
    index = 1 if language == "en" else 0
    names = Name.objects.filter(entity_id__in=registry.members(entity)).order_by("kind", "-valid_from", "-since")[:200]
    acts = list(Act.objects.filter(Q(entity_id=entity.pk) | Q(other_id=entity.pk)).order_by("-pk")[:50])
    relations = _relation_lines(entity, language)
    return RegistryEntity(
        card=card(entity, language),
        canonical=(speaks.name or registry.own_key(speaks)) if speaks.pk != entity.pk else "",
        canonical_url=_url(speaks),
        merged=tuple(
            (item.name or registry.own_key(item), _url(item), item.pk) for item in registry.merged_entries(entity)
        ),
        identifiers=tuple(
            (
                lists.identifier_label(item.type, language),
                item.value,
                item.issuer,
                " – ".join(filter(None, (_day(item.valid_from), _day(item.valid_until)))),
                str(item.first_delivery_id) if item.first_delivery_id else f"act {item.act_id}",
            )
            for item in registry.identifiers(entity)
        ),
        past_numbers=tuple(
            (lists.identifier_label(item.type, language), item.value, _day(item.valid_until))
            for item in registry.former_numbers(entity)
        ),
        names=tuple(
            (
                item.name,
                _NAME_KINDS[Name.Kind(item.kind)][index],
                _day(item.valid_from) or _day(item.since),
                _day(item.valid_until) or _day(item.until),
            )
            for item in names
        ),
        successions=_succession_lines(entity, language),
        relations=relations,
        relation_total=sum(
            registry.relation_count(entity, held=held, kind=kind)
            for kind in lists.relation_kinds()
            for held in (True, False)
        ),
        acts=_act_rows(acts, user, language),
        may_act=True,
        succession_kinds=tuple(
            (code, item.en if index else item.zh) for code, item in lists.succession_kinds().items()
        ),
        number_types=tuple(
            (code, item.en if index else item.zh)
            for code, item in lists.identifier_types().items()
            if code != "credit_code"
        ),
    )


def acts_for_export(user: User) -> Iterator[dict[str, Any]]:
    """Every act, oldest first, for the export."""
    accounts.require(user, Right.REGISTRY_ACT)
    for act in by_key(Act.objects.all()):
        yield {
            "act": act.pk,
            "kind": act.kind,
            "state": act.state,
            "entity": keys.public_key(act.entity_id) if act.entity_id else "",
            "other": keys.public_key(act.other_id) if act.other_id else "",
            "undoes": act.undoes_id,
            "actor": act.actor,
            "second": act.second,
            "reason": act.reason,
            "evidence": act.evidence,
            "detail": act.detail,
            "at": timezone.localtime(act.at).isoformat(timespec="seconds"),
            "decided_at": timezone.localtime(act.decided_at).isoformat(timespec="seconds") if act.decided_at else "",
        }
