"""Which entity does each staged row speak of? The one step of the engine that knows the registry's identifiers.

The engine calls, part by part, in the one open transaction of the delivery:

1. :func:`resolve` with rows in the session's working table ``stage``. Afterwards ``resolved (row, entity_id)`` has one
   line for every row of ``stage``; an empty ``entity_id`` means that the entity is not certain and the row is rejected.
   ``rule`` and ``reference`` say how it was told. Numbers of other kinds stand in ``stage_number (row, type, value)``.
   Rows without a credit code come last, when every row of the file that could tie their number to a code is in.
2. :func:`learn` once it is known what becomes of each row: what accepted rows teach the registry.
3. :func:`explain` when rows of the part stayed without an entity: why.

Whoever adds a way to tell entities (a further kind of number, a redirect after a merger) adds or changes statements of
``sql/resolve.sql`` and names them here; no other part of the engine asks how a row was resolved.

Tables: ``stage (row, dataset_id, source_key, content_hash, decided_on, subject_code, registration_number,
organisation_code, subject_name, name_key, subject_kind, status, place, resolve_name, registers)``; after the decision
``decided (row, entity_id, record_id, version_no, other_row, outcome)`` with ``outcome`` one of accepted, unchanged,
unresolved, contradiction (``record_id`` is empty for new records); findings go to ``stage_finding``. Parameters:
``delivery, department, received_at, dataset, name_field, name_column, key_field, key_column, late_before``.

Rules every statement keeps: entities and identifiers are written with ``ON CONFLICT DO NOTHING`` in the order of the
number, so that loaders side by side neither double nor block each other in a circle; searches in the registry are
``LEFT JOIN LATERAL (… LIMIT 1)``, one look into an index each, whatever the planner believes of a table that is just
being filled; a statement costs nothing when no row concerns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]


def resolve(connection: Connection, parameters: Mapping[str, Any], *, coded: bool) -> int:
    """Fill ``resolved`` from ``stage``. Returns how many entities were first named by these rows.

    ``coded``: every row has a valid credit code, which is never overruled, so that nothing else need be asked.
    """

    def run(name: str) -> int:
        return connection.execute(sql.statement("intake", name), parameters).rowcount

    if not coded:
        run("find_leads")
    run("resolve")
    created = run("create_entities_by_code")
    if not coded:
        created += run("create_entities_by_registration_number")
    run("resolve_created")
    if not coded:
        for name in ("resolve_former_holders", "resolve_decided", "veto_other_numbers", "veto_names"):
            run(name)
    run("follow_members")
    return created


def learn(connection: Connection, parameters: Mapping[str, Any], *, coded: bool) -> None:
    """Keep what accepted rows say about numbers, and how those without a credit code were tied.

    Unchanged ones said it when they were accepted.
    """
    connection.execute(sql.statement("intake", "add_registration_numbers"), parameters)
    connection.execute(sql.statement("intake", "find_numbers_of_others"), parameters)
    if not coded:
        connection.execute(sql.statement("intake", "remember_links"), parameters)


def explain(connection: Connection, parameters: Mapping[str, Any]) -> None:
    """Write a finding for every row of ``stage`` whose outcome in ``decided`` is ``unresolved``."""
    connection.execute(sql.statement("intake", "find_unresolved"), parameters)
