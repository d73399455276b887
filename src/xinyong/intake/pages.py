"""What the console's delivery pages show: plain frozen values, built by :mod:`xinyong.intake.selectors`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One line of the delivery list."""

    number: str
    url: str
    dataset: str
    dataset_name: str
    department: str
    file_name: str
    received_at: datetime
    state: str
    state_label: str
    state_tone: str
    read: int
    accepted: int
    rejected: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryList:
    """A page of deliveries; ``total`` equals the list behind it."""

    rows: tuple[DeliveryRow, ...]
    total: int
    page: int
    pages: int
    state: str
    states: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the strip: ``state`` is done, current, failed or todo."""

    title: str
    note: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One line of the error table."""

    row: int
    field: str
    column: str
    value: str
    kind: str
    kind_label: str
    severity: str
    reason: str
    suggestion: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldQuality:
    """Share of rows of the delivery without an error in this field, in percent with one decimal."""

    label: str
    percent: float
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """The delivery page. ``kinds``: (code, label, count) of error kinds, first the whole."""

    row: DeliveryRow
    sha256: str
    size_bytes: int
    encoding: str
    layout: str
    edition: str
    uploader: str
    deadline_note: str
    oldest_decision: date | None
    late_rows: int
    notes: tuple[str, ...]
    failure: str
    failure_advice: str
    steps: tuple[Step, ...]
    accept_percent: float
    fixable: int
    manual: int
    warnings: int
    kinds: tuple[tuple[str, str, int], ...]
    kind: str
    errors: tuple[ErrorRow, ...]
    errors_total: int
    page: int
    pages: int
    quality: tuple[FieldQuality, ...]
    recent: tuple[DeliveryRow, ...]
    seconds: float | None
