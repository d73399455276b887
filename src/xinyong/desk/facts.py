"""What the register says between entities, read from the ledger: branches, contributions, successions, dates of names.

A read model: it can be rebuilt from the first event at any time and is then the same. Where the other entity of a link is
not known yet, the record waits and is read again when it is, so that the order of deliveries does not matter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from xinyong.runtime import database, sql
from xinyong.standards import names

NAME = "registry"
_DATASETS = frozenset({"registration", "registration-link", "registration-change", "shareholders"})

Connection = psycopg.Connection[tuple[Any, ...]]


def catch_up() -> int:
    """Read the events not seen yet. Returns how many were taken in."""
    taken = 0
    with database.lasting() as connection:
        while (event := _next_event(connection)) is not None:
            number, kind, code, first, last = event
            if kind == "versions.appended" and code in _DATASETS:
                _read(connection, code, first, last)
            connection.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect = %s", (number, NAME))
            connection.commit()
            taken += 1
        connection.rollback()
        connection.execute(sql.statement("desk", "facts_of_pending"))
        _apply(connection)
        connection.commit()
    return taken


def rebuild() -> int:
    """Forget everything read and begin again. Returns how many events were taken in."""
    with database.connect() as connection:
        connection.execute("DELETE FROM ledger_effect_position WHERE effect = %s", (NAME,))
        connection.execute(sql.statement("desk", "forget_facts"))
        connection.commit()
    return catch_up()


def _next_event(connection: Connection) -> tuple[Any, ...] | None:
    connection.execute(
        "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (NAME,)
    )
    return connection.execute(sql.statement("desk", "next_fact_event"), {"effect": NAME}).fetchone()


def _read(connection: Connection, code: str, first: int, last: int) -> None:
    bounds = {"code": code, "first": first, "last": last}
    if code == "registration":
        connection.execute(sql.statement("desk", "tie_registration_keys"), bounds)
    connection.execute(sql.statement("desk", "facts_of_event"), bounds)
    _apply(connection)


def _apply(connection: Connection) -> None:
    """Read the records of ``facts_todo`` again; what an older version of them said is forgotten."""
    if connection.execute("SELECT FROM facts_todo LIMIT 1").fetchone() is None:
        connection.execute("DROP TABLE facts_todo")
        return
    for name in (
        "read_facts",
        "forget_relations",
        "forget_successions",
        "forget_pending",
        "store_pending",
        "store_relations",
        "store_successions",
    ):
        connection.execute(sql.statement("desk", name))
    _date_names(connection)
    connection.execute("DROP TABLE facts_todo, fact")


def _date_names(connection: Connection) -> None:
    changes = connection.execute(sql.statement("desk", "name_changes")).fetchall()
    if not changes:
        return
    connection.execute(
        "CREATE TEMPORARY TABLE changed_name (side text, entity_id bigint, name text, name_key text, "
        "delivery_id bigint, source_row integer, first_day date, last_day date) ON COMMIT DROP"
    )
    with connection.cursor() as cursor, cursor.copy("COPY changed_name FROM STDIN") as copy:
        for entity_id, delivery_id, row, before, after, day in changes:
            for side, name in (("before", before), ("after", after)):
                text = (name or "").strip()[:400]
                if text:
                    last = day - timedelta(days=1)
                    copy.write_row((side, entity_id, text, names.matching_key(text), delivery_id, row, day, last))
    connection.execute(sql.statement("desk", "store_former_names"))
    connection.execute(sql.statement("desk", "date_new_names"))
    connection.execute("DROP TABLE changed_name")
