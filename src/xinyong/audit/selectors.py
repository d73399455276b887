"""Reads of the audit trail."""

from __future__ import annotations

from datetime import date

from xinyong.audit.models import AuditEntry

#: Deeds that are a look at what is not public; rooms that answer such queries name their deeds so.
QUERY = "query."


def queries_about(target: str, since: date) -> list[AuditEntry]:
    """Logged queries about a target, newest first."""
    return list(AuditEntry.objects.filter(target=target, deed__startswith=QUERY, at__date__gte=since).order_by("-id"))
