"""The one writer of a step: read the case, judge, act on the record, write the step, all or nothing.

What touches the record, or asks what holds of it, is judged under the lock of the case, in the caller's transaction where
there is one. Every other step is judged on what was read and counts only where the case is still at that revision when it is
written; where somebody was faster it is judged again. Such steps of one moment share a transaction, and with it the sync of
the disk (:mod:`xinyong.remedies.together`); each has a step and an audit row of its own and stands or falls alone.
What follows by itself (``then`` in remedies.yml) is taken in the same transaction, so that no case waits for a worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.errors import XinyongError
from xinyong.ledger import actions as ledger
from xinyong.ledger import corridor
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import clocks, repair
from xinyong.remedies import machine, rules, store, together, told
from xinyong.remedies.errors import CaseMovedOn, CaseUnknown, RemedyRefused
from xinyong.remedies.machine import Act
from xinyong.remedies.rules import Limit, Wish
from xinyong.remedies.store import Held, Writing
from xinyong.runtime import sql

#: How often a step is judged again because somebody was faster, before it waits in line for the lock.
_TRIES = 3
SYSTEM = "system"
#: Guards that ask what holds of the record.
_OF_RECORD = ("eligible", "conditions_met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts and as what. ``name``: user name, ``account:…`` or system."""

    party: str
    name: str


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
    return _of(store.read([case_id], lock=True), case_id)


def _of(found: Mapping[int, Held], case_id: int) -> Held:
    if case_id not in found:
        raise CaseUnknown(number=case_id)
    return found[case_id]


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
    if not connection.in_atomic_block:
        answer = _LINE.ask(_Asked(case_id=case_id, deed=deed, actor=actor, revision=revision, now=now))
        if isinstance(answer, XinyongError):
            raise answer
        if answer is not None:
            return answer
    with transaction.atomic():
        held = hold(case_id)
        _same(held, revision)
        taken = _step(held, deed, actor, now)
        act = machine.table().acts[held.facts.kind][deed.act]
        while act.then:
            following = act.then
            taken = _step(hold(case_id), Deed(act=following), Actor(party=SYSTEM, name=SYSTEM), now)
            act = machine.table().acts[held.facts.kind][following]
    return taken


