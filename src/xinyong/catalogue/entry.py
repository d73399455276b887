"""The dataset entry: one YAML file in ``datapacks/datasets`` read into frozen values.

An entry says everything intake needs to read a department's file without code: fields with types, layouts with
their source columns, row rules, assertions. It also says what the faces need: disclosure, publication per field,
deadlines, legal basis. An entry has an edition with effective dates; a stored record keeps the edition it came under.

Source: ten elements of a catalogue entry, Henan Social Credit Regulation art. 11; Shenzhen art. 34; Shandong art. 10.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class SubjectKind(StrEnum):
    """Kinds of market entity a dataset may speak of. Natural persons are not subjects and have no member here."""

    ENTERPRISE = "enterprise"
    ORGANISATION = "organisation"
    INDIVIDUAL_BUSINESS = "individual_business"


class Nature(StrEnum):
    """What an item says about its subject."""

    NEUTRAL = "neutral"
    FAVOURABLE = "favourable"
    ADVERSE = "adverse"


class Sharing(StrEnum):
    """Between departments (共享类型). The numbers 1/2/3 differ between systems, so words are used."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NONE = "none"


class Disclosure(StrEnum):
    """Towards the public: 社会公开, 政务共享, 授权查询; ``never`` is for fields only."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    AUTHORISED = "authorised"
    NEVER = "never"


class Certainty(StrEnum):
    """Whether the operator's legal office has confirmed the row."""

    CONFIRMED = "confirmed"
    TO_BE_CONFIRMED = "to_be_confirmed"


class FieldType(StrEnum):
    """How a cell is read. ``money_wan``: 万元 to six decimals. ``capital``: free capital text such as 100(万元人民币)."""

    TEXT = "text"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY_WAN = "money_wan"
    CAPITAL = "capital"
    ENUM = "enum"
    ENUM_LIST = "enum_list"
    CREDIT_CODE = "credit_code"
    ORGAN_CODE = "organ_code"
    ORGANISATION_CODE = "organisation_code"
    REGISTRATION_NUMBER = "registration_number"
    PERSONAL_NUMBER = "personal_number"


