"""What the API answers with, and the JSON Schema of a dataset's records, compiled from its entry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema
from pydantic import Field as Described

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Condition, DatasetEntry, Field, FieldType
from xinyong.intake.record.lines import shape


class FindingOut(Schema):
    """A remark on one row: where, which value, why, and what to do."""

    row: int = Described(description="Row of the file, line of JSON Lines; 1 for a single record.")
    field: str = Described(description="Field id of the catalogue.")
    column: str = Described(description="Column or key as sent.")
    value: str = Described(description="The value as sent, shortened; never a personal number.")
    severity: str = Described(description="`error` (the row is returned) or `warning` (the row is stored).")
    kind: str = Described(description="Group of the remark.")
    code: str = Described(description="What exactly; docs/findings.md explains each.")
    reason_zh: str
    reason_en: str
    suggestion_zh: str
    suggestion_en: str
    fix: str = Described(description="The value to use instead, when exactly one explains the mistake.")


class NoteOut(Schema):
    """A remark on a whole delivery."""

    zh: str
    en: str


class DeliveryOut(Schema):
    """The receipt of a delivery: read = accepted + rejected + unchanged, always."""

    number: str = Described(description="Number of the delivery.", examples=["demo-20261125-0001"])
    dataset: str
    state: str = Described(
        description="received, reading, held, committed, refused or failed; the last three beside held are final, and "
        "failed is tried again by the platform."
    )
    channel: str
    uploader: str
    file_name: str
    sha256: str = Described(description="SHA-256 of the file as it was kept.")
    size_bytes: int
    received_at: datetime
    committed_at: datetime | None
    edition: str
    layout: str
    read: int
    accepted: int
    rejected: int
    unchanged: int
    warnings: int
    entities_created: int
    late_rows: int
    oldest_decision: date | None
    notes: list[NoteOut]
    hold: list[NoteOut] = Described(description="Why it waits for a person's release.")
    failure: dict[str, Any] | None = Described(description="Why the whole delivery was refused, or failed.")
    url: str = Described(description="Address of this receipt.")
    findings_url: str = Described(description="Address of its findings.")


class StoredRecord(Schema):
    """Where the record is now."""

    record_id: int
    version: int
    content_hash: str = Described(description="SHA-256 of the canonical content, hexadecimal; the proof file names it.")
    entity_url: str = Described(description="The entity's file on the public site.")


class RecordOut(Schema):
    """What became of a single record."""

    outcome: str = Described(description="`stored`, `unchanged`, or the state of the delivery where it is not final.")
    record: StoredRecord | None
    findings: list[FindingOut] = Described(description="Remarks that did not stop it.")
    delivery: DeliveryOut


class DeliveriesOut(Schema):
    """A page of the client's department's deliveries through the API, newest first."""

    total: int
    page: int
    pages: int
    deliveries: list[DeliveryOut]


class FindingsOut(Schema):
    """A page of findings in the order of the file."""

    delivery: str
    total: int
    page: int
    pages: int
    findings: list[FindingOut]


class DatasetOut(Schema):
    """A dataset the client may deliver."""

    code: str
    edition: str
    name_zh: str
    name_en: str
    record_schema: str | None = Described(description="JSON Schema of a record; null for files of several datasets.")
    records_url: str | None
    deliveries_url: str


class DatasetsOut(Schema):
    """Datasets the client may deliver."""

    datasets: list[DatasetOut]


def _condition(condition: Condition) -> str:
    words = []
    for name in ("any_of", "none_of", "contains", "prefix_none_of"):
        values = getattr(condition, name)
        if values:
            words.append(f"{condition.field} {name} {'/'.join(values)}")
    if condition.filled is not None:
        words.append(f"{condition.field} {'filled' if condition.filled else 'empty'}")
    return " and ".join(words)


def field_schema(field: Field) -> dict[str, Any]:
    """One field as JSON Schema. Descriptive: the engine judges, and says more than a schema can."""
    description = [field.name_zh, field.name_en]
    if field.required_when:
        description.append("Required when " + " and ".join(_condition(item) for item in field.required_when) + ".")
    if field.note_zh:
        description.append(field.note_zh)
    kind: dict[str, Any] = {"type": ["string", "null"]}
    if field.type is FieldType.DATE:
        kind = {"type": ["string", "null"], "examples": ["2026-11-20"]}
    elif field.type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_WAN):
        kind = {"type": ["number", "string", "null"]}
    elif field.type is FieldType.ENUM_LIST:
        kind = {"type": ["array", "string", "null"], "items": {"type": "string"}}
    if field.max_length and field.type is FieldType.TEXT:
        kind["maxLength"] = field.hard_max_length or field.max_length
    if field.example:
        kind["examples"] = [field.example]
    if field.code_list is not None:
        values = [value.value for value in field.code_list.values]
        if not field.code_list.open_prefixes and field.type is FieldType.ENUM and len(values) <= 60:
            spelled = [
                spelling for value in field.code_list.values for spelling in (value.value, value.zh, *value.aliases)
            ]
            kind = {
                "type": ["string", "null"],
                "enum": [*dict.fromkeys(spelled), None],
                **({"examples": kind["examples"]} if "examples" in kind else {}),
            }
        else:
            description.append(f"Code list {field.code_list.code}.")
    return {**kind, "title": field.name_zh, "description": " · ".join(part for part in description if part)}


def schema_name(code: str) -> str:
    """Name of a dataset's schema in the document."""
    return "Record_" + code.replace("-", "_")


def record_schema(entry: DatasetEntry) -> dict[str, Any]:
    """The JSON Schema of one record of a dataset."""
    keys = shape(entry).keys
    fields = [item for item in entry.fields if item.code in keys]
    return {
        "type": "object",
        "title": f"{entry.name_zh} {entry.name_en}",
        "description": entry.coverage_zh,
        "properties": {item.code: field_schema(item) for item in fields},
        "required": [item.code for item in fields if item.required and item.default is None],
        "additionalProperties": False,
    }


def record_schemas() -> dict[str, Any]:
    """Schemas of every dataset in force today, and the choice between them."""
    from django.utils import timezone

    entries = catalogue.packaged().in_force(timezone.localdate())
    schemas = {schema_name(entry.code): record_schema(entry) for entry in entries}
    schemas["Record"] = {
        "description": "A record in the field ids of the dataset in the address.",
        "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas],
    }
    return schemas
