"""Tells watched firms of new records, one notice for each delivery and dataset, and of those whose publicity is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.notices import actions
from xinyong.registry import keys
from xinyong.runtime import clock, sql

NAME = "notices"


def catch_up() -> int:
    """Take in every event not seen yet; how many. A repeat tells nothing twice: the key of a notice is its event."""
    taken = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", [NAME]
        )
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.statement("notices", "next_event"), {"effect": NAME})
            event = cursor.fetchone()
            if event is None:
                return taken
            event_id, kind, dataset, first, last = event
            if kind == "versions.appended" and first is not None:
                cursor.execute(sql.statement("notices", "records_received"), {"first": first, "last": last})
                for row in cursor.fetchall():
                    _tell(event_id, dataset, row)
            cursor.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect = %s", [event_id, NAME])
        taken += 1


def rebuild() -> int:
    """Notices are no read model: nothing is forgotten, what is missing is told."""
    return catch_up()


def tell_ended(day: date) -> None:
    """Publicity that ended by itself the evening before a day: one notice for each dataset. A repeat tells nothing twice."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("notices", "ended_by_itself"), {"last": day - timedelta(days=1)})
        found = cursor.fetchall()
    notices = []
    for entity_id, dataset, count, record_id in found:
        record = keys.record_key(record_id)
        notices.append(
            actions.Announced(
                kind="publicity-ended",
                key=f"ended:{day}:{entity_id}:{dataset}",
                entity_id=entity_id,
                parameters={
                    **_named(dataset),
                    "count": count,
                    "record": record if count == 1 else "",
                    "day": day.isoformat(),
                },
                link=f"file/{record}" if count == 1 else f"file?dataset={dataset}",
            )
        )
    with transaction.atomic():
        actions.announce_all(notices)


def _entry(dataset: str) -> DatasetEntry | None:
    found = catalogue.packaged().in_force(clock.today())
    return next((item for item in found if item.code == dataset), None)


def _adverse(dataset: str) -> bool:
    entry = _entry(dataset)
    return entry is not None and entry.nature == Nature.ADVERSE


def _named(dataset: str) -> dict[str, str]:
    entry = _entry(dataset)
    return {
        "dataset": dataset,
        "dataset_zh": entry.name_zh if entry is not None else dataset,
        "dataset_en": entry.name_en if entry is not None else dataset,
    }


def _tell(event_id: int, dataset: str, row: tuple[Any, ...]) -> None:
    entity_id, count, record_id, department_zh, department_en = row
    record = keys.record_key(record_id)
    actions.announce(
        kind="adverse-received" if _adverse(dataset) else "record-received",
        key=f"records:{event_id}:{entity_id}",
        entity_id=entity_id,
        parameters={
            **_named(dataset),
            "department_zh": department_zh,
            "department_en": department_en or department_zh,
            "count": count,
            "record": record if count == 1 else "",
        },
        link=f"file/{record}" if count == 1 else f"file?dataset={dataset}",
    )
