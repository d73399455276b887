"""The one writer of a step: lock the case, judge, act on the record, write the step, all in the caller's transaction.

Whatever kills the process leaves the whole step or nothing of it. What follows by itself (``then`` in remedies.yml) is
taken in the same transaction, so that no case waits for a worker.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import actions as ledger
from xinyong.ledger import corridor
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import clocks, repair
from xinyong.remedies import machine, numbers, rules, told
from xinyong.remedies.errors import CaseMovedOn, CaseUnknown, RemedyRefused
from xinyong.remedies.machine import Act
from xinyong.remedies.rules import Facts, Limit, Wish
from xinyong.runtime import sql

#: Columns a step may set beside state, limits and revision.
_COLUMNS = frozenset(
    [
        *("answer", "basis", "gaps", "gaps_told", "checks", "remedy", "outcome", "signed_at", "signed_text"),
        *("suspended", "marks", "reviewed", "assignee", "barred_until", "account_id", "acting_name", "statement"),
    ]
)
#: Columns of type jsonb.
_JSON = frozenset(["gaps", "checks"])
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts and as what. ``name``: user name, ``account:…`` or system."""

    party: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case as it stood when it was locked."""

    id: int
    entity_id: int
    record_id: int
    department_id: int
    revision: int
    opened_at: datetime
    account_id: int | None
    marks: bool
    checks: Mapping[str, str]
    facts: Facts

    @property
    def number(self) -> str:
        """Its number."""
        return numbers.case_number(self.facts.kind, self.opened_at, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A wish with what is written beside it. ``checks``: conditions found met or failing; ``basis``: the document."""

    act: str
    reason: str = ""
    basis: str = ""
    remedy: str = ""
    own_proof: bool = False
    checks: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The case after a step."""

    case_id: int
    number: str
    act: str
    state: str
    revision: int


def hold(case_id: int) -> Held:
    """Lock a case and read it. Raises CaseUnknown."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("remedies", "case_for_step"), {"case": case_id})
        row = cursor.fetchone()
    if row is None:
        raise CaseUnknown(number=case_id)
    return _held(row)


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _held(row: tuple[Any, ...]) -> Held:
    (
        number, kind, state, entity, record, department, market, ground, outcome, gaps_told, checks, signed_at, suspended,
        marks, reviewed, revision, opened_at, closed_at, paused_on, profile, account, limits, files, receipts,
    ) = row  # fmt: skip
    facts = Facts(
        kind=kind,
        state=state,
        limits=tuple(_limit(item) for item in _loaded(limits) or ()),
        ground=ground,
        outcome=outcome,
        paused_on=paused_on,
        gaps_told=gaps_told,
        suspended=suspended,
        reviewed=reviewed,
        closed_on=timezone.localdate(closed_at) if closed_at else None,
        signed=signed_at is not None,
        materials=frozenset(files or ()),
        receipts=frozenset(receipts or ()),
        profile=profile,
        market=market,
    )
    return Held(
        id=number, entity_id=entity, record_id=record, department_id=department, revision=revision,
        opened_at=opened_at, account_id=account, marks=marks, checks=_loaded(checks) or {}, facts=facts,
    )  # fmt: skip


def _limit(item: list[Any]) -> Limit:
    timer, row, starts, due, extended, spans = item
    return Limit(
        timer=timer,
        row=row,
        starts_on=date.fromisoformat(starts),
        due_on=date.fromisoformat(due),
        extended=extended,
        spans=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in spans),
    )


def eligibility(
    entity_id: int, record_id: int, today: date, *, profile: str, shown: frozenset[str], failing: frozenset[str]
) -> repair.Eligibility | None:
    """Each condition of repair for a record as it is now; None when it is not public."""
    found = clocks.judged(entity_id, record_id)
    if found is None or found.state(today) not in ("public", "masked"):
        return None
    return repair.eligibility(
        found.clock, found.kind, today, profile=profile, shown=shown, failing=failing, listed=on_list(entity_id, today)
    )


