"""What the desk's pages show: plain frozen values, built by :mod:`xinyong.desk.selectors`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinyong.desk.marks import Pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One line of the queue."""

    number: int
    url: str
    name: str
    department: str
    dataset_name: str
    delivery: str
    row: int
    reason: str
    state: str
    state_label: str
    state_tone: str
    opened_at: datetime
    days: int
    same_name: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The queue: ``states`` and ``departments`` are (code, label, count); ``total`` equals the list behind it."""

    rows: tuple[CaseRow, ...]
    total: int
    page: int
    pages: int
    state: str
    department: str
    states: tuple[tuple[str, str, int], ...]
    departments: tuple[tuple[str, str, int], ...]
    oldest_days: int
    first_url: str
    two_persons: bool
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One line of the comparison: what the candidate has, in pieces; ``note`` when there is nothing to compare."""

    label: str
    pieces: Pieces
    mono: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateCard:
    """A candidate beside the row. ``key`` is the digit that chooses it; grounds are (words, against)."""

    key: int
    entity_id: int
    name: str
    url: str
    status: str
    status_tone: str
    lines: tuple[Compared, ...]
    grounds: tuple[tuple[str, bool], ...]
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A step of the case: who said what, when. Opinions stay hidden until the case is decided."""

    at: datetime
    who: str
    words: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case with its candidates. ``mine``: the officer has spoken; ``can_undo``: and may take it back."""

    row: CaseRow
    cells: tuple[tuple[str, str], ...]
    written: tuple[tuple[str, str, bool], ...]
    candidates: tuple[CandidateCard, ...]
    gone: str
    question: str
    asked_by: str
    answer: str
    answered_by: str
    trouble: str
    mine: bool
    can_decide: bool
    can_undo: bool
    can_answer: bool
    may_rule: bool
    rule_until: str
    alike: int
    history: tuple[Past, ...]
    next_url: str
    position: int
    total: int
    entity_url: str
    entity_name: str
    sent: str
    closed: str
    closed_url: str
    closed_at: datetime | None
    undo_seconds: int
    new_kinds: tuple[tuple[str, str], ...]
    number_types: tuple[tuple[str, str], ...]
