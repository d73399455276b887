"""The only writers of acts on the registry. Each names the officer, the reason and the evidence, and has an inverse.

Acts are rare and their order matters, so they stand in one line (an advisory lock): of two at once the first wins and
the second is told what has changed. Evidence is never rewritten: a merge only says which entry speaks for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.registry import lists, rules, selectors
from xinyong.registry.errors import ActOvertaken, ActRefused, ActUnknown, MergeRefused
from xinyong.registry.models import Act, Entity, FormerHolder, Identifier, Name, NamingRule, Succession
from xinyong.runtime import config, sql
from xinyong.standards import names

#: Acts stand in line for this advisory lock.
_ACT_LOCK = 0x0D33


def needs_second(kind: str) -> bool:
    """Whether the operator asks for a second person for this kind of deed (XINYONG_SECOND_PERSON)."""
    wanted = {part.strip() for part in str(config.get("XINYONG_SECOND_PERSON")).split(",")}
    return kind in wanted


def _in_line(user: User) -> None:
    accounts.require(user, Right.REGISTRY_ACT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_ACT_LOCK,))


def _explained(reason: str, evidence: str) -> tuple[str, str]:
    reason, evidence = reason.strip(), evidence.strip()
    if not reason or not evidence:
        raise ActRefused(
            why_zh="须写明理由和依据（文书名称、文号、日期或其他可核对的材料）",
            why_en="a reason and the evidence (document, number, date) must be given",
        )
    return reason, evidence


def _entity(entity_id: int) -> Entity:
    found = Entity.objects.filter(pk=entity_id).first()
    if found is None:
        raise ActUnknown(number=entity_id)
    return found


def _act(
    kind: Act.Kind, user: User, entity: Entity, other: Entity | None, reason: str, evidence: str, **detail: Any
) -> Act:
    waits = needs_second(kind.value)
    return Act.objects.create(
        kind=kind,
        state=Act.State.PROPOSED if waits else Act.State.IN_FORCE,
        entity_id=entity.pk,
        other_id=other.pk if other else None,
        actor=user.username,
        reason=reason,
        evidence=evidence,
        detail=detail,
        at=timezone.now(),
    )


def _note(user: User, deed: str, act: Act) -> None:
    audit.record(
        actor=user.username,
        deed=f"registry.{deed}",
        target=f"act {act.pk}",
        purpose=act.reason[:200],
        detail={"kind": act.kind, "state": act.state, "entity": act.entity_id, "other": act.other_id, **act.detail},
    )


def _begin(user: User, act: Act) -> Act:
    """Put a fresh act into force, or leave it to the second person."""
    if act.state == Act.State.IN_FORCE:
        _APPLY[act.kind](act)
    _note(user, "done" if act.state == Act.State.IN_FORCE else "proposed", act)
    return act


@transaction.atomic
def merge(user: User, member_id: int, into_id: int, *, reason: str, evidence: str, seen: str = "") -> Act:
    """Say that entry ``member_id`` is the same entity as ``into_id``, which speaks for both from now on.

    ``seen``: the fingerprint of the preview the officer looked at; when it is no longer true nothing is done.
    Raises MergeRefused, ActOvertaken, ActRefused, RightMissing.
    """
    reason, evidence = _explained(reason, evidence)
    _in_line(user)
    member, into = _entity(member_id), _entity(into_id)
    if seen and seen != selectors.fingerprint(member, into):
        raise ActOvertaken(
            why_zh="两个条目的归并关系、代码或承继记录与预览时不同",
            why_en="merges, codes or successions of the two are not as they were in the preview",
        )
    _check_merge(member, into)
    waiting = Act.objects.filter(kind=Act.Kind.MERGE, state=Act.State.PROPOSED, entity_id=member.pk).first()
    if waiting is not None:
        raise ActOvertaken(
            why_zh=f"{waiting.actor} 已提出归并（第 {waiting.pk} 号），等待复核",
            why_en=f"{waiting.actor} proposed a merge (act {waiting.pk}) that waits for a second person",
        )
    return _begin(user, _act(Act.Kind.MERGE, user, member, into, reason, evidence, **_named(member, into)))


def _named(member: Entity, into: Entity) -> dict[str, Any]:
    return {"key": selectors.own_key(member), "other_key": selectors.own_key(into)}


def _check_merge(member: Entity, into: Entity) -> None:
    why = selectors.merge_refusal(member, into)
    if why is not None:
        zh, en = rules.WORDS[why]
        raise MergeRefused(
            member=member.name or selectors.own_key(member),
            into=into.name or selectors.own_key(into),
            why_zh=zh,
            why_en=en,
            refusal=why.value,
        )


def _apply_merge(act: Act) -> None:
    member, into = _entity(act.entity_id), _entity(act.other_id or 0)
    _check_merge(member, into)
    Entity.objects.filter(pk=member.pk).update(merged_into_id=into.pk)
    _refresh(into.pk)


def _refresh(*roots: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("registry", "refresh_members"), {"roots": list(roots)})


def link_of(member_id: int) -> Act | None:
    """The merge in force that ties this entry to another."""
    return (
        Act.objects.filter(kind=Act.Kind.MERGE, state=Act.State.IN_FORCE, entity_id=member_id).order_by("-pk").first()
    )


@transaction.atomic
def split(user: User, member_id: int, *, reason: str, evidence: str) -> Act:
    """Take back the merge of this entry: it speaks for itself again, with everything that was merged into it."""
    reason, evidence = _explained(reason, evidence)
    _in_line(user)
    member = _entity(member_id)
    link = link_of(member.pk)
    if member.merged_into_id is None or link is None:
        raise ActOvertaken(
            why_zh=f"「{member.name or selectors.own_key(member)}」没有并入别的条目，或已由他人拆分",
            why_en=f"'{member.name or selectors.own_key(member)}' is not merged into another entry, or was split already",
        )
    into = _entity(member.merged_into_id)
    act = _act(Act.Kind.SPLIT, user, member, into, reason, evidence, **_named(member, into))
    act.undoes_id = link.pk
    act.save(update_fields=["undoes_id"])
    return _begin(user, act)


def _apply_split(act: Act) -> None:
    member = _entity(act.entity_id)
    undone = Act.objects.filter(pk=act.undoes_id or 0, state=Act.State.IN_FORCE).update(state=Act.State.UNDONE)
    if not undone:
        raise ActOvertaken(why_zh="这次归并已被撤销", why_en="the merge was taken back already")
    Entity.objects.filter(pk=member.pk).update(merged_into_id=None)
    _refresh(member.pk)


@transaction.atomic
def decide(user: User, act_id: int, *, agree: bool, note: str = "") -> Act:
    """The second person confirms or refuses a proposed act. Raises ActRefused when it is the same person."""
    _in_line(user)
    act = Act.objects.select_for_update().filter(pk=act_id).first()
    if act is None:
        raise ActUnknown(number=act_id)
    if act.state != Act.State.PROPOSED:
        raise ActOvertaken(
            why_zh=f"第 {act.pk} 号已由 {act.second or act.actor} 办结", why_en=f"act {act.pk} was decided already"
        )
    if act.actor == user.username:
        raise ActRefused(
            why_zh="提出人与复核人不能是同一人", why_en="the person who proposed it cannot be the second person"
        )
    act.second = user.username
    act.decided_at = timezone.now()
    act.state = Act.State.IN_FORCE if agree else Act.State.REFUSED
    act.detail = {**act.detail, "note": note.strip()[:500]} if note.strip() else act.detail
    act.save(update_fields=["second", "decided_at", "state", "detail"])
    if agree:
        _APPLY[act.kind](act)
    _note(user, "confirmed" if agree else "refused", act)
    return act


@transaction.atomic
def record_succession(
    user: User,
    kind: str,
    predecessor_id: int,
    successor_id: int,
    *,
    effective_on: date | None,
    reason: str,
    evidence: str,
) -> Act:
    """Record that one entity follows another. Both stay what they are; their files name each other."""
    reason, evidence = _explained(reason, evidence)
    if kind not in lists.succession_kinds():
        known = "、".join(lists.succession_kinds())
        raise ActRefused(
            why_zh=f"没有承继类型「{kind}」，可用：{known}", why_en=f"unknown kind '{kind}'; known: {known}"
        )
    _in_line(user)
    before, after = _entity(predecessor_id), _entity(successor_id)
    if before.pk == after.pk:
        raise ActRefused(why_zh="承继双方不能是同一条目", why_en="an entry cannot follow itself")
    known_one = Succession.objects.filter(kind=kind, predecessor=before, successor=after, revoked_by=None).exists()
    if known_one:
        raise ActOvertaken(why_zh="这一承继已有记录", why_en="this succession is recorded already")
    day = effective_on.isoformat() if effective_on else ""
    facts = {"succession": kind, "effective_on": day, **_named(before, after)}
    return _begin(user, _act(Act.Kind.SUCCESSION, user, before, after, reason, evidence, **facts))


def _apply_succession(act: Act) -> None:
    day = str(act.detail.get("effective_on") or "")
    Succession.objects.create(
        kind=act.detail["succession"],
        predecessor_id=act.entity_id,
        successor_id=act.other_id or 0,
        effective_on=date.fromisoformat(day) if day else None,
        basis=act.evidence,
        act_id=act.pk,
    )


@transaction.atomic
def revoke_succession(user: User, succession_id: int, *, reason: str, evidence: str) -> Act:
    """Take back a recorded succession. Refused while a merge rests on it."""
    reason, evidence = _explained(reason, evidence)
    _in_line(user)
    held = Succession.objects.filter(pk=succession_id, revoked_by=None).first()
    if held is None:
        raise ActOvertaken(why_zh="这一承继不存在或已撤销", why_en="there is no such succession in force")
    before, after = _entity(held.predecessor_id), _entity(held.successor_id)
    facts = {"succession": held.kind, "succession_id": held.pk, **_named(before, after)}
    return _begin(user, _act(Act.Kind.SUCCESSION_REVOKED, user, before, after, reason, evidence, **facts))


def _apply_succession_revoked(act: Act) -> None:
    held = Succession.objects.get(pk=act.detail["succession_id"])
    before, after = _entity(held.predecessor_id), _entity(held.successor_id)
    if lists.succession_kinds()[held.kind].joins and selectors.root_id(before) == selectors.root_id(after):
        raise ActRefused(
            why_zh="两个条目正以这一承继为依据归并，请先拆分",
            why_en="a merge rests on this succession; split the entries first",
        )
    Succession.objects.filter(pk=held.pk, revoked_by=None).update(revoked_by=act.pk)


@transaction.atomic
def enter_number(
    user: User,
    entity_id: int,
    type_: str,
    value: str,
    *,
    reason: str,
    evidence: str,
    valid_from: date | None = None,
    issuer: str = "",
) -> Act:
    """Enter a number into the crosswalk, or move one that leads to another entity: from ``valid_from`` it leads here.

    A credit code is never entered or moved by hand: it comes from the register. Moving needs the day.
    """
    reason, evidence = _explained(reason, evidence)
    value = selectors.normalised_number(value)
    kind = lists.identifier_types().get(type_)
    if kind is None or type_ == Identifier.Type.CREDIT_CODE or not value or len(value) > 50:
        raise ActRefused(
            why_zh="号码类型不在清单中、号码为空或过长；统一社会信用代码只由登记机关报送产生",
            why_en="the kind is not on the list, the number is empty or too long; credit codes come from the register only",
        )
    _in_line(user)
    entity = _entity(entity_id)
    held = Identifier.objects.filter(type=type_, value=value).first()
    facts = {"type": type_, "value": value, "issuer": issuer, "from": valid_from.isoformat() if valid_from else ""}
    if held is None:
        return _begin(user, _act(Act.Kind.NUMBER, user, entity, None, reason, evidence, **facts))
    if held.entity_id == entity.pk:
        raise ActOvertaken(why_zh="这个号码已指向该主体", why_en="the number leads to this entity already")
    if valid_from is None or (held.valid_from is not None and valid_from <= held.valid_from):
        raise ActRefused(
            why_zh="这个号码现指向另一主体；改属须写明起始日期，且晚于原主体的起始日期",
            why_en="the number leads to another entity; give the day from which it leads here, later than the other's",
        )
    return _begin(user, _act(Act.Kind.NUMBER_MOVED, user, entity, _entity(held.entity_id), reason, evidence, **facts))


def _day(act: Act) -> date | None:
    text = str(act.detail.get("from") or "")
    return date.fromisoformat(text) if text else None


def _apply_number(act: Act) -> None:
    _, made = Identifier.objects.get_or_create(
        type=act.detail["type"],
        value=act.detail["value"],
        defaults={
            "entity_id": act.entity_id,
            "issuer": act.detail["issuer"],
            "valid_from": _day(act),
            "first_delivery_id": 0,
            "act_id": act.pk,
        },
    )
    if not made:
        raise ActOvertaken(why_zh="这个号码已有归属", why_en="the number leads to an entity by now")


def _apply_number_moved(act: Act) -> None:
    first = _day(act)
    held = Identifier.objects.select_for_update().get(type=act.detail["type"], value=act.detail["value"])
    if held.entity_id != act.other_id or first is None:
        raise ActOvertaken(why_zh="这个号码的归属已变化", why_en="the number leads elsewhere by now")
    FormerHolder.objects.create(
        entity_id=held.entity_id,
        type=held.type,
        value=held.value,
        valid_from=held.valid_from,
        valid_until=date.fromordinal(first.toordinal() - 1),
        act_id=act.pk,
    )
    held.entity_id, held.valid_from, held.act_id = act.entity_id, first, act.pk
    held.save(update_fields=["entity_id", "valid_from", "act_id"])


@transaction.atomic
def make_rule(
    user: User, department_id: int, name_key: str, entity_id: int, *, until: date, reason: str, evidence: str
) -> Act:
    """For a time, this department's rows without any number under this name mean this entity."""
    reason, evidence = _explained(reason, evidence)
    today = timezone.localdate()
    if not name_key or until < today:
        raise ActRefused(
            why_zh="规则须有名称，截止日期不得早于今天", why_en="a rule needs a name and an end that is not past"
        )
    accounts.require(user, Right.RESOLUTION_DECIDE)
    _in_line(user)
    NamingRule.objects.filter(
        department_id=department_id, name_key=name_key, revoked_by=None, valid_until__lt=today
    ).update(revoked_by=0)
    if NamingRule.objects.filter(department_id=department_id, name_key=name_key, revoked_by=None).exists():
        raise ActOvertaken(
            why_zh="该部门的这一名称已有认定规则，请先撤销", why_en="a rule for this name exists; revoke it first"
        )
    entity = _entity(entity_id)
    facts = {"department": department_id, "name_key": name_key, "until": until.isoformat()}
    return _begin(user, _act(Act.Kind.RULE, user, entity, None, reason, evidence, **facts))


