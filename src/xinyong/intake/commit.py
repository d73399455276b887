"""From the working tables to registry and ledger, in one transaction of named SQL."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.utils import timezone

from xinyong.catalogue.entry import DatasetEntry
from xinyong.intake import backflow, correction_return, resolution
from xinyong.intake.models import Delivery
from xinyong.intake.reader import Outcome
from xinyong.intake.receipt import Receipt
from xinyong.runtime import sql
from xinyong.standards import calendar

#: Commits stand in line for this advisory lock: entities are made once, and event order is commit order.
_COMMIT_LOCK = 0x0D32


def _late_before(entry: DatasetEntry, received: date) -> date | None:
    """Decisions before this day are late for the entry's shortest deadline; None where the entry has none."""
    if not entry.deadlines or entry.decided_on is None:
        return None
    allowed = min(deadline.working_days for deadline in entry.deadlines)
    day = received
    try:
        official = calendar.official()
        while official.add_working_days(day, allowed).day >= received:
            day -= timedelta(days=1)
    except calendar.CalendarUnknown:
        return None
    return day + timedelta(days=1)


def commit(
    connection: psycopg.Connection[tuple[Any, ...]], delivery: Delivery, outcome: Outcome, started: datetime
) -> Receipt:
    """Resolve, version and store the staged rows and seal the delivery. All of it, or nothing."""
    first = outcome.entries[0]
    subject = first.subject
    place = (*subject.place, "", "")
    names = {item.code: item.name_zh for item in first.fields}
    parameters: dict[str, Any] = {
        "delivery": delivery.pk,
        "department": delivery.department_id,
        "received_at": delivery.received_at,
        "status_field": subject.status or "",
        "place_field": place[0],
        "place_field_2": place[1],
        "name_field": subject.name or "",
        "name_column": names.get(subject.name or "", ""),
        "key_field": subject.code or subject.name or "",
        "key_column": names.get(subject.code or subject.name or "", ""),
        "late_before": _late_before(first, timezone.localdate(delivery.received_at)),
    }

    def run(name: str) -> int:
        return connection.execute(sql.statement("intake", name), parameters).rowcount

    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_COMMIT_LOCK,))
    connection.execute("ANALYZE stage (row, subject_code, registration_number, name_key)")
    created = resolution.resolve(connection, parameters)
    connection.execute("ANALYZE resolved")
    run("decide")
    connection.execute("ANALYZE decided")
    backflow.judge(connection, parameters, outcome.entries, outcome.layout)
    row = connection.execute(sql.statement("intake", "tally"), parameters).fetchone()
    assert row is not None  # an aggregate without GROUP BY yields one row
    accepted, rejected_late, unchanged, oldest, late = row
    if accepted:
        last = _count(
            connection,
            "SELECT setval('ledger_version_id_seq', nextval('ledger_version_id_seq') + %s - 1)",
            (accepted,),
        )
        parameters["last_version"] = last
        parameters["first_version"] = last - accepted + 1
        for name in (
            "insert_heads",
            "move_heads",
            "insert_versions",
            "retire_names",
            "store_registered_names",
            "store_reported_names",
            "update_entities",
        ):
            run(name)
    run("find_name_differences")
    resolution.explain(connection, parameters)
    run("find_contradictions")
    run("store_findings")
    correction_return.store(connection, delivery, outcome.answer)
    if accepted:
        run("insert_events")
    warnings = _count(connection, "SELECT count(*) FROM stage_finding WHERE severity = 'warning'")
    now = timezone.now()
    connection.execute(
        sql.statement("intake", "seal_delivery"),
        {
            "delivery": delivery.pk,
            "encoding": outcome.encoding,
            "layout": outcome.layout,
            "now": now,
            "seconds": (now - started).total_seconds(),
            "read": outcome.read,
            "accepted": accepted,
            "rejected": outcome.rejected_rows + rejected_late,
            "unchanged": unchanged,
            "warnings": warnings,
            "created": created,
            "late": late,
            "oldest": oldest,
            "notes": json.dumps(outcome.notes, ensure_ascii=False),
            "actor": delivery.uploader,
            "number": delivery.number,
        },
    )
    connection.commit()
    delivery.refresh_from_db()
    return receipt(delivery)


def _count(connection: psycopg.Connection[tuple[Any, ...]], statement: str, parameters: tuple[Any, ...] = ()) -> int:
    row = connection.execute(statement.encode(), parameters).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def receipt(delivery: Delivery) -> Receipt:
    """The receipt of a finished delivery."""
    seconds = delivery.seconds or 0.0
    return Receipt(
        delivery=delivery.number,
        dataset=delivery.dataset_code,
        edition=delivery.edition,
        layout=delivery.layout,
        department=delivery.department.slug,
        file=delivery.file_name,
        sha256=delivery.sha256,
        encoding=delivery.encoding,
        state=delivery.state,
        read=delivery.read,
        accepted=delivery.accepted,
        rejected=delivery.rejected,
        unchanged=delivery.unchanged,
        warnings=delivery.warnings,
        entities_created=delivery.entities_created,
        late_rows=delivery.late_rows,
        notes=tuple((str(zh), str(en)) for zh, en in delivery.notes),
        seconds=round(seconds, 3),
        rows_per_second=round(delivery.read / seconds, 1) if seconds else 0.0,
    )
