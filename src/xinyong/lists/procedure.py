"""The way into a list and out of it, over plain values: steps and facts are data, guards are the functions below. Pure.

A step is possible when its row leads from the present state, its facts are there, and each guard it names lets it pass. The
guard ``lawful`` looks at the whole history once more before anything is published: served notice, time to be heard, decision,
basis, terms of exit and relief (REF-09, invariant 26.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from xinyong.lists.registry import CARRYING, ListConfig
from xinyong.lists.steps import Context, Fact, Procedure, State, Step, table
from xinyong.publicity import timers
from xinyong.standards import calendar
from xinyong.ui import stated
from xinyong.ui.stated import Why, day

#: The only facts a day ahead makes sense for.
_MAY_BE_AHEAD = frozenset({"shown_until"})
_TIMERS = {"hearing": "hearing", "order": "order-to-correct"}


def procedure_of(config: ListConfig) -> Procedure:
    """The procedure of a list."""
    return table().procedures[config.procedure]


def next_steps(config: ListConfig, state: str) -> tuple[Step, ...]:
    """Steps whose row leads on from a state, without those the platform takes itself."""
    rows = procedure_of(config).steps
    if not state:
        return tuple(row for row in rows if not row.sources)
    return tuple(row for row in rows if state in row.sources and row.right != "system")


def clean(
    step: Step, config: ListConfig, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Facts of a step in their stored form, and what is wrong with them: (fact, Chinese, English)."""
    return stated.clean(step, table().facts, lambda fact: fact.choices(config), given)


def refusal(step: Step, context: Context) -> Why:
    """Why the step cannot be taken, with its facts already clean; None when it can."""
    if step.sources and context.state not in step.sources:
        state = table().states[context.state]
        return f"本件现为「{state.zh}」", f"it is '{state.en}' now"
    if step.another and any(done.actor == context.actor for done in context.history if done.step == "propose"):
        return "提出列入的人不能同时作出决定，须由另一名工作人员办理", (
            "who proposed an entry does not decide on it; another officer has to"
        )
    for name in step.guards:
        why = GUARDS[name](context)
        if why is not None:
            return why
    return None


def served_day(facts: Mapping[str, Any] | None) -> date | None:
    """The day a document counts as served: a public announcement only after its days."""
    found = day(facts, "served_on")
    if found is not None and (facts or {}).get("service_method") == "public":
        return found + timedelta(days=table().public_service_days)
    return found


def window_end(context: Context) -> date | None:
    """Last day on which the entity may still be heard; None before the notice is served."""
    if context.config.window == "display":
        return day(context.last("display"), "shown_until")
    served = served_day(context.last("serve_notice"))
    timer = timers.find(_TIMERS[context.config.window], context.profile, served) if served else None
    if served is None or timer is None:
        return None
    return timers.due(timer, served).day


def planned_end(config: ListConfig, listed_on: date, months: int | None) -> date | None:
    """Last day an entry stands by its period; None where it stands until cured."""
    length = months if config.period.ends == "decision" else config.period.most
    return calendar.same_day_later(listed_on, length) if length and config.period.ends != "cured" else None


# --- guards -----------------------------------------------------------------------------------------------------------


def _in_force(context: Context) -> Why:
    if context.config.kind == "historic" or not context.config.in_force(context.today):
        return "该名单现已不再办理，仅留存历史", "this list is history and lists nobody any more"
    return None


def _decides(context: Context) -> Why:
    if not context.config.decided_by(context.organ):
        return (
            f"该名单由{context.config.authority_zh}认定，本单位无权办理",
            f"this list is decided by: {context.config.authority_en}",
        )
    return None


def _subject(context: Context) -> Why:
    if context.entity_kind not in context.config.subjects:
        return "该名单不适用于这类主体", "this list does not take this kind of entity"
    return None


def _told_all(context: Context) -> Why:
    options = table().facts["told"].options
    missing = [row for row in options if row.code not in context.facts.get("told", ())]
    if missing:
        return (
            f"告知书须写明{'、'.join(row.zh for row in missing)}（LST-03）",
            f"the notice has to state: {', '.join(row.en for row in missing)}",
        )
    return None


def _not_ahead(context: Context) -> Why:
    return stated.not_ahead(context.facts, table().facts, context.today, _MAY_BE_AHEAD)


