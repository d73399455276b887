"""Reads of the desk: the queue, one case with its candidates side by side, decisions for export."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.desk import actions, candidates, rows
from xinyong.desk.errors import CaseUnknown, RowGone
from xinyong.desk.marks import pieces
from xinyong.desk.models import Case, Decision, Opinion
from xinyong.desk.pages import CandidateCard, CasePage, CaseRow, Compared, Past, Queue
from xinyong.desk.rows import WrittenRow
from xinyong.registry import keys, lists
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity, Identifier
from xinyong.runtime import sql
from xinyong.runtime.pages import by_key
from xinyong.standards import entity_types

PAGE = 20
_STATES = {
    "open": ("待认定", "Open", "amber"),
    "second": ("待第二人认定", "Needs a second person", "violet"),
    "disputed": ("意见不一", "Disputed", "red"),
    "asked": ("待部门答复", "Waiting for the department", "blue"),
    "decided": ("已认定，待重新入库", "Decided, to be stored", "teal"),
    "stored": ("已入库", "Stored", "green"),
    "returned": ("退回部门", "Returned to the department", "grey"),
    "corrected": ("部门已更正", "Corrected by the department", "grey"),
}
_REASONS = {
    "subject-unknown": ("没有代码，登记库中没有这一名称", "No code, and no such name in the register"),
    "name-not-unique": ("登记库中有多个同名主体", "Several entities bear this name"),
    "subject-contradiction": ("号码与名称指向不同主体", "Numbers and name lead to different entities"),
}
#: States an officer works on, in the order of the queue.
TO_DO = ("open", "second", "disputed")
_TONES = {"active": "green", "suspended": "amber", "ended": "grey", "ended_by_force": "red"}


def visible(user: User) -> QuerySet[Case]:
    """Cases the user may see: officers of the desk all (of their department), a department those it was asked about."""
    cases = Case.objects.select_related("department", "delivery")
    if accounts.may(user, Right.RESOLUTION_DECIDE):
        return cases if accounts.may(user, Right.DELIVERY_VIEW_ALL) else cases.filter(department=user.department)
    accounts.require(user, Right.DELIVERY_VIEW_OWN)
    return cases.filter(department=user.department).exclude(question="")


def _rows_of(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("desk", name), parameters)
        return list(cursor.fetchall())


def _word(table: Mapping[str, tuple[str, ...]], key: str, language: str) -> str:
    return table[key][1 if language == "en" else 0]


def _row(case: Case, language: str, same_name: int = 0) -> CaseRow:
    entry = catalogue.entry(case.dataset_code, timezone.localdate(case.delivery.received_at))
    department = case.department
    return CaseRow(
        number=case.pk,
        url=reverse("desk-case", args=[case.pk]),
        name=case.name,
        department=(department.name_en or department.name_zh) if language == "en" else department.name_zh,
        dataset_name=entry.name_en if language == "en" else entry.name_zh,
        delivery=case.delivery.number,
        row=case.row,
        reason=_word(_REASONS, case.reason, language),
        state=case.state,
        state_label=_word(_STATES, case.state, language),
        state_tone=_STATES[case.state][2],
        opened_at=case.opened_at,
        days=(timezone.now() - case.opened_at).days,
        same_name=same_name,
    )


def _of_state(cases: QuerySet[Case], state: str, user: User) -> QuerySet[Case]:
    if state == "todo":
        cases = cases.filter(state__in=TO_DO)
        spoken = Opinion.objects.filter(officer=user.username, withdrawn_at=None).values("case")
        return cases.exclude(pk__in=spoken)  # whoever has spoken has nothing more to do there
    return cases.filter(state=state) if state in _STATES else cases


def queue(user: User, state: str, department: str, page: int, language: str) -> Queue:
    """A page of the queue, oldest first, with counts by state and department."""
    cases = visible(user)
    may_decide = accounts.may(user, Right.RESOLUTION_DECIDE)
    state = state if state in _STATES or state in ("todo", "all") else ("todo" if may_decide else "asked")
    chosen = _of_state(cases, state, user)
    if department:
        chosen = chosen.filter(department__slug=department)
    total = chosen.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    listed = list(chosen.order_by("opened_at", "pk")[(page - 1) * PAGE : page * PAGE])
    everything = may_decide and accounts.may(user, Right.DELIVERY_VIEW_ALL)
    counted = _rows_of("queue_counts", {"department": None if everything else user.department_id})
    english = language == "en"
    by_state = {code: sum(row[4] for row in counted if row[0] == code) for code in _STATES}
    to_do = _of_state(cases, "todo", user).count() if may_decide else 0
    states = [("todo", "To do" if english else "待办", to_do)] if may_decide else []
    states += [(code, _word(_STATES, code, language), by_state[code]) for code in _STATES if by_state[code]]
    departments: dict[str, tuple[str, int]] = {}
    for code, slug, name_zh, name_en, count, _ in counted:
        if code in TO_DO or code == "asked":
            label = name_en if english and name_en else name_zh
            departments[slug] = (label, departments.get(slug, ("", 0))[1] + count)
    open_since = [row[5] for row in counted if row[0] in TO_DO]
    return Queue(
        rows=tuple(_row(case, language) for case in listed),
        total=total,
        page=page,
        pages=pages,
        state=state,
        department=department,
        states=tuple(states),
        departments=tuple((slug, label, count) for slug, (label, count) in departments.items()),
        oldest_days=(timezone.now() - min(open_since)).days if open_since else 0,
        first_url=reverse("desk-case", args=[listed[0].pk]) if listed and may_decide else "",
        two_persons=actions.two_persons(),
        may_decide=may_decide,
    )


def waiting(user: User) -> int:
    """Cases that wait for this officer: the figure in the menu."""
    if not accounts.may(user, Right.RESOLUTION_DECIDE):
        return 0
    return _of_state(visible(user), "todo", user).count()


def next_case(user: User, after: Case | None) -> Case | None:
    """The next case of the officer's queue after this one; the first when none follows."""
    todo = _of_state(visible(user), "todo", user).order_by("opened_at", "pk")
    if after is not None:
        later = todo.filter(opened_at__gt=after.opened_at) | todo.filter(opened_at=after.opened_at, pk__gt=after.pk)
        found = later.order_by("opened_at", "pk").first()
        if found is not None:
            return found
        todo = todo.exclude(pk=after.pk)
    return todo.first()


