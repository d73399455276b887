"""What pages show of a case: plain frozen values, built by :mod:`xinyong.remedies.selectors`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to choose: code, words, and the article behind it."""

    code: str
    label: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list. ``state`` is its code; ``due_on``: last day of the running limit; ``percent``: how much of it is used."""

    case_id: int
    number: str
    kind: str
    kind_label: str
    entity_id: int
    entity_name: str
    record_id: int
    record_key: str
    title: str
    state: str
    state_label: str
    state_tone: str
    department: str
    opened_at: datetime
    due_on: date | None
    due_words: str
    overdue: bool
    paused: bool
    days_left: int | None
    percent: int
    closed_at: datetime | None
    outcome: str
    assignee: str
    waits_for: str

    @property
    def late_days(self) -> int:
        """Working days it is late; 0 when it is not."""
        return -self.days_left if self.overdue and self.days_left is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the history in words."""

    number: int
    at: datetime
    act: str
    label: str
    who: str
    state_label: str
    reason: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionLine:
    """A condition of repair. ``state``: met, failing or open; ``on``: the day it is or will be met."""

    code: str
    label: str
    state: str
    on: date | None
    article: str
    source: str
    confirmed: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The date an applicant is promised for a stage, how it was computed, and what happens when it passes."""

    label: str
    due_on: date
    met_on: date | None
    words: str
    late: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLine:
    """A file of a case."""

    material_id: int
    kind: str
    kind_label: str
    side: str
    name: str
    size: int
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the progress strip. ``state``: done, current, todo or bad."""

    label: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantCase:
    """One's own case as the enterprise centre shows it."""

    line: CaseLine
    ground: str
    field_label: str
    statement: str
    wanted: str
    answer: str
    gaps: tuple[str, ...]
    stages: tuple[Stage, ...]
    promises: tuple[Promise, ...]
    conditions: tuple[ConditionLine, ...]
    steps: tuple[StepLine, ...]
    materials: tuple[MaterialLine, ...]
    may: frozenset[str]
    """Acts open to the applicant now: submit, sign, add_material, answer_gap, take_back, ask_review."""
    review_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairView:
    """Whether repair of a record may be asked for today. ``ready_on``: first day it may, None: never or unknown."""

    record_id: int
    may_apply: bool
    ready_on: date | None
    conditions: tuple[ConditionLine, ...]
    determining_unit: str
    barred_until: date | None
    open_case: int | None
    decide_by: date | None
