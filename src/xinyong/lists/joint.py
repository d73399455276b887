"""Joint work as data (``datapacks/measures/_joint.yml``): states, messages, when the next one is due. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml

from xinyong.lists.measures import Named
from xinyong.publicity import timers
from xinyong.standards import calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``live``: something is still owed; ``timer``: until when, a row of timers.yml."""

    code: str
    zh: str
    en: str
    live: bool = False
    timer: str = ""

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything of the file."""

    version: str
    states: Mapping[str, State]
    messages: Mapping[str, Named]
    triggers: Mapping[str, Named]
    decisions: tuple[str, ...]
    remind_after: int
    remind_every: int
    escalate_after: int


@cache
def table() -> Table:
    """The packaged rules of joint work."""
    text = (resources.files("xinyong.datapacks") / "measures" / "_joint.yml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return Table(
        version=str(raw["version"]),
        states=MappingProxyType({row["code"]: State(**row) for row in raw["states"]}),
        messages=MappingProxyType({row["code"]: Named(**row) for row in raw["messages"]}),
        triggers=MappingProxyType({row["code"]: Named(**row) for row in raw["triggers"]}),
        decisions=tuple(raw["decisions"]),
        remind_after=int(raw["remind_after"]),
        remind_every=int(raw["remind_every"]),
        escalate_after=int(raw["escalate_after"]),
    )


def live() -> tuple[str, ...]:
    """States in which something is still owed."""
    return tuple(code for code, row in table().states.items() if row.live)


def due(state: str, start: date, profile: str) -> date | None:
    """Last day for the next message in a state that began on a day; None where none is owed."""
    name = table().states[state].timer
    timer = timers.find(name, profile, start) if name else None
    return timers.due(timer, start).day if timer is not None else None


def late_days(due_on: date | None, today: date) -> int:
    """Working days past a due day; 0 while it is in time."""
    if due_on is None or today <= due_on:
        return 0
    return calendar.official().working_days_between(due_on, today, provisional=True)


def owed(due_on: date | None, sent: int, today: date) -> str:
    """What is to be sent today for a late message: "", reminder, or escalation. ``sent``: how many were sent."""
    rules = table()
    late = late_days(due_on, today)
    if late <= rules.remind_after or late < 1 + sent * rules.remind_every:
        return ""
    return "escalation" if late > rules.escalate_after else "reminder"
