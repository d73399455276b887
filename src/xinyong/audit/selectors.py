"""Reads of the audit trail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from xinyong.audit.models import AuditEntry

#: Deeds that are a look at what is not public; rooms that answer such queries name their deeds so.
QUERY = "query."


def queries_about(target: str, since: date) -> list[AuditEntry]:
    """Logged queries about a target, newest first."""
    return list(AuditEntry.objects.filter(target=target, deed__startswith=QUERY, at__date__gte=since).order_by("-id"))


def entries_about(targets: Collection[str], deed: str, since: date | None, limit: int) -> list[AuditEntry]:
    """Rows of one deed about any of some targets, newest first."""
    rows = AuditEntry.objects.filter(target__in=list(targets), deed=deed)
    if since is not None:
        rows = rows.filter(at__date__gte=since)
    return list(rows.order_by("-id")[:limit])