def one(user: User, number: int) -> Case:
    """The case. Raises CaseUnknown or RightMissing."""
    case = visible(user).select_related("entity", "sent", "closed_in").filter(pk=number).first()
    if case is None:
        raise CaseUnknown(number=number)
    return case


def _status(entity: Entity, language: str) -> tuple[str, str]:
    if not entity.status:
        return ("", "grey")
    known = entity_types.registration_status(entity.status)
    if known is None:
        return (entity.status, "grey")
    return (known.label_en if language == "en" else known.label, _TONES[known.behaviour.value])


def _cards(row: WrittenRow, language: str) -> tuple[CandidateCard, ...]:
    shown = candidates.suggest(row.name, row.numbers, row.code, row.place)
    ids = [item.entity.pk for item in shown]
    facts: dict[int, dict[str, Any]] = {}
    for entity_id, payload in _rows_of("registrations", {"entities": ids}) if ids else ():
        facts[entity_id] = json.loads(payload) if isinstance(payload, str) else payload
    counts = dict(_rows_of("record_counts", {"entities": ids})) if ids else {}
    numbers: dict[int, dict[str, str]] = {}
    for held in Identifier.objects.filter(entity__in=ids).exclude(type=Identifier.Type.CREDIT_CODE):
        numbers.setdefault(held.entity_id, {})[held.type] = held.value
    return tuple(
        _card(at, item, row, facts.get(item.entity.pk, {}), numbers.get(item.entity.pk, {}), counts, language)
        for at, item in enumerate(shown, start=1)
    )


