"""The only writers of the listing procedure. Officers decide, each step with its name and reason; nothing is ever changed.

A case is locked while a step is taken, and whoever takes it names the last step they saw: of two officers at once one wins
and the other is told what happened. An entry becomes public as a delivery of the deciding department, like any record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.intake import own
from xinyong.intake.models import Delivery
from xinyong.ledger import actions as ledger
from xinyong.ledger import corridor
from xinyong.lists import objects, procedure, publishing, registry
from xinyong.lists.errors import CaseChanged, ListRefused, ListUnknown
from xinyong.lists.models import Case, CaseStep
from xinyong.lists.reading import config_of, context_of
from xinyong.lists.registry import ListConfig
from xinyong.lists.steps import Context, Step
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.ui import stated
from xinyong.ui.stated import Done

#: Who takes the steps that follow from an officer's deed: the record was stored, the period ended.
PLATFORM = "platform"
_RIGHTS = {"propose": Right.LIST_PROPOSE, "decide": Right.LIST_DECIDE}


def _refused(step: str, zh: str, en: str) -> ListRefused:
    return ListRefused(step=step, why_zh=zh, why_en=en)


def _department(user: User, step: Step) -> Department:
    accounts.require(user, _RIGHTS[step.right])
    if user.department is None:
        raise _refused(
            step.zh, "平台不认定名单，须由有权部门的工作人员办理", "an officer of the deciding department has to"
        )
    return user.department


def _checked(step: Step, config: ListConfig, facts: Mapping[str, Any], reason: str) -> tuple[dict[str, Any], str]:
    reason = reason.strip()
    kept, wrong = procedure.clean(step, config, facts)
    if not reason:
        wrong.append(("reason", "请写明理由", "give the reason"))
    if (why := stated.in_one(wrong)) is not None:
        raise _refused(step.zh, *why)
    return kept, reason[:2000]


def _write(
    case: Case, step: Step, actor: str, facts: Mapping[str, Any], reason: str, event: int | None = None
) -> CaseStep:
    """Add a step and move the case; the caller holds its lock."""
    now = timezone.now()
    target = case.state if step.to == "same" else step.to
    case.seq += 1
    written = CaseStep.objects.create(
        case=case,
        seq=case.seq,
        step=step.code,
        from_state=case.state,
        to_state=target,
        actor=actor,
        at=now,
        facts=dict(facts),
        reason=reason,
        event_id=event,
    )
    case.state, case.moved_at = target, now
    case.save()
    audit.record(
        actor=actor,
        deed="list.step",
        target=f"list case {case.pk}",
        purpose=reason[:200],
        detail={"list": case.list_code, "step": step.code, "entity": entities.own_key(case.entity)},
    )
    return written


def propose(user: User, list_code: str, entity: Entity, *, facts: Mapping[str, Any], reason: str) -> Case:
    """Put an entity forward for a list. Raises ListRefused with everything that stands against it, ListUnknown."""
    config = config_of(list_code)
    step = procedure.next_steps(config, "")[0]
    department = _department(user, step)
    kept, reason = _checked(step, config, facts, reason)
    entity = entities.canonical(entity)
    now = timezone.now()
    case = Case(
        list_code=config.code,
        list_digest=config.digest,
        rules=procedure.table().version,
        entity=entity,
        department=department,
        origin=Case.Origin.OWN,
        variant=Case.Variant.MARK if config.marks(entity.kind) else Case.Variant.LIST,
        state="",
        seq=0,
        opened_at=now,
        opened_by=user.username,
        moved_at=now,
    )
    why = procedure.refusal(step, context_of(case, config, user.username, kept))
    if why is not None:
        raise _refused(step.zh, *why)
    with transaction.atomic():
        # One at a time for an entity: two officers who begin the same case at once meet here.
        Entity.objects.select_for_update().get(pk=entity.pk)
        over = [row.code for row in procedure.table().states.values() if row.over]
        open_case = (
            Case.objects.filter(list_code=config.code, entity=entity).exclude(state__in=[*over, "removed"]).first()
        )
        if open_case is not None:
            state = procedure.table().states[open_case.state]
            raise _refused(
                step.zh,
                f"该主体在本名单已有办理中的事项（第 {open_case.pk} 件，{state.zh}）",
                f"there is a case of this entity and list already (no. {open_case.pk}, {state.en})",
            )
        case.save()
        _write(case, step, user.username, kept, reason)
    return case


def take(user: User, case_id: int, step_code: str, *, seen: int, facts: Mapping[str, Any], reason: str) -> Case:
    """Take a step of a case, whose last step the officer saw was ``seen``.

    Raises CaseChanged when somebody was faster, ListRefused with what is missing, ListUnknown, RightMissing.
    """
    visible(user, case_id)
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).select_related("entity", "department").get(pk=case_id)
        config = config_of(case.list_code)
        step = procedure.procedure_of(config).step(step_code)
        if step is None or step.right == "system" or not step.sources:
            raise ListUnknown(name=step_code)
        accounts.require(user, _RIGHTS[step.right])
        if user.department_id != case.department_id:
            raise _refused(step.zh, "本件由作出认定的部门办理", "the deciding department handles this case")
        if case.seq != seen:
            raise _changed(case)
        kept, reason = _checked(step, config, facts, reason)
        why = procedure.refusal(step, context_of(case, config, user.username, kept))
        if why is not None:
            raise _refused(step.zh, *why)
        event = _effect(user, case, config, step, kept, reason)
        _write(case, step, user.username, kept, reason, event)
    if case.sent is not None and procedure.table().states[case.state].waits:
        own.take_in(case.sent)
        advance(case.pk)
    corridor.announce()
    case.refresh_from_db()
    return case


def _changed(case: Case) -> CaseChanged:
    last = CaseStep.objects.filter(case=case).order_by("-seq").first()
    known = procedure.procedure_of(config_of(case.list_code)).step(last.step) if last else None
    state = procedure.table().states[case.state]
    return CaseChanged(
        who=last.actor if last else PLATFORM,
        at=f"{timezone.localtime(last.at if last else case.moved_at):%Y-%m-%d %H:%M:%S}",
        step=known.zh if known else "",
        step_en=known.en if known else "",
        state_zh=state.zh,
        state_en=state.en,
    )


def _effect(user: User, case: Case, config: ListConfig, step: Step, kept: Mapping[str, Any], reason: str) -> int | None:
    """What a step does beside being written: a delivery to the engine, or an act on the record."""
    if step.code in ("publish", "exit"):
        done = Done(step=step.code, facts=kept, actor=user.username)
        base = context_of(case, config, user.username)
        context = Context(
            **{name: getattr(base, name) for name in Context.__slots__ if name != "history"},
            history=(*base.history, done),
        )
        if step.code == "publish":
            case.listed_on = date.fromisoformat(kept["listed_on"])
            months = (context.last("decide") or {}).get("months")
            case.planned_end = procedure.planned_end(config, case.listed_on, months)
        case.sent = _send(case, config, context, user, leaving=step.code == "exit")
        case.trouble = ""
    if step.act and case.record_id is not None:
        document = kept.get("document") or kept.get("relief_document") or ""
        return ledger.record_status(
            user,
            case.record_id,
            step.act,
            reason=reason,
            basis=str(document),
            cause=str(kept.get(step.cause[1:], "")) if step.cause.startswith("=") else step.cause,
            right=_RIGHTS[step.right],
        )
    return None


def _send(case: Case, config: ListConfig, context: Context, user: User, *, leaving: bool) -> Delivery:
    if leaving and case.origin == Case.Origin.IMPORTED:
        fields = _imported_fields(case, config, context)
    else:
        subject = (case.entity.credit_code or "", case.entity.name)
        known = publishing.values(config, context, case.department, subject, case.listed_on or timezone.localdate())
        fields = publishing.record(config, known, leaving=leaving)
    return publishing.send(case, config, fields, user.username, case.seq + 1)


def _imported_fields(case: Case, config: ListConfig, context: Context) -> dict[str, Any]:
    """The record as it was delivered, with its removal."""
    from xinyong.ledger import selectors as stored

    newest = stored.record(case.record_id or 0).versions[-1]["payload"]
    subject = (case.entity.credit_code or "", case.entity.name)
    known = publishing.values(config, context, case.department, subject, case.listed_on or timezone.localdate())
    leaving = {field: known.get(name, "") for field, name in config.record.exit.items() if known.get(name, "")}
    kept = {field: value for field, value in newest.items() if not field.startswith("_")}
    return {**kept, **leaving}


def advance(case_id: int) -> bool:
    """Bring a case whose delivery is finished to what became of it. False when nothing moved."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("entity", "department", "sent")
            .filter(pk=case_id)
            .first()
        )
        if case is None or case.sent is None or not procedure.table().states[case.state].waits:
            return False
        config = config_of(case.list_code)
        leaving = case.state == "removing"
        sent = case.sent
        if sent.state == Delivery.State.COMMITTED and sent.accepted + sent.unchanged:
            found = own.record_of(case.entity, sent)
            if found is not None and case.record_id is None:
                case.record_entity_id, case.record_id = found
            stored = True
        elif sent.state in (Delivery.State.COMMITTED, Delivery.State.REFUSED):
            case.trouble, stored = own.trouble_of(sent), False
        else:
            return False
        case.sent = None
        code = ("exit_stored" if stored else "exit_not_stored") if leaving else ("stored" if stored else "not_stored")
        if code == "not_stored":
            case.listed_on = case.planned_end = None
        step = procedure.procedure_of(config).step(code)
        if step is None:
            raise ListUnknown(name=code)
        why = procedure.refusal(step, context_of(case, config, PLATFORM))
        if why is not None:
            raise _refused(step.zh, *why)
        _write(case, step, PLATFORM, {"delivery": sent.number}, case.trouble or f"批次 {sent.number}")
    return True


