"""May this act happen to this case now, by this party, and which limits begin and end with it? Pure decisions.

Everything the answer needs stands in :class:`Facts`; the database is not asked. Articles are those of ``remedies.yml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from xinyong.publicity import repair, timers
from xinyong.publicity.repair import Eligibility
from xinyong.remedies import machine
from xinyong.remedies.machine import Act, Machine
from xinyong.standards.calendar import WorkingCalendar

Words = tuple[str, str]
#: Timers of market regulation take the place of the common ones where its own rules hold (REP-40).
_MARKET = {
    "repair-accept": "repair-accept-samr",
    "repair-decide": "repair-decide-samr",
    "repair-sync": "repair-sync-samr",
}
#: A row whose time starts with acceptance begins with this act and no other.
_ACCEPT = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A running limit of a case. ``row``: of timers.yml; ``spans``: days that do not count, both ends included."""

    timer: str
    row: str
    starts_on: date
    due_on: date
    extended: bool = False
    spans: tuple[tuple[date, date], ...] = ()

    @property
    def known(self) -> timers.Timer | None:
        """Its row, also where another has replaced it since."""
        return next((row for row in timers.in_force() if row.id == self.row), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules need to know of a case. ``listed``: its record is a list entry; ``materials``: kinds handed in."""

    kind: str
    state: str
    limits: tuple[Limit, ...] = ()
    ground: str = ""
    outcome: str = ""
    paused_on: date | None = None
    gaps_told: bool = False
    suspended: bool = False
    reviewed: bool = False
    closed_on: date | None = None
    signed: bool = False
    materials: frozenset[str] = frozenset()
    receipts: frozenset[str] = frozenset()
    profile: str = "henan"
    market: bool = False
    eligibility: Eligibility | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a party wants to do. ``own_proof``: the unit holds the proof itself (REP-15)."""

    act: str
    party: str
    reason: str = ""
    remedy: str = ""
    own_proof: bool = False


def refusal(facts: Facts, wish: Wish, today: date, book: Machine | None = None) -> Words | None:
    """Why the act may not happen now, in Chinese and English; None when it may."""
    table = book or machine.table()
    act = table.act(facts.kind, wish.act)
    if act is None:
        return f"没有“{wish.act}”这种办理", f"there is no act {wish.act}"
    if facts.state not in act.origins:
        if facts.state == machine.NEW:
            return f"尚未立案，不能“{act.zh}”", f"there is no case yet for '{act.en}'"
        state = table.states[facts.kind][facts.state]
        return (
            f"事项现为「{state.zh}」，不能“{act.zh}”（{act.article}）",
            f"the case is '{state.en}' and '{act.en}' cannot happen then ({act.article})",
        )
    if wish.party not in act.by:
        who = {"applicant": ("申请人", "the applicant"), "platform": ("平台", "the platform"),
               "provider": ("来源（认定）单位", "the unit it came from"), "system": ("平台自动", "the platform by itself")}  # fmt: skip
        names = [who[party] for party in machine.PARTIES if party in act.by]
        return (
            f"“{act.zh}”由{'或'.join(name[0] for name in names)}办理（{act.article}）",
            f"'{act.en}' is for {' or '.join(name[1] for name in names)} ({act.article})",
        )
    if act.reason and not wish.reason.strip():
        return f"“{act.zh}”须写明理由", f"'{act.en}' needs a reason"
    return _GUARDS[act.guard](facts, wish, act, today, table) if act.guard else None


def open_acts(facts: Facts, party: str, book: Machine | None = None) -> list[Act]:
    """Acts of a party the state lets happen, guards left aside: what a page offers."""
    table = book or machine.table()
    return [act for act in table.of(facts.kind, facts.state) if party in act.by]


# --- guards -------------------------------------------------------------------------------------------------------


def _remedy(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    ground = table.grounds.get(facts.ground)
    allowed = ground.remedies if ground else tuple(table.remedies)
    if wish.remedy in allowed:
        return None
    words = [table.remedies[code] for code in allowed]
    return (
        f"请选择处理方式：{'、'.join(item.zh for item in words)}（{ground.article if ground else act.article}）",
        f"choose what is done: {', '.join(item.en for item in words)} ({ground.article if ground else act.article})",
    )


def review_until(closed_on: date, profile: str) -> date:
    """Last day review may be asked for."""
    row = timers.find("objection-review-ask", profile, closed_on)
    if row is None:
        return closed_on
    return timers.due(row, closed_on).day


def _review_open(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    if facts.outcome == "taken_back" or facts.reviewed:
        return "该异议已撤回或已复核过一次，不能再申请复核", "it was taken back, or reviewed once already"
    until = review_until(facts.closed_on, facts.profile) if facts.closed_on else None
    if until is None or today > until:
        return (
            f"申请复核的期限至 {until}，已过（{act.article}）",
            f"review could be asked for until {until} ({act.article})",
        )
    return None


def _late(limits: Iterable[Limit], names: Iterable[str], today: date) -> bool:
    wanted = set(names)
    return any(limit.timer in wanted and limit.due_on < today for limit in limits)


def _provider_silent(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    if facts.suspended:
        return "已暂停展示", "display is suspended already"
    if not _late(facts.limits, ["objection-provider"], today):
        return (
            f"来源单位的答复期限未过，不能暂停展示（{act.article}）",
            f"the provider's time has not passed ({act.article})",
        )
    return None


def _suspended(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    return None if facts.suspended else ("该记录没有因本异议暂停展示", "this case has not suspended the display")


def _pausable(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    if facts.paused_on is not None:
        return "计时已中止", "the clock has stopped already"
    if not any(limit.known is not None and limit.known.excludes for limit in facts.limits):
        return (
            f"现行期限没有规定检测、鉴定、专家评审时间不计（{act.article}）",
            f"no running limit leaves time of an appraisal out ({act.article})",
        )
    return None


def _paused(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    return None if facts.paused_on is not None else ("计时没有中止", "the clock has not stopped")


def _extendable(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    known = [(limit, limit.known) for limit in facts.limits]
    able = [limit for limit, row in known if row is not None and (row.extension or row.longest)]
    if not able:
        return f"现行期限不能延长（{act.article}）", f"no running limit can be extended ({act.article})"
    if all(limit.extended for limit in able):
        return f"期限只能延长一次（{act.article}）", f"a limit is extended once only ({act.article})"
    if facts.paused_on is not None:
        return "计时中止期间不能延长", "not while the clock has stopped"
    if all(limit.due_on < today for limit in able if not limit.extended):
        return (
            f"须在期限内事先告知，期限已过（{act.article}）",
            f"it must be told within the limit, which has passed ({act.article})",
        )
    return None


def missing(facts: Facts, *, own_proof: bool = False, book: Machine | None = None) -> list[Words]:
    """Materials a case needs and has not got (REP-15)."""
    table = book or machine.table()
    found = []
    for kind in table.materials.values():
        if facts.kind not in kind.cases or not kind.required:
            continue
        if kind.code == "commitment":
            held = facts.signed or kind.code in facts.materials
        else:
            held = kind.code in facts.materials or (own_proof and bool(kind.waived_by))
        if not held:
            found.append((kind.zh, kind.en))
    return found


def _complete(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    lacking = missing(facts, own_proof=wish.own_proof, book=table)
    if not lacking:
        return None
    return (
        f"缺少材料：{'、'.join(item[0] for item in lacking)}（REP-15）",
        f"missing: {', '.join(item[1] for item in lacking)} (REP-15)",
    )


def failing(eligibility: Eligibility) -> list[Words]:
    """Conditions that fail, each with the day it will be met where the dates tell."""
    found = []
    for answer in eligibility.answers:
        if answer.state != repair.FAILING:
            continue
        row = answer.condition
        on_zh = f"，{answer.on} 起满足" if answer.on else ""
        on_en = f", met from {answer.on}" if answer.on else ""
        found.append((f"{row.zh}{on_zh}（{row.article}）", f"{row.en}{on_en} ({row.article})"))
    return found


def _eligible(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    lacking = _complete(facts, wish, act, today, table)
    if lacking is not None:
        return lacking
    return ineligible(facts.eligibility)


def ineligible(found: Eligibility | None) -> Words | None:
    """Why repair cannot be applied for, every condition at once; None when it can."""
    if found is None or not found.answers:
        return (
            "该信息现不公示或已期满，没有可以修复的内容",
            "the record is not public, or its time is over: there is nothing to repair",
        )
    why = failing(found)
    if not why:
        return None
    return (
        f"未满足：{'；'.join(item[0] for item in why)}",
        f"not met: {'; '.join(item[1] for item in why)}",
    )


def _conditions_met(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    why = ineligible(facts.eligibility)
    if why is not None:
        return why
    assert facts.eligibility is not None
    left = [answer.condition for answer in facts.eligibility.answers if answer.state == repair.OPEN]
    if left:
        return (
            f"以下条件尚未核实：{'；'.join(f'{row.zh}（{row.article}）' for row in left)}",
            f"not verified yet: {'; '.join(f'{row.en} ({row.article})' for row in left)}",
        )
    return None


def _gaps_once(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    if facts.gaps_told:
        return f"补正事项已一次告知，不能再次退回（{act.article}）", f"gaps are told once; they were ({act.article})"
    return None


def _receipts(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    silent = [channel for channel in table.channels if channel.code not in facts.receipts]
    if silent:
        return (
            f"尚未同步：{'、'.join(item.zh for item in silent)}",
            f"no receipt yet of: {', '.join(item.en for item in silent)}",
        )
    return None


def _was_granted(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    return (
        None
        if facts.outcome == "granted"
        else ("该申请没有准予修复，无可撤销", "it was not granted, so nothing is revoked")
    )


def _late_source(facts: Facts, wish: Wish, act: Act, today: date, table: Machine) -> Words | None:
    if _late(facts.limits, ["withdraw-source", "withdraw-platform"], today):
        return None
    return (
        f"来源单位的期限未过，由其办理（{act.article}）",
        f"the source still has time and does it itself ({act.article})",
    )


_GUARDS = {
    "remedy": _remedy,
    "review_open": _review_open,
    "provider_silent": _provider_silent,
    "suspended": _suspended,
    "pausable": _pausable,
    "paused": _paused,
    "extendable": _extendable,
    "eligible": _eligible,
    "gaps_once": _gaps_once,
    "complete": _complete,
    "conditions_met": _conditions_met,
    "receipts": _receipts,
    "was_granted": _was_granted,
    "late": _late_source,
}


# --- who decides --------------------------------------------------------------------------------------------------


def matter(kind: str, *, own_copy: bool = False, listed: bool = False, review: bool = False) -> str:
    """The row of the table of deciders (rules.md 7.4) for a case."""
    if kind == machine.REPAIR:
        return "repair-list" if listed else "repair"
    if kind == machine.WITHDRAWAL:
        return "withdrawal"
    if review and listed:
        return "objection-review-list"
    return "objection-own" if own_copy else "objection-content"


# --- limits -------------------------------------------------------------------------------------------------------


def begun(
    act: Act, today: date, *, profile: str, market: bool, days: WorkingCalendar | None = None
) -> tuple[Limit, ...]:
    """Limits that begin with an act; a timer no row of the profile knows does not run."""
    found = []
    for name in act.begins:
        row = timers.find(_MARKET[name], profile, today) if market and name in _MARKET else None
        row = row or timers.find(name, profile, today)
        if row is None or ((row.starts == "acceptance") != (act.act == _ACCEPT) and name == "repair-local"):
            continue
        found.append(Limit(timer=name, row=row.id, starts_on=today, due_on=timers.due(row, today, days=days).day))
    return tuple(found)


def ended(act: Act, limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Running limits that end with an act. What begins anew ends the old one first."""
    names = {*act.ends, *act.begins}
    return tuple(limit for limit in limits if "*" in act.ends or limit.timer in names)


def changed(
    act: str, limits: Sequence[Limit], today: date, paused_on: date | None, days: WorkingCalendar | None = None
) -> tuple[Limit, ...]:
    """Running limits an extension or the end of a pause moves, as they stand afterwards."""
    found = []
    for limit in limits:
        row = limit.known
        if row is None:
            continue
        if act == "extend" and not limit.extended and (row.extension or row.longest) and limit.due_on >= today:
            moved = replace(limit, extended=True)
        elif act == "resume" and row.excludes and paused_on is not None and paused_on < today:
            moved = replace(limit, spans=(*limit.spans, (paused_on, today - timedelta(days=1))))
        else:
            continue
        due = timers.due(row, moved.starts_on, extended=moved.extended, pauses=moved.spans, days=days)
        found.append(replace(moved, due_on=due.day))
    return tuple(found)


def due_on(limits: Iterable[Limit], paused_on: date | None) -> date | None:
    """The nearest last day of the limits that run; None when none does, or the clock has stopped."""
    if paused_on is not None:
        return None
    return min((limit.due_on for limit in limits), default=None)


def used(limit: Limit, today: date) -> int:
    """How much of a limit is used, in percent of its days; 100 on its last day, never more."""
    whole = (limit.due_on - limit.starts_on).days
    if whole <= 0:
        return 100
    return max(0, min(100, round(100 * (today - limit.starts_on).days / whole)))
