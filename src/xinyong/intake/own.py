"""A record that a room of the platform makes itself: one line, taken in by the one engine like any delivery.

Listing an entity or signing a commitment ends in such a record; publication, search, proofs and reports follow from it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

from xinyong.accounts.models import Department
from xinyong.catalogue.entry import DatasetEntry
from xinyong.errors import XinyongError
from xinyong.intake import actions
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.record import lines
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql


def send(
    entry: DatasetEntry, values: Mapping[str, Any], department: Department, uploader: str, *, name: str, origin: str
) -> Delivery:
    """Keep the record as a delivery of the department; the caller's transaction knows its number.

    ``name``: of the file, without its ending; ``origin``: what it came of, by which a repeat is found.
    """
    with tempfile.TemporaryDirectory(prefix="xinyong-own-") as folder:
        path = Path(folder) / "record.jsonl"
        path.write_bytes(lines.line(entry, values))
        return actions.receive(
            path,
            dataset=entry.code,
            department=department,
            uploader=uploader,
            channel=Delivery.Channel.CONSOLE,
            file_name=f"{name}.jsonl",
            origin=origin,
            announce=False,
        )


def take_in(delivery: Delivery) -> None:
    """Take it in now; where somebody else is at it or it is refused, the state of the delivery tells."""
    with contextlib.suppress(XinyongError):
        actions.process(delivery)


def record_of(entity: Entity, delivery: Delivery) -> tuple[int, int] | None:
    """(entity, record) the delivery wrote; None where it wrote no version."""
    members = list(registry.members(registry.canonical(entity)))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("intake", "record_of_own_delivery"), {"entities": members, "delivery": delivery.pk}
        )
        row = cursor.fetchone()
    return (int(row[1]), int(row[0])) if row else None


def trouble_of(delivery: Delivery) -> str:
    """Why a delivery stored nothing, in words."""
    found = StoredFinding.objects.filter(delivery=delivery, severity="error").order_by("id").first()
    failure: dict[str, Any] = delivery.failure or {}
    if found is not None:
        return f"{found.field}：{found.reason_zh}" if found.field else found.reason_zh
    return str(failure.get("message_zh", "")) or delivery.get_state_display()
