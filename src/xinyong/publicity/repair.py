"""May this record be repaired, and from when? Each condition of the day, met or not, with its article. Pure.

What the platform knows itself (dates, lists) is answered; what the applicant has to show stays open until it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.publicity.clock import Clock
from xinyong.publicity.rulebook import CERTAINTIES, CONFIRMED, TO_BE_CONFIRMED

CHECKS = (
    *("minimum", "repairable", "not_listed", "performed", "corrected"),
    *("harm_removed", "committed", "no_repeat", "other_rules"),
)
MET, FAILING, OPEN = "met", "failing", "open"


class RepairInvalid(ValueError):
    """A row of repair.yml cannot be used; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One row: what must be true, for which regimes or lists."""

    id: str
    check: str
    regimes: frozenset[str]
    lists: frozenset[str]
    profile: str
    zh: str
    en: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    valid_from: date = date.min
    valid_until: date = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A condition as it stands. ``state``: met, failing, or open (to be shown); ``on``: the day it is or was met."""

    condition: Condition
    state: str
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether repair may be asked for today; ``ready_on``: the first day the dates let it, None: never, or not known."""

    answers: tuple[Answer, ...]
    ready_on: date | None

    @property
    def may_apply(self) -> bool:
        """No condition fails; what is open the applicant shows."""
        return all(answer.state != FAILING for answer in self.answers) and bool(self.answers)


_source: list[Callable[[], tuple[Condition, ...]]] = []


def source(found: Callable[[], tuple[Condition, ...]]) -> None:
    """Where the rows in force come from once officers may have replaced some."""
    _source[:] = [found]


def in_force() -> tuple[Condition, ...]:
    """Every condition with its span of days: the packaged ones, and what officers here confirmed or replaced."""
    return _source[0]() if _source else packaged()


@cache
def packaged() -> tuple[Condition, ...]:
    """The conditions this release comes with."""
    text = (resources.files("xinyong.datapacks") / "rules" / "repair.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Conditions from their YAML form. Raises RepairInvalid, with the row."""
    found: list[Condition] = []
    for raw in loaded["conditions"]:
        name = raw.get("id", "?")
        try:
            row = Condition(
                **{key: value for key, value in raw.items() if key not in ("regimes", "lists", "from", "until")},
                regimes=frozenset(raw["regimes"]),
                lists=frozenset(raw["lists"]),
                valid_from=raw.get("from", date.min),
                valid_until=raw.get("until", date.max),
            )
        except (TypeError, KeyError) as error:
            raise RepairInvalid(f"repair.yml, {name}: {error}") from error
        if row.check not in CHECKS:
            raise RepairInvalid(f"repair.yml, {name}: there is no check {row.check}")
        if row.certainty not in CERTAINTIES or row.status not in (CONFIRMED, TO_BE_CONFIRMED):
            raise RepairInvalid(f"repair.yml, {name}: certainty or status cannot be used")
        if any(other.id == row.id for other in found):
            raise RepairInvalid(f"repair.yml, {name}: given twice")
        found.append(row)
    return tuple(found)


def eligibility(
    clock: Clock,
    kind: str,
    today: date,
    *,
    profile: str = "national",
    shown: Iterable[str] = (),
    failing: Iterable[str] = (),
    listed: bool = False,
    rows: Iterable[Condition] | None = None,
) -> Eligibility:
    """Each condition for a record of a rule family (``penalty``, ``list-…``) under its clock.

    ``shown``, ``failing``: checks the applicant has proved, or an officer found untrue. ``listed``: the subject is on an
    abnormal or serious list. A record that is not public, or over, has nothing to repair: no answers.
    """
    if not clock.shown_on(today):
        return Eligibility(answers=(), ready_on=None)
    proved, untrue = set(shown), set(failing)
    answers = []
    for row in in_force() if rows is None else rows:
        if row.profile not in ("any", profile) or not row.valid_from <= today <= row.valid_until:
            continue
        if clock.regime not in row.regimes and kind.removeprefix("list-") not in row.lists:
            continue
        answers.append(_answer(row, clock, today, proved, untrue, listed=listed))
    return Eligibility(answers=tuple(answers), ready_on=clock.earliest_repair)


def _answer(row: Condition, clock: Clock, today: date, proved: set[str], untrue: set[str], *, listed: bool) -> Answer:
    if row.check == "repairable":
        return Answer(condition=row, state=MET if clock.repairable else FAILING)
    if row.check == "minimum":
        day = clock.earliest_repair
        return Answer(condition=row, state=MET if day is not None and day <= today else FAILING, on=day)
    if row.check == "not_listed":
        return Answer(condition=row, state=FAILING if listed else MET)
    if row.check in untrue:
        return Answer(condition=row, state=FAILING)
    return Answer(condition=row, state=MET if row.check in proved else OPEN)
