"""Reads of the department desk: the queue by deadline, one case with everything that decides it, figures, tips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Field, FieldType
from xinyong.desk.home import Task
from xinyong.desk.marks import pieces
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.ledger.selectors import RecordHistory
from xinyong.publicity import clocks, show
from xinyong.publicity import selectors as publicity
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.remedies import files as case_files
from xinyong.remedies import lines, machine, numbers, officers, opening, rules, selectors, tips
from xinyong.remedies.desk_pages import (
    ActChoice,
    CasePage,
    Compared,
    Filter,
    Queue,
    ReceiptLine,
)
from xinyong.remedies.errors import CaseUnknown
from xinyong.remedies.models import Case, CaseFile, Receipt
from xinyong.remedies.pages import Choice
from xinyong.remedies.rules import Facts, Wish
from xinyong.runtime import sql
from xinyong.standards import calendar, redaction

PAGE = 20
#: How many an officer may have on a page, and in one batch.
SIZES = (PAGE, 50, 100, 200)
#: Working days that count as soon.
_SOON = 2
_DANGER = frozenset({"reject", "deny", "refuse", "turn_away", "revoke", "suspend", "force_withdraw", "withdraw"})
_BASIS = frozenset(
    {"uphold", "reject", "grant", "deny", "revoke", "withdraw", "force_withdraw", "reinstate", "fix"}
) | {
    "review_uphold",
    "review_reject",
}


def visible(user: User) -> QuerySet[Case]:
    """Cases the officer may see. Raises RightMissing."""
    accounts.require(user, Right.REMEDY_VIEW)
    found = Case.objects.exclude(state__in=("draft", machine.NEW)).select_related("department")
    if accounts.may(user, Right.REMEDY_PLATFORM):
        return found
    return found.filter(department=user.department_id)


def _turn(user: User) -> Q:
    """Cases where it is this officer's turn."""
    table = machine.table()
    mine = Q(pk__in=())
    for kind, states in table.states.items():
        of_provider = [code for code, state in states.items() if state.waits == "provider"]
        of_platform = [code for code, state in states.items() if state.waits == "platform"]
        if accounts.may(user, Right.REMEDY_DECIDE) and user.department_id is not None:
            mine |= Q(kind=kind, state__in=of_provider, department=user.department_id)
        if accounts.may(user, Right.REMEDY_PLATFORM):
            # What runs by itself waits for nobody.
            mine |= Q(kind=kind, state__in=[code for code in of_platform if code not in ("granted", "withdrawn")])
    return mine


def waiting(user: User) -> dict[str, int]:
    """How many cases wait for this officer, by kind: the figures of the menu."""
    if not accounts.may(user, Right.REMEDY_VIEW):
        return {}
    found = visible(user).filter(_turn(user), closed_at=None)
    return {kind: found.filter(kind=kind).count() for kind in machine.KINDS}


