"""Reads of the room for others. Whoever asks for an applicant's case gives the entity; another's case is not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from xinyong.accounts.models import Department
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import inforce, repair, timers
from xinyong.remedies import files, lines, machine, opening, rules, steps
from xinyong.remedies.applicant import ApplicantRight
from xinyong.remedies.errors import CaseUnknown
from xinyong.remedies.models import Case, CaseFile
from xinyong.remedies.numbers import serial_of
from xinyong.remedies.pages import ApplicantCase, CaseLine, Choice, RepairView


def cases_of(entity_id: int, language: str = "zh") -> tuple[CaseLine, ...]:
    """Cases of an entity, drafts included, newest first."""
    found = Case.objects.filter(entity_id__in=opening.members(entity_id)).exclude(state=machine.NEW)
    return lines.lines(list(found.select_related("department").order_by("-pk")), language)


def _own(case_id: int, entity_id: int) -> Case:
    case = (
        Case.objects.select_related("department")
        .filter(pk=case_id, entity_id__in=opening.members(entity_id))
        .exclude(state=machine.NEW)
        .first()
    )
    if case is None:
        raise CaseUnknown(number=case_id)
    return case


def case_for_applicant(case_id: int, entity_id: int, language: str = "zh") -> ApplicantCase:
    """One case of the entity. Raises CaseUnknown for another's."""
    case = _own(case_id, entity_id)
    table = machine.table()
    (line,) = lines.lines([case], language)
    said = lines.records_of([(case.entity_id, case.record_id)], language).get(case.record_id)
    ground = table.grounds.get(case.ground)
    over = table.states[case.kind][case.state].over
    return ApplicantCase(
        line=line,
        ground=ground.label(language) if ground else cause_label(case.ground, language),
        field_label=lines.field_label(said, case.field, language),
        statement=case.statement,
        wanted=case.wanted,
        answer=case.answer if case.outcome else "",
        gaps=lines.gaps(case, language),
        stages=lines.stages(case, language),
        promises=lines.promises(case, language),
        conditions=lines.conditions(eligibility_of(case), language) if case.kind == machine.REPAIR and not over else (),
        steps=lines.steps_of(case, language, officer=False),
        materials=lines.materials(case, language),
        may=_may(case),
        review_until=_review_until(case),
    )


def cause_label(cause: str, language: str) -> str:
    """A cause of a withdrawal in words."""
    words = ledger_rules.rule_set().acts["withdrawn"].causes.get(cause)
    return words[1 if language == "en" else 0] if words else ""


def eligibility_of(case: Case, today: date | None = None) -> repair.Eligibility | None:
    """The conditions of a case of repair as they stand: dates, lists, what was signed and what officers found."""
    shown = {name for name, state in case.checks.items() if state == repair.MET}
    if case.signed_at is not None:
        shown.add("committed")
    failing = frozenset(name for name, state in case.checks.items() if state == repair.FAILING)
    return steps.eligibility(
        case.entity_id,
        case.record_id,
        today or timezone.localdate(),
        profile=case.profile,
        shown=frozenset(shown),
        failing=failing,
    )


def _may(case: Case) -> frozenset[str]:
    acts = {act.act for act in machine.table().of(case.kind, case.state) if "applicant" in act.by}
    if case.signed_at is not None:
        acts.discard("sign")
    until = _review_until(case)
    if until is None or until < timezone.localdate():
        acts.discard("ask_review")
    return frozenset("add_material" if name == "supplement" else name for name in acts)


def _review_until(case: Case) -> date | None:
    if case.kind != machine.OBJECTION or case.closed_at is None or case.reviewed or case.outcome == "taken_back":
        return None
    return rules.review_until(timezone.localdate(case.closed_at), case.profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairCase:
    """An application for repair as another room may know it: whose, before which unit, from when until when.

    ``entity_ids``: every entry that speaks for the applicant; ``closed_on`` None: it is open.
    """

    number: str
    entity_ids: tuple[int, ...]
    unit: str
    unit_code: str
    opened_on: date
    closed_on: date | None


def repair_case(number: str) -> RepairCase | None:
    """The application for repair of this number, day included; None where there is none."""
    serial = serial_of(number)
    if serial is None:
        return None
    found = Case.objects.select_related("department").filter(pk=serial, kind=machine.REPAIR)
    case = found.exclude(state=machine.NEW).first()
    if case is None or case.number != number.strip().upper():
        return None
    return RepairCase(
        number=case.number,
        entity_ids=opening.members(case.entity_id),
        unit=case.department.name_zh,
        unit_code=case.department.credit_code,
        opened_on=timezone.localdate(case.opened_at),
        closed_on=timezone.localdate(case.closed_at) if case.closed_at else None,
    )


def material_for_applicant(case_id: int, material_id: int, entity_id: int) -> tuple[str, str, bytes]:
    """(file name, media type, content) of a file of the entity's case. Raises CaseUnknown."""
    case = _own(case_id, entity_id)
    file = CaseFile.objects.filter(case=case, pk=material_id).first()
    if file is None:
        raise CaseUnknown(number=material_id)
    return file.name, file.media_type, files.read(file)


def grounds(language: str = "zh", *, listed: bool | None = None) -> tuple[Choice, ...]:
    """Grounds of an objection. ``listed`` False: without those only list entries have."""
    return tuple(
        Choice(code=item.code, label=item.label(language), article=item.article)
        for item in machine.table().grounds.values()
        if listed is not False or not item.lists
    )


def causes(language: str = "zh") -> tuple[Choice, ...]:
    """What may become of a source decision, as causes of a withdrawal."""
    act = ledger_rules.rule_set().acts["withdrawn"]
    return tuple(
        Choice(code=code, label=words[1 if language == "en" else 0], article=act.article)
        for code, words in act.causes.items()
        if code not in ("unverifiable", "objection_upheld")
    )


def commitment_text(language: str = "zh") -> str:
    """The text that is read and signed with an application for repair."""
    text = machine.table().commitment
    return text.en if language == "en" else text.zh


def repair_view(entity_id: int, record_id: int, language: str = "zh") -> RepairView:
    """Eligibility first: each condition met or failing, with the day it will be met. Raises RecordNotFound for another's."""
    history = opening.own(entity_id, record_id)
    subject = opening.subject(history)
    today = timezone.localdate()
    profile = inforce.profile()
    found = steps.eligibility(
        history.entity_id, record_id, today, profile=profile, shown=frozenset(), failing=frozenset()
    )
    barred = opening.barred_until(history.entity_id, today)
    department = Department.objects.get(pk=subject.department_id)
    open_case = (
        Case.objects.filter(kind=machine.REPAIR, record_id=record_id, closed_at=None)
        .values_list("pk", flat=True)
        .first()
    )
    row = timers.find("repair-all", profile, today)
    return RepairView(
        record_id=record_id,
        may_apply=found is not None and found.may_apply and barred is None and open_case is None,
        ready_on=found.ready_on if found is not None else None,
        conditions=lines.conditions(found, language),
        determining_unit=(language == "en" and department.name_en) or department.name_zh,
        barred_until=barred,
        open_case=open_case,
        decide_by=timers.due(row, today).day if row is not None else None,
    )


__all__ = [
    "ApplicantRight",
    "RepairCase",
    "case_for_applicant",
    "cases_of",
    "causes",
    "commitment_text",
    "eligibility_of",
    "grounds",
    "material_for_applicant",
    "repair_case",
    "repair_view",
]