def _after_notice(context: Context) -> Why:
    served = day(context.last("serve_notice"), "served_on")
    for code in ("statement_on", "hearing_on"):
        found = day(context.facts, code)
        if found is not None and served is not None and found < served:
            return "日期早于告知书送达", "it is before the notice was served"
    return None


def _hearing_asked_in_time(context: Context) -> Why:
    asked, end = day(context.facts, "asked_on"), window_end(context)
    if asked is not None and end is not None and asked > end:
        return f"听证申请期限已于 {end} 届满", f"the time to ask for a hearing ended on {end}"
    return None


def _window_over(context: Context) -> Why:
    notice = context.last("serve_notice")
    if notice is None or not notice.get("service_proof"):
        return "没有送达凭证，陈述申辩期限不起算", "without proof of service the time to be heard does not run"
    end = window_end(context)
    if end is None or context.today <= end:
        return f"陈述申辩期限至 {end}，尚未届满", f"the time to be heard runs to {end}"
    return None


def _display_dates(context: Context) -> Why:
    first, last = day(context.facts, "shown_from"), day(context.facts, "shown_until")
    if first is not None and last is not None and last <= first:
        return "公示截止须晚于起始", "the display ends before it begins"
    return None


def _display_over(context: Context) -> Why:
    end = window_end(context)
    decided = day(context.facts, "decided_on") or context.today
    if end is None or decided <= end:
        return f"公示至 {end}，尚未届满", f"the display runs to {end}"
    return None


def _notice_first(context: Context) -> Why:
    decided = day(context.facts, "decided_on") or day(context.last("decide"), "decided_on")
    if context.config.window == "display":
        shown = context.last("display")
        if shown is None or not shown.get("channel"):
            return "没有认定前公示", "the proposal was not shown before"
        return None
    notice = context.last("serve_notice")
    if notice is None or not notice.get("service_proof"):
        return "没有送达凭证的事先告知，不得列入（REF-09）", "no served notice with proof: it cannot be listed (REF-09)"
    served = served_day(notice)
    if served is None or decided is None or decided <= served:
        return f"决定日期须晚于告知送达日期 {served}", f"the decision has to come after the notice, served on {served}"
    steps = {done.step for done in context.history}
    if not steps & {"answer", "hold_hearing", "lapse", "waive"}:
        return "尚未给予陈述申辩的机会", "the entity has not been heard"
    if "lapse" in steps and not steps & {"answer", "hold_hearing", "waive"}:
        end = window_end(context)
        if end is None or decided <= end:
            return f"决定日期须晚于陈述申辩期限 {end}", f"the decision has to come after the time to be heard, {end}"
    return None


def _basis_known(context: Context) -> Why:
    found = [context.config.basis(code) for code in context.facts.get("basis", ())]
    if not found or None in found:
        return "没有依据（REF-09）", "no basis (REF-09)"
    if context.config.kind != "favourable" and not any(row is not None and row.level in CARRYING for row in found):
        return "所选依据不能单独支持列入（LST-02）", "the chosen basis does not carry an entry (LST-02)"
    return None


def _period_fits(context: Context) -> Why:
    period, months = context.config.period, context.facts.get("months")
    if period.ends == "decision":
        if months is None:
            return "请写明期限（月）", "give the period in months"
        if period.least is not None and period.most is not None and not period.least <= months <= period.most:
            return (
                f"期限须在 {period.least} 至 {period.most} 个月之间",
                f"the period is {period.least} to {period.most} months",
            )
    elif months is not None and months != period.most:
        return f"期限由规定确定：{period.zh}", f"the rule sets the period: {period.en}"
    return None


def _consent(context: Context) -> Why:
    decided = day(context.facts, "decided_on") or context.today
    if context.config.needs_consent(decided) and not context.facts.get("consent_document"):
        return "须经上一级机关同意，请填写同意文件文号", "the upper level has to agree; give its document"
    return None


def _after_decision(context: Context) -> Why:
    decided = day(context.last("decide"), "decided_on")
    for code in ("served_on", "annulled_on"):
        found = day(context.facts, code)
        if found is not None and decided is not None and found < decided:
            return f"日期早于决定日期 {decided}", f"it is before the decision of {decided}"
    return None