def tasks(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    """What waits for the officer on the first page of the console, by deadline."""
    if not accounts.may(user, Right.REMEDY_VIEW):
        return
    today = timezone.localdate()
    found = visible(user).filter(_turn(user), closed_at=None)
    for group, window, due in (
        ("overdue", Q(due_on__lt=today), "overdue"),
        ("today", Q(due_on=today), "today"),
        ("week", Q(due_on__gt=today, due_on__lte=today + timedelta(days=7)), ""),
    ):
        for kind in machine.KINDS:
            cases = found.filter(window, kind=kind)
            first = cases.order_by("due_on", "pk").first()
            if first is None:
                continue
            count, label = cases.count(), lines.kind_label(kind, "en" if english else "zh")
            yield group, Task(
                title=f"{label}: {count:,} to deal with" if english else f"{label} {count:,} 件待办理",
                note=first.number,
                when=str(first.due_on),
                url=f"{reverse('remedy-cases')}?turn=mine&kind={kind}&due={due}",
            )  # fmt: skip
    yield from tips.tasks(user, english)


def _soon(today: date) -> date:
    return calendar.official().add_working_days(today, _SOON, provisional=True).day


def _of_due(found: QuerySet[Case], due: str, today: date) -> QuerySet[Case]:
    if due == "overdue":
        return found.filter(due_on__lt=today)
    if due == "today":
        return found.filter(due_on=today)
    if due == "soon":
        return found.filter(due_on__gt=today, due_on__lte=_soon(today))
    return found


def chosen(user: User, asked: dict[str, str]) -> QuerySet[Case]:
    """The cases of a queue as asked for, the nearest deadline first, then the oldest."""
    found = visible(user)
    turn = asked.get("turn", "")
    if turn == "closed":
        found = found.filter(closed_at__isnull=False)
    else:
        found = found.filter(closed_at=None)
        if turn == "mine":
            found = found.filter(_turn(user))
        elif turn == "assigned":
            found = found.filter(assignee=user.username)
    if asked.get("kind") in machine.KINDS:
        found = found.filter(kind=asked["kind"])
    if asked.get("department"):
        found = found.filter(department__slug=asked["department"])
    query = asked.get("q", "").strip()[:60]
    if query:
        found = _matching(found, query)
    found = _of_due(found, asked.get("due", ""), timezone.localdate())
    if turn == "closed":
        return found.order_by("-closed_at", "-pk")
    return found.order_by(F("due_on").asc(nulls_last=True), "pk")


def _matching(found: QuerySet[Case], query: str) -> QuerySet[Case]:
    serial = numbers.serial_of(query)
    if serial is not None:
        return found.filter(pk=serial)
    record = keys.record_id(query)
    if record is not None:
        return found.filter(record_id=record)
    entity = registry.found(query)
    if entity is not None:
        return found.filter(entity_id__in=registry.members(registry.canonical(entity)))
    return found.filter(entity_id__in=Entity.objects.filter(name__contains=query).values("pk")[:1000])


def queue(user: User, asked: dict[str, str], page: int, language: str) -> Queue:
    """A page of the queue with what can be chosen."""
    english = language == "en"
    acts = accounts.may(user, Right.REMEDY_DECIDE) or accounts.may(user, Right.REMEDY_PLATFORM)
    turn = asked.get("turn", "")
    turn = turn if turn in ("mine", "assigned", "all", "closed") else "mine" if acts else "all"
    asked = {**asked, "turn": turn}
    found = chosen(user, asked)
    total = found.count()
    size = next((size for size in SIZES if str(size) == asked.get("size")), PAGE)
    pages = max(1, math.ceil(total / size))
    page = min(max(1, page), pages)
    listed = list(found[(page - 1) * size : page * size])
    today = timezone.localdate()
    platform = accounts.may(user, Right.REMEDY_PLATFORM)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "queue_counts"),
            {"today": today, "soon": _soon(today), "department": None if platform else user.department_id},
        )
        counted = cursor.fetchall()
    mine = waiting(user)
    by_kind = {kind: sum(row[2] for row in counted if row[0] == kind) for kind in machine.KINDS}
    turns = [
        ("mine", "Waiting for me" if english else "待我办理", sum(mine.values())),
        (
            "assigned",
            "Given to me" if english else "分派给我",
            visible(user).filter(assignee=user.username, closed_at=None).count(),
        ),
        ("all", "Open" if english else "办理中", sum(by_kind.values())),
        ("closed", "Closed" if english else "已办结", visible(user).filter(closed_at__isnull=False).count()),
    ]
    dues = [
        ("overdue", "Overdue" if english else "已逾期", sum(row[3] for row in counted)),
        ("today", "Today" if english else "今日到期", sum(row[4] for row in counted)),
        ("soon", "Within two working days" if english else "两个工作日内", sum(row[5] for row in counted)),
    ]
    departments = _departments(language) if platform else ()
    return Queue(
        lines=lines.lines(listed, language),
        total=total,
        page=page,
        pages=pages,
        size=size,
        sizes=tuple(choice for choice in SIZES if choice == PAGE or total > choice // 2) if total > PAGE else (),
        kind=asked.get("kind", "") if asked.get("kind", "") in machine.KINDS else "",
        turn=turn,
        due=asked.get("due", ""),
        department=asked.get("department", ""),
        query=asked.get("q", "").strip()[:60],
        kinds=tuple(Filter(code=kind, label=lines.kind_label(kind, language), count=by_kind[kind]) for kind in machine.KINDS),
        turns=tuple(Filter(code=code, label=label, count=count) for code, label, count in turns if acts or code in ("all", "closed")),
        dues=tuple(Filter(code=code, label=label, count=count) for code, label, count in dues),
        departments=departments,
        batch=_batch(user, language) if acts and turn != "closed" else (),
        revisions={item.pk: item.revision for item in listed},
        first_url=reverse("case", args=[listed[0].pk]) if listed and acts and turn == "mine" else "",
        may_act=acts,
        tips=tips.waiting_tips(user),
        tips_late=tips.late_tips(user),
    )  # fmt: skip


def _departments(language: str) -> tuple[Filter, ...]:
    from django.db.models import Count

    found = (
        Case.objects.filter(closed_at=None)
        .exclude(state__in=("draft", machine.NEW))
        .values("department__slug", "department__name_zh", "department__name_en")
        .annotate(count=Count("pk"))
        .order_by("-count", "department__slug")[:12]
    )
    return tuple(
        Filter(
            code=row["department__slug"],
            label=(language == "en" and row["department__name_en"]) or row["department__name_zh"],
            count=row["count"],
        )
        for row in found
    )


def _batch(user: User, language: str) -> tuple[Choice, ...]:
    """Acts this officer may do for many cases at once."""
    parties = set()
    if accounts.may(user, Right.REMEDY_DECIDE):
        parties.add("provider")
    if accounts.may(user, Right.REMEDY_PLATFORM):
        parties.add("platform")
    found: dict[str, Choice] = {}
    for kind, acts in machine.table().acts.items():
        for act in acts.values():
            if act.batch and act.by & parties:
                label = f"{lines.kind_label(kind, language)} · {act.label(language)}"
                found[f"{kind}:{act.act}"] = Choice(code=f"{kind}:{act.act}", label=label, article=act.article)
    return tuple(found.values())


# --- one case -----------------------------------------------------------------------------------------------------


def case_page(user: User, case_id: int, language: str) -> CasePage:
    """One case. Raises CaseUnknown, RightMissing."""
    case = visible(user).filter(pk=case_id).first()
    if case is None:
        raise CaseUnknown(number=case_id)
    english, table, today = language == "en", machine.table(), timezone.localdate()
    (line,) = lines.lines([case], language)
    history = ledger.record(case.record_id)
    said = lines.records_of([(case.entity_id, case.record_id)], language).get(case.record_id)
    entity = registry.canonical(Entity.objects.get(pk=case.entity_id))
    states = ledger_rules.rule_set().states
    who = officers.party(user, case.department_id)
    over = table.states[case.kind][case.state].over
    eligibility = selectors.eligibility_of(case) if case.kind == machine.REPAIR and not over else None
    facts = _facts(case, eligibility)
    decider = table.deciders[rules.matter(case.kind, own_copy=case.state == "own_fix", listed=case.listed, review=case.state == "review")]  # fmt: skip
    ground, remedy = table.grounds.get(case.ground), table.remedies.get(case.remedy)
    clock = clocks.of_record(case.entity_id, case.record_id)
    key = keys.record_key(case.record_id)
    public = publicity.public_record(case.entity_id, case.record_id, today) is not None
    allowed = ground.remedies if ground else ()
    return CasePage(
        line=line,
        revision=case.revision,
        who=who,
        who_label=lines.WAITS[who][english] if who else "",
        decider=decider.en if english else decider.zh,
        decider_article=decider.article,
        dataset_name=show.name_of(said.entry, language) if said else case.dataset_code,
        record_url=reverse("ledger-record", args=[case.record_id]),
        public_url=reverse("record-page", args=[key]) if public else "",
        entity_url=reverse("entity", args=[registry.address_key(entity)]),
        entity_code=entity.credit_code or "",
        version_opened=case.version_no,
        version_now=len(history.versions),
        states=tuple(states[code].en if english else states[code].zh for code in sorted(history.states())),
        ground=ground.label(language) if ground else selectors.cause_label(case.ground, language),
        ground_article=ground.article if ground else "",
        field_label=lines.field_label(said, case.field, language),
        statement=redaction.redact(case.statement).text,
        wanted=redaction.redact(case.wanted).text,
        answer=redaction.redact(case.answer).text,
        basis=case.basis,
        remedy=remedy.label(language) if remedy else "",
        duty=remedy.duty(language) if remedy else "",
        gaps=lines.gaps(case, language),
        stages=lines.stages(case, language),
        fields=compare(history, case.field, entity.kind, language),
        conditions=lines.conditions(eligibility, language),
        missing=tuple(item[1 if english else 0] for item in rules.missing(facts)),
        signed_at=case.signed_at,
        clock=_clock(clock, language),
        promises=lines.promises(case, language),
        receipts=_receipts(case, language),
        steps=lines.steps_of(case, language, officer=True),
        materials=lines.materials(case, language),
        acts=_acts(user, case, facts, who, language),
        remedies=tuple(
            Choice(code=code, label=table.remedies[code].label(language), article=table.remedies[code].duty(language))
            for code in allowed
        ),
        gap_choices=tuple(Choice(code=gap.code, label=gap.label(language), article=gap.material) for gap in table.gaps.values()),
        colleagues=_colleagues(user, case, who),
        next_url=next_url(user, case),
        rules=case.rules,
        barred_until=case.barred_until,
    )  # fmt: skip


def _clock(clock: Any, language: str) -> tuple[tuple[str, date | None], ...]:
    if clock is None:
        return ()
    english = language == "en"
    return (
        ("Public from" if english else "开始公示", clock.public_from),
        ("Repair possible from" if english else "可修复日", clock.earliest_repair),
        ("Ends by itself after" if english else "最长公示至", clock.latest_end),
    )


def _facts(case: Case, eligibility: Any) -> Facts:
    return Facts(
        kind=case.kind,
        state=case.state,
        limits=tuple(lines.limits_of([case.pk]).get(case.pk, [])),
        ground=case.ground,
        outcome=case.outcome,
        paused_on=case.paused_on,
        gaps_told=case.gaps_told,
        suspended=case.suspended,
        reviewed=case.reviewed,
        closed_on=timezone.localdate(case.closed_at) if case.closed_at else None,
        signed=case.signed_at is not None,
        materials=frozenset(CaseFile.objects.filter(case=case, side="applicant").values_list("kind", flat=True)),
        receipts=frozenset(Receipt.objects.filter(case=case).values_list("channel", flat=True)),
        profile=case.profile,
        market=case.market,
        eligibility=eligibility,
    )


def _acts(user: User, case: Case, facts: Facts, who: str, language: str) -> tuple[ActChoice, ...]:
    """What the officer may do now. What a guard forbids is shown with the reason, except where a form still answers it."""
    table, english = machine.table(), language == "en"
    parties = [who] if who else []
    if accounts.may(user, Right.REMEDY_PLATFORM) and "platform" not in parties:
        parties.append("platform")
    found = []
    for act in table.of(case.kind, case.state):
        party = next((item for item in parties if item in act.by), "")
        if not party:
            continue
        wish = Wish(act=act.act, party=party, reason="—", remedy=_first_remedy(facts), own_proof=True)
        why = None if act.guard == "conditions_met" else rules.refusal(facts, wish, timezone.localdate(), table)
        if why is not None and act.guard in ("paused", "suspended"):
            continue  # the other half of an act that has not happened
        found.append(
            ActChoice(
                act=act.act,
                label=act.label(language),
                key=act.key,
                article=act.article,
                reason=act.reason,
                remedies=act.record == machine.REMEDY,
                gaps=act.act == "gaps",
                checks=act.guard == "conditions_met" or act.act == "deny",
                basis=act.act in _BASIS,
                danger=act.act in _DANGER,
                why_not=why[1 if english else 0] if why else "",
                templates=tuple(
                    item.en if english else item.zh
                    for item in table.templates
                    if (item.kind, item.act) == (case.kind, act.act) and item.state in ("", case.state)
                ),
            )
        )
    return tuple(found)


def _first_remedy(facts: Facts) -> str:
    ground = machine.table().grounds.get(facts.ground)
    return ground.remedies[0] if ground else next(iter(machine.table().remedies))


def compare(history: RecordHistory, meant: str, kind: str, language: str) -> tuple[Compared, ...]:
    """Each field as the public reads it beside what the provider sent, personal values masked; the field meant first."""
    newest = history.versions[-1]
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    english = language == "en"
    published = {item.code: item.value for item in show.fields_of(entry, newest["payload"], language, kind)}
    raw = newest["payload"].get("_raw", {})
    rows = []
    for field, code, stored in ledger.shown_fields(newest):
        masked = stored == "***"
        sent = stored if masked else redaction.redact(str(raw.get(code, "")) or stored).text
        public = published.get(code, "")
        note = "" if public else ("Not for the public" if english else "不公示")
        differs = bool(public) and not masked and code in raw and public != sent and not _formatted(field)
        rows.append(
            Compared(
                code=code,
                label=(field.name_en if english else field.name_zh) if field else code,
                published=pieces(public, sent) if differs else ((public, False),) if public else (),
                sent=pieces(sent, public) if differs else ((sent, False),),
                differs=differs,
                meant=code == meant,
                note=note,
            )
        )
    return tuple(sorted(rows, key=lambda row: (not row.meant, not row.differs)))


def _formatted(field: Field | None) -> bool:
    """Whether the page writes the value in a form of its own: a code in words, an amount with its unit."""
    return field is not None and field.type in (
        FieldType.MONEY_WAN,
        FieldType.CAPITAL,
        FieldType.ENUM,
        FieldType.ENUM_LIST,
        FieldType.DATE,
    )


def _receipts(case: Case, language: str) -> tuple[ReceiptLine, ...]:
    if case.outcome not in ("granted", "withdrawn"):
        return ()
    held = {item.channel: item for item in Receipt.objects.filter(case=case)}
    found = []
    for channel in machine.table().channels:
        receipt = held.get(channel.code)
        found.append(
            ReceiptLine(
                label=channel.en if language == "en" else channel.zh,
                at=receipt.at if receipt else None,
                proof=receipt.proof if receipt else "",
            )
        )
    return tuple(found)


def _colleagues(user: User, case: Case, who: str) -> tuple[tuple[str, str], ...]:
    if not who:
        return ()
    people = User.objects.filter(is_active=True).order_by("username")
    if who == "provider":
        people = people.filter(department=case.department_id)
    return tuple(
        (item.username, item.display_name) for item in people if officers.party(item, case.department_id) == who
    )


def next_url(user: User, after: Case) -> str:
    """The next case that waits for the officer; empty when there is none."""
    todo = visible(user).filter(_turn(user), closed_at=None).exclude(pk=after.pk)
    todo = todo.order_by(F("due_on").asc(nulls_last=True), "pk")
    if after.due_on is not None:
        later = todo.filter(Q(due_on__gt=after.due_on) | Q(due_on=after.due_on, pk__gt=after.pk) | Q(due_on=None))
        found = later.values_list("pk", flat=True).first()
        if found is not None:
            return reverse("case", args=[found])
    found = todo.values_list("pk", flat=True).first()
    return reverse("case", args=[found]) if found is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToWithdraw:
    """A record an officer may withdraw, before it is done. ``mine``: it came from the officer's unit."""

    key: str
    title: str
    dataset_name: str
    entity_name: str
    department: str
    states: tuple[str, ...]
    mine: bool
    url: str


def record_to_withdraw(user: User, key: str, language: str) -> ToWithdraw | None:
    """The record of a public number or of the ledger's; None when there is none the officer has to do with."""
    number = keys.record_id(key)
    if number is None:
        return None
    try:
        history = ledger.record(number)
    except RecordNotFound:
        return None
    subject = opening.subject(history)
    if not officers.party(user, subject.department_id):
        return None
    said = lines.records_of([(history.entity_id, number)], language)[number]
    department = Department.objects.get(pk=subject.department_id)
    states = ledger_rules.rule_set().states
    english = language == "en"
    return ToWithdraw(
        key=keys.record_key(number),
        title=said.title,
        dataset_name=show.name_of(said.entry, language),
        entity_name=lines.names_of([history.entity_id]).get(history.entity_id, ""),
        department=(english and department.name_en) or department.name_zh,
        states=tuple(states[code].en if english else states[code].zh for code in sorted(history.states())),
        mine=officers.party(user, subject.department_id) == "provider",
        url=reverse("ledger-record", args=[number]),
    )


def file_of(user: User, case_id: int, file_id: int) -> tuple[str, str, bytes]:
    """(name, media type, content) of a file of a case; reading it leaves a row in the audit trail. Raises CaseUnknown."""
    case = visible(user).filter(pk=case_id).first()
    file = CaseFile.objects.filter(case=case, pk=file_id).first() if case is not None else None
    if case is None or file is None:
        raise CaseUnknown(number=case_id)
    audit.record(
        actor=user.username,
        deed="remedies.file_read",
        target=f"case {case.pk}",
        purpose=f"{case.kind} {case.number}",
        detail={"file": file.pk, "digest": file.digest},
    )
    return file.name, file.media_type, case_files.read(file)
