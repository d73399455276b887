"""The way of a commitment over plain values: steps and facts are data, guards are the functions below. Pure: no Django.

Nothing here makes a commitment broken by time: ``find_broken`` is a step of a named officer, after the firm was told and heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from xinyong.commitments import book as books
from xinyong.commitments.book import Book, Kind, Text, Word
from xinyong.commitments.errors import CommitmentsInvalid
from xinyong.ui import stated
from xinyong.ui.stated import Why, day

RIGHTS = ("handle", "decide", "begin", "sign", "system")
#: Facts that lie ahead of the day they are given.
_MAY_BE_AHEAD = frozenset({"complete_by", "answer_by", "fix_by", "check_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Word):
    """What is stated with a step. ``of``: excluded, consequences or publicity; else ``options``."""

    kind: str
    of: str = ""
    options: tuple[Word, ...] = ()

    def choices(self, book: Book) -> tuple[Word, ...]:
        """What may be chosen."""
        if self.of == "excluded":
            return book.excluded
        if self.of == "consequences":
            return tuple(book.consequences.values())
        if self.of == "publicity":
            return tuple(
                Word(code=value, zh=value, en=_PUBLICITY_EN.get(value, value)) for value in book.publicity_types
            )
        return self.options


_PUBLICITY_EN = {
    "可向社会公开": "May be public",
    "特定范围内公开": "For a certain circle",
    "不可公开": "Not to be public",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Word):
    """``live``: it holds; ``broken``: found broken; ``over``: nothing more happens."""

    tone: str
    live: bool = False
    broken: bool = False
    over: bool = False
    withdrawable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Word):
    """One row. ``kinds`` empty: for all; ``reports``: the record is delivered again with the performance of ``state``;
    ``plans``: sets or drops the day of the check."""

    sources: tuple[str, ...]
    to: str
    right: str
    needs: tuple[str, ...]
    guards: tuple[str, ...]
    may: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    another: bool = False
    told: bool = False
    act: str = ""
    reports: bool = False
    plans: bool = False
    state: str = ""

    def fits(self, kind: str) -> bool:
        """Whether the step belongs to this kind."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything of ``procedure.yml``."""

    version: str
    facts: Mapping[str, Fact]
    states: Mapping[str, State]
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step as taken."""

    step: str
    facts: Mapping[str, Any]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the guards may know: nothing else decides. ``unclean``: what stands against the subject (COM-04, COM-13)."""

    text: Text
    kind: Kind
    state: str
    today: date
    organ: str
    actor: str
    history: tuple[Done, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    unclean: tuple[str, ...] = ()
    valid_until: date | None = None
    check_on: date | None = None

    def last(self, *steps: str) -> Mapping[str, Any] | None:
        """Facts of the last of these steps."""
        return next((done.facts for done in reversed(self.history) if done.step in steps), None)


@cache
def table() -> Table:
    """The packaged procedure."""
    text = (resources.files("xinyong.datapacks") / "commitments" / "procedure.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text), books.book())


def parse(loaded: Mapping[str, Any], book: Book) -> Table:
    """The procedure from its YAML form. Raises CommitmentsInvalid with every mistake."""
    facts = {
        row["code"]: Fact(**{**row, "options": tuple(Word(**option) for option in row.get("options", ()))})
        for row in loaded["facts"]
    }
    states = {row["code"]: State(**row) for row in loaded["states"]}
    steps = {}
    mistakes = []
    for row in loaded["steps"]:
        made: dict[str, Any] = {key: value for key, value in row.items() if key not in ("from", "for")}
        made |= {name: tuple(row.get(name, ())) for name in ("needs", "guards", "may")}
        step = Step(**{**made, "sources": tuple(row["from"]), "kinds": tuple(row.get("for", ()))})
        steps[step.code] = step
        unknown = (
            (set(step.needs) | set(step.may)) - set(facts)
            | (set(step.sources) | {step.to}) - set(states) - {"same"}
            | set(step.guards) - set(GUARDS)
            | set(step.kinds) - set(book.kinds)
        )
        if unknown:
            mistakes.append((step.code, f"没有 {sorted(unknown)}", f"there is no {sorted(unknown)}"))
        if step.right not in RIGHTS:
            mistakes.append((step.code, "right 不对", "right is not known"))
        if step.right == "system" and step.to in states and states[step.to].broken:
            mistakes.append((step.code, "违诺须由工作人员认定（COM-08）", "only an officer finds a commitment broken"))
    if mistakes:
        raise CommitmentsInvalid(
            mistakes_zh="；".join(f"procedure.yml/{where}：{zh}" for where, zh, _ in mistakes),
            mistakes_en="; ".join(f"procedure.yml/{where}: {en}" for where, _, en in mistakes),
        )
    return Table(
        version=str(loaded["version"]),
        facts=MappingProxyType(facts),
        states=MappingProxyType(states),
        steps=MappingProxyType(steps),
    )


def first_step(kind: Kind, right: str) -> Step | None:
    """The step that begins a commitment of this kind for whoever has this right."""
    return next(
        (step for step in table().steps.values() if not step.sources and step.fits(kind.code) and step.right == right),
        None,
    )


def next_steps(kind: str, state: str, rights: frozenset[str]) -> tuple[Step, ...]:
    """Steps that lead on from a state for somebody with these rights."""
    return tuple(
        step
        for step in table().steps.values()
        if state in step.sources and step.fits(kind) and step.right in rights and step.right != "system"
    )


def clean(step: Step, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Facts of a step in their stored form, and what is wrong with them: (fact, Chinese, English)."""
    return stated.clean(step, table().facts, choices, given)


def choices(fact: Fact) -> tuple[Word, ...]:
    """What may be chosen under the book in force."""
    return fact.choices(books.book())


def refusal(step: Step, context: Context) -> Why:
    """Why the step cannot be taken, with its facts already clean; None when it can."""
    if not step.fits(context.kind.code):
        return f"{context.kind.zh}没有这一步", f"this kind has no such step: {context.kind.en}"
    if (context.state and context.state not in step.sources) or (not context.state and step.sources):
        state = table().states.get(context.state)
        return f"现为「{state.zh if state else '—'}」", f"it is '{state.en if state else '—'}' now"
    if step.another and any(done.actor == context.actor for done in context.history if done.step == "suspect"):
        return "提出存疑的人不能同时认定违诺，须由另一名工作人员办理", (
            "who raised the doubt does not find the breach; another officer has to"
        )
    for name in step.guards:
        why = GUARDS[name](context)
        if why is not None:
            return why
    return None


def complete_by(context: Context) -> date | None:
    """Last day for the missing papers."""
    return day(context.last("offer_missing"), "complete_by") or day(context.facts, "complete_by")


# --- guards -----------------------------------------------------------------------------------------------------------


def _text_in_force(context: Context) -> Why:
    if context.text.in_force(context.today):
        return None
    return "这个版本的承诺书已经停用，请按现行版本重新告知", "this version of the text is not signed any more"


def _offered_by_organ(context: Context) -> Why:
    if context.text.offered_by(context.organ):
        return None
    return f"本承诺书由{'、'.join(context.text.organs)}部门使用", "this text belongs to other departments"


def _clean_subject(context: Context) -> Why:
    if not context.kind.clean or not context.unclean:
        return None
    return (
        f"该主体{'、'.join(context.unclean)}，修复前不适用{context.kind.zh}（COM-04、COM-13），请按一般程序办理",
        f"before repair this kind is not open to the subject ({', '.join(context.unclean)}): use the ordinary procedure",
    )


def _nothing_forbidden(context: Context) -> Why:
    never = books.book().forbidden("".join(str(value) for value in context.facts.values()))
    if never is None:
        return None
    return f"不得要求承诺：{never.zh}（{never.article}）", f"nobody may be asked to promise: {never.en}"


def _ruled_out_all(context: Context) -> Why:
    missing = [row for row in books.book().excluded if row.code not in context.facts.get("ruled_out", ())]
    if not missing:
        return None
    return (
        f"属于下列情形的不适用告知承诺，请逐项核对：{'、'.join(row.zh for row in missing)}（COM-04）",
        f"no commitment for such matters; rule out each: {'; '.join(row.en for row in missing)}",
    )


def _complete_in_time(context: Context) -> Why:
    last, longest = day(context.facts, "complete_by"), context.text.completion_days or 0
    if last is None or last <= context.today:
        return "补齐期限须在今天以后", "the papers cannot be due today or before"
    if last > context.today + timedelta(days=longest):
        return (
            f"补齐期限不得超过事项的承诺办结时限 {longest} 日（COM-12）",
            f"no longer than the item's own time limit of {longest} days",
        )
    return None


def _still_time(context: Context) -> Why:
    last = complete_by(context)
    if last is not None and last < context.today:
        return f"补齐期限 {last} 已过，请重新告知", f"the papers were due on {last}; it has to be offered anew"
    return None


def _completion_over(context: Context) -> Why:
    last = complete_by(context)
    if last is not None and context.today <= last:
        return f"补齐期限至 {last}，尚未届满", f"the papers are due on {last}"
    return None


def _not_ahead(context: Context) -> Why:
    for code in context.facts:
        fact = table().facts[code]
        found = day(context.facts, code) if fact.kind == "date" and code not in _MAY_BE_AHEAD else None
        if found is not None and found > context.today:
            return f"{fact.zh}晚于今天", f"{fact.en} is ahead of today"
    return None


def _check_ahead(context: Context) -> Why:
    last = day(context.facts, "check_by")
    if last is None or last <= context.today:
        return "核查期限须在今天以后", "the day of the check has to lie ahead"
    if context.valid_until is not None and last > context.valid_until:
        return (
            f"承诺有效期至 {context.valid_until}，核查须在其内",
            f"its term ends on {context.valid_until}; check within it",
        )
    return None


def _check_planned(context: Context) -> Why:
    return None if context.check_on is not None else ("本来就没有安排核查", "no check is planned")


def _time_to_answer(context: Context) -> Why:
    served, until = day(context.facts, "served_on"), day(context.facts, "answer_by")
    if served is None or until is None or until <= served:
        return "陈述申辩期限须晚于送达日期", "the time to be heard has to end after the notice was served"
    return None


def _answer_in_time(context: Context) -> Why:
    until = day(context.last("suspect"), "answer_by")
    if until is not None and context.today > until:
        return f"陈述申辩期限已于 {until} 届满", f"the time to be heard ended on {until}"
    return None


def _notice_first(context: Context) -> Why:
    told = context.last("suspect")
    if told is None or not told.get("service_proof") or not told.get("facts"):
        return "没有向当事人告知事实并送达，不得认定违诺（COM-08）", "the firm was not told first"
    served, decided = day(told, "served_on"), day(context.facts, "decided_on")
    if served is None or decided is None or decided <= served:
        return f"认定日期须晚于告知送达日期 {served}", f"the finding has to come after the notice, served on {served}"
    return None


def _heard(context: Context) -> Why:
    if context.last("state") is not None:
        answered = context.facts.get("answer") or (context.last("order") or {}).get("answer")
        return None if answered else ("请写明对陈述申辩的复核意见", "answer the statement of the firm")
    until = day(context.last("suspect"), "answer_by")
    if until is None or context.today <= until:
        return f"陈述申辩期限至 {until}，尚未届满", f"the time to be heard runs to {until}"
    return None


def _fix_ahead(context: Context) -> Why:
    last = day(context.facts, "fix_by")
    return None if last is not None and last > context.today else ("改正期限须在今天以后", "the day has to lie ahead")


def _fix_over(context: Context) -> Why:
    last = day(context.last("order"), "fix_by") if context.state == "rectifying" else None
    if last is not None and context.today <= last:
        return f"改正期限至 {last}，尚未届满", f"the time to put it right runs to {last}"
    return None


def _term_over(context: Context) -> Why:
    if context.valid_until is None or context.today <= context.valid_until:
        return "承诺有效期未满", "its term has not ended"
    return None


GUARDS: dict[str, Callable[[Context], Why]] = {
    "text_in_force": _text_in_force,
    "offered_by_organ": _offered_by_organ,
    "clean_subject": _clean_subject,
    "nothing_forbidden": _nothing_forbidden,
    "ruled_out_all": _ruled_out_all,
    "complete_in_time": _complete_in_time,
    "still_time": _still_time,
    "completion_over": _completion_over,
    "not_ahead": _not_ahead,
    "check_ahead": _check_ahead,
    "check_planned": _check_planned,
    "time_to_answer": _time_to_answer,
    "answer_in_time": _answer_in_time,
    "notice_first": _notice_first,
    "heard": _heard,
    "fix_ahead": _fix_ahead,
    "fix_over": _fix_over,
    "term_over": _term_over,
}
