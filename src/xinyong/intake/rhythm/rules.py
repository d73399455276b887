"""Three states of silence told apart: nothing to deliver, nothing delivered, delivered in vain. Pure.

When the next delivery is expected is data (``datapacks/rules/rhythm.yml``). Silence never ends a record: what a department
no longer mentions stays as it is until the department, or an act of an officer, says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.standards import calendar


class Silence(StrEnum):
    """How a department stands with a dataset today."""

    ON_TIME = "on-time"
    EMPTY = "empty"  # in time, and the last word was: nothing to deliver
    DUE = "due"  # expected by now, still within the days of grace
    MISSING = "missing"  # no delivery: the rhythm has passed without one
    FAILED = "failed"  # a delivery came and was refused, or failed
    HELD = "held"  # a delivery waits for an officer here
    WORKING = "working"  # a delivery is in the line or being read
    IRREGULAR = "irregular"  # no rhythm: nothing is expected on a certain day
    ENDED = "ended"  # the duty is over, or has not begun


#: States an operator has to do something about.
TROUBLE = frozenset({Silence.MISSING, Silence.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one department and dataset. ``last_word``: day of the last good delivery or zero declaration.

    ``last_empty``: that word was an empty delivery or a declaration of zero. ``newest``: state of the newest delivery
    after the last good one; empty when there is none.
    """

    cycle: str
    since: date
    until: date | None = None
    last_word: date | None = None
    last_empty: bool = False
    newest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """``overdue``: working days since the expected day; ``provisional``: the calendar of that year is not loaded."""

    state: Silence
    expected: date | None
    overdue: int
    provisional: bool = False


@cache
def cycles() -> Mapping[str, Mapping[str, Any]]:
    """Update cycle to its period, grace, words and source; a cycle that is not here expects nothing."""
    text = (resources.files("xinyong.datapacks") / "rules" / "rhythm.yml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)["cycles"]
    return found


_NEWEST = {
    "refused": Silence.FAILED,
    "failed": Silence.FAILED,
    "held": Silence.HELD,
    "received": Silence.WORKING,
    "reading": Silence.WORKING,
}


def judge(facts: Facts, today: date) -> Judged:
    """State, expected day and days overdue."""
    if today < facts.since or (facts.until is not None and today > facts.until):
        return Judged(state=Silence.ENDED, expected=None, overdue=0)
    tried = _NEWEST.get(facts.newest)
    row = cycles().get(facts.cycle)
    if row is None:
        return Judged(state=tried or Silence.IRREGULAR, expected=None, overdue=0)
    days = calendar.official()
    start = max(facts.since, facts.last_word) if facts.last_word is not None else facts.since
    if "days" in row:
        due = days.add_working_days(start, row["days"], provisional=True)
    else:
        due = days.add_months(start, row["months"], provisional=True)
    last = days.add_working_days(due.day, row["grace_days"], provisional=True)
    overdue = max(0, days.working_days_between(due.day, today, provisional=True)) if today > due.day else 0
    if tried is not None:
        state = tried
    elif today > last.day:
        state = Silence.MISSING
    elif today > due.day:
        state = Silence.DUE
    else:
        state = Silence.EMPTY if facts.last_empty else Silence.ON_TIME
    return Judged(state=state, expected=due.day, overdue=overdue, provisional=due.provisional or last.provisional)
