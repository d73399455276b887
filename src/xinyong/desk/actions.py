"""The only writers of the desk: opening cases, opinions, questions, decisions, and sending a row again.

A decision never writes to the ledger. It says which entity a row means, and the row goes through the engine once more, as
it was delivered, in a delivery of its own. What is interrupted is taken up again by :func:`send_decided`.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.desk import candidates, closing, rows, rules
from xinyong.desk.errors import CaseMovedOn, CaseUnknown, ChoiceRefused
from xinyong.desk.models import Case, Decision, OpenedDelivery, Opinion
from xinyong.errors import XinyongError
from xinyong.intake import actions as intake
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.registry import actions as registry_actions
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Assignment, Entity
from xinyong.runtime import config
from xinyong.standards import names

#: Findings that return a row because its entity is not certain.
CODES = ("subject-unknown", "name-not-unique", "subject-contradiction")
_BATCH = 2_000
_STATES_EN = {
    "open": "open", "second": "waiting for a second person", "disputed": "disputed",
    "asked": "waiting for the department", "decided": "decided", "stored": "stored", "returned": "returned",
    "corrected": "corrected by the department",
}  # fmt: skip


def open_cases() -> int:
    """Make a case of every row that was returned because its entity is not certain. Each delivery is looked through once."""
    opened = 0
    waiting = Delivery.objects.filter(state=Delivery.State.COMMITTED, openeddelivery=None).order_by("pk")
    for delivery in waiting:
        with transaction.atomic():
            mark, made = OpenedDelivery.objects.get_or_create(
                delivery=delivery, defaults={"cases": 0, "at": timezone.now()}
            )
            if not made or delivery.channel == Delivery.Channel.RESOLUTION:
                continue  # what a decision sent again comes back to its own case
            batch: list[Case] = []
            found = StoredFinding.objects.filter(
                delivery=delivery, kind="subject", code__in=CODES, severity="error"
            ).order_by("row")
            for finding in found.iterator(_BATCH):
                batch.append(_case(delivery, finding))
                if len(batch) == _BATCH:
                    mark.cases += len(Case.objects.bulk_create(batch, ignore_conflicts=True))
                    batch = []
            mark.cases += len(Case.objects.bulk_create(batch, ignore_conflicts=True))
            mark.save(update_fields=["cases"])
            opened += mark.cases
            closing.close_answered(delivery)
    return opened


def _case(delivery: Delivery, finding: StoredFinding) -> Case:
    return Case(
        delivery=delivery,
        row=finding.row,
        department_id=delivery.department_id,
        dataset_code=delivery.dataset_code,
        reason=finding.code,
        name=finding.value,
        name_key=names.matching_key(finding.value),
        opened_at=delivery.committed_at or timezone.now(),
    )


def _locked(user: User, case_id: int) -> Case:
    accounts.require(user, Right.RESOLUTION_DECIDE)
    query = Case.objects.select_for_update(of=("self",)).select_related("delivery", "department")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        query = query.filter(department=user.department)
    case = query.filter(pk=case_id).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    return case


def _moved_on(case: Case, why_zh: str, why_en: str) -> CaseMovedOn:
    return CaseMovedOn(
        number=case.pk,
        state_zh=Case.State(case.state).label,
        state_en=_STATES_EN[case.state],
        why_zh=why_zh,
        why_en=why_en,
    )


_UNDECIDED = (Case.State.OPEN, Case.State.SECOND, Case.State.DISPUTED, Case.State.ASKED)


def two_persons() -> bool:
    """Whether every case needs two officers (``resolution`` in XINYONG_SECOND_PERSON)."""
    return registry_actions.needs_second("resolution")


@transaction.atomic
def say(user: User, case_id: int, *, entity_id: int | None, reason: str) -> Case:
    """One officer's opinion: this entity, or none of them (None). Decides the case where one person is enough.

    Raises CaseMovedOn, ChoiceRefused, CaseUnknown, RightMissing.
    """
    reason = reason.strip()
    if not reason:
        raise ChoiceRefused(why_zh="请写明理由", why_en="give the reason")
    case = _locked(user, case_id)
    if case.state == Case.State.CORRECTED:
        raise _moved_on(case, "报送部门已自行处理这一行", "the department has dealt with the row itself")
    if case.state not in _UNDECIDED:
        raise _moved_on(case, "已由他人办结", "another officer has decided it")
    entity = None
    if entity_id is not None:
        entity = Entity.objects.filter(pk=entity_id).first()
        if entity is None:
            raise ChoiceRefused(why_zh="所选主体不存在", why_en="the entity chosen does not exist")
        entity = registry.canonical(entity)
    if Opinion.objects.filter(case=case, officer=user.username, withdrawn_at=None).exists():
        raise _moved_on(case, "您已提交过意见，待另一人认定", "you have spoken; another officer must")
    Opinion.objects.create(
        case=case,
        officer=user.username,
        choice=Opinion.Choice.ENTITY if entity else Opinion.Choice.NONE,
        entity=entity,
        reason=reason,
        at=timezone.now(),
    )
    audit.record(
        actor=user.username,
        deed="desk.opinion",
        target=f"case {case.pk}",
        purpose=reason[:200],
        detail={"choice": "entity" if entity else "none", "entity": registry.own_key(entity) if entity else ""},
    )
    _settle(case)
    return case


def _settle(case: Case) -> None:
    """Bring the case to what its opinions amount to."""
    opinions = list(Opinion.objects.filter(case=case, withdrawn_at=None).order_by("pk"))
    voices = [rules.Voice(officer=item.officer, choice=item.choice, entity=item.entity_id) for item in opinions]
    outcome, winner = rules.verdict(voices, two=two_persons())
    if winner is None:
        case.state = {
            rules.Verdict.SECOND: Case.State.SECOND,
            rules.Verdict.DISPUTED: Case.State.DISPUTED,
        }.get(outcome, Case.State.ASKED if case.question and not case.answer else Case.State.OPEN)
        case.entity, case.decided_at = None, None
        case.save(update_fields=["state", "entity", "decided_at"])
        return
    agreeing = [item for item in opinions if (item.choice, item.entity_id) == (winner.choice, winner.entity)]
    row = rows.read(case)
    shown = candidates.suggest(row.name, row.numbers, row.code, row.place)
    case.entity_id, case.decided_at, case.trouble = winner.entity, timezone.now(), ""
    case.state = Case.State.DECIDED if winner.choice == Opinion.Choice.ENTITY else Case.State.RETURNED
    case.save(update_fields=["state", "entity", "decided_at", "trouble"])
    Decision.objects.create(
        case=case,
        at=case.decided_at,
        officers=[item.officer for item in agreeing],
        choice=winner.choice,
        entity_id=winner.entity,
        reasons=[item.reason for item in agreeing],
        evidence=[list(cell) for cell in row.cells],
        candidates=[
            {
                "id": keys.public_key(item.entity.pk),
                "credit_code": item.entity.credit_code or "",
                "name": item.entity.name,
                "grounds": [list(ground) for ground in item.grounds],
            }
            for item in shown
        ],
    )


@transaction.atomic
def undo(user: User, case_id: int) -> Case:
    """Take back one's own opinion, as long as the row has not been sent again."""
    case = _locked(user, case_id)
    if case.state == Case.State.CORRECTED:
        raise _moved_on(case, "报送部门已自行处理这一行", "the department has dealt with the row itself")
    if case.sent_id is not None or case.state == Case.State.STORED:
        raise _moved_on(
            case,
            "本行已重新入库，不能撤回；如认定有误，请按更正程序办理",
            "the row was sent again and cannot be taken back here; correct the record instead",
        )
    taken = Opinion.objects.filter(case=case, officer=user.username, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    if not taken:
        raise _moved_on(case, "没有您的意见可以撤回", "there is no opinion of yours to take back")
    Decision.objects.filter(case=case, undone_at=None).update(undone_by=user.username, undone_at=timezone.now())
    audit.record(actor=user.username, deed="desk.undone", target=f"case {case.pk}")
    _settle(case)
    return case


@transaction.atomic
def ask(user: User, case_id: int, question: str) -> Case:
    """Ask the department; the case waits for its answer."""
    question = question.strip()
    if not question:
        raise ChoiceRefused(why_zh="请写明要部门答复的问题", why_en="write what the department is asked")
    case = _locked(user, case_id)
    if case.state not in (Case.State.OPEN, Case.State.DISPUTED):
        raise _moved_on(case, "现在不能提问", "it cannot be asked about now")
    case.state, case.question, case.asked_by, case.answer, case.answered_by = (
        Case.State.ASKED, question[:2000], user.username, "", "",
    )  # fmt: skip
    case.save(update_fields=["state", "question", "asked_by", "answer", "answered_by"])
    audit.record(actor=user.username, deed="desk.asked", target=f"case {case.pk}")
    return case


@transaction.atomic
def answer(user: User, case_id: int, text: str) -> Case:
    """The department answers; the case is open again."""
    accounts.require(user, Right.DELIVERY_VIEW_OWN)
    text = text.strip()
    if not text:
        raise ChoiceRefused(why_zh="请填写答复", why_en="write the answer")
    query = Case.objects.select_for_update(of=("self",))
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        query = query.filter(department=user.department)
    case = query.filter(pk=case_id).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    if case.state != Case.State.ASKED:
        raise _moved_on(case, "没有待答复的问题", "there is no open question")
    case.answer, case.answered_by, case.state = text[:2000], user.username, Case.State.OPEN
    case.save(update_fields=["answer", "answered_by", "state"])
    audit.record(actor=user.username, deed="desk.answered", target=f"case {case.pk}")
    return case


def alike(case: Case) -> list[int]:
    """Other open cases of the same department under the same written name, for one decision over all."""
    if not case.name_key:
        return []
    return list(
        Case.objects.filter(department=case.department_id, name_key=case.name_key, state=Case.State.OPEN)
        .exclude(pk=case.pk)
        .order_by("pk")
        .values_list("pk", flat=True)[:1000]
    )


def say_of_all(user: User, case_id: int, *, entity_id: int | None, reason: str) -> int:
    """The same opinion on every other open case of the same department and name. How many took it."""
    case = Case.objects.filter(pk=case_id).first()
    done = 0
    for other in alike(case) if case is not None else []:
        with suppress(CaseMovedOn):
            say(user, other, entity_id=entity_id, reason=reason)
            done += 1
    return done


def make_rule(user: User, case_id: int, until: date, reason: str) -> None:
    """From now to ``until``, rows of this department without any number under this name mean the entity decided."""
    case = Case.objects.get(pk=case_id)
    if case.entity_id is None or case.state not in (Case.State.DECIDED, Case.State.STORED):
        raise ChoiceRefused(
            why_zh="认定为某一主体且已办结后，才能设定名称规则",
            why_en="a rule for the name needs a finished decision for one entity",
        )
    registry_actions.make_rule(
        user, case.department_id, case.name_key, case.entity_id, until=until, reason=reason, evidence=f"case {case.pk}"
    )


def undo_seconds() -> int:
    """How long a decision waits before its row is sent again, so that a slip can be taken back."""
    return int(config.get("XINYONG_DESK_UNDO_SECONDS"))


def send_decided(*, now: bool = False) -> int:
    """Send the rows of finished decisions again, and see what became of those sent before. How many cases moved.

    Safe to call from several processes and after a kill: a case is locked while it is sent, and a delivery of the same
    case is received once only.
    """
    moved = closing.follow_given_up()
    before = timezone.now() - timedelta(seconds=0 if now else undo_seconds())
    due = Case.objects.filter(state=Case.State.DECIDED, sent=None, trouble="", decided_at__lte=before)
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:500]):
        moved += _send(pk)
    for pk in list(Case.objects.filter(state=Case.State.DECIDED).exclude(sent=None).values_list("pk", flat=True)):
        moved += _see(pk)
    return moved