class Severity(StrEnum):
    """An ``error`` rejects the row, a ``warning`` is kept beside the accepted row."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A legal or documentary basis: title, article, and how sure it is."""

    title: str
    article: str = ""
    status: Certainty = Certainty.TO_BE_CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Days a provider has, per channel: a deadline belongs to the pair (record kind, channel)."""

    channel: str
    working_days: int
    counted_from: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Holds when ``field`` meets every test given. Where an entry gives several conditions, all must hold together.

    ``contains``: at least one of these is among the members of an enum list. ``prefix_none_of``: the text begins with
    none of these. ``filled: false`` also holds for the official "no code" placeholder (17 zeros and X). Tests on values
    hold only for a filled field, ``none_of`` and ``prefix_none_of`` included: an empty category decides nothing.
    """

    field: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    prefix_none_of: tuple[str, ...] = ()
    filled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeValue:
    """One permitted value: what is stored, its labels, and other spellings departments send.

    ``behaviour``: what the value does, for lists that need it (a registration status is ``active``, ``suspended``,
    ``ended`` or ``ended_by_force``). ``covers``: values of the same list this coarser one may stand for.
    """

    value: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    behaviour: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """A closed list of values. ``open_prefixes``: values such as 其他-xxx that carry their own words."""

    code: str
    name_zh: str = ""
    name_en: str = ""
    values: tuple[CodeValue, ...]
    open_prefixes: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    status: Certainty = Certainty.TO_BE_CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an entry.

    ``max_length`` gives a warning, ``hard_max_length`` rejects. ``publication`` is the widest audience of this field;
    the entry's own disclosure may be narrower. ``personal``: the value is of a natural person; it is stored encrypted
    unless ``statutory_public`` (a representative's name, Company Law art. 32).
    ``malformed``: what an unreadable value does; ``warning`` accepts the row, leaves the typed value empty and keeps
    the text as sent. A code list applies as it stands, open prefixes included.
    """

    code: str
    name_zh: str
    name_en: str
    type: FieldType
    max_length: int | None = None
    hard_max_length: int | None = None
    required: bool = False
    required_when: tuple[Condition, ...] = ()
    empty_when: tuple[Condition, ...] = ()
    code_list: CodeList | None = None
    separator: str = ";"
    default: str | None = None
    publication: Disclosure = Disclosure.PUBLIC
    personal: bool = False
    statutory_public: bool = False
    redact: bool = False
    open_ended: bool = False
    columns: tuple[str, ...] = ()
    malformed: Severity = Severity.ERROR
    note_zh: str = ""
    example: str = ""


class RuleKind(StrEnum):
    """Row rules over typed fields. All compare only when the fields they name are filled."""

    NOT_AFTER = "not_after"  # field <= other
    NOT_IN_FUTURE = "not_in_future"  # field <= today
    POSITIVE_WHEN = "positive_when"  # field > 0 when the conditions hold
    ORGANISATION_CODE_MATCHES = "organisation_code_matches"  # other = positions 9-17 of field
    AT_MOST = "at_most"  # field <= value
    ONE_OF_FILLED = "one_of_filled"  # at least one of fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check over one row; ``reason_zh``/``reason_en`` are what the department reads."""

    code: str
    kind: RuleKind
    field: str
    other: str | None = None
    fields: tuple[str, ...] = ()
    value: Decimal | None = None
    when: tuple[Condition, ...] = ()
    severity: Severity = Severity.ERROR
    reason_zh: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Where a source column goes in one layout. ``to`` None: known and not kept (``why`` says so).

    ``refuse_filled``: a row with this cell filled is rejected (identity numbers of natural persons in the 2015 layout).
    ``join``: several columns given to one list field are joined in the order written.
    """

    column: str
    to: str | None
    join: bool = False
    refuse_filled: bool = False
    value_map: tuple[tuple[str, str], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One published column layout. ``signature``: columns that must all be present for it to be recognised.

    ``columns`` is complete: the loader writes the field ids and the columns of every field into it where the file says
    ``field_columns: true``, so a reader needs nothing else. Several columns may name one field (other spellings of the
    same column); only ``join`` makes them add up. ``not_required``: fields this layout may leave empty; neither
    ``required`` nor ``required_when`` applies to them. ``inferred``: (field, field its value is copied from); the record
    is flagged. A ``value_map`` target of "" means empty. ``valid_until``: the last day new reports could use it; later
    deliveries are still read, with a note, because history arrives late. ``disclosure``: widest audience of records that came in this
    layout, narrower than the entry's (copies without a document number).
    """

    code: str
    name_zh: str
    name_en: str
    signature: tuple[str, ...]
    columns: tuple[ColumnMap, ...]
    not_required: tuple[str, ...] = ()
    inferred: tuple[tuple[str, str], ...] = ()
    valid_until: date | None = None
    disclosure: Disclosure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How a row names its market entity, and in which order it may be resolved (code, registration_number, exact_name).

    ``creates``: the dataset is the register itself: its names are registered names, its ``status`` and ``place`` fields
    describe the entity.
    """

    code: str | None
    name: str | None
    kind: str | None = None
    registration_number: str | None = None
    organisation_code: str | None = None
    resolve: tuple[str, ...] = ("code",)
    creates: bool = False
    status: str | None = None
    place: tuple[str, ...] = ()
    person_values: tuple[str, ...] = ("自然人",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A bound on a whole delivery, with the reason for the bound.

    A broken bound refuses the delivery with ``abort``; with ``hold`` nothing of it becomes visible before a named person
    releases it; with neither it is a note on the receipt.

    ``row_drift``: more than ``value`` times as many rows as usual, or as few. ``fill_drift``: share of rows in which
    ``field`` is filled, ``value`` away from usual. ``value_drift``: shares of the values of a code list, ``value`` away
    from usual (half the sum of differences, 0 to 1). ``unknown_rate``: share of filled cells the code list does not know.
    Usual is what the last good deliveries of the same dataset, department and way in had: the median of at most
    ``history``; with fewer than ``history_least`` of them, or on fewer than ``rows_least`` rows, nothing is judged.
    """

    code: str
    kind: str  # min_rows | max_rows | fill_rate | reject_rate | row_drift | fill_drift | value_drift | unknown_rate
    value: Decimal
    field: str | None = None
    abort: bool = False
    hold: bool = False
    history: int = 6
    history_least: int = 3
    rows_least: int = 20
    #: Whether the operator has confirmed the figure; an officer who meets it reads that it is not.
    status: Certainty = Certainty.CONFIRMED
    reason_zh: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDisclosure:
    """A field whose value narrows the audience of its own record (公开类型, 信息使用范围). Empty: the entry decides."""

    field: str
    values: tuple[tuple[str, Disclosure], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """For a bundle file: rows whose discriminator has this value belong to this dataset."""

    value: str
    dataset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """A whole entry. ``business_key`` + entity identify a record: the same key delivered again is a new version."""

    code: str
    edition: str
    effective_from: date
    effective_until: date | None
    name_zh: str
    name_en: str
    category: str
    provider_zh: str
    provider_en: str
    subject_kinds: tuple[SubjectKind, ...]
    nature: Nature
    sharing: Sharing
    disclosure: Disclosure
    coverage_zh: str
    coverage_en: str
    update_cycle: str
    deadlines: tuple[Deadline, ...]
    retention_years: int | None
    retention_basis: Basis | None
    legal_basis: tuple[Basis, ...]
    publicity_rules: str
    subject: Subject
    business_key: tuple[str, ...]
    decided_on: str | None
    title_field: str | None
    summary_field: str | None
    number_field: str | None
    authority_field: str | None
    fields: tuple[Field, ...]
    layouts: tuple[Layout, ...]
    rules: tuple[Rule, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    formats: tuple[str, ...] = ()
    record_disclosure: RecordDisclosure | None = None
    #: Fields the publicity rules read, by purpose: kinds, named_end, left_on, planned_end, until.
    publicity_fields: tuple[tuple[str, str], ...] = ()
    #: Who lets a delivery enter: "" nobody has to, "four_eyes": an officer other than the uploader.
    release: str = ""
    file: str = ""
    digest: str = field(default="", compare=False)

    def field_by_code(self, code: str) -> Field:
        """The field with this code; KeyError when the entry has none."""
        for item in self.fields:
            if item.code == code:
                return item
        raise KeyError(code)

    def in_force(self, on: date) -> bool:
        """Whether the edition may be used for intake on this day."""
        return self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEntry:
    """A file that carries rows of several datasets, told apart by one column. Rows of no route are rejected (REF-02)."""

    code: str
    edition: str
    effective_from: date
    effective_until: date | None
    name_zh: str
    name_en: str
    discriminator: str
    routes: tuple[Route, ...]
    file: str = ""