def _card(
    at: int,
    item: candidates.Suggestion,
    row: WrittenRow,
    facts: Mapping[str, Any],
    numbers: Mapping[str, str],
    counts: Mapping[int, int],
    language: str,
) -> CandidateCard:
    english = language == "en"
    entity = item.entity
    lines = [
        _line("名称", "Name", entity.name, row.name, english=english),
        _line("统一社会信用代码", "Credit code", entity.credit_code or "", row.code, english=english, mono=True),
    ]
    for kind, value in row.numbers.items():
        held = (entity.credit_code or "")[8:17] if kind == "organisation_code" else numbers.get(kind, "")
        lines.append(
            _line(
                lists.identifier_label(kind, "zh"),
                lists.identifier_label(kind, "en"),
                held,
                value,
                english=english,
                mono=True,
            )
        )
    who = str(facts.get("LEREP") or facts.get("NAME") or "")
    lines += [
        _line("代表人（经营者）", "Representative", who, row.representative, english=english),
        _line("地区", "Place", entity.place, row.place, english=english),
        _line("地址", "Address", str(facts.get("DOM") or ""), row.address, english=english),
    ]
    status, tone = _status(entity, language)
    return CandidateCard(
        key=at,
        entity_id=entity.pk,
        name=entity.name or registry.own_key(entity),
        url=reverse("entity", args=[registry.address_key(entity)]),
        status=status,
        status_tone=tone,
        lines=tuple(line for line in lines if line.pieces or line.note),
        grounds=tuple((en if english else zh, against) for zh, en, against in item.grounds),
        records=counts.get(entity.pk, 0),
    )


def _line(zh: str, en: str, value: str, written: str, *, english: bool, mono: bool = False) -> Compared:
    note = ""
    if not value and written:
        note = "Not held" if english else "未登记"
    return Compared(label=en if english else zh, pieces=pieces(value, written), mono=mono, note=note)


def _written(row: WrittenRow, language: str) -> tuple[tuple[str, str, bool], ...]:
    english = language == "en"
    items = [
        ("Name" if english else "名称", row.name, False),
        ("Credit code" if english else "统一社会信用代码", row.code, True),
    ]
    items += [(lists.identifier_label(kind, language), value, True) for kind, value in row.numbers.items()]
    items += [
        ("Representative" if english else "代表人（经营者）", row.representative, False),
        ("Place" if english else "地区", row.place, False),
        ("Address" if english else "地址", row.address, False),
    ]
    return tuple((label, value, mono) for label, value, mono in items if value or label in ("名称", "Name"))


def case_page(user: User, number: int, language: str) -> CasePage:
    """One case as the officer sees it. Opinions of others stay hidden until the case is decided."""
    case = one(user, number)
    english = language == "en"
    may_decide = accounts.may(user, Right.RESOLUTION_DECIDE)
    undecided = case.state in ("open", "second", "disputed", "asked")
    gone, row = "", None
    try:
        row = rows.read(case)
    except RowGone as error:
        gone = error.message(language)
    spoken = Opinion.objects.filter(case=case, officer=user.username, withdrawn_at=None).exists()
    following = next_case(user, case) if may_decide else None
    todo = _of_state(visible(user), "todo", user) if may_decide else Case.objects.none()
    entity = registry.canonical(case.entity) if case.entity is not None else None
    kinds = {
        "organisation": ("其他组织", "Organisation"),
        "individual_business": ("个体工商户", "Individual business"),
    }
    return CasePage(
        row=_row(case, language, len(actions.alike(case)) if may_decide else 0),
        cells=row.cells if row else (),
        written=_written(row, language) if row else (),
        candidates=_cards(row, language) if row and may_decide and undecided else (),
        gone=gone,
        question=case.question,
        asked_by=case.asked_by,
        answer=case.answer,
        answered_by=case.answered_by,
        trouble=case.trouble,
        mine=spoken,
        can_decide=may_decide and undecided and not spoken and row is not None,
        can_undo=spoken and case.sent_id is None and case.state not in ("stored", "corrected"),
        can_answer=case.state == "asked"
        and accounts.may(user, Right.DELIVERY_VIEW_OWN)
        and user.username != case.asked_by,
        may_rule=accounts.may(user, Right.REGISTRY_ACT) and bool(case.name_key),
        rule_until=(timezone.localdate() + timedelta(days=365)).isoformat(),
        alike=len(actions.alike(case)) if may_decide else 0,
        history=_history(case, hidden=undecided, user=user, english=english),
        next_url=reverse("desk-case", args=[following.pk]) if following else "",
        position=todo.filter(opened_at__lt=case.opened_at).count() + 1 if may_decide else 0,
        total=todo.count(),
        entity_url=reverse("entity", args=[registry.address_key(entity)]) if entity else "",
        entity_name=(entity.name or registry.own_key(entity)) if entity else "",
        sent=case.sent.number if case.sent else "",
        closed=_closed(case, english=english),
        closed_url=reverse("delivery", args=[case.closed_in.number]) if case.closed_in else "",
        closed_at=case.closed_at,
        undo_seconds=actions.undo_seconds(),
        new_kinds=tuple((code, words[1 if english else 0]) for code, words in kinds.items()),
        number_types=tuple(
            (code, item.en if english else item.zh)
            for code, item in lists.identifier_types().items()
            if code not in ("credit_code", "former_credit_code", "registration_key")
        ),
    )


