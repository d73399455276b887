"""The only writer of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xinyong.audit.models import AuditEntry


def record(*, actor: str, deed: str, target: str, purpose: str = "", detail: Mapping[str, Any] | None = None) -> None:
    """Write one row in the caller's transaction, so that a deed and its trace stand or fall together."""
    AuditEntry.objects.create(actor=actor, deed=deed, target=target, purpose=purpose, detail=dict(detail or {}))


def record_many(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many rows at once, with the keys of :func:`record`."""
    AuditEntry.objects.bulk_create([AuditEntry(**row) for row in rows], batch_size=1000)
