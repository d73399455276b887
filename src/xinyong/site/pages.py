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
class ClockStep:
    """One step by which the dates of a record were computed, with the rule it rests on."""

    text: str
    source: str
    article: str
    confirmed: bool


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
    steps: tuple[ClockStep, ...]


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


# --- lists of records ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value a list can be narrowed by."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRecord:
    """One public record in a list. ``late``: received after the working days the basis gives; ``late_days``: how many."""

    key: str
    url: str
    dataset: str
    dataset_name: str
    tone: str
    title: str
    content: str
    subject_name: str
    subject_code: str
    subject_url: str
    department: str
    decided_on: date | None
    received_at: datetime
    public_until: date | None
    severity: str
    severity_tone: str
    value: str
    late: bool
    late_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Records decided on a day; ``url`` leads to the list of exactly these. ``height``: of the bar, in percent."""

    day: date
    total: int
    url: str
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a list. ``total`` is the number of rows a reader can page through.

    ``capped``: there are more, only so many are listed; ``complete`` false: only the newest records were looked through.
    """

    rows: tuple[ListedRecord, ...]
    total: int
    capped: bool
    complete: bool
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed by, as text from the address. ``problem``: what of it could not be used."""

    dataset: str
    department: str
    district: str
    since: str
    until: str
    keyword: str
    value: str
    problem: str

    @property
    def any(self) -> bool:
        """Whether the list is narrowed at all."""
        return bool(
            self.dataset or self.department or self.district or self.since or self.until or self.keyword or self.value
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRule:
    """After how many working days a record counts as late, and by which basis."""

    working_days: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """A list of public records with its filters: double publicity, a list, commitments."""

    code: str
    title: str
    url: str
    filters: Filters
    listing: Listing
    datasets: tuple[Option, ...]
    departments: tuple[Option, ...]
    districts: tuple[Option, ...]
    values: tuple[Option, ...]
    days: tuple[DayCount, ...]
    days_total: int
    late: LateRule | None
    checked_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicList:
    """A list of the list of lists: who decides, on which basis, how one enters and leaves."""

    dataset: str
    name: str
    url: str
    tone: str
    total: int
    authority: str
    coverage: str
    basis: tuple[LegalBasis, ...]
    entry: str
    exit: str
    relief: str
    source: str
    confirmed: bool
    checked_on: date | None


# --- guides and statistics ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLine:
    """One sentence of a guide with what it rests on."""

    text: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairCondition:
    """A condition of repair. ``met`` None: the platform cannot know, the deciding organ confirms it."""

    text: str
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairItem:
    """How far one public record is from repair. ``state``: ready, waiting, or elsewhere (not repaired by application here)."""

    title: str
    url: str
    dataset_name: str
    severity: str
    severity_tone: str
    states: tuple[Chip, ...]
    state: str
    day: date | None
    days_left: int
    ends: date | None
    authority: str
    conditions: tuple[RepairCondition, ...]
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPage:
    """What is known to the public about repairing the records of one entity."""

    asked: str
    entity_name: str
    entity_url: str
    entity_code: str
    total: int
    items: tuple[RepairItem, ...]
    problem: str
    conditions: tuple[GuideLine, ...]
    materials: tuple[GuideLine, ...]
    times: tuple[GuideLine, ...]
    elsewhere: tuple[GuideLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionPage:
    """What can be objected to, and how."""

    grounds: tuple[GuideLine, ...]
    steps: tuple[GuideLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of the statistics; ``url`` leads to the list it counts, empty where it counts no list."""

    label: str
    total: int
    url: str
    share: int
    tone: str = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """Decisions of one month, by dataset in the order of the heads."""

    month: date
    cells: tuple[Figure, ...]
    total: int
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsPage:
    """Public figures; every one of them is counted by the query of the list it leads to."""

    entities: int
    records: int
    data_as_of: datetime | None
    today: date
    datasets: tuple[Figure, ...]
    departments: tuple[Figure, ...]
    month_heads: tuple[str, ...]
    months: tuple[MonthRow, ...]
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMapGroup:
    """Pages of one kind."""

    title: str
    pages: tuple[tuple[str, str], ...]
