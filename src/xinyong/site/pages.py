"""What the pages of the public site show: plain frozen values. HTML and machine-readable answers share them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinyong.publicity.pages import Chip, EntityFile, FieldValue, RecordCard, Section


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


# --- entity file --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A tab of the entity file. ``total`` is None where nothing is counted."""

    code: str
    title: str
    total: int | None
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure of the overview; it equals the number of records its address leads to."""

    title: str
    icon: str
    tone: str
    total: int
    line: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePoint:
    """Records of one month: where they stand in the drawing, and how large."""

    x: str
    radius: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One class of records. ``by_year`` counts them for the years of the table; their sum is ``total``."""

    title: str
    tone: str
    y: int
    total: int
    points: tuple[TimelinePoint, ...]
    by_year: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Public records by month. ``ticks``: year and place of the marks below."""

    rows: tuple[TimelineRow, ...]
    years: tuple[int, ...]
    ticks: tuple[tuple[int, str], ...]
    total: int
    height: int
    axis: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A market entity beside the one in the middle. ``lines``: its name broken for the box."""

    name: str
    url: str
    words: str
    share: str
    note: str
    lines: tuple[str, ...]
    x: int
    y: int
    edge: tuple[int, int, int, int]
    dashed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Equity and branches: a drawing of the first few, a table of ``rows``, and how many there are in all."""

    nodes: tuple[GraphNode, ...]
    rows: tuple[GraphNode, ...]
    total: int
    height: int
    centre: tuple[str, ...]
    centre_y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the file says at this moment, as a short code and a hash. ``same``: whether the code asked about still holds."""

    code: str
    sha256: str
    records_sha256: str
    url: str
    asked: str
    same: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """A step towards repair; ``met`` only where the platform itself can know it."""

    title: str
    line: str
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """The entity file with what stands around its chapters."""

    file: EntityFile
    tab: str
    title: str
    tabs: tuple[Tab, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    recent: tuple[Section, ...]
    empty: tuple[Section, ...]
    serious: tuple[RecordCard, ...]
    serious_total: int
    serious_url: str
    adverse_total: int
    disputed: int
    ended: str
    individual: bool
    timeline: Timeline
    graph: Graph
    snapshot: Snapshot
    checkpoint: Checkpoint | None
    repair: tuple[RepairStep, ...]