def take_many(
    asked: Sequence[tuple[int, int | None]], deed: Deed, actor: Actor, *, now: datetime | None = None
) -> list[Taken | XinyongError]:
    """The same step for many cases, (case, revision) each; what became of each, in their order. Each stands or falls alone.

    Steps that touch no record are written together; the others are taken one by one. Outside a transaction only.
    """
    now = now or timezone.now()
    wanted = [_Asked(case_id=case, deed=deed, actor=actor, revision=revision, now=now) for case, revision in asked]
    answers: list[Taken | XinyongError] = []
    for first in range(0, len(wanted), together.MOST):
        piece = wanted[first : first + together.MOST]
        for one, answer in zip(piece, _together(piece), strict=True):
            if answer is None:
                try:
                    answer = take(one.case_id, deed, actor, revision=one.revision, now=now)
                except XinyongError as error:
                    answer = error
            answers.append(answer)
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A step somebody wants to take."""

    case_id: int
    deed: Deed
    actor: Actor
    revision: int | None
    now: datetime


def _together(asked: Sequence[_Asked]) -> list[Taken | XinyongError | None]:
    """What became of steps that are judged on their cases alone; None for one that has to wait for the lock."""
    found: dict[int, Taken | XinyongError] = {}
    left = list(asked)
    for _ in range(_TRIES):
        held = store.read([one.case_id for one in left])
        judged: list[tuple[_Asked, Act, Writing]] = []
        for one in left:
            try:
                case = _of(held, one.case_id)
                _same(case, one.revision)
                if _plain(case, one.deed):
                    judged.append((one, *_judged(case, one.deed, one.actor, one.now)))
            except XinyongError as error:
                found[one.case_id] = error
        done = _written(judged)
        for one, act, writing in judged:
            if one.case_id in done:
                found[one.case_id] = _taken(writing, act)
        left = [one for one, _, _ in judged if one.case_id not in done]
        if not left:
            break
    return [found.get(one.case_id) for one in asked]


def _written(judged: Sequence[tuple[_Asked, Act, Writing]]) -> set[int]:
    """Write what was judged, and tell; the cases that were still as they were read."""
    if not judged:
        return set()
    writings = [writing for _, _, writing in judged]
    if not told.listeners or not any(act.told for _, act, _ in judged):
        return store.write(writings)
    with transaction.atomic():
        done = store.write(writings)
        told.tell([_told(writing, act, one) for one, act, writing in judged if act.told and one.case_id in done])
    return done


_LINE: together.Line[_Asked, Taken | XinyongError | None] = together.Line(_together, key=lambda asked: asked.case_id)


def _same(held: Held, revision: int | None) -> None:
    """Raises CaseMovedOn where somebody did something since; a limit that passed meanwhile changes nothing a page showed."""
    if revision is None or revision == held.revision:
        return
    last = store.last_step(held.id, revision)
    if last is None or not last[2]:
        return
    state = machine.table().states[held.facts.kind][held.facts.state]
    party, name, _ = last
    known = {"applicant": ("申请人", "the applicant"), SYSTEM: ("平台自动", "the platform by itself")}
    who = known.get(party, (f" {name} ", name))
    raise CaseMovedOn(
        number=held.number, who_zh=who[0], who_en=who[1], state_zh=state.label("zh"), state_en=state.label("en")
    )


def _plain(held: Held, deed: Deed) -> bool:
    """Whether the step follows from the row of the case alone and changes nothing else."""
    act = machine.table().act(held.facts.kind, deed.act)
    if act is None or act.then or act.guard in _OF_RECORD:
        return False
    return not _touches(held, act)


def _touches(held: Held, act: Act) -> bool:
    """Whether a step does something on the record."""
    return bool(act.record or act.unmarks or (held.facts.suspended and act.outcome))


def _taken(writing: Writing, act: Act) -> Taken:
    held = writing.held
    return Taken(
        case_id=held.id, number=held.number, act=act.act, state=writing.values["state"], revision=held.revision + 1
    )


def _step(held: Held, deed: Deed, actor: Actor, now: datetime) -> Taken:
    """A step of a case that is locked."""
    act, writing = _judged(held, deed, actor, now)
    store.write([writing])
    if told.listeners and act.told:
        told.tell([_told(writing, act, _Asked(case_id=held.id, deed=deed, actor=actor, revision=None, now=now))])
    if writing.step["event"] is not None:
        transaction.on_commit(corridor.announce)
    return _taken(writing, act)


def _judged(held: Held, deed: Deed, actor: Actor, now: datetime) -> tuple[Act, Writing]:
    """What is to be written; the act on the record, where there is one, is recorded. Raises RemedyRefused."""
    table, today = machine.table(), timezone.localdate(now)
    facts, act = held.facts, table.act(held.facts.kind, deed.act)
    checks = {**held.checks, **deed.checks}
    if act is not None and act.guard in _OF_RECORD:
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
    return act, _writing(held, act, deed, actor, columns, event, now)


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
    if not _touches(held, act):
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


def _writing(
    held: Held, act: Act, deed: Deed, actor: Actor, columns: dict[str, Any], event: int | None, now: datetime
) -> Writing:
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
    audited = None
    if actor.party != SYSTEM:
        audited = {
            "actor": actor.name,
            "deed": f"remedies.{act.act}",
            "target": f"case {held.id}",
            "purpose": "" if actor.party == "applicant" else deed.reason.strip()[:200],
            "detail": {"number": held.number, "before": facts.state, "after": after},
        }
    return Writing(
        held=held,
        values=values,
        ended=tuple(sorted(gone)),
        met=None if after == "returned_for_gaps" or act.act == "take_back" else True,
        day=today,
        moved=moved,
        begun=begun,
        step={
            "number": number,
            "act": act.act,
            "party": actor.party,
            "actor": actor.name,
            "reason": deed.reason.strip(),
            "before": facts.state,
            "after": after,
            "at": now,
            "event": event,
            "detail": _detail(deed, begun, moved),
        },
        audit=audited,
    )


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


def _told(writing: Writing, act: Act, asked: _Asked) -> told.Told:
    """The step as rooms above hear of it."""
    held = writing.held
    return told.Told(
        case_id=held.id,
        number=held.number,
        kind=held.facts.kind,
        entity_id=held.entity_id,
        record_id=held.record_id,
        account_id=held.account_id,
        act=act.act,
        before=held.facts.state,
        after=writing.values["state"],
        at=asked.now,
        reason=asked.deed.reason.strip(),
        due_on=writing.values["due_on"],
    )
