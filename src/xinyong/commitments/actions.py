"""The only writers of commitments: offering, signing, taking back, checks and findings. Nothing is ever changed.

A commitment is locked while a step is taken, and whoever takes it names the last step they saw. The record of a commitment
is a delivery of the accepting department: publication, search, API and reports follow from it, and vanish with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.commitments import book as books
from xinyong.commitments import letters, procedure, selectors, storing
from xinyong.commitments.errors import CommitmentChanged, CommitmentRefused, CommitmentUnknown
from xinyong.commitments.models import Commitment, CommitmentStep
from xinyong.commitments.procedure import Step
from xinyong.intake.models import Delivery
from xinyong.ledger import actions as ledger
from xinyong.ledger import corridor
from xinyong.ledger.selectors import payload_of
from xinyong.notices import actions as notices
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql
from xinyong.standards import calendar
from xinyong.ui.stated import day

PLATFORM = "platform"
#: A check is due from so many days before its last day on.
CHECK_AHEAD = timedelta(days=14)
#: The firm is reminded of missing papers so many days before.
REMIND_AHEAD = timedelta(days=3)
_RIGHTS = {"handle": Right.COMMITMENT_HANDLE, "decide": Right.COMMITMENT_DECIDE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person who acts for a firm: ``rights`` out of begin and sign; ``role``: in words, without a name."""

    entity_ids: tuple[int, ...]
    entity_id: int
    actor: str
    rights: frozenset[str]
    role: str


def refused(step: str, zh: str, en: str) -> CommitmentRefused:
    """A refusal in words."""
    return CommitmentRefused(step=step, why_zh=zh, why_en=en)


def _checked(step: Step, facts: Mapping[str, Any], reason: str, *, words: bool) -> tuple[dict[str, Any], str]:
    reason = reason.strip()
    kept, wrong = procedure.clean(step, facts)
    if words and not reason:
        wrong.append(("reason", "请写明理由", "give the reason"))
    if wrong:
        raise refused(step.zh, "；".join(zh for _, zh, _ in wrong), "; ".join(en for *_, en in wrong))
    return kept, reason[:2000]


def offer(user: User, text_code: str, entity: Entity, *, facts: Mapping[str, Any], reason: str) -> Commitment:
    """Tell an applicant what can be promised, and ask for the signature. Raises CommitmentRefused, CommitmentUnknown."""
    accounts.require(user, Right.COMMITMENT_HANDLE)
    text = books.book().text(text_code, timezone.localdate())
    if text is None:
        raise CommitmentUnknown(name=text_code)
    kind = books.book().kinds[text.kind]
    step = procedure.first_step(kind, "handle")
    if step is None:
        raise refused(
            "告知", f"{kind.zh}由主体自行作出，部门不得要求", f"{kind.en} is made of free will, never asked for"
        )
    if user.department is None:
        raise refused(step.zh, "由办理事项的部门告知", "the department that handles the matter has to")
    kept, reason = _checked(step, facts, reason, words=False)
    return _open(entity, text, user.department, step, user.username, kept, reason)


def begin(signer: Signer, text_code: str, department_slug: str) -> Commitment:
    """The firm chooses a commitment of its own accord. Raises CommitmentRefused, CommitmentUnknown, DepartmentUnknown."""
    _require(signer, "begin", "选择承诺", "choose a commitment")
    text = books.book().text(text_code, timezone.localdate())
    if text is None:
        raise CommitmentUnknown(name=text_code)
    step = procedure.first_step(books.book().kinds[text.kind], "begin")
    if step is None:
        raise refused("选择承诺", "这类承诺由部门在办理事项时告知", "the department offers this one with the matter")
    unit = accounts.department(department_slug)
    entity = Entity.objects.get(pk=signer.entity_id)
    return _open(entity, text, unit, step, signer.actor, {}, "")