def _send(case_id: int) -> int:
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("delivery", "department")
            .filter(pk=case_id, state=Case.State.DECIDED, sent=None)
            .first()
        )
        if case is None or case.entity_id is None:
            return 0
        if closing.close_if_answered(case):
            return 1
        officer = Decision.objects.filter(case=case, undone_at=None).order_by("-pk").first()
        row = rows.read(case)
        with tempfile.TemporaryDirectory(prefix="xinyong-desk-") as folder:
            path = Path(folder) / f"case-{case.pk}.csv"
            with path.open("w", encoding="utf-8", newline="") as handle:
                # The column of an error list: so the department reads at its own row what became of it.
                answers = correction_layout.row_heading(case.delivery.number)
                csv.writer(handle).writerows([[*row.header, answers], [*row.raw, str(case.row)]])
            Assignment.objects.update_or_create(
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                parent_id=case.delivery_id,
                row=2,
                defaults={"entity_id": case.entity_id, "case_id": case.pk},
            )
            case.sent = intake.receive(
                path,
                dataset=case.dataset_code,
                department=case.department,
                uploader=officer.officers[0] if officer else "desk",
                channel=Delivery.Channel.RESOLUTION,
                parent=case.delivery,
                file_name=f"resolution-{case.delivery.number}-row-{case.row}.csv",
                origin=f"desk case {case.pk} {case.decided_at:%Y%m%d%H%M%S%f}",
            )
        case.save(update_fields=["sent"])
    with suppress(XinyongError):  # the state of the delivery tells what became of it
        intake.process(case.sent)
    return _see(case_id)


