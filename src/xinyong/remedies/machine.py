"""The table of ``rules/remedies.yml``: states of a case, what may happen in each, by whom, and what follows. Pure.

Nothing here decides: :mod:`xinyong.remedies.rules` judges an act over the plain facts of a case, :mod:`xinyong.remedies.steps`
carries it out. A row that does not hold together is refused when it is read, so that a mistake in the data stops a
release and not a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.ledger import rules as ledger
from xinyong.publicity import timers
from xinyong.publicity.rulebook import CERTAINTIES, CONFIRMED, TO_BE_CONFIRMED
from xinyong.remedies.applicant import ApplicantRight

OBJECTION, REPAIR, WITHDRAWAL = "objection", "repair", "withdrawal"
KINDS = (OBJECTION, REPAIR, WITHDRAWAL)
NEW, SAME = "new", "same"
PARTIES = ("applicant", "platform", "provider", "system")
#: What an act may record beside an act of record-status.yml: that of the chosen remedy, or what the profile says of the unresolved.
REMEDY, UNRESOLVED = "remedy", "unresolved"
GUARDS = (
    *("remedy", "review_open", "provider_silent", "suspended", "pausable", "paused", "extendable", "eligible"),
    *("gaps_once", "complete", "conditions_met", "receipts", "was_granted", "late"),
)


class RemediesInvalid(ValueError):
    """A row of remedies.yml cannot be used; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of a case. ``waits``: whose turn it is; ``over``: nothing more is owed to anybody."""

    code: str
    zh: str
    en: str
    tone: str
    waits: str
    over: bool = False

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that may happen to a case in some states."""

    id: str
    act: str
    kind: str
    zh: str
    en: str
    origins: frozenset[str]
    to: str
    by: frozenset[str]
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    right: ApplicantRight | None = None
    record: str = ""
    cause: str = ""
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    reason: bool = False
    guard: str = ""
    told: bool = False
    batch: bool = False
    unmarks: bool = False
    answers: bool = False
    bars: str = ""
    then: str = ""
    outcome: str = ""
    key: str = ""

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh

    def after(self, state: str) -> str:
        """The state it leads to."""
        return state if self.to == SAME else self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a case came to, in words."""

    code: str
    zh: str
    en: str
    tone: str

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What an objection may rest on. ``lists``: only of list entries; ``remedies``: the first is the default."""

    id: str
    code: str
    zh: str
    en: str
    remedies: tuple[str, ...]
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    evidence: bool = False
    lists: bool = False

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What is done on a record whose objection is upheld. ``record``, ``cause``: the act on it."""

    code: str
    zh: str
    en: str
    record: str
    cause: str = ""
    duty_zh: str = ""
    duty_en: str = ""

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh

    def duty(self, language: str) -> str:
        """What is left for the unit to do."""
        return self.duty_en if language == "en" else self.duty_zh


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialKind:
    """A kind of file. ``required``: a case needs it; ``waived_by``: unless the unit holds that mark itself."""

    code: str
    zh: str
    en: str
    cases: tuple[str, ...]
    required: bool
    waived_by: str = ""

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides a matter."""

    id: str
    matter: str
    decides: str
    zh: str
    en: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A reason to return an application, tied to a material."""

    code: str
    material: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text an officer starts from. ``state``: only in this state."""

    code: str
    kind: str
    act: str
    zh: str
    en: str
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """The text that is signed with an application for repair."""

    version: str
    zh: str
    en: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where a stop must arrive."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The whole table."""

    version: str
    states: Mapping[str, Mapping[str, State]]
    acts: Mapping[str, Mapping[str, Act]]
    outcomes: Mapping[str, Outcome]
    grounds: Mapping[str, Ground]
    remedies: Mapping[str, Remedy]
    unresolved_stops: frozenset[str]
    materials: Mapping[str, MaterialKind]
    deciders: Mapping[str, Decider]
    gaps: Mapping[str, Gap]
    templates: tuple[Template, ...]
    commitment: Commitment
    channels: tuple[Channel, ...]
    open_states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def act(self, kind: str, name: str) -> Act | None:
        """The act of this name for a kind of case."""
        return self.acts[kind].get(name)

    def of(self, kind: str, state: str) -> list[Act]:
        """Acts that may happen in a state, in the order of the table."""
        return [act for act in self.acts[kind].values() if state in act.origins]


