"""Check one record without storing it: the same reader and the same checks as a delivery, and what the ledger holds already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from django.db import connection
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.catalogue.entry import DatasetEntry, Severity
from xinyong.catalogue.models import Dataset
from xinyong.intake.checks import CheckContext, choose_layout, compile_entry
from xinyong.intake.findings import Finding
from xinyong.intake.reading import open_source
from xinyong.intake.record import lines as records
from xinyong.intake.upload import incoming as uploads
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import cryptography, sql
from xinyong.standards import credit_code

#: Candidates shown beside the name.
CANDIDATES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record with the same business key that the ledger holds for this entity."""

    record_id: int
    version: int
    recorded_at: datetime
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a delivery of this record would say."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    entity: Entity | None
    held: Held | None


def check(entry: DatasetEntry, values: Mapping[str, str]) -> Preview:
    """Judge a record as intake would."""
    context = CheckContext(
        today=timezone.localdate(),
        organs=accounts.organs(),
        protect=cryptography.protect,
        fingerprint=cryptography.fingerprint,
    )
    findings: list[Finding] = []
    accepted: pl.DataFrame | None = None
    with (
        uploads.spool_bytes(records.line(entry, values), "record.jsonl", 1) as spooled,
        open_source(spooled.path) as source,
    ):
        checker = compile_entry(entry, choose_layout(entry, source.info.header), context)
        for batch in source.batches():
            findings.extend(batch.findings)
            if batch.rows.height:
                checked = checker.check(batch.rows)
                findings.extend(checked.findings)
                accepted = checked.accepted
    errors = tuple(item for item in findings if item.severity is Severity.ERROR)
    entity = _entity(entry, values)
    held = None
    if accepted is not None and accepted.height and entity is not None:
        held = _held(entry, entity, accepted)
    warnings = tuple(item for item in findings if item.severity is not Severity.ERROR)
    return Preview(errors=errors, warnings=warnings, entity=entity, held=held)


def _entity(entry: DatasetEntry, values: Mapping[str, str]) -> Entity | None:
    """The entity a valid code names, or the one entity that bears this very name."""
    code = values.get(entry.subject.code or "", "")
    if code:
        text = credit_code.normalise(code).text
        return Entity.objects.filter(credit_code=text).first() if text else None
    name = values.get(entry.subject.name or "", "")
    exact = [item for item in candidates(name) if item.name == name] if name else []
    return exact[0] if len(exact) == 1 else None


def candidates(text: str) -> list[Entity]:
    """Entities whose code or name is, or begins with, this text."""
    if not text.strip():
        return []
    return [match.entity for match in registry.search(text.strip()[:100]).matches[:CANDIDATES]]


def _held(entry: DatasetEntry, entity: Entity, accepted: pl.DataFrame) -> Held | None:
    dataset = Dataset.objects.filter(code=entry.code).first()
    if dataset is None:
        return None
    # As the engine makes it: the first 16 bytes of SHA-256 over the business key.
    key = hashlib.sha256(str(accepted["business_key"][0]).encode()).digest()[:16]
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("intake", "held_record"), {"entity": entity.pk, "dataset": dataset.pk, "key": key})
        row = cursor.fetchone()
    if row is None:
        return None
    return Held(record_id=row[0], version=row[1], recorded_at=row[2], same=bytes(row[3]) == accepted["content_hash"][0])
