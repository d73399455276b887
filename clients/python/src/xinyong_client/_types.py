"""What the API takes and answers. Written by clients/generate.py from the OpenAPI document; changes here are lost."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

#: A record in the field ids of its dataset.
Record = dict[str, Any]


class BasisOut(TypedDict):
    """A legal basis and how certain it is."""

    title: str
    article: str
    #: `confirmed`, or `to_be_confirmed` by the operator's legal office.
    status: str


class BodyOut(TypedDict):
    """The answer about one entity."""

    #: Names this answer, here and in the log the subject reads.
    query: str
    asked: str
    outcome: Literal["known", "moved"]
    moved: MovedOut | None
    entity: EntityOut
    facts: list[FactOut]
    #: Entries of lists.
    lists: list[FactOut]
    #: Measures and incentives whose scene is the item and whose executor is the asking organ. Advice: an officer
    #: decides, with reason and notice.
    measures: list[MeasureOut]
    purpose: str
    item: str
    scope: ScopeOut
    query_basis: list[BasisOut]


class CodeErrorOut(TypedDict):
    """Why a code of a batch has no answer."""

    code: str
    message_zh: str
    message_en: str
    data: dict[str, str]


class DataOut(TypedDict):
    """Which state of the data answered."""

    #: Every event of the ledger up to this one is in the answer.
    event: int
    #: So long ago nothing newer had been committed.
    age_ms: int
    source: Literal["snapshot", "ledger"]


class DatasetOut(TypedDict):
    """A dataset the client may deliver."""

    code: str
    edition: str
    name_zh: str
    name_en: str
    #: JSON Schema of a record; null for files of several datasets.
    record_schema: str | None
    records_url: str | None
    deliveries_url: str


class DatasetsOut(TypedDict):
    """Datasets the client may deliver."""

    datasets: list[DatasetOut]


class DecisionIn(TypedDict):
    """M3: what an officer decided on one measure and one entry, in a matter."""

    #: Number of the entity, as it was asked.
    code: str
    #: Number of the entry: `measures[].object.record` of the answer.
    record: str
    #: `measures[].id` of the answer.
    measure: str
    #: Item the question was asked for; it names scene, purpose and basis.
    item: str
    #: The matter at hand, as the unit calls it.
    matter: str
    #: Staff number of the officer in the asking system; no name of a person.
    officer: str
    decision: Literal["applied", "not_applicable", "waived"]
    #: Why, in the officer's words.
    reason: str
    #: For not_applicable and waived: a code of /api/v1/joint-work/vocabulary.
    reason_code: NotRequired[str]
    #: Applied: how the act bears on the matter (MEA-03).
    relation: NotRequired[str]
    #: Applied: number of the written notice (MEA-05).
    notice: NotRequired[str]
    #: Applied: day it was served.
    notice_served_on: NotRequired[str | None]
    #: Applied: what it says; all three are needed.
    notice_says: NotRequired[list[Literal["basis", "reason", "relief"]]]
    #: How long, where the row leaves it open.
    months: NotRequired[int | None]


class DeliveriesOut(TypedDict):
    """A page of the client's department's deliveries through the API, newest first."""

    total: int
    page: int
    pages: int
    deliveries: list[DeliveryOut]


class DeliveryOut(TypedDict):
    """The receipt of a delivery: read = accepted + rejected + unchanged, always."""

    #: Number of the delivery.
    number: str
    dataset: str
    #: received, reading, held, committed, refused or failed; the last three beside held are final, and failed is
    #: tried again by the platform.
    state: str
    channel: str
    uploader: str
    file_name: str
    #: SHA-256 of the file as it was kept.
    sha256: str
    size_bytes: int
    received_at: str
    committed_at: str | None
    edition: str
    layout: str
    read: int
    accepted: int
    rejected: int
    unchanged: int
    warnings: int
    entities_created: int
    late_rows: int
    oldest_decision: str | None
    notes: list[NoteOut]
    #: Why it waits for a person's release.
    hold: list[NoteOut]
    #: Why the whole delivery was refused, or failed.
    failure: dict[str, Any] | None
    #: Address of this receipt.
    url: str
    #: Address of its findings.
    findings_url: str


class EntityOut(TypedDict):
    """The entity that answers to the number today."""

    key: str
    name: str
    kind: str
    status: str
    status_means: str
    registered: bool


class ExecutionIn(TypedDict):
    """M4: when and how it was carried out."""

    #: `seq` the officer saw.
    seen: int
    #: Staff number of the officer in the asking system; no name of a person.
    officer: str
    executed_on: str
    result: str
    document: NotRequired[str]


class FactOut(TypedDict):
    """A record that applies today, with its basis, its source and its end."""

    #: Permanent number of the record; /records/R… is its page.
    record: str
    dataset: str
    dataset_name: str
    #: `favourable`, `neutral` or `adverse`.
    nature: str
    number: str | None
    content: str | None
    authority: str | None
    decided_on: str | None
    public_from: str
    #: Last day it may be used; null: for good.
    ends_on: str | None
    severity: str | None
    #: Rows of the publicity rules behind the dates.
    rule: str
    period_basis: str | None
    basis: list[BasisOut]
    #: Marks, such as 异议处理中 (under objection).
    states: list[str]
    source: SourceOut
    received_at: str
    #: `shared`: not public, for organs with this purpose only.
    audience: Literal["public", "shared"]


class FindingOut(TypedDict):
    """A remark on one row: where, which value, why, and what to do."""

    #: Row of the file, line of JSON Lines; 1 for a single record.
    row: int
    #: Field id of the catalogue.
    field: str
    #: Column or key as sent.
    column: str
    #: The value as sent, shortened; never a personal number.
    value: str
    #: `error` (the row is returned) or `warning` (the row is stored).
    severity: str
    #: Group of the remark.
    kind: str
    #: What exactly; docs/findings.md explains each.
    code: str
    reason_zh: str
    reason_en: str
    suggestion_zh: str
    suggestion_en: str
    #: The value to use instead, when exactly one explains the mistake.
    fix: str


class FindingsOut(TypedDict):
    """A page of findings in the order of the file."""

    delivery: str
    total: int
    page: int
    pages: int
    findings: list[FindingOut]


class ItemOut(TypedDict):
    """An item the client may ask for."""

    purpose: str
    purpose_zh: str
    purpose_en: str
    item: str
    zh: str
    en: str
    sees: list[str]
    shared: list[str]
    basis: list[BasisOut]


class ItemsOut(TypedDict):
    """Items of the calling client, with the digest of the rules they stand in."""

    items: list[ItemOut]
    rules: str


class JointListOut(TypedDict):
    """A page of the unit's work, the longest unmoved first."""

    works: list[JointOut]
    page: int
    pages: int
    total: int


