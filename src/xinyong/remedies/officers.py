"""What an officer does with a case: acts of the platform and of the unit the record came from, tips, handover.

Who an officer is in a case follows from right and unit, never from a choice: whoever works for the unit the record came
from and may decide is the provider, whoever runs the platform is the platform. Nobody stands in for another unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.errors import XinyongError
from xinyong.ledger import actions as ledger
from xinyong.ledger import selectors as records
from xinyong.publicity import inforce, repair, timers
from xinyong.publicity import selectors as publicity
from xinyong.registry import keys
from xinyong.remedies import actions, files, machine, numbers, opening, rules, steps
from xinyong.remedies.applicant import Material
from xinyong.remedies.errors import CaseUnknown
from xinyong.remedies.models import Case, Tip
from xinyong.remedies.opening import refuse
from xinyong.remedies.steps import Actor, Deed, Taken
from xinyong.runtime import cryptography
from xinyong.standards import redaction
from xinyong.ui.errors import PageNotFound

#: Longest text of a tip, and of how to answer.
TIP_LONGEST, CONTACT_LONGEST = 2_000, 200
CONTACT_CONTEXT = "remedies.tip"
#: The limit of timers.yml a tip is dealt with in.
TIP_TIMER = "tip"


def party(user: User, department_id: int) -> str:
    """What the officer is in a case of this unit: provider, platform, or empty for a reader."""
    if accounts.may(user, Right.REMEDY_DECIDE) and user.department_id == department_id:
        return "provider"
    return "platform" if accounts.may(user, Right.REMEDY_PLATFORM) else ""


def _seen(user: User) -> QuerySet[Case]:
    accounts.require(user, Right.REMEDY_VIEW)
    found = Case.objects.exclude(state__in=("draft", machine.NEW))
    return found if accounts.may(user, Right.REMEDY_PLATFORM) else found.filter(department=user.department_id)


def seen(user: User, case_id: int) -> Case:
    """A case the officer may see. Raises RightMissing, CaseUnknown."""
    case = _seen(user).filter(pk=case_id).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    return case


def _acting(user: User, case: Case, name: str) -> str:
    """As what the officer does this act. Raises RightMissing, RemedyRefused."""
    who = party(user, case.department_id)
    if not who:
        accounts.require(user, Right.REMEDY_DECIDE)
        raise refuse("该事项由其他单位办理", "another unit deals with this case")
    known = machine.table().act(case.kind, name)
    if known is not None and "platform" in known.by and accounts.may(user, Right.REMEDY_PLATFORM):
        who = who if who in known.by else "platform"
    return who


def act(
    user: User,
    case_id: int,
    name: str,
    *,
    reason: str = "",
    basis: str = "",
    remedy: str = "",
    gaps: Iterable[str] = (),
    gap_note: str = "",
    checks: Mapping[str, str] | None = None,
    own_proof: bool = False,
    revision: int | None = None,
) -> Taken:
    """One act of an officer on a case. ``revision``: what the page showed.

    ``gaps``: codes of remedies.yml for the one list of gaps; ``checks``: conditions of repair found met or failing.
    Raises CaseMovedOn where somebody was faster, RemedyRefused, CaseUnknown, RightMissing.
    """
    case = seen(user, case_id)
    who = _acting(user, case, name)
    columns: dict[str, Any] = {}
    detail: dict[str, Any] = {}
    if name == "gaps":
        listed = _gaps(gaps, gap_note)
        columns = {"gaps": listed, "gaps_told": True}
        detail = {"gaps": listed}
        if not listed:
            raise refuse("请选择需要补正的各项，一次告知", "choose every gap; they are told once")
    found = {}
    for condition, state in (checks or {}).items():
        if state in (repair.MET, repair.FAILING) and condition in repair.CHECKS:
            found[condition] = state
    return steps.take(
        case.pk,
        Deed(
            act=name, reason=reason[:4_000], basis=basis[:1_000], remedy=remedy, own_proof=own_proof, checks=found,
            columns=columns, detail=detail,
        ),
        Actor(party=who, name=user.username),
        revision=revision,
    )  # fmt: skip


def _gaps(codes: Iterable[str], note: str) -> list[dict[str, str]]:
    known = machine.table().gaps
    chosen = [known[code] for code in dict.fromkeys(codes) if code in known]
    return [
        {"code": gap.code, "material": gap.material, "note": note.strip()[:500] if gap.code == "other_missing" else ""}
        for gap in chosen
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """What became of one case of a batch."""

    case_id: int
    number: str
    done: bool
    words: str


def act_on_all(
    user: User,
    chosen: Sequence[tuple[int, int]],
    name: str,
    *,
    reason: str = "",
    language: str = "zh",
    kind: str = "",
) -> list[BatchLine]:
    """One act on many cases, (case, revision) each, where the table lets it (``batch``). Each stands or falls alone.

    ``kind``: cases of another kind are left alone.

    A grant in a batch passes only where every condition is known to be met; nothing is assumed. Raises RemedyRefused
    for an act that is judged case by case.
    """
    allowed = any(acts.get(name) is not None and acts[name].batch for acts in machine.table().acts.values())
    if not allowed:
        raise refuse("这种办理须逐件进行", "this is done case by case")
    cases = {case.pk: case for case in _seen(user).filter(pk__in=[case_id for case_id, _ in chosen])}
    became: dict[int, Taken | XinyongError] = {}
    wanted: dict[str, list[tuple[int, int | None]]] = {}
    for case_id, revision in chosen:
        try:
            if case_id not in cases:
                raise CaseUnknown(number=case_id)
            case = cases[case_id]
            row = machine.table().act(case.kind, name)
            if row is None or not row.batch or kind not in ("", case.kind):
                raise refuse("这种办理不适用于该事项", "this does not fit the case")
            wanted.setdefault(_acting(user, case, name), []).append((case_id, revision))
        except XinyongError as error:
            became[case_id] = error
    for who, some in wanted.items():
        deed, actor = Deed(act=name, reason=reason[:4_000]), Actor(party=who, name=user.username)
        became |= zip((case_id for case_id, _ in some), steps.take_many(some, deed, actor), strict=True)
    lines = []
    for case_id, _ in chosen:
        answer = became[case_id]
        words = answer.message(language) if isinstance(answer, XinyongError) else ""
        number = cases[case_id].number if case_id in cases else str(case_id)
        lines.append(BatchLine(case_id=case_id, number=number, done=not words, words=words))
    return lines


@transaction.atomic
def hand_over(user: User, case_id: int, to: str, *, note: str = "") -> str:
    """Give a case to an officer who may work on it; an empty name puts it back into the queue. Returns the name.

    Raises RemedyRefused when nobody of that name may deal with it.
    """
    case = seen(user, case_id)
    who = party(user, case.department_id)
    if not who:
        accounts.require(user, Right.REMEDY_DECIDE)
    to = to.strip()
    if to:
        other = User.objects.filter(username=to, is_active=True).first()
        if other is None or party(other, case.department_id) != who:
            raise refuse(f"“{to[:60]}”不能办理该事项", f"'{to[:60]}' may not deal with this case")
    steps.hold(case.pk)
    before = Case.objects.values_list("assignee", flat=True).get(pk=case.pk)
    Case.objects.filter(pk=case.pk).update(assignee=to)
    audit.record(
        actor=user.username,
        deed="remedies.hand_over",
        target=f"case {case.pk}",
        purpose=note[:200],
        detail={"from": before, "to": to},
    )
    return to


@transaction.atomic
def answer_with_files(user: User, case_id: int, materials: Sequence[Material]) -> int:
    """Files of the deciding unit: copies of the decision, records of a check. Returns how many are new."""
    case = seen(user, case_id)
    who = party(user, case.department_id)
    if not who:
        accounts.require(user, Right.REMEDY_DECIDE)
    files.judge(case.kind, [Material(kind="evidence" if case.kind != machine.REPAIR else "other", name=item.name, content=item.content) for item in materials])  # fmt: skip
    kind = "other" if case.kind == machine.REPAIR else "evidence"
    steps.hold(case.pk)
    made = files.keep(
        case.pk, who, [Material(kind=kind, name=item.name, content=item.content) for item in materials], timezone.now()
    )
    audit.record(actor=user.username, deed="remedies.files", target=f"case {case.pk}", detail={"files": made})
    return made


# --- withdrawal ---------------------------------------------------------------------------------------------------


@transaction.atomic
def withdraw_record(user: User, record_id: int, *, cause: str, reason: str, basis: str) -> int:
    """Take a record down because its decision was changed, annulled, or declared unlawful or void: one act, everywhere.

    By the unit the record came from, or by the platform. Returns the case's id. Raises RemedyRefused, RightMissing,
    RecordNotFound, StatusRefused.
    """
    subject = opening.subject(ledger.hold(record_id))
    who = party(user, subject.department_id)
    if not who:
        accounts.require(user, Right.REMEDY_DECIDE)
        raise refuse("该记录由其他单位报送，由其撤下", "the record came from another unit, which withdraws it")
    reason, basis = reason.strip(), basis.strip()
    if not basis:
        raise refuse("请写明新文书的名称、文号和日期", "give name, number and date of the new document")
    now = timezone.now()
    case = actions._open(subject, machine.WITHDRAWAL, {"ground": actions.source_cause(cause), "statement": reason}, now)
    steps.take(
        case.pk, Deed(act="open_withdraw", reason=reason, basis=basis), Actor(party=who, name=user.username), now=now
    )
    return case.pk


@transaction.atomic
def report_change(user: User, record_id: int, *, cause: str, reason: str, basis: str) -> int:
    """The platform has learnt that a decision was changed, and asks the source to withdraw the record within its limit."""
    accounts.require(user, Right.REMEDY_PLATFORM)
    subject = opening.subject(ledger.hold(record_id))
    if not reason.strip() or not basis.strip():
        raise refuse("须写明得知的内容和文书", "say what is known and give the document")
    now = timezone.now()
    case = actions._open(
        subject, machine.WITHDRAWAL, {"ground": actions.source_cause(cause), "statement": reason.strip()}, now
    )
    steps.take(
        case.pk,
        Deed(act="report", reason=reason, basis=basis, columns={"basis": basis.strip()}),
        Actor(party="platform", name=user.username),
        now=now,
    )
    return case.pk


# --- tips ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def leave_tip(record_key: str, *, text: str, contact: str = "", path: str = "") -> Tip:
    """What anybody tells about a public record. It is no objection and marks nothing; its limit begins (OBJ-09).

    Personal numbers in the text are masked before it is stored; how to answer is stored as a token. Raises
    PageNotFound for what is not public, RemedyRefused.
    """
    number = keys.record_id(record_key)
    if number is None:
        raise PageNotFound(path=path)
    text, contact = text.replace("\0", "").strip(), contact.replace("\0", "").strip()
    if not text:
        raise refuse("请写明您发现的问题", "say what you found")
    if len(text) > TIP_LONGEST or len(contact) > CONTACT_LONGEST:
        raise refuse(
            f"内容最多 {TIP_LONGEST} 字，联系方式最多 {CONTACT_LONGEST} 字",
            f"at most {TIP_LONGEST} characters, and {CONTACT_LONGEST} for how to answer",
        )
    history = records.record(number)
    if publicity.public_record(history.entity_id, number, timezone.localdate()) is None:
        raise PageNotFound(path=path)
    subject = opening.subject(history)
    now, today = timezone.now(), timezone.localdate()
    row = timers.find(TIP_TIMER, inforce.profile(), today)
    tip = Tip.objects.create(
        number=numbers.tip_number(now),
        record_id=number,
        entity_id=history.entity_id,
        department_id=subject.department_id,
        text=redaction.redact(text).text,
        contact=cryptography.protect(CONTACT_CONTEXT, contact) if contact else "",
        at=now,
        rule=row.id if row is not None else "",
        due_on=timers.due(row, today).day if row is not None else None,
    )
    audit.record(actor="visitor", deed="remedies.tip", target=f"tip {tip.pk}", detail={"record": record_key})
    return tip


@transaction.atomic
def handle_tip(user: User, tip_id: int, *, state: str, reply: str) -> Tip:
    """Say what became of a tip: forwarded to the unit, dealt with, or set aside, with the reason."""
    accounts.require(user, Right.REMEDY_VIEW)
    tips = Tip.objects.select_for_update()
    if not accounts.may(user, Right.REMEDY_PLATFORM):
        accounts.require(user, Right.REMEDY_DECIDE)
        tips = tips.filter(department=user.department_id, state=Tip.State.FORWARDED)
    tip = tips.filter(pk=tip_id).first()
    if tip is None:
        raise CaseUnknown(number=tip_id)
    if tip.state in (Tip.State.DONE, Tip.State.SET_ASIDE):
        raise refuse(f"该线索已由 {tip.handled_by} 处理", f"{tip.handled_by} has dealt with this tip")
    if state not in (Tip.State.FORWARDED, Tip.State.DONE, Tip.State.SET_ASIDE) or not reply.strip():
        raise refuse("请选择处理方式并写明情况", "choose what becomes of it and say why")
    tip.state, tip.reply, tip.handled_by, tip.handled_at = state, reply.strip()[:2_000], user.username, timezone.now()
    tip.save(update_fields=["state", "reply", "handled_by", "handled_at"])
    audit.record(
        actor=user.username,
        deed="remedies.tip_handled",
        target=f"tip {tip.pk}",
        purpose=reply.strip()[:200],
        detail={"state": state},
    )
    return tip


__all__ = ["BatchLine", "act", "act_on_all", "answer_with_files", "hand_over", "handle_tip", "leave_tip", "party",
           "report_change", "rules", "seen", "withdraw_record"]  # fmt: skip
