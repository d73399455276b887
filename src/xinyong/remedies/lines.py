"""From rows to the frozen values pages show: lines of cases, conditions, steps, stages, promises. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger.selectors import payload_of
from xinyong.publicity import repair, show, timers
from xinyong.publicity.repair import Eligibility
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.registry import keys
from xinyong.registry.models import Entity
from xinyong.remedies import machine, rules
from xinyong.remedies.models import Case, CaseFile, Limit, Step
from xinyong.remedies.pages import CaseLine, ConditionLine, MaterialLine, Promise, Stage, StepLine
from xinyong.runtime import sql
from xinyong.standards import calendar, redaction

_KINDS = {
    "objection": ("异议", "Objection"),
    "repair": ("信用修复", "Credit repair"),
    "withdrawal": ("撤下", "Withdrawal"),
}
WAITS = {
    "platform": ("平台", "the platform"),
    "provider": ("来源（认定）单位", "the unit it came from"),
    "applicant": ("申请人", "the applicant"),
    "nobody": ("", ""),
}
_PARTIES = {"applicant": ("申请人", "Applicant"), "system": ("平台自动", "The platform by itself")}
#: The stages of the strip, by kind: label, and the states that stand in it.
_STAGES: Mapping[str, tuple[tuple[str, str, frozenset[str]], ...]] = {
    "objection": (
        ("提交", "Handed in", frozenset({"submitted", "form_check"})),
        ("受理并标注", "Accepted, marked", frozenset({"accepted"})),
        ("比对", "Compared", frozenset({"comparing", "own_fix"})),
        ("来源单位核查", "Provider checks", frozenset({"forwarded", "provider_checking"})),
        ("作出结论", "Result", frozenset({"upheld", "rejected", "unresolved", "review"})),
        ("告知办结", "Told and closed", frozenset({"notified", "closed"})),
    ),
    "repair": (
        ("填写申请", "Draft", frozenset({"draft"})),
        ("提交", "Handed in", frozenset({"submitted", "returned_for_gaps", "forwarded"})),
        ("受理", "Accepted", frozenset({"accepted", "refused"})),
        ("核实", "Verified", frozenset({"verifying"})),
        ("决定", "Decided", frozenset({"granted", "denied"})),
        ("同步办结", "Everywhere, closed", frozenset({"synced", "closed", "revoked"})),
    ),
    "withdrawal": (
        ("得知原决定变更", "Change known", frozenset({"received"})),
        ("撤下", "Withdrawn", frozenset({"withdrawn", "dismissed"})),
        ("各渠道同步", "Every channel", frozenset({"synced"})),
        ("办结", "Closed", frozenset({"closed", "reinstated"})),
    ),
}
_BAD = frozenset({"rejected", "not_accepted", "denied", "revoked"})


def kind_label(kind: str, language: str) -> str:
    """Name of a kind of case."""
    return _KINDS[kind][language == "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a record says now. ``title``: what an officer recognises it by."""

    entry: DatasetEntry
    payload: Mapping[str, Any]
    title: str


def records_of(cases: Iterable[tuple[int, int]], language: str) -> dict[int, Said]:
    """Newest version of each record (entity, record), by record."""
    wanted = list(dict.fromkeys(cases))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "records_of_cases"),
            {"entities": [item[0] for item in wanted], "records": [item[1] for item in wanted]},
        )
        rows = cursor.fetchall()
    found = {}
    for record, code, digest, raw in rows:
        entry, payload = catalogue.text_of(digest, code), payload_of(raw)
        title = " · ".join(
            filter(
                None,
                (
                    show.text_of(entry, entry.number_field, payload),
                    show.text_of(entry, entry.title_field, payload)[:60],
                ),
            )
        )
        found[record] = Said(entry=entry, payload=payload, title=title or show.name_of(entry, language))
    return found