def unlawful(context: Context) -> Why:
    """What is missing in the whole history for an entry to be lawful; None when nothing is (REF-09, 26.5)."""
    if context.imported:
        return None
    decision = context.last("decide")
    if decision is None or not decision.get("document"):
        return "没有列入决定", "there is no decision"
    why = _notice_first(context)
    if why is not None:
        return why
    if not decision.get("basis") or any(context.config.basis(code) is None for code in decision["basis"]):
        return "决定没有依据", "the decision has no basis"
    if context.config.kind != "favourable":
        for code in ("facts", "exit_terms", "relief", "measures_told"):
            if not decision.get(code):
                fact = table().facts[code]
                return f"决定没有写明{fact.zh}（LST-05）", f"the decision does not state: {fact.en}"
        if context.last("serve_decision") is None:
            return "决定书尚未送达", "the decision has not been served"
    return None


def _listed_after_decision(context: Context) -> Why:
    listed = day(context.facts, "listed_on")
    floor = day(context.last("serve_decision") or context.last("decide"), "served_on") or day(
        context.last("decide"), "decided_on"
    )
    if listed is not None and floor is not None and listed < floor:
        return f"列入日期须不早于 {floor}", f"the entry cannot be before {floor}"
    return None


def _early_open(context: Context) -> Why:
    rule, applied = context.config.early_exit, day(context.facts, "applied_on")
    if rule is None:
        return "该名单不设提前移出", "this list knows no early exit"
    if context.listed_on is None or applied is None:
        return None
    opens = calendar.same_day_later(context.listed_on, rule.after_months)
    if applied < opens:
        return f"{opens} 起方可申请：{rule.zh}", f"open from {opens}: {rule.en}"
    return None


def _exit_allowed(context: Context) -> Why:
    ground = context.facts.get("exit_ground")
    if ground not in context.config.exits:
        return "该名单没有这一移出原因", "this list knows no such ground of exit"
    if ground == "early" and context.state != "exit_applied":
        return "提前移出须先登记申请", "an early exit begins with its application"
    if ground == "expired":
        end, when = context.planned_end, day(context.facts, "exit_on")
        if end is None or when is None or when <= end:
            return f"期限至 {end}，尚未届满", f"the period runs to {end}"
    return None


def _exit_after_listing(context: Context) -> Why:
    when = day(context.facts, "exit_on")
    if when is None or context.listed_on is None:
        return None
    if when < context.listed_on or (when == context.listed_on and context.config.kind == "favourable"):
        return (
            f"移出日期须晚于列入日期 {context.listed_on}",
            f"the exit has to come after the entry of {context.listed_on}",
        )
    return None


def _period_over(context: Context) -> Why:
    if context.planned_end is None or context.today <= context.planned_end:
        return "期限尚未届满", "the period has not ended"
    return None


def _no_adverse(context: Context) -> Why:
    if context.adverse:
        return f"该主体在列：{'、'.join(context.adverse)}（LST-54）", "the entity stands on a serious list (LST-54)"
    return None


def _has_record(context: Context) -> Why:
    return None if context.has_record else ("还没有入库的记录", "it is not in the ledger yet")


def _imported_only(context: Context) -> Why:
    if not context.imported:
        return "只有外部报送的名单记录可以补记", "only an imported entry takes added facts"
    return None


GUARDS: dict[str, Callable[[Context], Why]] = {
    "in_force": _in_force,
    "decides": _decides,
    "subject": _subject,
    "told_all": _told_all,
    "not_ahead": _not_ahead,
    "after_notice": _after_notice,
    "hearing_asked_in_time": _hearing_asked_in_time,
    "window_over": _window_over,
    "display_dates": _display_dates,
    "display_over": _display_over,
    "notice_first": _notice_first,
    "basis_known": _basis_known,
    "period_fits": _period_fits,
    "consent": _consent,
    "after_decision": _after_decision,
    "lawful": unlawful,
    "listed_after_decision": _listed_after_decision,
    "early_open": _early_open,
    "exit_allowed": _exit_allowed,
    "exit_after_listing": _exit_after_listing,
    "period_over": _period_over,
    "no_adverse": _no_adverse,
    "has_record": _has_record,
    "imported_only": _imported_only,
}

__all__ = [
    "GUARDS",
    "Context",
    "Fact",
    "Procedure",
    "State",
    "Step",
    "clean",
    "next_steps",
    "planned_end",
    "procedure_of",
    "refusal",
    "table",
    "unlawful",
    "window_end",
]