def _apply_rule(act: Act) -> None:
    NamingRule.objects.create(
        department_id=act.detail["department"],
        name_key=act.detail["name_key"],
        entity_id=act.entity_id,
        valid_from=timezone.localdate(),
        valid_until=date.fromisoformat(act.detail["until"]),
        act_id=act.pk,
    )


@transaction.atomic
def revoke_rule(user: User, rule_id: int, *, reason: str, evidence: str) -> Act:
    """Take back a naming rule; what came in under it stays, and says so."""
    reason, evidence = _explained(reason, evidence)
    _in_line(user)
    rule = NamingRule.objects.filter(pk=rule_id, revoked_by=None).first()
    if rule is None:
        raise ActOvertaken(why_zh="这条规则不存在或已撤销", why_en="there is no such rule in force")
    facts = {"rule": rule.pk, "name_key": rule.name_key, "department": rule.department_id}
    return _begin(user, _act(Act.Kind.RULE_REVOKED, user, _entity(rule.entity_id), None, reason, evidence, **facts))


def _apply_rule_revoked(act: Act) -> None:
    NamingRule.objects.filter(pk=act.detail["rule"], revoked_by=None).update(revoked_by=act.pk)


@transaction.atomic
def enter_entity(
    user: User,
    *,
    kind: str,
    name: str,
    number_type: str,
    number: str,
    reason: str,
    evidence: str,
    delivery_id: int,
) -> Act:
    """Enter an entity that neither the register nor any department has named by a number. Never a natural person.

    What may be entered by hand stands in :func:`xinyong.registry.rules.may_enter`; everything else is refused.
    """
    reason, evidence = _explained(reason, evidence)
    name, number = name.strip()[:400], selectors.normalised_number(number)
    if number_type and (number_type not in lists.identifier_types() or not number or len(number) > 50):
        raise ActRefused(
            why_zh="号码类型不在清单中，或号码为空", why_en="the kind of number is unknown or the number empty"
        )
    refused = rules.may_enter(lists.entry_rule(kind, timezone.localdate()), name, number_type)
    if refused is not None or number_type == Identifier.Type.CREDIT_CODE:
        zh, en = refused or ("统一社会信用代码只由登记机关报送产生", "Credit codes come from the register only")
        raise ActRefused(why_zh=zh, why_en=en)
    _in_line(user)
    if number_type:
        held = Identifier.objects.filter(type=number_type, value=number).first()
        if held is not None:
            raise ActOvertaken(
                why_zh=f"这个号码已指向「{selectors.own_key(held.entity)}」",
                why_en="the number leads to an entity already",
            )
    facts = {"kind": kind, "name": name, "type": number_type, "value": number, "delivery": delivery_id}
    act = Act.objects.create(
        kind=Act.Kind.ENTITY,
        state=Act.State.PROPOSED if needs_second(Act.Kind.ENTITY) else Act.State.IN_FORCE,
        entity_id=0,
        actor=user.username,
        reason=reason,
        evidence=evidence,
        detail=facts,
        at=timezone.now(),
    )
    return _begin(user, act)


