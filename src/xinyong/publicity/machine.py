"""The states the publicity of a record can be in, and which act may happen in which (``rules/publicity-states.yml``).

A state is never stored: it follows from the clock, the day and the acts on the record, so that a day brings a record in
and out without anybody doing anything. What is stored are acts, and :func:`refusal` judges each before it is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.ledger import rules as ledger
from xinyong.publicity.clock import Clock
from xinyong.publicity.rulebook import Rulebook

#: A state an act opened, and what the publicity then is; the first that stands governs.
_OPENED = (
    ("withdrawn", "withdrawn"),
    ("archived", "archived"),
    ("repaired", "stopped_repaired"),
    ("masked", "masked"),
    ("expired", "stopped_expired"),
)
GUARDS = ("repair_open", "ended", "minor", "penalty", "hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state in words; ``shown``: a visitor sees the record."""

    code: str
    zh: str
    en: str
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act that may happen in some states. ``to``: a state, ``same``, or ``clock``: what the dates then say."""

    id: str
    act: str
    origins: frozenset[str]
    to: str
    guard: str
    article: str
    source: str
    source_en: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The whole table."""

    version: str
    states: Mapping[str, State]
    steps: Mapping[str, Step]


@cache
def table() -> Machine:
    """The packaged table."""
    text = (resources.files("xinyong.datapacks") / "rules" / "publicity-states.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> Machine:
    """The table from its YAML form. ValueError, with the row, when it does not hold together."""
    states = {row["code"]: State(**row) for row in loaded["states"]}
    steps: dict[str, Step] = {}
    for row in loaded["acts"]:
        step = Step(
            id=row["id"],
            act=row["act"],
            origins=frozenset(row["from"]),
            to=row["to"],
            guard=row.get("guard", ""),
            article=row["article"],
            source=row["source"],
            source_en=row["source_en"],
            status=row["status"],
        )
        if step.act in steps:
            raise ValueError(f"publicity-states.yml, {step.id}: act {step.act} is given twice")
        if step.act not in ledger.rule_set().acts:
            raise ValueError(f"publicity-states.yml, {step.id}: record-status.yml knows no act {step.act}")
        if unknown := (step.origins | {step.to}) - set(states) - {"same", "clock"}:
            raise ValueError(f"publicity-states.yml, {step.id}: there is no state {sorted(unknown)}")
        if step.guard and step.guard not in GUARDS:
            raise ValueError(f"publicity-states.yml, {step.id}: there is no guard {step.guard}")
        steps[step.act] = step
    if missing := set(ledger.rule_set().acts) - set(steps):
        raise ValueError(f"publicity-states.yml: acts without a row: {sorted(missing)}")
    return Machine(version=str(loaded["version"]), states=states, steps=steps)


def state(clock: Clock | None, opened: Iterable[str], today: date) -> str:
    """The state of a record. ``opened``: what acts opened (ledger.rules.open_states); ``clock`` None: never public."""
    standing = set(opened)
    for act_state, found in _OPENED:
        if act_state in standing:
            return found
    if clock is None or clock.public_from is None:
        return "not_public"
    if today < clock.public_from:
        return "scheduled"
    return "public" if clock.shown_on(today) else "stopped_expired"


def refusal(
    act: str, cause: str, clock: Clock | None, opened: Iterable[str], today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    """Why an act may not happen now, in Chinese and English; None when it may. ``kind``: rule family of the record."""
    machine = table()
    step = machine.steps[act]
    now = state(clock, opened, today)
    if now not in step.origins:
        words = machine.states[now]
        return (
            f"该记录的公示状态为「{words.zh}」，此时不能作此处理（{step.article}）",
            f"its publicity is '{words.en}', and this cannot happen then ({step.article})",
        )
    return _GUARDS[step.guard](step, cause, clock, today, kind, book) if step.guard else None


def _repair_open(
    step: Step, cause: str, clock: Clock | None, today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    if clock is None or clock.earliest_repair is None:
        return (
            f"依规定不能提前停止公示（{step.article}）",
            f"by the rules it cannot end early ({step.article})",
        )
    if today < clock.earliest_repair:
        return (
            f"最短公示期未满，{clock.earliest_repair} 起才能修复（{step.article}）",
            f"the shortest period has not passed; repair is possible from {clock.earliest_repair} ({step.article})",
        )
    return None


def _ended(
    step: Step, cause: str, clock: Clock | None, today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    if clock is None or clock.latest_end is None or today <= clock.latest_end:
        return f"公示期未满（{step.article}）", f"its period has not ended ({step.article})"
    return None


def _minor(
    step: Step, cause: str, clock: Clock | None, today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    if kind != "penalty" or clock is None or clock.severity != "minor":
        return (
            f"只有轻微失信信息需要记录公示必要（{step.article}）",
            f"only a minor item needs a necessity ({step.article})",
        )
    return None


def _penalty(
    step: Step, cause: str, clock: Clock | None, today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    if kind != "penalty":
        return (
            f"只有处罚决定可以逐条认定严重程度；列入名单的按名单（{step.article}）",
            f"only penalty decisions are classed one by one; list entries have the class of their list ({step.article})",
        )
    return None


def _hold(
    step: Step, cause: str, clock: Clock | None, today: date, kind: str, book: Rulebook
) -> tuple[str, str] | None:
    row = next((item for item in book.holds if item.id == cause), None)
    if row is None or today < row.effective_from or (row.effective_until is not None and today > row.effective_until):
        loaded = "、".join(item.id for item in book.holds) or "—"
        return (
            f"没有现行有效的部门规定“{cause}”，期满自动停止公示（PUB-10）；现有：{loaded}",
            f"no rule '{cause}' of a line ministry is in force, so publicity stops by itself (PUB-10); there are: {loaded}",
        )
    return None


_GUARDS = {"repair_open": _repair_open, "ended": _ended, "minor": _minor, "penalty": _penalty, "hold": _hold}
