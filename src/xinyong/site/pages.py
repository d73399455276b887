"""What the pages of the public site show: plain frozen values. HTML and machine-readable answers share them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinyong.publicity.pages import Chip, FieldValue, RecordCard


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that two public versions say differently. ``old`` is empty where it must not be repeated."""

    label: str
    kind: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A version or an act in the statement log of a record; who decided is an office, never a person."""

    at: datetime
    title: str
    department: str
    delivery: str
    row: int | None
    changes: tuple[FieldChange, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """A basis of the dataset in law; ``confirmed`` by the operator's legal office or not yet."""

    title: str
    article: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRecord:
    """Another public record of the same kind about the same entity."""

    title: str
    url: str
    decided_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed state of the transparency log: how many leaves, and the root over them."""

    size: int
    root: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where a version stands in the log. ``provable``: a proof file would open nothing that is not public."""

    leaf: int
    checkpoint: Checkpoint
    provable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One public record (记录详情) at its permanent address."""

    key: str
    url: str
    title: str
    dataset: str
    dataset_name: str
    catalogue_url: str
    entity_name: str
    entity_key: str
    entity_url: str
    entity_code: str
    section_url: str
    adverse: bool
    states: tuple[Chip, ...]
    card: RecordCard
    fields: tuple[FieldValue, ...]
    basis: tuple[LegalBasis, ...]
    history: tuple[RecordChange, ...]
    related: tuple[RelatedRecord, ...]
    log: LogPlace | None
    recorded_at: datetime
