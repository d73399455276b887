"""What the public pages show: plain frozen values, built by :mod:`xinyong.publicity.selectors`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFigures:
    """Figures of the home page; each equals the list behind it."""

    entities: int
    public_records: int
    departments: int
    datasets: int
    data_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRecord:
    """A row of the double-publicity table on the home page."""

    dataset: str
    dataset_name: str
    tone: str
    number: str
    subject_name: str
    subject_url: str
    url: str
    content: str
    decided_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A short label with its tone."""

    text: str
    tone: str

    def as_text(self) -> str:
        """Its words, for machine-readable twins."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A name in three pieces; ``hit`` is the piece that answers the query, perhaps empty."""

    before: str
    hit: str
    after: str

    @property
    def text(self) -> str:
        """The whole name."""
        return self.before + self.hit + self.after

    def as_text(self) -> str:
        """The whole name, for machine-readable twins."""
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One entity found. ``why``: chips that say why it matched; ``other_name``: the name that matched where another one did."""

    name: Marked
    code: str
    url: str
    kind: str
    region: str
    status: str
    status_tone: str
    other_name: Marked | None
    why: tuple[Chip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value a list can be narrowed by. ``url`` chooses it, or takes the choice back where ``chosen``."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetGroup:
    """All values of one facet."""

    title: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOutcome:
    """``tried`` says in words what was looked for; ``offers`` are entities whose code is one slip from what was typed.

    ``repaired_code`` is the one code the slip can be repaired into; ``capped``: there are more hits than are listed.
    """

    query: str
    hits: tuple[SearchHit, ...]
    total: int
    page: int
    pages: int
    repaired_code: str
    diagnosis: str
    tried: tuple[str, ...]
    capped: bool
    offers: tuple[SearchHit, ...]
    facets: tuple[FacetGroup, ...]
    chosen: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where a record came from: shown under every record."""

    department: str
    delivery: str
    row: int
    received_at: datetime
    version: int
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """One shown field. ``raw`` is the text as sent when it differs from the stored value."""

    code: str
    label: str
    value: str
    raw: str
    long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The repair clock of an adverse record: dates and positions in percent of the whole period."""

    start: date
    earliest_repair: date | None
    end: date
    today: date
    minimum_percent: int
    today_percent: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCard:
    """One record of the entity file. ``severity`` is empty unless the record is adverse.

    ``key``: its permanent public id; ``states``: what it is in now, such as under objection.
    """

    key: str
    anchor: str
    dataset: str
    title: str
    tone: str
    severity: str
    severity_tone: str
    decided_on: date | None
    fields: tuple[FieldValue, ...]
    source: SourceLine
    clock: Clock | None
    basis: str
    states: tuple[Chip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter of the file in the official order. ``total`` equals the number of records a reader can page through.

    ``category``: class of the catalogue; ``newest``: latest decision among all of them, not only those shown.
    """

    code: str
    category: str
    adverse: bool
    newest: date | None
    title: str
    icon: str
    tone: str
    total: int
    records: tuple[RecordCard, ...]
    page: int
    pages: int
    checked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Newest delivery of a department for this entity. ``late``: the department owes a delivery by its own rhythm."""

    department: str
    received_at: datetime
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine:
    """How another market entity stands to this one; ``note``: share, dates, document."""

    words: str
    name: str
    url: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFile:
    """The entity file (信用档案)."""

    key: str
    url: str
    name: str
    short_mark: str
    code: str
    registration_number: str
    kind: str
    status: str
    status_tone: str
    facts: tuple[FieldValue, ...]
    former_names: tuple[str, ...]
    industry: str
    departments: int
    data_as_of: datetime | None
    sections: tuple[Section, ...]
    freshness: tuple[Freshness, ...]
    successions: tuple[LinkLine, ...]
    links: tuple[LinkLine, ...]
    links_total: int