def _closed(case: Case, *, english: bool) -> str:
    """Why the department's own deed ended the case; empty when it did not."""
    if case.closed_in is not None:
        return (
            f"The department corrected the row itself: delivery {case.closed_in.number}, row {case.closed_row}"
            if english
            else f"报送部门已自行更正这一行：批次 {case.closed_in.number} 第 {case.closed_row} 行"
        )
    if case.closed_at is not None:
        return (
            f"The department does not deliver the row any more: {case.closed_why}"
            if english
            else f"报送部门不再报送这一行：{case.closed_why}"
        )
    return ""


def _history(case: Case, *, hidden: bool, user: User, english: bool) -> tuple[Past, ...]:
    opinions = Opinion.objects.filter(case=case).select_related("entity").order_by("at", "pk")
    past = []
    for item in opinions:
        if hidden and item.officer != user.username:
            continue  # a second opinion is worth something only when it is blind
        choice = _choice(item.choice, item.entity, english=english)
        past.append(Past(at=item.at, who=item.officer, words=choice, reason=item.reason))
        if item.withdrawn_at is not None:
            words = "Taken back" if english else "撤回意见"
            past.append(Past(at=item.withdrawn_at, who=item.officer, words=words, reason=""))
    return tuple(sorted(past, key=lambda step: step.at))


def _choice(choice: str, entity: Entity | None, *, english: bool) -> str:
    if choice == Opinion.Choice.NONE or entity is None:
        return "None of them: back to the department" if english else "都不是，退回部门"
    name = entity.name or registry.own_key(entity)
    return f"Is {name}" if english else f"认定为 {name}"


def decisions(user: User) -> Iterator[dict[str, Any]]:
    """Every decision the user may see, taken-back ones included, oldest first: the export."""
    accounts.require(user, Right.RESOLUTION_DECIDE)
    seen = visible(user).values("pk")
    found = Decision.objects.select_related(
        "case__delivery", "case__department", "entity", "case__sent", "case__closed_in"
    )
    for item in by_key(found.filter(case__in=seen)):
        case = item.case
        yield {
            "decision": item.pk,
            "case": case.pk,
            "at": timezone.localtime(item.at).isoformat(timespec="seconds"),
            "department": case.department.slug,
            "dataset": case.dataset_code,
            "delivery": case.delivery.number,
            "row": case.row,
            "returned_for": case.reason,
            "written_name": case.name,
            "choice": item.choice,
            "entity": keys.public_key(item.entity.pk) if item.entity else "",
            "credit_code": (item.entity.credit_code or "") if item.entity else "",
            "entity_name": item.entity.name if item.entity else "",
            "officers": item.officers,
            "reasons": item.reasons,
            "evidence": item.evidence,
            "candidates": item.candidates,
            "sent_as": case.sent.number if case.sent else "",
            "state": case.state,
            "ended_by_department": _closed(case, english=False),
            "undone_by": item.undone_by,
            "undone_at": timezone.localtime(item.undone_at).isoformat(timespec="seconds") if item.undone_at else "",
        }