def on_list(entity_id: int, today: date) -> bool:
    """Whether the entity stands on an abnormal or serious list today."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "on_list"), {"entity": entity_id, "today": today, "lists": _lists(today)}
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _lists(today: date) -> list[str]:
    return [
        entry.code
        for entry in catalogue.packaged().in_force(today)
        if entry.publicity_rules in ("list-abnormal", "list-serious")
    ]


def refuse(why: rules.Words) -> RemedyRefused:
    """The error for words of the rules."""
    return RemedyRefused(why_zh=why[0], why_en=why[1])


def take(case_id: int, deed: Deed, actor: Actor, *, revision: int | None = None, now: datetime | None = None) -> Taken:
    """Take one step, and what follows by itself. ``revision``: what the page showed; another number is CaseMovedOn.

    Raises CaseUnknown, CaseMovedOn, RemedyRefused, and StatusRefused of the ledger. Part of the caller's transaction when
    there is one.
    """
    now = now or timezone.now()
    with transaction.atomic():
        held = hold(case_id)
        if revision is not None and revision != held.revision and _dealt_with(held.id, revision):
            raise _moved_on(held)
        taken = _step(held, deed, actor, now)
        act = machine.table().acts[held.facts.kind][deed.act]
        while act.then:
            following = act.then
            taken = _step(hold(case_id), Deed(act=following), Actor(party=SYSTEM, name=SYSTEM), now)
            act = machine.table().acts[held.facts.kind][following]
    return taken


def _dealt_with(case_id: int, revision: int) -> bool:
    """Whether somebody did something since; that a limit passed meanwhile changes nothing an officer looked at."""
    from xinyong.remedies.models import Step

    return Step.objects.filter(case_id=case_id, number__gt=revision).exclude(act="escalate").exists()


def _moved_on(held: Held) -> CaseMovedOn:
    from xinyong.remedies.models import Step

    state = machine.table().states[held.facts.kind][held.facts.state]
    last = Step.objects.filter(case_id=held.id).order_by("-number").values_list("party", "actor").first()
    party, name = last or (SYSTEM, SYSTEM)
    known = {"applicant": ("申请人", "the applicant"), SYSTEM: ("平台自动", "the platform by itself")}
    who = known.get(party, (f" {name} ", name))
    return CaseMovedOn(
        number=held.number, who_zh=who[0], who_en=who[1], state_zh=state.label("zh"), state_en=state.label("en")
    )


def _step(held: Held, deed: Deed, actor: Actor, now: datetime) -> Taken:
    table, today = machine.table(), timezone.localdate(now)
    facts, act = held.facts, table.act(held.facts.kind, deed.act)
    checks = {**held.checks, **deed.checks}
    if act is not None and act.guard in ("eligible", "conditions_met"):
        facts = replace(facts, eligibility=_eligibility(held, checks, today))
    wish = Wish(act=deed.act, party=actor.party, reason=deed.reason, remedy=deed.remedy, own_proof=deed.own_proof)
    why = rules.refusal(facts, wish, today, table)
    if why is not None:
        raise refuse(why)
    assert act is not None
    columns = dict(deed.columns)
    if checks != held.checks:
        columns["checks"] = checks
    event = _on_record(held, act, deed, actor, columns)
    return _write(held, act, deed, actor, columns, event, now)


def _eligibility(held: Held, checks: Mapping[str, str], today: date) -> repair.Eligibility | None:
    shown = {name for name, state in checks.items() if state == repair.MET}
    if held.facts.signed:
        shown.add("committed")
    untrue = frozenset(name for name, state in checks.items() if state == repair.FAILING)
    return eligibility(
        held.entity_id, held.record_id, today, profile=held.facts.profile, shown=frozenset(shown), failing=untrue
    )


# --- what a step does on the record -------------------------------------------------------------------------------


def _on_record(held: Held, act: Act, deed: Deed, actor: Actor, columns: dict[str, Any]) -> int | None:
    """Record the act of the step on the record, and take the mark away where it ends; the number of the first."""
    if not (act.record or act.unmarks or (held.facts.suspended and act.outcome)):
        return None
    states = ledger.hold(held.record_id).states()
    events: list[int] = []
    name = actor.name if actor.party not in (SYSTEM, "applicant") else held.number
    reason, basis = deed.reason.strip() or act.zh, deed.basis.strip() or held.number

    def record(what: str, cause: str = "") -> None:
        opened = ledger_rules.rule_set().acts[what].opens
        if opened is not None and opened in states and opened != "corrected":
            return  # the record is in that state already; nothing is said twice
        events.append(ledger.record_act(name, held.record_id, what, reason=reason, basis=basis, cause=cause))

    what, cause = _meant(held, act, deed)
    if held.facts.suspended and act.answers:
        # The provider has answered, so what was stopped until then is shown again, unless the answer ends it for good.
        columns["suspended"] = False
        if what != "withdrawn" and "withdrawn" in states:
            record("reinstated")
    if what == "disputed":
        columns["marks"] = True
        record(what)
    elif what:
        record(what, cause)
    if act.act == "suspend":
        columns["suspended"] = True
    elif act.act == "resume_display":
        columns["suspended"] = False
    if act.unmarks and held.marks:
        columns["marks"] = False
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("remedies", "other_marks"), {"record": held.record_id, "case": held.id})
            row = cursor.fetchone()
        if not (row and row[0]) and "disputed" in states:
            record("dispute_ended")
    return events[0] if events else None


def _meant(held: Held, act: Act, deed: Deed) -> tuple[str, str]:
    """(act, cause) on the record a step means; empty for none."""
    table = machine.table()
    if act.record == machine.REMEDY:
        remedy = table.remedies[deed.remedy]
        return remedy.record, remedy.cause
    if act.record == machine.UNRESOLVED:
        stops = held.facts.profile in table.unresolved_stops
        return ("withdrawn", "unverifiable") if stops else ("", "")
    if act.record == "withdrawn" and held.facts.kind == machine.WITHDRAWAL:
        return act.record, held.facts.ground
    return act.record, act.cause


# --- writing ------------------------------------------------------------------------------------------------------


def _write(
    held: Held, act: Act, deed: Deed, actor: Actor, columns: dict[str, Any], event: int | None, now: datetime
) -> Taken:
    today, facts = timezone.localdate(now), held.facts
    after, number = act.after(facts.state), held.revision + 1
    ended = rules.ended(act, facts.limits)
    begun = rules.begun(act, today, profile=facts.profile, market=facts.market)
    moved = rules.changed(act.act, facts.limits, today, facts.paused_on)
    gone = {limit.timer for limit in ended}
    by_timer = {limit.timer: limit for limit in (*facts.limits, *moved) if limit.timer not in gone}
    by_timer.update({limit.timer: limit for limit in begun})
    paused = today if act.act == "pause" else None if act.act == "resume" or after != facts.state else facts.paused_on
    due = rules.due_on(by_timer.values(), paused)
    state = machine.table().states[facts.kind][after]
    values: dict[str, Any] = {"state": after, "revision": number, "paused_on": paused, "due_on": due, **columns}
    if due != rules.due_on(facts.limits, facts.paused_on):
        values["escalated"] = False
    if act.outcome:
        values["outcome"] = act.outcome
    if deed.remedy and act.record == machine.REMEDY:
        values["remedy"] = deed.remedy
    if act.answers or act.outcome:
        values |= {"answer": deed.reason.strip(), "basis": deed.basis.strip()}
    if act.act == "ask_review":
        values |= {"reviewed": True, "outcome": "", "remedy": ""}
    if state.over and facts.closed_on is None:
        values["closed_at"] = now
    elif not state.over and facts.closed_on is not None:
        values["closed_at"] = None
    if act.bars:
        values["barred_until"] = _bar(act.bars, facts.profile, today)
    with connection.cursor() as cursor:
        _update(cursor, held.id, values)
        # In the order of the table's constraint: what ends makes room for what begins.
        if ended:
            cursor.execute(
                sql.statement("remedies", "end_limits"),
                {
                    "case": held.id,
                    "day": today,
                    "met": None if after in ("returned_for_gaps",) or act.act == "take_back" else True,
                    "timers": sorted(gone),
                },
            )
        for limit in moved:
            cursor.execute(
                "UPDATE remedies_limit SET due_on = %s, extended = %s, spans = %s::jsonb "
                "WHERE case_id = %s AND timer = %s AND ended_on IS NULL",
                (
                    limit.due_on,
                    limit.extended,
                    json.dumps([[str(first), str(last)] for first, last in limit.spans]),
                    held.id,
                    limit.timer,
                ),
            )
        if begun:
            cursor.execute(sql.statement("remedies", "begin_limits"), _columns_of(held.id, begun))
        cursor.execute(
            sql.statement("remedies", "insert_step"),
            {
                "case": held.id,
                "number": number,
                "act": act.act,
                "party": actor.party,
                "actor": actor.name,
                "reason": deed.reason.strip(),
                "before": facts.state,
                "after": after,
                "at": now,
                "event": event,
                "detail": json.dumps(_detail(deed, begun, moved), ensure_ascii=False),
            },
        )
    if actor.party != SYSTEM:
        audit.record(
            actor=actor.name,
            deed=f"remedies.{act.act}",
            target=f"case {held.id}",
            purpose="" if actor.party == "applicant" else deed.reason.strip()[:200],
            detail={"number": held.number, "before": facts.state, "after": after},
        )
    _tell(held, act, deed, after, due, now)
    if event is not None:
        transaction.on_commit(corridor.announce)
    return Taken(case_id=held.id, number=held.number, act=act.act, state=after, revision=number)


def _columns_of(case_id: int, limits: tuple[Limit, ...]) -> dict[str, Any]:
    return {
        "case": case_id,
        "timers": [limit.timer for limit in limits],
        "rows": [limit.row for limit in limits],
        "starts": [limit.starts_on for limit in limits],
        "dues": [limit.due_on for limit in limits],
    }


def _update(cursor: Any, case_id: int, values: Mapping[str, Any]) -> None:
    known = _COLUMNS | {"state", "revision", "paused_on", "due_on", "escalated", "closed_at"}
    if unknown := set(values) - known:
        raise ValueError(f"a step sets no {sorted(unknown)}")
    sets = ", ".join(f"{name} = %({name})s" for name in values)
    given = {name: json.dumps(value, ensure_ascii=False) if name in _JSON else value for name, value in values.items()}
    cursor.execute(f"UPDATE remedies_case SET {sets} WHERE id = %(case_id)s", {**given, "case_id": case_id})  # noqa: S608


def _detail(deed: Deed, begun: tuple[Limit, ...], moved: tuple[Limit, ...]) -> dict[str, Any]:
    found = dict(deed.detail)
    if deed.remedy:
        found["remedy"] = deed.remedy
    if deed.basis.strip():
        found["basis"] = deed.basis.strip()
    if deed.checks:
        found["checks"] = dict(deed.checks)
    if deed.own_proof:
        found["own_proof"] = True
    if begun or moved:
        found["limits"] = {limit.timer: str(limit.due_on) for limit in (*begun, *moved)}
    return found


def _bar(timer: str, profile: str, today: date) -> date | None:
    from xinyong.publicity import timers

    row = timers.find(timer, profile, today)
    return timers.due(row, today).day if row is not None else None


def _tell(held: Held, act: Act, deed: Deed, after: str, due: date | None, now: datetime) -> None:
    if not told.listeners:
        return
    told.tell(
        told.Told(
            case_id=held.id,
            number=held.number,
            kind=held.facts.kind,
            entity_id=held.entity_id,
            record_id=held.record_id,
            account_id=held.account_id,
            act=act.act,
            before=held.facts.state,
            after=after,
            at=now,
            reason=deed.reason.strip() if act.told else "",
            due_on=due,
            for_applicant=act.told,
        )
    )
