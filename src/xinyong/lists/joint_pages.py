"""Joint work as the console shows it: the queue, one piece, the figures, and the standing of an entity in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.lists import gate, joint, measures, objects, selectors, typical
from xinyong.lists import registry as lists
from xinyong.lists.models import Joint, JointStep
from xinyong.publicity import inforce
from xinyong.registry import keys
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.remedies import selectors as cases
from xinyong.runtime import sql

PAGE = 30
TONES = {
    "applied": "amber",
    "executed": "red",
    "lift_due": "amber",
    "lifted": "green",
    "waived": "grey",
    "not_applicable": "grey",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """One piece of joint work in a list."""

    number: int
    url: str
    entity_name: str
    entity_url: str
    measure: str
    label: str
    favourable: bool
    matter: str
    department: str
    state: str
    state_label: str
    tone: str
    due_on: date | None
    late: int
    until: date | None
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The queue with what it can be narrowed by."""

    rows: tuple[WorkRow, ...]
    states: tuple[tuple[str, str, int], ...]
    state: str
    total: int
    page: int
    pages: int
    late: int
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a piece of work."""

    code: str
    label: str
    actor: str
    at: datetime
    reason: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """One piece of work with its messages and what is to be done next."""

    row: WorkRow
    seen: int
    bases: tuple[str, ...]
    means: str
    target: str
    executors: str
    scene: str
    confirmed: bool
    entry: EntryLine | None
    messages: tuple[Message, ...]
    can_execute: bool
    can_lift: bool
    can_tell: bool
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """An entry or decision of an entity as it stands: what, by whom, since when, until when, what ends it."""

    record_id: int
    key: str
    title: str
    list_name: str
    document: str
    authority: str
    since: date | None
    until: date | None
    ends: str
    favourable: bool
    serious: bool
    disputed: bool
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMeasure:
    """A measure that may be decided on, and the entry it follows from."""

    measure: str
    label: str
    favourable: bool
    group: int
    basis: str
    executors: str
    scenes: str
    record_id: int
    entry: str
    until: date | None
    ends: str
    confirmed: bool

    @property
    def record_text(self) -> str:
        """The record's number for ids of a page."""
        return str(self.record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that applies to an entity, in one place for officers."""

    name: str
    code: str
    key: str
    url: str
    entries: tuple[EntryLine, ...]
    over: tuple[EntryLine, ...]
    open: tuple[OpenMeasure, ...]
    work: tuple[WorkRow, ...]
    more: tuple[MoreLines, ...]
    checked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreLine:
    """Something else that applies: what, why, until when, what ends it; ``url``: of the console."""

    what: str
    why: str
    state: str
    tone: str
    since: date | None
    until: date | None
    ends: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreLines:
    """Lines of another room."""

    code: str
    title: str
    lines: tuple[MoreLine, ...]


#: Rooms above with something that applies to an entity: they register themselves.
more: dict[str, Callable[[Entity, str], MoreLines]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Figures of one executor: numerators and denominators, never a rate alone."""

    slug: str
    name: str
    asked: int
    applied: int
    waived: int
    not_applicable: int
    executed: int
    lift_due: int
    lifted: int
    lifted_late: int
    live: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The funnel of joint work: asked, decided, carried out, lifted; and who did not lift in time."""

    units: tuple[Unit, ...]
    overdue: tuple[WorkRow, ...]


def _row(work: Joint, language: str, today: date) -> WorkRow:
    row = measures.book().rows.get(work.measure)
    state = joint.table().states[work.state]
    return WorkRow(
        number=work.pk,
        url=reverse("joint-work", args=[work.pk]),
        entity_name=work.entity.name or work.entity.credit_code or keys.public_key(work.entity.pk),
        entity_url=reverse("standing", args=[entities.own_key(work.entity)]),
        measure=work.measure,
        label=row.label(language) if row else work.measure,
        favourable=work.favourable,
        matter=work.matter,
        department=work.department.name_zh,
        state=work.state,
        state_label=state.label(language),
        tone="green" if work.favourable and work.state == "executed" else TONES.get(work.state, "grey"),
        due_on=work.due_on,
        late=joint.late_days(work.due_on, today) if state.live else 0,
        until=work.until,
        moved_at=work.moved_at,
    )


def _open_to(user: User) -> Any:
    accounts.require(user, Right.LIST_VIEW)
    query = Joint.objects.select_related("entity", "department")
    return query if accounts.may(user, Right.DELIVERY_VIEW_ALL) else query.filter(department=user.department)


def queue(user: User, state: str, page: int, language: str) -> Queue:
    """Work of the own unit (all units for the platform), what is due first."""
    today = timezone.localdate()
    mine = _open_to(user)
    counted = dict(mine.values_list("state").annotate(Count("pk")).order_by())
    known = joint.table().states
    state = state if state in known else ""
    chosen = mine.filter(state=state) if state else mine
    total = chosen.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = chosen.order_by("due_on", "-moved_at", "-pk")[(page - 1) * PAGE : page * PAGE]
    every = "全部" if language == "zh" else "All"
    return Queue(
        rows=tuple(_row(item, language, today) for item in rows),
        states=(
            ("", every, sum(counted.values())),
            *((code, row.label(language), counted.get(code, 0)) for code, row in known.items()),
        ),
        state=state,
        total=total,
        page=page,
        pages=pages,
        late=mine.filter(state__in=joint.live(), due_on__lt=today).count(),
        may_decide=accounts.may(user, Right.MEASURE_DECIDE) and user.department is not None,
    )


_FACTS = {
    "relation": ("关联与相当", "Relation"),
    "notice": ("告知书", "Notice"),
    "notice_served_on": ("送达日期", "Served on"),
    "months": ("期限（月）", "Months"),
    "purpose": ("查询目的", "Purpose"),
    "authority": ("法定依据", "Authority"),
    "object": ("对象文书", "Document of the entry"),
    "executed_on": ("执行日期", "Carried out on"),
    "document": ("文书", "Document"),
    "lifted_on": ("解除日期", "Lifted on"),
    "due_on": ("应办日期", "Due on"),
    "late_days": ("逾期工作日", "Working days late"),
    "trigger": ("解除原因", "Why"),
    "reason_code": ("理由", "Reason"),
}


def _facts(facts: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    book, rules, english = measures.book(), joint.table(), language == "en"
    found = []
    for code, words in _FACTS.items():
        value = facts.get(code)
        if value in (None, "", 0):
            continue
        named = {**book.reasons, **rules.triggers}.get(str(value)) if code in ("trigger", "reason_code") else None
        found.append((words[english], named.label(language) if named else str(value)))
    return tuple(found)


def work_page(user: User, number: int, language: str) -> WorkPage:
    """One piece of work. Raises ListUnknown."""
    work = selectors.visible(user, number)
    today = timezone.localdate()
    row = measures.book().rows.get(work.measure)
    item = next(iter(objects.of_entities([work.record_entity_id], today, [work.record_id])), None)
    own = accounts.may(user, Right.MEASURE_DECIDE) and user.department_id == work.department_id
    book, english = measures.book(), language == "en"
    return WorkPage(
        row=_row(work, language, today),
        seen=work.seq,
        bases=tuple(base.words(language) for base in row.bases) if row else (),
        means=(row.means_en if english else row.means_zh) if row else "",
        target=(row.target_en if english else row.target_zh) if row else "",
        executors=book.executor_words(row.executors, language) if row else "",
        scene=book.scenes[work.scene].label(language) if work.scene in book.scenes else work.scene,
        confirmed=bool(row and row.confirmed),
        entry=_entry(item, language) if item else None,
        messages=tuple(
            Message(
                code=step.message,
                label=joint.table().messages[step.message].label(language),
                actor=step.actor,
                at=step.at,
                reason=step.reason,
                facts=_facts(step.facts, language),
            )
            for step in JointStep.objects.filter(joint=work).order_by("seq")
        ),
        can_execute=own and work.state == "applied",
        can_lift=own and work.state == "lift_due",
        can_tell=typical.finished(work) and accounts.may(user, Right.CONTENT_EDIT),
        today=today,
    )


def _entry(item: gate.Object, language: str) -> EntryLine:
    config, english = lists.by_code(item.list_code), language == "en"
    if config is not None:
        title, name = config.name(language), config.name(language)
        ground = config.ground(item.ground)
        title = (ground.en if english else ground.zh) if ground else item.text or title
        ends = config.exit_en if english else config.exit_zh
    else:
        entry = catalogue.packaged().entry(item.dataset, timezone.localdate())
        name = entry.name_en if english else entry.name_zh
        title = item.text or name
        ends = "Repair, or the end of publication" if english else "信用修复，或者公示期满"
    return EntryLine(
        record_id=item.record_id,
        key=keys.record_key(item.record_id),
        title=title,
        list_name=name,
        document=item.document,
        authority=item.authority,
        since=item.decided_on,
        until=item.until,
        ends=ends,
        favourable=item.favourable,
        serious=item.serious,
        disputed=item.disputed,
        active=item.active,
    )


def hits(found: tuple[selectors.Applicable, ...], language: str) -> tuple[OpenMeasure, ...]:
    """Measures put before an officer, as the page shows them."""
    return tuple(_open(item.measure, item.object, language) for item in found)


def _open(row: measures.Measure, item: gate.Object, language: str) -> OpenMeasure:
    book, entry = measures.book(), _entry(item, language)
    return OpenMeasure(
        measure=row.id,
        label=row.label(language),
        favourable=row.kind == "incentive",
        group=row.group,
        basis=("; " if language == "en" else "；").join(base.words(language) for base in row.bases),
        executors=book.executor_words(row.executors, language),
        scenes=book.scene_words(row.scenes, language),
        record_id=item.record_id,
        entry=f"{entry.list_name} {item.document}".strip(),
        until=item.until,
        ends=row.degree.en if language == "en" else row.degree.zh,
        confirmed=row.confirmed,
    )


def standing(user: User, entity: Entity, language: str) -> Standing:
    """What applies to an entity, why, until when, and what ends it. Raises RightMissing.

    Measures are shown for every executor; who may decide on one is its executor. Work of other units is told by its
    measure and state.
    """
    accounts.require(user, Right.LIST_VIEW)
    return applies(entity, language)


def applies(entity: Entity, language: str) -> Standing:
    """The same for the entity itself: the face that knows the subject has checked the account (REF-16)."""
    today = timezone.localdate()
    root = entities.canonical(entity)
    found = objects.of_entities(entities.members(root), today)
    book, place = measures.book(), inforce.profile()
    possible = [
        (row, item)
        for item in found
        if item.active
        for row in book.rows.values()
        if gate.advised(
            gate.Proposal(
                measure=row, object=item, scene=row.scenes[0], day=today, profile=place, roles=frozenset(row.executors)
            ),
            book,
        )
    ]
    lines = [_entry(item, language) for item in found]
    named = [line for line in lines if line.active]
    work = Joint.objects.select_related("entity", "department").filter(entity=root).order_by("-moved_at", "-pk")
    return Standing(
        name=root.name or root.credit_code or keys.public_key(root.pk),
        code=root.credit_code or "",
        key=entities.own_key(root),
        url=reverse("entity", args=[entities.address_key(root)]),
        entries=tuple(sorted(named, key=lambda line: (not line.serious, line.favourable, -line.record_id))),
        over=tuple(line for line in lines if not line.active),
        open=tuple(_open(row, item, language) for row, item in possible),
        work=tuple(_row(item, language, today) for item in work[:200]),
        more=(_cases(root, language), *(lines(root, language) for lines in more.values())),
        checked_on=today,
    )


def _cases(entity: Entity, language: str) -> MoreLines:
    """Objections, repairs and withdrawals that are open."""
    english = language == "en"
    return MoreLines(
        code="cases",
        title="Objections and repairs under way" if english else "办理中的异议、修复和撤下",
        lines=tuple(
            MoreLine(
                what=f"{line.kind_label} {line.number}",
                why=line.title,
                state=line.state_label,
                tone=line.state_tone,
                since=timezone.localdate(line.opened_at),
                until=line.due_on,
                ends="The decision of the unit" if english else "认定单位作出决定",
                url=reverse("case", args=[line.case_id]),
            )
            for line in cases.cases_of(entity.pk, language)
            if line.closed_at is None
        ),
    )


def figures(today: date, language: str = "zh") -> Figures:
    """The figures of every unit that has asked or decided."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("lists", "joint_figures"), {"today": today, "live": list(joint.live())})
        names = [column[0] for column in cursor.description or ()]
        units = tuple(Unit(**dict(zip(names, row, strict=True))) for row in cursor.fetchall())
    late = Joint.objects.select_related("entity", "department").filter(state="lift_due", due_on__lt=today)
    return Figures(units=units, overdue=tuple(_row(item, language, today) for item in late.order_by("due_on")[:200]))


def of_unit(department_id: int, *, state: str, matter: str, page: int, size: int) -> tuple[list[Joint], int]:
    """A page of a unit's work for its own system, the longest unmoved first, and how much there is."""
    query = Joint.objects.select_related("entity").filter(department_id=department_id)
    if state:
        query = query.filter(state=state)
    if matter:
        query = query.filter(matter=matter)
    found = query.order_by("moved_at", "pk").prefetch_related("steps")
    return list(found[(page - 1) * size : page * size]), query.count()


def one_of_unit(department_id: int, number: int) -> Joint | None:
    """One piece of a unit's own work."""
    return Joint.objects.select_related("entity").filter(pk=number, department_id=department_id).first()