def names_of(entities: Iterable[int]) -> dict[int, str]:
    """Name of each entity as registered, else its code or public id."""
    return {
        item.pk: item.name or item.credit_code or keys.public_key(item.pk)
        for item in Entity.objects.filter(pk__in=set(entities))
    }


def limits_of(cases: Iterable[int]) -> dict[int, list[rules.Limit]]:
    """Running limits by case, the nearest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("remedies", "running_limits"), {"cases": list(cases)})
        rows = cursor.fetchall()
    found: dict[int, list[rules.Limit]] = {}
    for case, timer, row, starts, due, extended, _ in rows:
        found.setdefault(case, []).append(
            rules.Limit(timer=timer, row=row, starts_on=starts, due_on=due, extended=extended)
        )
    return found


def lines(cases: Sequence[Case], language: str) -> tuple[CaseLine, ...]:
    """Lines of cases in their order, with a handful of queries whatever their number."""
    said = records_of([(item.entity_id, item.record_id) for item in cases], language)
    names, limits = names_of(item.entity_id for item in cases), limits_of(item.pk for item in cases)
    today = timezone.localdate()
    return tuple(
        _line(item, said.get(item.record_id), names.get(item.entity_id, ""), limits.get(item.pk, []), today, language)
        for item in cases
    )


def days_left(due_on: date, today: date) -> int:
    """Working days to the last day; below zero when it has passed."""
    first, last = sorted((today, due_on))
    count = calendar.official().working_days_between(first, last, provisional=True)
    return count if due_on >= today else -count


def _line(case: Case, said: Said | None, name: str, limits: list[rules.Limit], today: date, language: str) -> CaseLine:
    english = language == "en"
    state = machine.table().states[case.kind][case.state]
    outcome = machine.table().outcomes.get(case.outcome)
    nearest = min(limits, key=lambda item: item.due_on, default=None) if case.paused_on is None else None
    row = nearest.known if nearest is not None else None
    department = case.department
    return CaseLine(
        case_id=case.pk,
        number=case.number,
        kind=case.kind,
        kind_label=kind_label(case.kind, language),
        entity_id=case.entity_id,
        entity_name=name,
        record_id=case.record_id,
        record_key=keys.record_key(case.record_id),
        title=said.title if said else case.dataset_code,
        state=case.state,
        state_label=(
            outcome.label(language) if outcome and case.state in ("closed", "notified") else state.label(language)
        ),
        state_tone=outcome.tone if outcome and case.state in ("closed", "notified") else state.tone,
        department=(english and department.name_en) or department.name_zh,
        opened_at=case.opened_at,
        due_on=nearest.due_on if nearest is not None else None,
        due_words=(row.en if english else row.zh) if row is not None else "",
        overdue=nearest is not None and nearest.due_on < today,
        paused=case.paused_on is not None,
        days_left=days_left(nearest.due_on, today) if nearest is not None else None,
        percent=rules.used(nearest, today) if nearest is not None else 0,
        closed_at=case.closed_at,
        outcome=outcome.label(language) if outcome else "",
        assignee=case.assignee,
        waits_for=WAITS[state.waits][english],
    )


def steps_of(case: Case, language: str, *, officer: bool) -> tuple[StepLine, ...]:
    """The history, newest first. An applicant is not told names of officers, only which side acted."""
    english, table = language == "en", machine.table()
    found = list(Step.objects.filter(case=case).order_by("-number"))
    people = dict(
        User.objects.filter(username__in={item.actor for item in found}).values_list("username", "display_name")
    )
    result = []
    for item in found:
        act = table.acts[case.kind][item.act]
        if item.party in _PARTIES:
            who = _PARTIES[item.party][english]
        elif officer:
            who = f"{people.get(item.actor, item.actor)} · {item.actor}"
        else:
            who = WAITS[item.party][english]
        told = officer or act.told or item.party == "applicant"
        result.append(
            StepLine(
                number=item.number,
                at=item.at,
                act=item.act,
                label=act.label(language),
                who=who,
                state_label=table.states[case.kind][item.state_after].label(language),
                reason=redaction.redact(item.reason).text if told else "",
                article=act.article,
            )
        )
    return tuple(result)


def conditions(
    found: Eligibility | None, language: str, notes: Mapping[str, str] | None = None
) -> tuple[ConditionLine, ...]:
    """Each condition of repair as it stands."""
    if found is None:
        return ()
    english = language == "en"
    return tuple(
        ConditionLine(
            code=answer.condition.check,
            label=answer.condition.en if english else answer.condition.zh,
            state=answer.state,
            on=answer.on,
            article=answer.condition.article,
            source=answer.condition.source_en if english else answer.condition.source,
            confirmed=answer.condition.status == CONFIRMED,
            note=(notes or {}).get(answer.condition.check, ""),
        )
        for answer in sorted(found.answers, key=lambda item: (item.state != repair.FAILING, item.condition.id))
    )


_LATE = {
    "platform": ("逾期自动督办平台，并计入统计", "when late, the platform is called to account and it is counted"),
    "provider": ("逾期自动督办该单位，并计入统计", "when late, the unit is called to account and it is counted"),
}


def promises(case: Case, language: str) -> tuple[Promise, ...]:
    """Every limit of the case, also those that are over: until when, how computed, what follows when it passes."""
    english = language == "en"
    found = []
    for item in Limit.objects.filter(case=case).order_by("id"):
        row = next((one for one in timers.in_force() if one.id == item.row), None)
        if row is None:
            continue
        spans = tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in item.spans)
        due = timers.due(row, item.starts_on, extended=item.extended, pauses=spans)
        owner = "platform" if "platform" in row.owner or "site" in row.owner else "provider"
        found.append(
            Promise(
                label=row.en if english else row.zh,
                due_on=item.due_on,
                met_on=item.ended_on,
                words=due.words(language),
                late=_LATE[owner][english],
                confirmed=row.status == CONFIRMED,
            )
        )
    return tuple(found)


def stages(case: Case, language: str) -> tuple[Stage, ...]:
    """The progress strip: where the case was, is, and goes."""
    english = language == "en"
    first: dict[int, Any] = {}
    strip = _STAGES[case.kind]
    for state, at in Step.objects.filter(case=case).order_by("number").values_list("state_after", "at"):
        place = next((i for i, (_, _, states) in enumerate(strip) if state in states), None)
        if place is not None:
            first.setdefault(place, at)
    now = next((i for i, (_, _, states) in enumerate(strip) if case.state in states), 0)
    over = machine.table().states[case.kind][case.state].over
    found = []
    for place, (zh, en, _) in enumerate(strip):
        if place == now:
            state = "bad" if case.outcome in _BAD and over else "done" if over else "current"
        elif place < now:
            state = "done" if place in first else "todo"
        else:
            state = "todo"
        found.append(Stage(label=en if english else zh, state=state, at=first.get(place)))
    return tuple(found)


def materials(case: Case, language: str) -> tuple[MaterialLine, ...]:
    """The files of a case, oldest first, without their content."""
    known = machine.table().materials
    return tuple(
        MaterialLine(
            material_id=item.pk,
            kind=item.kind,
            kind_label=known[item.kind].label(language) if item.kind in known else item.kind,
            side=item.side,
            name=item.name,
            size=item.size,
            at=item.at,
            digest=item.digest,
        )
        for item in CaseFile.objects.filter(case=case).defer("content").order_by("id")
    )


def gaps(case: Case, language: str) -> tuple[str, ...]:
    """The one list of gaps in words."""
    known = machine.table().gaps
    return tuple(
        known[item["code"]].label(language) + (f"：{item['note']}" if item.get("note") else "")
        for item in case.gaps
        if item.get("code") in known
    )


def field_label(said: Said | None, code: str, language: str) -> str:
    """Name of the field objected to."""
    if not code or said is None:
        return ""
    field = next((item for item in said.entry.fields if item.code == code), None)
    return (field.name_en if language == "en" else field.name_zh) if field else code