def _open(
    entity: Entity, text: books.Text, unit: Department, step: Step, actor: str, facts: Mapping[str, Any], reason: str
) -> Commitment:
    entity = registry.canonical(entity)
    if not entity.credit_code:
        raise refused(step.zh, "该主体没有统一社会信用代码", "the entity has no unified social credit code")
    if not unit.credit_code:
        raise refused(step.zh, "受理单位没有登记统一社会信用代码", "the accepting unit has no credit code on file")
    matter = str(facts.get("matter") or text.matter)
    given = {
        "firm": entity.name,
        "code": entity.credit_code,
        "matter": matter,
        "department": unit.name_zh,
        "papers": "、".join(line.strip() for line in str(facts.get("papers", "")).splitlines() if line.strip()),
        "complete_by": str(facts.get("complete_by", "")),
        "until": "",
    }
    content, liability = books.filled(text, given)
    now = timezone.now()
    promise = Commitment(
        entity=entity,
        department=unit,
        kind=text.kind,
        text_code=text.code,
        text_version=text.version,
        text_digest=text.digest,
        matter=matter,
        content="\n".join(content),
        liability=liability,
        state="",
        seq=0,
        opened_at=now,
        moved_at=now,
    )
    why = procedure.refusal(step, selectors.context_of(promise, actor, dict(facts)))
    if why is not None:
        raise refused(step.zh, *why)
    with transaction.atomic():
        Entity.objects.select_for_update().get(pk=entity.pk)
        same = Commitment.objects.filter(
            entity=entity, department=unit, text_code=text.code, matter=matter, state__in=_open_states()
        ).first()
        if same is not None:
            raise refused(step.zh, "同一事项已有办理中的承诺", "there is a commitment on this matter already")
        promise.save()
        _write(promise, step, actor, facts, reason)
    return promise


def _open_states() -> list[str]:
    return ["offered", *(code for code, state in procedure.table().states.items() if state.live)]


def _write(
    promise: Commitment, step: Step, actor: str, facts: Mapping[str, Any], reason: str, event: int | None = None
) -> None:
    """Add a step and move the commitment; the caller holds its lock."""
    now = timezone.now()
    target = promise.state if step.to == "same" else step.to
    promise.seq += 1
    CommitmentStep.objects.create(
        commitment=promise,
        seq=promise.seq,
        step=step.code,
        from_state=promise.state,
        to_state=target,
        actor=actor,
        at=now,
        facts=dict(facts),
        reason=reason,
        event_id=event,
    )
    promise.state, promise.moved_at = target, now
    promise.save()
    audit.record(
        actor=actor,
        deed="commitment.step",
        target=registry.address_key(promise.entity),
        purpose=reason[:200],
        detail={"commitment": promise.code or str(promise.pk), "step": step.code},
    )
    if step.told:
        state = procedure.table().states[target]
        due = facts.get("answer_by") or facts.get("fix_by") or facts.get("complete_by")
        notices.announce(
            kind="commitment-step",
            key=f"commitment:{promise.pk}:{promise.seq}",
            entity_id=promise.entity_id,
            parameters={
                "matter": promise.matter,
                "department": promise.department.name_zh,
                "step_zh": step.zh,
                "step_en": step.en,
                "state_zh": state.zh,
                "state_en": state.en,
                "facts": str(facts.get("facts") or facts.get("checked_how") or ""),
                "due": due or "",
                "reason": reason,
            },
            link=f"commitments/{promise.pk}",
            due_on=date.fromisoformat(str(due)) if due else None,
        )


def _locked(number: int, seen: int) -> Commitment:
    promise = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("entity", "department")
        .filter(pk=number)
        .first()
    )
    if promise is None:
        raise CommitmentUnknown(name=str(number))
    if promise.seq != seen:
        state = procedure.table().states[promise.state]
        raise CommitmentChanged(state_zh=state.zh, state_en=state.en)
    return promise


def visible(user: User, number: int) -> Commitment:
    """A commitment the officer may see: to the own department, or any where all is open. Raises CommitmentUnknown."""
    accounts.require(user, Right.COMMITMENT_VIEW)
    query = Commitment.objects.select_related("entity", "department", "sent")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        query = query.filter(department=user.department)
    found = query.filter(pk=number).first()
    if found is None:
        raise CommitmentUnknown(name=str(number))
    return found


def take(
    user: User, number: int, step_code: str, *, seen: int, facts: Mapping[str, Any], reason: str = ""
) -> Commitment:
    """A step of an officer. Raises CommitmentChanged, CommitmentRefused with everything to correct, RightMissing."""
    visible(user, number)
    step = procedure.table().steps.get(step_code)
    if step is None or step.right not in _RIGHTS or not step.sources:
        raise CommitmentUnknown(name=step_code)
    accounts.require(user, _RIGHTS[step.right])
    with transaction.atomic():
        promise = _locked(number, seen)
        if user.department_id != promise.department_id:
            raise refused(step.zh, "由受理承诺的部门办理", "the accepting department handles it")
        _take(promise, step, user.username, facts, reason, words=True)
    return _finished(promise)


