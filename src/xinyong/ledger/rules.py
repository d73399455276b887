"""What may happen to a stored record, and what state it is in. Pure decisions over ``datapacks/rules/record-status.yml``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state a record can be in, beside being stored. ``hides``: it is then not shown, shared or counted in public."""

    code: str
    zh: str
    en: str
    hides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act the law knows: it opens a state, or closes one. ``cause_from``: a guard knows which causes there are."""

    code: str
    zh: str
    en: str
    opens: str | None
    closes: str | None
    repeatable: bool
    causes: Mapping[str, tuple[str, str]]
    cause_from: str
    effective_from: date
    effective_until: date | None
    source: str
    source_en: str
    article: str
    certainty: str

    def in_force(self, day: date) -> bool:
        """Whether the act existed on that day."""
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The closed vocabulary of one edition of the rules."""

    version: str
    states: Mapping[str, State]
    acts: Mapping[str, Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act as recorded; what the rules need of it."""

    number: int
    act: str
    effective_at: datetime
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An act about to be recorded, with what happened to the record before."""

    entity_id: int
    record_id: int
    act: Act
    cause: str
    day: date
    history: tuple[Done, ...]


#: Rooms above that have a say before an act is recorded, by name; each raises NotPossible. They register themselves.
guards: dict[str, Callable[[Proposal], None]] = {}


class NotPossible(Exception):
    """The act does not fit the state of the record."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@cache
def rule_set() -> RuleSet:
    """The packaged rules."""
    text = (resources.files("xinyong.datapacks") / "rules" / "record-status.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> RuleSet:
    """Rules from their YAML form. ValueError when they do not hold together."""
    states = {row["code"]: State(**row) for row in loaded["states"]}
    acts = {}
    for row in loaded["acts"]:
        act = Act(
            code=row["code"],
            zh=row["zh"],
            en=row["en"],
            opens=row.get("opens"),
            closes=row.get("closes"),
            repeatable=row.get("repeatable", False),
            causes={cause["code"]: (cause["zh"], cause["en"]) for cause in row.get("causes", ())},
            cause_from=row.get("cause_from", ""),
            effective_from=row["effective_from"],
            effective_until=row["effective_until"],
            source=row["source"],
            source_en=row["source_en"],
            article=row["article"],
            certainty=row["status"],
        )
        if (act.opens is None) == (act.closes is None):
            raise ValueError(f"{act.code} must open or close one state")
        if (act.opens or act.closes) not in states or act.code in acts:
            raise ValueError(f"{act.code} is given twice, or its state is not known")
        acts[act.code] = act
    if unused := set(states) - {act.opens for act in acts.values()}:
        raise ValueError(f"no act opens {sorted(unused)}")
    return RuleSet(version=str(loaded["version"]), states=states, acts=acts)


def open_states(history: Iterable[Done], on: datetime | None = None) -> dict[str, int]:
    """States the record is in, each with the number of the act that opened it. ``on``: as the first clock stood then."""
    rules, found = rule_set(), dict[str, int]()
    for done in sorted(history, key=lambda item: item.number):
        if on is not None and done.effective_at > on:
            continue
        act = rules.acts[done.act]
        if act.opens is not None:
            found[act.opens] = done.number
        else:
            found.pop(act.closes or "", None)
    return found


def hidden(states: Iterable[str]) -> bool:
    """Whether one of the states keeps a record from the public."""
    rules = rule_set()
    return any(rules.states[state].hides for state in states)


def answered(act: Act, history: Iterable[Done]) -> int | None:
    """The act this one ends; None for an act that opens a state. Raises NotPossible when it does not fit."""
    states = open_states(history)
    if act.opens is not None:
        if act.opens in states and not act.repeatable:
            state = rule_set().states[act.opens]
            raise NotPossible(f"该记录已处于「{state.zh}」状态", f"the record is already in the state '{state.en}'")
        return None
    number = states.get(act.closes or "")
    if number is None:
        state = rule_set().states[act.closes or ""]
        raise NotPossible(f"该记录不在「{state.zh}」状态", f"the record is not in the state '{state.en}'")
    return number
