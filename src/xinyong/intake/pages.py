"""What the console's delivery pages show: plain frozen values, built by the selectors of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

Choice = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One line of the delivery list."""

    number: str
    url: str
    dataset: str
    dataset_name: str
    department: str
    file_name: str
    uploader: str
    channel_label: str
    received_at: datetime
    state: str
    state_label: str
    state_tone: str
    read: int
    accepted: int
    rejected: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What a list of deliveries is narrowed to; empty texts narrow nothing."""

    state: str = ""
    dataset: str = ""
    channel: str = ""
    since: date | None = None
    until: date | None = None
    mine: bool = False
    number: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the state is asked for."""
        return bool(self.dataset or self.channel or self.since or self.until or self.mine or self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryList:
    """A page of deliveries; ``total`` equals the list behind it."""

    rows: tuple[DeliveryRow, ...]
    total: int
    page: int
    pages: int
    filter: ListFilter
    states: tuple[Choice, ...]
    datasets: tuple[tuple[str, str], ...]
    channels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the strip: ``state`` is done, current, failed or todo."""

    title: str
    note: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A finding that is left on a row after its edits."""

    column: str
    reason: str
    suggestion: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One line of the error table, and what can be done about it. ``last``: no further line speaks of this row."""

    id: int
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
    fate: str = ""
    fate_label: str = ""
    fate_tone: str = ""
    answer_number: str = ""
    given_reason: str = ""
    edited: str | None = None
    acceptable: bool = False
    editable: bool = False
    undoable: bool = False
    drafted: bool = False
    left: tuple[Left, ...] = ()
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldQuality:
    """Rows without an error in this field of all rows; ``filled``: share of rows that fill it, None where not kept."""

    label: str
    good: int
    rows: int
    percent: float
    errors: int
    filled: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The draft of a delivery in figures. ``ready``: rows without an error left."""

    edits: int
    rows: int
    ready: int
    wrong: int
    undoable: int
    oldest: datetime | None
    refused: int

    @property
    def exists(self) -> bool:
        """Whether there is anything in it."""
        return self.rows > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """Why a delivery waits and whose turn it is; ``refusal``: why it is not this user's, empty when it is."""

    reasons: tuple[str, ...]
    turn: str
    refusal: str
    good: int
    may_discard: bool
    note_needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDelivery:
    """A delivery that corrects this one, or that this one corrects."""

    row: DeliveryRow
    answered: int


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
    deadline_left: int | None
    oldest_decision: date | None
    late_rows: int
    notes: tuple[str, ...]
    failure: str
    failure_advice: str
    steps: tuple[Step, ...]
    accept_percent: float
    average_percent: float | None
    average_rows: int
    on_time_percent: float | None
    on_time_average: float | None
    fixable: int
    manual: int
    warnings: int
    back_flow: int
    counts: tuple[Choice, ...]
    open_rows: int
    settled_rows: int
    kinds: tuple[Choice, ...]
    kind: str
    show: str
    errors: tuple[ErrorRow, ...]
    errors_total: int
    page: int
    pages: int
    quality: tuple[FieldQuality, ...]
    history: tuple[FieldQuality, ...]
    history_deliveries: int
    recent: tuple[DeliveryRow, ...]
    parent: DeliveryRow | None
    corrections: tuple[LinkedDelivery, ...]
    draft: Draft
    may_correct: bool
    hold: HoldView | None
    released_by: str
    released_at: datetime | None
    release_note: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the form of a row. ``personal``: the value is hidden; left as it is, it stays."""

    name: str
    column: str
    label: str
    value: str
    wrong: str
    suggestion: str
    fix: str
    long: bool
    personal: bool
    required: bool
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """The form in which a returned row is edited: cells with a finding first, the rest after them."""

    number: str
    row: int
    wrong: tuple[Cell, ...]
    other: tuple[Cell, ...]
    findings: tuple[Left, ...]
    drafted: bool
    closed: str
    given_up: str
