"""Reads of the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KT

from xinyong.audit.models import AuditEntry

#: Deeds that are a look at what is not public; rooms that answer such queries name their deeds so.
QUERY = "query."
#: A report or a share is given out by the subject itself or to anybody who asks; its subject sees that too.
GIVEN = ("report.issued", "report.special-issued")


def queries_about(target: str, since: date) -> list[AuditEntry]:
    """Logged queries about a target, newest first."""
    return list(AuditEntry.objects.filter(target=target, deed__startswith=QUERY, at__date__gte=since).order_by("-id"))


def entries_about(targets: Collection[str], deed: str, since: date | None, limit: int) -> list[AuditEntry]:
    """Rows of one deed about any of some targets, newest first."""
    rows = AuditEntry.objects.filter(target__in=list(targets), deed=deed)
    if since is not None:
        rows = rows.filter(at__date__gte=since)
    return list(rows.order_by("-id")[:limit])


def _looks(targets: Sequence[str]) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(Q(deed__startswith=QUERY) | Q(deed__in=GIVEN), target__in=targets)


def page_of_queries(targets: Sequence[str], reference: str, offset: int, limit: int) -> tuple[list[AuditEntry], int]:
    """Queries about targets, and documents given out about them, newest first, with their number.

    ``reference``: only those that named this number (a case, an authorisation).
    """
    found = _looks(targets)
    if reference:
        found = found.filter(detail__case=reference)
    return list(found.order_by("-id")[offset : offset + limit]), found.count()


def references(targets: Sequence[str], numbers: Sequence[str]) -> dict[str, int]:
    """How many queries named each of these numbers."""
    if not numbers:
        return {}
    found = _looks(targets).filter(detail__case__in=list(numbers)).annotate(named=KT("detail__case"))
    return {row["named"]: row["times"] for row in found.values("named").annotate(times=Count("id"))}