def act(
    signer: Signer, number: int, step_code: str, *, seen: int, facts: Mapping[str, Any], reason: str = ""
) -> Commitment:
    """A step of the firm: sign, decline, take back, state. Raises as :func:`take` does."""
    selectors.of_firm(signer.entity_ids, number)
    step = procedure.table().steps.get(step_code)
    if step is None or step.right not in ("begin", "sign") or not step.sources:
        raise CommitmentUnknown(name=step_code)
    _require(signer, step.right, step.zh, step.en)
    with transaction.atomic():
        promise = _locked(number, seen)
        _take(promise, step, signer.actor, facts, reason, words=step.code in ("withdraw", "decline"), by=signer.role)
    return _finished(promise)


def sign(signer: Signer, number: int, *, seen: int, publicity: str) -> Commitment:
    """Sign: the code is given, the letter numbered, the record delivered. Raises as :func:`act` does."""
    promise = selectors.of_firm(signer.entity_ids, number)
    step = "sign_missing" if books.book().kinds[promise.kind].completes else "sign"
    return act(signer, number, step, seen=seen, facts={"publicity": publicity})


def _require(signer: Signer, right: str, zh: str, en: str) -> None:
    if right not in signer.rights:
        raise refused(zh, "您没有这项权限", f"you have no right to {en}")


def _take(
    promise: Commitment,
    step: Step,
    actor: str,
    facts: Mapping[str, Any],
    reason: str,
    *,
    words: bool,
    by: str = "",
) -> None:
    kept, reason = _checked(step, facts, reason, words=words)
    why = procedure.refusal(step, selectors.context_of(promise, actor, kept))
    if why is not None:
        raise refused(step.zh, *why)
    if promise.sent_id is not None:
        raise refused(step.zh, "上一步的记录正在入库，请稍候", "the record of the last step is being stored")
    if step.right == "sign":
        _signed(promise, kept)
    if step.plans:
        promise.check_on = day(kept, "check_by")
    event = None
    if step.act and promise.record_id is not None:
        document = str(kept.get("document") or promise.code or "")
        event = ledger.record_act(actor, promise.record_id, step.act, reason=reason or step.zh, basis=document)
    _write(promise, step, actor, kept, reason, event)
    if step.right == "sign":
        letters.issue(promise, selectors.text_of(promise).title, by=by, at=promise.moved_at)
    if step.reports:
        _report(promise, step, kept, actor)


def _signed(promise: Commitment, facts: Mapping[str, Any]) -> None:
    today, text = timezone.localdate(), selectors.text_of(promise)
    promise.signed_on = today
    promise.publicity = str(facts.get("publicity", ""))
    promise.valid_until = calendar.same_day_later(today, text.term_months) if text.term_months else None
    if text.check_days is not None:
        promise.check_on = today + timedelta(days=text.check_days)
    offered = selectors.context_of(promise, PLATFORM)
    last = procedure.complete_by(offered)
    if last is not None:
        promise.check_on = last
    promise.code = _new_code(promise.department, today)


def _new_code(unit: Department, today: date) -> str:
    """Region of acceptance, day, serial (item 1). The platform's serials begin at 500001, departments' own below."""
    region = unit.credit_code[2:8] if re.fullmatch(r"\d{6}", unit.credit_code[2:8]) else "000000"
    prefix = f"{region}{today:%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"commitments {prefix}"])
        cursor.execute(sql.statement("commitments", "newest_serial"), {"prefix": f"{prefix}%"})
        (newest,) = cursor.fetchone() or (500_000,)
    return f"{prefix}{int(newest) + 1:06d}"


def _report(promise: Commitment, step: Step, facts: Mapping[str, Any], actor: str) -> None:
    performance = str(facts.get(step.state[1:], "")) if step.state.startswith("=") else step.state
    promise.sent = storing.send(promise, storing.fields(promise, performance, facts), actor)
    promise.trouble = ""
    promise.save(update_fields=["sent", "trouble"])


def _finished(promise: Commitment) -> Commitment:
    if promise.sent is not None:
        storing.take_in(promise.sent)
        advance(promise.pk)
    corridor.announce()
    promise.refresh_from_db()
    return promise


