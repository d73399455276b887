"""What the verification service answers with, as its description shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field as Described


class BasisOut(Schema):
    """A legal basis and how certain it is."""

    title: str
    article: str
    status: str = Described(description="`confirmed`, or `to_be_confirmed` by the operator's legal office.")


class SourceOut(Schema):
    """Where a fact came from."""

    department: str
    code: str
    delivery: str
    row: int


class FactOut(Schema):
    """A record that applies today, with its basis, its source and its end."""

    record: str = Described(description="Permanent number of the record; /records/R… is its page.")
    dataset: str
    dataset_name: str
    nature: str = Described(description="`favourable`, `neutral` or `adverse`.")
    number: str | None
    content: str | None
    authority: str | None
    decided_on: date | None
    public_from: date
    ends_on: date | None = Described(description="Last day it may be used; null: for good.")
    severity: str | None
    rule: str = Described(description="Rows of the publicity rules behind the dates.")
    period_basis: str | None
    basis: list[BasisOut]
    states: list[str] = Described(description="Marks, such as 异议处理中 (under objection).")
    source: SourceOut
    received_at: datetime
    audience: Literal["public", "shared"] = Described(
        description="`shared`: not public, for organs with this purpose only."
    )


class ObjectOut(Schema):
    """What a measure follows from."""

    record: str
    dataset: str
    list: str | None
    document: str | None
    authority: str | None
    disputed: bool


class MeasureOut(Schema):
    """A measure or an incentive an officer of the asking organ may consider."""

    id: str
    kind: Literal["measure", "incentive"]
    name: str
    means: str
    degree: str
    basis: list[BasisOut]
    source: str = Described(description="The list of measures it stands on.")
    object: ObjectOut
    ends_on: date | None


class EntityOut(Schema):
    """The entity that answers to the number today."""

    key: str
    name: str
    kind: str
    status: str
    status_means: str
    registered: bool


class MovedOut(Schema):
    """Why the answer stands under another number than the one asked."""

    from_: str = Described(alias="from", description="The number asked.")
    reason: str = Described(description="`merged`, `former_code` or `number`.")


class ScopeOut(Schema):
    """What was looked at: an empty list of facts speaks for these datasets only."""

    checked: list[str]
    shared: list[str]


class DataOut(Schema):
    """Which state of the data answered."""

    event: int = Described(description="Every event of the ledger up to this one is in the answer.")
    age_ms: int = Described(description="So long ago nothing newer had been committed.")
    source: Literal["snapshot", "ledger"]


class RulesOut(Schema):
    """Digests of the rules that answered."""

    publicity: str
    verification: str
    measures: str


class VersionsOut(Schema):
    """What answered, and when."""

    answered_at: datetime
    data: DataOut
    rules: RulesOut


class BodyOut(Schema):
    """The answer about one entity."""

    query: str = Described(description="Names this answer, here and in the log the subject reads.")
    asked: str
    outcome: Literal["known", "moved"]
    moved: MovedOut | None
    entity: EntityOut
    facts: list[FactOut]
    lists: list[FactOut] = Described(description="Entries of lists.")
    measures: list[MeasureOut] = Described(
        description="Measures and incentives whose scene is the item and whose executor is the asking organ. Advice: an "
        "officer decides, with reason and notice."
    )
    purpose: str
    item: str
    scope: ScopeOut
    query_basis: list[BasisOut]


class VerifyOut(BodyOut, VersionsOut):
    """The answer about one entity, with what answered."""


class CodeErrorOut(Schema):
    """Why a code of a batch has no answer."""

    code: str
    message_zh: str
    message_en: str
    data: dict[str, str]


class NoAnswerOut(Schema):
    """A code of a batch that has no answer."""

    asked: str | None = Described(description="Null where what was asked must not be repeated.")
    outcome: Literal["unknown", "invalid", "refused"]
    error: CodeErrorOut


class VerifyBatchOut(VersionsOut):
    """Answers in the order of the codes."""

    answers: list[BodyOut | NoAnswerOut]


class VerifyBatchIn(Schema):
    """A batch of at most 1 000 numbers."""

    purpose: str
    item: str
    case: str = Described("", description="Number of the case in the asking system.")
    codes: list[str] = Described(min_length=1, max_length=1000)


class ItemOut(Schema):
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


class ItemsOut(Schema):
    """Items of the calling client, with the digest of the rules they stand in."""

    items: list[ItemOut]
    rules: str