def adopt(user: User, record_id: int, *, reason: str) -> Case:
    """Take over an imported entry, so that its missing facts, its exit and its annulment have a place.

    Its own facts stay as delivered. Raises ListRefused for a record of no list or of another department, RecordNotFound.
    """
    from xinyong.ledger import selectors as stored

    accounts.require(user, Right.LIST_PROPOSE)
    known = Case.objects.filter(record_id=record_id).first()
    if known is not None:
        return visible(user, known.pk)
    found = stored.record(record_id)
    newest = found.versions[-1]
    config = registry.of_record(found.dataset, newest["payload"])
    name = "接续办理"
    if config is None or config.kind == "historic":
        raise _refused(name, "不是现行名单的记录", "it is no entry of a list that is run today")
    if user.department is None or user.department.pk != newest["department_id"]:
        raise _refused(name, "由报送该记录的部门办理", "the department that delivered it handles it")
    if not reason.strip():
        raise _refused(name, "请写明理由", "give the reason")
    entity = Entity.objects.get(pk=found.entity_id)
    (item,) = objects.of_entities([found.entity_id], timezone.localdate(), [record_id]) or (None,)
    if item is None or not item.active:
        raise _refused(name, "该记录已不在列", "the entry does not stand any more")
    now: datetime = timezone.now()
    with transaction.atomic():
        Entity.objects.select_for_update().get(pk=entity.pk)
        known = Case.objects.filter(record_id=record_id).first()
        if known is not None:
            return known
        case = Case.objects.create(
            list_code=config.code,
            list_digest=config.digest,
            rules=procedure.table().version,
            entity=entity,
            department=user.department,
            origin=Case.Origin.IMPORTED,
            variant=Case.Variant.MARK if config.marks(entity.kind) else Case.Variant.LIST,
            state="listed",
            seq=1,
            opened_at=now,
            opened_by=user.username,
            moved_at=now,
            listed_on=item.decided_on,
            planned_end=item.until,
            record_entity_id=found.entity_id,
            record_id=record_id,
        )
        CaseStep.objects.create(
            case=case,
            seq=1,
            step="adopted",
            from_state="",
            to_state="listed",
            actor=user.username,
            at=now,
            facts={"delivery": newest["delivery"], "row": newest["source_row"]},
            reason=reason.strip()[:2000],
        )
        audit.record(
            actor=user.username, deed="list.adopted", target=f"list case {case.pk}", purpose=reason.strip()[:200],
            detail={"record": record_id, "list": config.code},
        )  # fmt: skip
    return case