class JointOut(TypedDict):
    """A measure or incentive before one unit for one matter, with every message."""

    number: int
    #: A code of /api/v1/joint-work/vocabulary.
    state: str
    #: Number of its last message; whoever goes on names it as `seen`.
    seq: int
    entity: str
    record: str
    list: str | None
    measure: str
    favourable: bool
    scene: str
    matter: str
    until: str | None
    #: Last day for the next message of the executor.
    due_on: str | None
    moved_at: str
    messages: list[MessageOut]


class LiftingIn(TypedDict):
    """M6: the measure is lifted."""

    #: `seq` the officer saw.
    seen: int
    #: Staff number of the officer in the asking system; no name of a person.
    officer: str
    lifted_on: str
    note: str


class MeasureOut(TypedDict):
    """A measure or an incentive an officer of the asking organ may consider."""

    id: str
    kind: Literal["measure", "incentive"]
    name: str
    means: str
    degree: str
    basis: list[BasisOut]
    #: The list of measures it stands on.
    source: str
    object: ObjectOut
    ends_on: str | None


class MessageOut(TypedDict):
    """One message of a piece of work: M3, M4, M5, M6, reminder or escalation."""

    seq: int
    message: str
    state: str
    actor: str
    at: str
    facts: dict[str, Any]
    reason: str


# Why the answer stands under another number than the one asked.
MovedOut = TypedDict(
    "MovedOut",
    {
        "from": str,
        "reason": str,
    },
)


class NoAnswerOut(TypedDict):
    """A code of a batch that has no answer."""

    #: Null where what was asked must not be repeated.
    asked: str | None
    outcome: Literal["unknown", "invalid", "refused"]
    error: CodeErrorOut


class NoteOut(TypedDict):
    """A remark on a whole delivery."""

    zh: str
    en: str


class ObjectOut(TypedDict):
    """What a measure follows from."""

    record: str
    dataset: str
    list: str | None
    document: str | None
    authority: str | None
    disputed: bool


class RecordOut(TypedDict):
    """What became of a single record."""

    #: `stored`, `unchanged`, or the state of the delivery where it is not final.
    outcome: str
    record: StoredRecord | None
    #: Remarks that did not stop it.
    findings: list[FindingOut]
    delivery: DeliveryOut


class RulesOut(TypedDict):
    """Digests of the rules that answered."""

    publicity: str
    verification: str
    measures: str


class ScopeOut(TypedDict):
    """What was looked at: an empty list of facts speaks for these datasets only."""

    checked: list[str]
    shared: list[str]


class SourceOut(TypedDict):
    """Where a fact came from."""

    department: str
    code: str
    delivery: str
    row: int


class StoredRecord(TypedDict):
    """Where the record is now."""

    record_id: int
    version: int
    #: SHA-256 of the canonical content, hexadecimal; the proof file names it.
    content_hash: str
    #: The entity's file on the public site.
    entity_url: str


class VerifyBatchIn(TypedDict):
    """A batch of at most 1 000 numbers."""

    purpose: str
    item: str
    #: Number of the case in the asking system.
    case: NotRequired[str]
    codes: list[str]


class VerifyBatchOut(TypedDict):
    """Answers in the order of the codes."""

    answered_at: str
    data: DataOut
    rules: RulesOut
    answers: list[BodyOut | NoAnswerOut]


class VerifyOut(TypedDict):
    """The answer about one entity, with what answered."""

    answered_at: str
    data: DataOut
    rules: RulesOut
    #: Names this answer, here and in the log the subject reads.
    query: str
    asked: str
    outcome: Literal["known", "moved"]
    moved: MovedOut | None
    entity: EntityOut
    facts: list[FactOut]
    #: Entries of lists.
    lists: list[FactOut]
    #: Measures and incentives whose scene is the item and whose executor is the asking organ. Advice: an officer
    #: decides, with reason and notice.
    measures: list[MeasureOut]
    purpose: str
    item: str
    scope: ScopeOut
    query_basis: list[BasisOut]


class VocabularyOut(TypedDict):
    """Codes of joint work."""

    states: list[WordOut]
    messages: list[WordOut]
    triggers: list[WordOut]
    reasons: list[WordOut]


class WordOut(TypedDict):
    """A code in both languages. ``of``: the decision a reason belongs to."""

    code: str
    zh: str
    en: str
    of: NotRequired[str | None]