@transaction.atomic
def _see(case_id: int) -> int:
    """Close a case whose row is stored; bring one whose row came back to the desk again, with the reason."""
    case = Case.objects.select_for_update(of=("self",)).select_related("sent").filter(pk=case_id).first()
    if case is None or case.sent is None or case.state != Case.State.DECIDED:
        return 0
    sent = case.sent
    if sent.state == Delivery.State.COMMITTED and sent.accepted + sent.unchanged:
        case.state = Case.State.STORED
        case.save(update_fields=["state"])
        return 1
    if sent.state in (Delivery.State.COMMITTED, Delivery.State.REFUSED):
        found = StoredFinding.objects.filter(delivery=sent, severity="error").first()
        failure: dict[str, Any] = sent.failure or {}
        case.trouble = found.reason_zh if found else str(failure.get("message_zh", "")) or sent.get_state_display()
        case.state, case.sent = Case.State.OPEN, None
        Opinion.objects.filter(case=case, withdrawn_at=None).update(withdrawn_at=timezone.now())
        Decision.objects.filter(case=case, undone_at=None).update(undone_by="desk", undone_at=timezone.now())
        case.entity, case.decided_at = None, None
        case.save(update_fields=["state", "trouble", "sent", "entity", "decided_at"])
        return 1
    return 0


def enter_entity(
    user: User, case_id: int, *, kind: str, name: str, number_type: str, number: str, reason: str
) -> Entity | None:
    """Enter an entity the register does not know, where the law allows it. None: it waits for a second person."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    act = registry_actions.enter_entity(
        user, kind=kind, name=name, number_type=number_type, number=number, reason=reason,
        evidence=f"case {case.pk}, delivery {case.delivery_id} row {case.row}", delivery_id=case.delivery_id,
    )  # fmt: skip
    return Entity.objects.filter(pk=act.entity_id).first() if act.state == act.State.IN_FORCE else None


__all__ = [
    "alike",
    "answer",
    "ask",
    "enter_entity",
    "make_rule",
    "open_cases",
    "say",
    "say_of_all",
    "send_decided",
    "two_persons",
    "undo",
    "undo_seconds",
]