@cache
def table() -> Machine:
    """The packaged table."""
    text = (resources.files("xinyong.datapacks") / "rules" / "remedies.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> Machine:
    """The table from its YAML form. Raises RemediesInvalid, with the row."""
    states = {kind: {row["code"]: _made(State, row, kind) for row in rows} for kind, rows in loaded["states"].items()}
    if tuple(states) != KINDS:
        raise RemediesInvalid(f"remedies.yml: the kinds are {', '.join(KINDS)}")
    remedies = {row["code"]: _made(Remedy, row, "remedies") for row in loaded["remedies"]}
    grounds: dict[str, Ground] = {}
    for row in loaded["grounds"]:
        found = _made(Ground, {**row, "remedies": tuple(row["remedies"])}, "grounds")
        if unknown := set(found.remedies) - set(remedies):
            raise RemediesInvalid(f"remedies.yml, {found.id}: no such remedy: {', '.join(sorted(unknown))}")
        _certain(found.id, found.certainty, found.status)
        grounds[found.code] = found
    machine = Machine(
        version=str(loaded["version"]),
        states=states,
        acts={kind: _acts(kind, rows, states[kind]) for kind, rows in loaded["acts"].items()},
        outcomes={row["code"]: _made(Outcome, row, "outcomes") for row in loaded["outcomes"]},
        grounds=grounds,
        remedies=remedies,
        unresolved_stops=frozenset(loaded["unresolved_stops"]),
        materials={
            row["code"]: _made(MaterialKind, {**row, "cases": tuple(row["cases"])}, "materials")
            for row in loaded["materials"]
        },
        deciders={row["matter"]: _made(Decider, row, "deciders") for row in loaded["deciders"]},
        gaps={row["code"]: _made(Gap, row, "gaps") for row in loaded["gaps"]},
        templates=tuple(_made(Template, row, "templates") for row in loaded["templates"]),
        commitment=_made(Commitment, loaded["commitment"], "commitment"),
        channels=tuple(_made(Channel, row, "channels") for row in loaded["channels"]),
        open_states={
            kind: tuple(code for code, state in found.items() if not state.over) for kind, found in states.items()
        },
    )
    _joined(machine)
    return machine


def _made(kind: Any, row: Mapping[str, Any], place: str) -> Any:
    try:
        return kind(**row)
    except TypeError as error:
        raise RemediesInvalid(f"remedies.yml, {place}, {row.get('id') or row.get('code')}: {error}") from error


def _certain(name: str, certainty: str, status: str) -> None:
    if certainty not in CERTAINTIES or status not in (CONFIRMED, TO_BE_CONFIRMED):
        raise RemediesInvalid(f"remedies.yml, {name}: certainty or status cannot be used")
    if status == CONFIRMED and certainty in ("recalled", "fragments", "ours"):
        raise RemediesInvalid(f"remedies.yml, {name}: {certainty} is to be confirmed")


def _acts(kind: str, rows: Any, states: Mapping[str, State]) -> dict[str, Act]:
    found: dict[str, Act] = {}
    for raw in rows:
        name = f"remedies.yml, {raw.get('id', '?')}"
        row = {key: value for key, value in raw.items() if key != "from"}
        if row.get("reason") not in (None, "required"):
            raise RemediesInvalid(f"{name}: reason is 'required' or left out")
        act: Act = _made(
            Act,
            {
                **row,
                "kind": kind,
                "origins": frozenset(raw["from"]),
                "by": frozenset(raw["by"]),
                "right": ApplicantRight(row["right"]) if "right" in row else None,
                "begins": tuple(row.get("begins", ())),
                "ends": tuple(row.get("ends", ())),
                "reason": row.get("reason") == "required",
            },
            kind,
        )
        _certain(act.id, act.certainty, act.status)
        if act.act in found or any(other.id == act.id for other in found.values()):
            raise RemediesInvalid(f"{name}: given twice")
        if unknown := (act.origins | {act.to}) - set(states) - {NEW, SAME}:
            raise RemediesInvalid(f"{name}: there is no state {', '.join(sorted(unknown))}")
        if unknown := act.by - set(PARTIES):
            raise RemediesInvalid(f"{name}: nobody is called {', '.join(sorted(unknown))}")
        if "applicant" in act.by and act.right is None:
            raise RemediesInvalid(f"{name}: an applicant's act needs a right")
        if act.guard and act.guard not in GUARDS:
            raise RemediesInvalid(f"{name}: there is no guard {act.guard}")
        if act.record and act.record not in (REMEDY, UNRESOLVED) and act.record not in ledger.rule_set().acts:
            raise RemediesInvalid(f"{name}: record-status.yml knows no act {act.record}")
        known = {row.timer for row in timers.packaged()}
        if strange := {*act.begins, *act.ends, *filter(None, [act.bars])} - known - {"*"}:
            raise RemediesInvalid(f"{name}: timers.yml knows no {', '.join(sorted(strange))}")
        found[act.act] = act
    return found


def _joined(machine: Machine) -> None:
    """What must hold across the tables."""
    for kind, acts in machine.acts.items():
        for act in acts.values():
            if act.outcome and act.outcome not in machine.outcomes:
                raise RemediesInvalid(f"remedies.yml, {act.id}: there is no outcome {act.outcome}")
            if act.then and (act.then not in acts or act.to not in acts[act.then].origins):
                raise RemediesInvalid(f"remedies.yml, {act.id}: {act.then} cannot follow")
        reached = {act.to for act in acts.values()}
        if lost := set(machine.states[kind]) - reached:
            raise RemediesInvalid(f"remedies.yml, {kind}: no act leads to {', '.join(sorted(lost))}")
        for state in machine.states[kind].values():
            ends = any(act.to not in (SAME, state.code) for act in machine.of(kind, state.code))
            if not state.over and not ends:
                raise RemediesInvalid(f"remedies.yml, {kind}: nothing leads out of {state.code}")
    for remedy in machine.remedies.values():
        meant = ledger.rule_set().acts.get(remedy.record)
        fits = meant is not None and (remedy.cause in meant.causes if remedy.cause else not meant.causes)
        if not fits:
            raise RemediesInvalid(f"remedies.yml, remedy {remedy.code}: record-status.yml knows no such act or cause")
    for template in machine.templates:
        if machine.acts.get(template.kind, {}).get(template.act) is None:
            raise RemediesInvalid(f"remedies.yml, template {template.code}: no such act")
    for gap in machine.gaps.values():
        if gap.material not in machine.materials:
            raise RemediesInvalid(f"remedies.yml, gap {gap.code}: no such material")