def visible(user: User, case_id: int) -> Case:
    """A case the officer may see: of the own department, or any for whom all deliveries are open. Raises ListUnknown."""
    accounts.require(user, Right.LIST_VIEW)
    query = Case.objects.select_related("entity", "department", "sent")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        query = query.filter(department=user.department)
    case = query.filter(pk=case_id).first()
    if case is None:
        raise ListUnknown(name=f"case {case_id}")
    return case


def go_on() -> int:
    """Bring on what waits: deliveries that ended meanwhile, periods that are over. How many cases moved."""
    waiting = [row.code for row in procedure.table().states.values() if row.waits]
    moved = sum(advance(pk) for pk in Case.objects.filter(state__in=waiting).values_list("pk", flat=True)[:500])
    today = timezone.localdate()
    over = Case.objects.filter(state__in=["listed", "exit_applied"], planned_end__lt=today)
    return moved + sum(_expire(pk) for pk in over.values_list("pk", flat=True)[:500])


@transaction.atomic
def _expire(case_id: int) -> bool:
    case = (
        Case.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("entity", "department")
        .filter(pk=case_id, state__in=["listed", "exit_applied"])
        .first()
    )
    if case is None:
        return False
    config = config_of(case.list_code)
    step = procedure.procedure_of(config).step("expire")
    if step is None or procedure.refusal(step, context_of(case, config, PLATFORM)) is not None:
        return False
    _write(case, step, PLATFORM, {"planned_end": str(case.planned_end)}, "期满，自动停止公示")
    return True
