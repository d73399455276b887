"""What an applicant does. With :mod:`officers` and :mod:`watch` the only writers of the room, all through :mod:`steps`.

The enterprise centre calls these with an :class:`Applicant`; what the account may do is judged here, again, by its
rights. Texts an applicant writes are kept as written in the case and masked wherever a page shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from xinyong.ledger import actions as ledger
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import repair
from xinyong.remedies import files, machine, opening, rules, steps
from xinyong.remedies.applicant import Applicant, ApplicantRight, Material
from xinyong.remedies.errors import CaseUnknown, RemedyRefused
from xinyong.remedies.models import Case, Step
from xinyong.remedies.opening import Subject, refuse
from xinyong.remedies.steps import SYSTEM, Actor, Deed

#: Longest text an applicant writes.
LONGEST = 5_000
_SYSTEM = Actor(party=SYSTEM, name=SYSTEM)


def _need(applicant: Applicant, right: ApplicantRight) -> None:
    if applicant.may(right):
        return
    words = {
        ApplicantRight.FILL: ("填报", "fill in"),
        ApplicantRight.SUBMIT: ("提交", "hand in"),
        ApplicantRight.SIGN: ("签署", "sign"),
    }[right]
    raise refuse(
        f"您的账号没有“{words[0]}”的权限，请由有此权限的经办人办理",
        f"your account has no right to {words[1]}; somebody who has it must do this",
    )


def _text(value: str, *, needed: str = "", needed_en: str = "") -> str:
    text = value.replace("\0", "").strip()
    if needed and not text:
        raise refuse(f"请写明{needed}", f"say {needed_en}")
    if len(text) > LONGEST:
        raise refuse(
            f"文字最多 {LONGEST} 字，现有 {len(text)} 字", f"at most {LONGEST} characters, these are {len(text)}"
        )
    return text


def _actor(applicant: Applicant) -> Actor:
    return Actor(party="applicant", name=applicant.actor)


def _own(applicant: Applicant, case_id: int) -> Case:
    case = Case.objects.filter(pk=case_id, entity_id__in=opening.members(applicant.entity_id)).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    return case


def _open(subject: Subject, kind: str, values: dict[str, Any], now: datetime) -> Case:
    """The row of a case that is not there yet; its first step makes it one."""
    try:
        with transaction.atomic():
            return Case.objects.create(kind=kind, state=machine.NEW, opened_at=now, **subject.values(), **values)
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        if name not in ("remedies_one_objection_v1", "remedies_one_repair_v1"):
            raise
        standing = Case.objects.filter(
            kind=kind, record_id=subject.history.record_id, closed_at=None, field=values.get("field", "")
        ).first()
        number = standing.number if standing else "—"
        raise refuse(
            f"该信息已有办理中的同类事项 {number}，请在其中补充",
            f"case {number} about the same is open; add to it",
        ) from error


# --- objection ----------------------------------------------------------------------------------------------------


@transaction.atomic
def open_objection(
    applicant: Applicant,
    record_id: int,
    *,
    ground: str,
    statement: str,
    field: str = "",
    wanted: str = "",
    materials: Sequence[Material] = (),
) -> int:
    """Object to a record, or to one ``field`` of it; returns the case's id.

    ``ground``: a code of ``selectors.grounds``; ``wanted``: what it should say. The objection is accepted and the record
    marked in the same transaction; where the form check has a doubt, an officer looks first. Raises RemedyRefused,
    FileRefused, RecordNotFound.
    """
    _need(applicant, ApplicantRight.SUBMIT)
    statement = _text(statement, needed="异议的事实和理由", needed_en="what is wrong and why")
    wanted = _text(wanted)
    files.judge(machine.OBJECTION, materials)
    opening.own(applicant.entity_id, record_id)
    history = ledger.hold(record_id)
    subject = opening.subject(history)
    chosen = machine.table().grounds.get(ground)
    if chosen is None or (chosen.lists and not subject.listed):
        allowed = [item for item in machine.table().grounds.values() if subject.listed or not item.lists]
        raise refuse(
            f"请选择异议理由：{'、'.join(item.zh for item in allowed)}",
            f"choose a ground: {', '.join(item.en for item in allowed)}",
        )
    if field and field not in {item.code for item in subject.entry.fields}:
        raise refuse(f"该信息没有字段“{field[:60]}”", f"the record has no field '{field[:60]}'")
    gone = ledger_rules.open_states(_done(history)).keys() & {"withdrawn", "archived"}
    if gone:
        raise refuse(
            "该信息已撤下或已转档案，无需提出异议",
            "the record was withdrawn or archived: there is nothing to object to",
        )
    now = timezone.now()
    case = _open(
        subject,
        machine.OBJECTION,
        {"field": field, "ground": ground, "statement": statement, "wanted": wanted, **_who(applicant)},
        now,
    )
    if materials:
        files.keep(case.pk, "applicant", materials, now)
    steps.take(case.pk, Deed(act="submit", detail={"files": len(materials)}), _actor(applicant), now=now)
    doubt = _doubt(case)
    if doubt is not None:
        steps.take(case.pk, Deed(act="doubt", reason=doubt), _SYSTEM, now=now)
    else:
        steps.take(case.pk, Deed(act="accept"), _SYSTEM, now=now)
    return case.pk


def _done(history: Any) -> list[ledger_rules.Done]:
    return [
        ledger_rules.Done(number=act["event_id"], act=act["act"], effective_at=act["effective_at"], cause=act["cause"])
        for act in history.acts
    ]


def _who(applicant: Applicant) -> dict[str, Any]:
    return {"account_id": applicant.account_id, "acting_name": applicant.acting_name}


def _doubt(case: Case) -> str | None:
    """Why an officer looks at the form first; None: it is accepted at once. The same, answered before, is a doubt."""
    before = (
        Case.objects.filter(
            kind=machine.OBJECTION, record_id=case.record_id, field=case.field, ground=case.ground, outcome="rejected"
        )
        .exclude(pk=case.pk)
        .order_by("-pk")
        .first()
    )
    if before is None:
        return None
    return f"同一信息、同一理由的异议 {before.number} 已有结论，由人工审查是否有新的事实或证据"


@transaction.atomic
def ask_review(applicant: Applicant, case_id: int, *, reason: str) -> None:
    """Ask for review of a closed objection within the limit (right: submit); the mark is set again."""
    _need(applicant, ApplicantRight.SUBMIT)
    reason = _text(reason, needed="申请复核的理由", needed_en="why it should be reviewed")
    case = _own(applicant, case_id)
    try:
        with transaction.atomic():
            steps.take(case.pk, Deed(act="ask_review", reason=reason), _actor(applicant))
    except IntegrityError as error:
        raise refuse(
            "该信息已有办理中的异议，请在其中补充", "another objection to the same is open; add to it"
        ) from error


# --- repair -------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_repair(
    applicant: Applicant,
    record_id: int,
    *,
    statement: str = "",
    materials: Sequence[Material] = (),
    commitment: bool = False,
) -> int:
    """Begin an application for repair as a draft; returns the case's id. An open draft for the record is taken up.

    ``commitment``: the text of ``selectors.commitment_text`` was read and is signed now (right: sign). Raises
    RemedyRefused with every condition that fails and the day it will be met, FileRefused, RecordNotFound.
    """
    _need(applicant, ApplicantRight.FILL)
    statement = _text(statement)
    files.judge(machine.REPAIR, materials)
    opening.own(applicant.entity_id, record_id)
    history = ledger.hold(record_id)
    subject = opening.subject(history)
    now = timezone.now()
    _may_apply(subject, now)
    case = Case.objects.filter(
        kind=machine.REPAIR, record_id=record_id, state="draft", closed_at=None
    ).first() or _open(subject, machine.REPAIR, {"statement": statement, **_who(applicant)}, now)
    if case.state == machine.NEW:
        steps.take(case.pk, Deed(act="draft"), _actor(applicant), now=now)
    if materials:
        add_material(applicant, case.pk, materials)
    if commitment:
        sign_commitment(applicant, case.pk)
    return case.pk


def _may_apply(subject: Subject, now: datetime) -> None:
    today = timezone.localdate(now)
    entity = subject.history.entity_id
    until = opening.barred_until(entity, today)
    if until is not None:
        raise refuse(
            f"因此前申请材料不实，{until} 以前不得再次申请修复（REP-45）",
            f"papers of an earlier application were untrue: no application until {until} (REP-45)",
        )
    found = steps.eligibility(
        entity,
        subject.history.record_id,
        today,
        profile=subject.values()["profile"],
        shown=frozenset(),
        failing=frozenset(),
    )
    why = rules.ineligible(found)
    if why is not None:
        raise steps.refuse(why)


@transaction.atomic
def submit_repair(applicant: Applicant, case_id: int) -> None:
    """Hand in a draft (right: submit); it goes to the unit that determined at once. Raises RemedyRefused, CaseUnknown."""
    _need(applicant, ApplicantRight.SUBMIT)
    case = _own(applicant, case_id)
    today = timezone.localdate()
    until = opening.barred_until(case.entity_id, today)
    if until is not None:
        raise refuse(f"{until} 以前不得再次申请修复（REP-45）", f"no application until {until} (REP-45)")
    steps.take(case.pk, Deed(act="submit", columns=_who(applicant)), _actor(applicant))


@transaction.atomic
def sign_commitment(applicant: Applicant, case_id: int) -> None:
    """Sign the commitment of a draft or of one that was returned (right: sign)."""
    _need(applicant, ApplicantRight.SIGN)
    case = _own(applicant, case_id)
    if case.signed_at is not None:
        return
    version = machine.table().commitment.version
    steps.take(
        case.pk,
        Deed(act="sign", columns={"signed_at": timezone.now(), "signed_text": version}, detail={"text": version}),
        _actor(applicant),
    )


@transaction.atomic
def add_material(applicant: Applicant, case_id: int, materials: Sequence[Material], *, text: str = "") -> None:
    """Add files or words to a case that is not over (right: fill); the same file twice is one."""
    _need(applicant, ApplicantRight.FILL)
    text = _text(text)
    case = _own(applicant, case_id)
    files.judge(case.kind, materials)
    if not materials and not text:
        raise refuse("请附上文件或写明补充说明", "add a file or say something")
    steps.take(case.pk, Deed(act="supplement", reason=text, detail={"files": len(materials)}), _actor(applicant))
    if materials:
        files.keep(case.pk, "applicant", materials, timezone.now())


@transaction.atomic
def answer_gap(applicant: Applicant, case_id: int, *, text: str, materials: Sequence[Material] = ()) -> None:
    """Answer the list of gaps, which was told once and completely (right: submit)."""
    _need(applicant, ApplicantRight.SUBMIT)
    text = _text(text, needed="逐项的补正说明", needed_en="how each point is answered")
    case = _own(applicant, case_id)
    files.judge(case.kind, materials)
    # The files first: whether the papers are complete is judged by the step.
    steps.hold(case.pk)
    if materials:
        files.keep(case.pk, "applicant", materials, timezone.now())
    steps.take(case.pk, Deed(act="answer_gap", reason=text, detail={"files": len(materials)}), _actor(applicant))


@transaction.atomic
def withdraw_case(applicant: Applicant, case_id: int, *, reason: str = "") -> None:
    """Take an own case back while it is not decided (right: submit); a mark goes with it."""
    _need(applicant, ApplicantRight.SUBMIT)
    case = _own(applicant, case_id)
    steps.take(case.pk, Deed(act="take_back", reason=_text(reason)), _actor(applicant))


@transaction.atomic
def report_annulment(
    applicant: Applicant, record_id: int, *, cause: str, reason: str, basis: str, materials: Sequence[Material] = ()
) -> int:
    """Tell that the decision behind a record was changed, annulled, or declared unlawful or void; returns the case's id.

    ``cause``: of the act ``withdrawn`` in record-status.yml; ``basis``: the new document. The source confirms it and
    withdraws within its limit; the platform does when it is late. Raises RemedyRefused, FileRefused, RecordNotFound.
    """
    _need(applicant, ApplicantRight.SUBMIT)
    reason = _text(reason, needed="原决定的变化", needed_en="what became of the decision")
    basis = _text(basis, needed="新文书的名称、文号和日期", needed_en="name, number and date of the new document")
    files.judge(machine.WITHDRAWAL, materials)
    opening.own(applicant.entity_id, record_id)
    subject = opening.subject(ledger.hold(record_id))
    now = timezone.now()
    case = _open(
        subject, machine.WITHDRAWAL, {"ground": source_cause(cause), "statement": reason, **_who(applicant)}, now
    )
    if materials:
        files.keep(case.pk, "applicant", materials, now)
    steps.take(
        case.pk,
        Deed(act="report", reason=reason, detail={"basis": basis, "files": len(materials)}, columns={"basis": basis}),
        _actor(applicant),
        now=now,
    )
    return case.pk


def source_cause(cause: str) -> str:
    """A cause of a withdrawal that lies with the source decision. Raises RemedyRefused."""
    known = ledger_rules.rule_set().acts["withdrawn"].causes
    if cause not in known or cause in ("unverifiable", "objection_upheld"):
        allowed = [words for code, words in known.items() if code not in ("unverifiable", "objection_upheld")]
        raise refuse(
            f"请选择原因：{'、'.join(item[0] for item in allowed)}",
            f"choose a cause: {', '.join(item[1] for item in allowed)}",
        )
    return cause


__all__ = [
    "LONGEST",
    "RemedyRefused",
    "Step",
    "add_material",
    "answer_gap",
    "ask_review",
    "open_objection",
    "open_repair",
    "repair",
    "report_annulment",
    "sign_commitment",
    "source_cause",
    "submit_repair",
    "withdraw_case",
]
