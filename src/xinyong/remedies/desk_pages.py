"""What the department desk shows: plain frozen values, built by :mod:`xinyong.remedies.desk`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinyong.remedies.pages import CaseLine, Choice, ConditionLine, MaterialLine, Promise, Stage, StepLine

#: (text, whether it differs) pieces of one value beside another.
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A choice of the queue with how many cases stand behind it."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of the queue, the nearest deadline first. ``sizes``: how many may stand on a page; empty for a short one."""

    lines: tuple[CaseLine, ...]
    total: int
    page: int
    pages: int
    size: int
    sizes: tuple[int, ...]
    kind: str
    turn: str
    due: str
    department: str
    query: str
    kinds: tuple[Filter, ...]
    turns: tuple[Filter, ...]
    dues: tuple[Filter, ...]
    departments: tuple[Filter, ...]
    batch: tuple[Choice, ...]
    revisions: dict[int, int]
    first_url: str
    may_act: bool
    tips: int
    tips_late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One field: as the public reads it, and as the provider sent it."""

    code: str
    label: str
    published: Pieces
    sent: Pieces
    differs: bool
    meant: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActChoice:
    """An act the officer may choose. ``why_not``: what stands in its way now; ``templates``: texts to start from."""

    act: str
    label: str
    key: str
    article: str
    reason: bool
    remedies: bool
    gaps: bool
    checks: bool
    basis: bool
    danger: bool
    why_not: str
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A channel and whether it has followed."""

    label: str
    at: datetime | None
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case as an officer works on it."""

    line: CaseLine
    revision: int
    who: str
    who_label: str
    decider: str
    decider_article: str
    dataset_name: str
    record_url: str
    public_url: str
    entity_url: str
    entity_code: str
    version_opened: int
    version_now: int
    states: tuple[str, ...]
    ground: str
    ground_article: str
    field_label: str
    statement: str
    wanted: str
    answer: str
    basis: str
    remedy: str
    duty: str
    gaps: tuple[str, ...]
    stages: tuple[Stage, ...]
    fields: tuple[Compared, ...]
    conditions: tuple[ConditionLine, ...]
    missing: tuple[str, ...]
    signed_at: datetime | None
    clock: tuple[tuple[str, date | None], ...]
    promises: tuple[Promise, ...]
    receipts: tuple[ReceiptLine, ...]
    steps: tuple[StepLine, ...]
    materials: tuple[MaterialLine, ...]
    acts: tuple[ActChoice, ...]
    remedies: tuple[Choice, ...]
    gap_choices: tuple[Choice, ...]
    colleagues: tuple[tuple[str, str], ...]
    next_url: str
    rules: str
    barred_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A share with both numbers behind it. ``days``: the median."""

    label: str
    good: int
    total: int
    percent: float | None
    days: int | None
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFigure:
    """What cases came to."""

    kind: str
    outcome: str
    count: int
    total: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Statistics of a span of days."""

    since: date
    until: date
    limits: tuple[Figure, ...]
    outcomes: tuple[OutcomeFigure, ...]
    open_cases: int
    overdue: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TipLine:
    """A tip as an officer reads it. The fields of its limit are those of a case's line."""

    tip_id: int
    number: str
    record_key: str
    record_url: str
    title: str
    entity_name: str
    department: str
    text: str
    contact: str
    state: str
    state_label: str
    state_tone: str
    at: datetime
    reply: str
    handled_by: str
    open: bool
    due_on: date | None
    due_words: str
    overdue: bool
    days_left: int | None
    percent: int
    paused: bool = False

    @property
    def late_days(self) -> int:
        """Working days it is late; 0 when it is not."""
        return -self.days_left if self.overdue and self.days_left is not None else 0