def advance(number: int) -> bool:
    """Bring a commitment whose delivery is finished to what became of it. False when nothing moved."""
    with transaction.atomic():
        promise = (
            Commitment.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("entity", "department", "sent")
            .filter(pk=number, sent__isnull=False)
            .first()
        )
        if promise is None or promise.sent is None:
            return False
        sent = promise.sent
        if sent.state == Delivery.State.COMMITTED and sent.accepted + sent.unchanged:
            found = storing.record_of(promise, sent)
            if found is not None:
                promise.record_entity_id, promise.record_id = found
                promise.reported_by = sent.pk
            promise.trouble = ""
        elif sent.state in (Delivery.State.COMMITTED, Delivery.State.REFUSED):
            promise.trouble = storing.trouble_of(sent)
        else:
            return False
        promise.sent = None
        promise.save(update_fields=["record_entity_id", "record_id", "reported_by", "trouble", "sent"])
    return True


def send_again(user: User, number: int) -> Commitment:
    """Deliver the record again where it was not stored. Raises CommitmentRefused, RightMissing, CommitmentUnknown."""
    visible(user, number)
    accounts.require(user, Right.COMMITMENT_HANDLE)
    with transaction.atomic():
        promise = (
            Commitment.objects.select_for_update(of=("self",)).select_related("entity", "department").get(pk=number)
        )
        last = CommitmentStep.objects.filter(commitment=promise).order_by("-seq").first()
        step = procedure.table().steps.get(last.step) if last is not None else None
        if not promise.trouble or promise.sent_id is not None or last is None or step is None or not step.reports:
            raise refused("重新入库", "没有需要重新入库的记录", "no record waits to be stored again")
        _report(promise, step, last.facts, user.username)
    return _finished(promise)


# --- what time and deliveries bring -----------------------------------------------------------------------------------


def go_on() -> int:
    """Bring on what waits: deliveries that ended, checks that fall due, terms that are over, performance reported elsewhere.

    Nothing of it finds a breach. Returns how many moved.
    """
    moved = sum(advance(pk) for pk in Commitment.objects.filter(sent__isnull=False).values_list("pk", flat=True)[:500])
    today = timezone.localdate()
    due = Commitment.objects.filter(state="in_force", check_on__isnull=False, check_on__lte=today + CHECK_AHEAD)
    moved += sum(_by_itself(pk, "due", {}) for pk in due.values_list("pk", flat=True)[:500])
    over = Commitment.objects.filter(state__in=["in_force", "check_due"], valid_until__lt=today)
    moved += sum(_by_itself(pk, "expire", {}) for pk in over.values_list("pk", flat=True)[:500])
    remind(today)
    return moved + _follow_reports()


def remind(today: date) -> None:
    """Tell firms once that missing papers are soon due, and once that they are late."""
    waiting = Commitment.objects.select_related("department").filter(
        state="completing", check_on__isnull=False, check_on__lte=today + REMIND_AHEAD
    )
    for promise in waiting[:500]:
        late = promise.check_on is not None and promise.check_on < today
        notices.announce(
            kind="commitment-papers-late" if late else "commitment-papers-due",
            key=f"commitment:{promise.pk}:{'late' if late else 'soon'}",
            entity_id=promise.entity_id,
            parameters={"matter": promise.matter, "due": promise.check_on, "department": promise.department.name_zh},
            link=f"commitments/{promise.pk}",
            due_on=promise.check_on,
        )


@transaction.atomic
def _by_itself(number: int, step_code: str, facts: Mapping[str, Any]) -> bool:
    promise = (
        Commitment.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("entity", "department")
        .filter(pk=number, sent__isnull=True)
        .first()
    )
    step = procedure.table().steps[step_code]
    if promise is None or procedure.refusal(step, selectors.context_of(promise, PLATFORM, dict(facts))) is not None:
        return False
    _write(promise, step, PLATFORM, facts, "")
    return True


def _follow_reports() -> int:
    """Departments report performance under the same code through their own deliveries: kept is kept, the rest waits to be found."""
    live = [code for code, state in procedure.table().states.items() if state.live]
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("commitments", "reported_elsewhere"), {"states": live})
        rows = list(cursor.fetchall())
    moved = 0
    for number, delivery, raw in rows:
        payload = payload_of(raw)
        performance = str(payload.get("CNLXZT", ""))
        facts = {
            "performance": performance,
            "delivery": int(delivery),
            "unmet": str(payload.get("WLXNR", "") or "")[:4000],
        }
        if performance == "全部履行":
            moved += _by_itself(number, "reported_kept", facts)
        elif performance in (storing.PARTLY, storing.NOT_KEPT):
            moved += _by_itself(number, "reported_unmet", facts)
        Commitment.objects.filter(pk=number).update(reported_by=delivery)
    return moved