def _apply_entity(act: Act) -> None:
    facts = act.detail
    if facts["type"] and Identifier.objects.filter(type=facts["type"], value=facts["value"]).exists():
        raise ActOvertaken(why_zh="这个号码已有归属", why_en="the number leads to an entity by now")
    entity = Entity.objects.create(
        kind=facts["kind"],
        name=facts["name"],
        name_key=names.matching_key(facts["name"]),
        first_delivery_id=facts["delivery"],
        created_at=timezone.now(),
    )
    if facts["type"]:
        Identifier.objects.create(
            entity=entity, type=facts["type"], value=facts["value"], first_delivery_id=0, act_id=act.pk
        )
    if facts["name"]:
        Name.objects.create(
            entity=entity,
            name=facts["name"],
            name_key=entity.name_key,
            kind=Name.Kind.REPORTED,
            first_delivery_id=facts["delivery"],
            since=timezone.now(),
        )
    Act.objects.filter(pk=act.pk).update(entity_id=entity.pk)
    act.entity_id = entity.pk


_APPLY: dict[str, Callable[[Act], None]] = {
    Act.Kind.MERGE: _apply_merge,
    Act.Kind.SPLIT: _apply_split,
    Act.Kind.SUCCESSION: _apply_succession,
    Act.Kind.SUCCESSION_REVOKED: _apply_succession_revoked,
    Act.Kind.NUMBER: _apply_number,
    Act.Kind.NUMBER_MOVED: _apply_number_moved,
    Act.Kind.RULE: _apply_rule,
    Act.Kind.RULE_REVOKED: _apply_rule_revoked,
    Act.Kind.ENTITY: _apply_entity,
}
