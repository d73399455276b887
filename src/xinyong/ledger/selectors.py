"""Reads over the ledger for operators: every record and version of an entity, public or not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from xinyong.runtime import sql


def records_of_entity(entity_id: int, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Newest version of each record as the ledger stood at ``as_of`` (default: now), oldest decision first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", "records_of_entity"), {"entity": entity_id, "as_of": as_of})
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def totals() -> dict[str, int]:
    """Rows of the ledger: records, versions, events. Counted, not estimated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_record), (SELECT count(*) FROM ledger_version), "
            "(SELECT count(*) FROM ledger_event), (SELECT count(*) FROM registry_entity)"
        )
        row = cursor.fetchone() or (0, 0, 0, 0)
    return dict(zip(("records", "versions", "events", "entities"), row, strict=True))
