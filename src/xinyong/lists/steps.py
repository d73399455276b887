"""Procedures of lists as data (``datapacks/lists/_procedures.yml``): facts, states, steps, and what a step may know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from xinyong.lists.errors import ListsInvalid
from xinyong.lists.registry import ListConfig
from xinyong.ui import stated
from xinyong.ui.stated import Done

KINDS = ("date", "text", "long", "choice", "several", "whole")
#: Guards a step may name; the functions stand in :mod:`xinyong.lists.procedure`.
GUARDS = frozenset(
    {
        "in_force",
        "decides",
        "subject",
        "told_all",
        "not_ahead",
        "after_notice",
        "hearing_asked_in_time",
        "window_over",
        "display_dates",
        "display_over",
        "notice_first",
        "basis_known",
        "period_fits",
        "consent",
        "after_decision",
        "lawful",
        "listed_after_decision",
        "early_open",
        "exit_allowed",
        "exit_after_listing",
        "period_over",
        "no_adverse",
        "has_record",
        "imported_only",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a fact."""

    code: str
    zh: str
    en: str

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What an officer states with a step. ``of``: grounds, bases or exits of the list; else ``options``."""

    code: str
    zh: str
    en: str
    kind: str
    of: str = ""
    options: tuple[Choice, ...] = ()

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh

    def choices(self, config: ListConfig) -> tuple[Choice, ...]:
        """What may be chosen for this list."""
        if self.of == "grounds":
            return tuple(Choice(code=row.code, zh=row.zh, en=row.en) for row in config.grounds)
        if self.of == "bases":
            return tuple(Choice(code=row.id, zh=row.words(), en=row.words("en")) for row in config.bases)
        if self.of == "exits":
            return tuple(row for row in table().exits if row.code in config.exits)
        return self.options


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``listed``: stands on the list; ``over``: nothing more happens; ``waits``: a delivery is being taken in."""

    code: str
    zh: str
    en: str
    listed: bool = False
    over: bool = False
    waits: bool = False

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a procedure. ``another``: not by who proposed; ``act``, ``cause``: the deed on the ledger record."""

    code: str
    zh: str
    en: str
    sources: tuple[str, ...]
    to: str
    right: str
    needs: tuple[str, ...]
    guards: tuple[str, ...]
    may: tuple[str, ...] = ()
    another: bool = False
    act: str = ""
    cause: str = ""

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A way with all its steps."""

    code: str
    zh: str
    en: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    steps: tuple[Step, ...]

    def step(self, code: str) -> Step | None:
        """The step of this code."""
        return next((row for row in self.steps if row.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything of ``_procedures.yml``."""

    version: str
    facts: Mapping[str, Fact]
    states: Mapping[str, State]
    exits: tuple[Choice, ...]
    procedures: Mapping[str, Procedure]
    public_service_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the guards may know: nothing else decides.

    ``organ``: full name of the acting department; ``adverse``: serious lists the entity stands on; ``has_record``: the
    entry is in the ledger.
    """

    config: ListConfig
    state: str
    today: date
    profile: str
    actor: str
    organ: str
    entity_kind: str
    history: tuple[Done, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    listed_on: date | None = None
    planned_end: date | None = None
    imported: bool = False
    has_record: bool = False
    adverse: tuple[str, ...] = ()

    def last(self, *steps: str) -> Mapping[str, Any] | None:
        """Facts of the last of these steps."""
        return stated.last(self.history, *steps)


@cache
def table() -> Table:
    """The packaged procedures."""
    text = (resources.files("xinyong.datapacks") / "lists" / "_procedures.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> Table:
    """Procedures from their YAML form. Raises ListsInvalid with every mistake."""
    facts = {
        row["code"]: Fact(**{**row, "options": tuple(Choice(**option) for option in row.get("options", ()))})
        for row in loaded["facts"]
    }
    states = {row["code"]: State(**row) for row in loaded["states"]}
    mistakes = []
    procedures = {}
    for raw in loaded["procedures"]:
        steps = tuple(
            Step(
                **{
                    **{key: value for key, value in row.items() if key != "from"},
                    "sources": tuple(row["from"]),
                    "needs": tuple(row["needs"]),
                    "guards": tuple(row["guards"]),
                    "may": tuple(row.get("may", ())),
                }
            )
            for row in raw["steps"]
        )
        procedures[raw["code"]] = Procedure(**{**raw, "steps": steps})
        for step in steps:
            where = f"_procedures.yml/{raw['code']}/{step.code}"
            unknown = (
                (set(step.needs) | set(step.may)) - set(facts)
                | (set(step.sources) | {step.to}) - set(states) - {"same"}
                | set(step.guards) - GUARDS
            )
            if unknown:
                mistakes.append((where, f"没有 {sorted(unknown)}", f"there is no {sorted(unknown)}"))
            if step.right not in ("propose", "decide", "system"):
                mistakes.append((where, "right 不对", "right is not known"))
    mistakes += [
        (f"_procedures.yml/{fact.code}", "kind 不对", "kind is not known")
        for fact in facts.values()
        if fact.kind not in KINDS
    ]
    if mistakes:
        raise ListsInvalid(
            mistakes_zh="；".join(f"{where}：{zh}" for where, zh, _ in mistakes),
            mistakes_en="; ".join(f"{where}: {en}" for where, _, en in mistakes),
        )
    return Table(
        version=str(loaded["version"]),
        facts=MappingProxyType(facts),
        states=MappingProxyType(states),
        exits=tuple(Choice(**row) for row in loaded["exits"]),
        procedures=MappingProxyType(procedures),
        public_service_days=int(loaded["public_service"]["days"]),
    )
