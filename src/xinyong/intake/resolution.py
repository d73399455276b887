"""Which entity does each staged row speak of? The one step of the engine that knows the registry's identifiers.

The engine calls :func:`resolve` with rows in the session's working table ``stage``: the whole delivery, or one part of it
at a time, in the one open transaction of the delivery. Afterwards the working table ``resolved (row, entity_id)`` has
one line for every row of ``stage``; an empty ``entity_id`` means that the entity is not certain, the row is rejected and
:func:`explain` says why. Whoever adds a way to tell entities (a further kind of number, a redirect after a merger) adds
or changes statements of ``sql/resolve.sql`` and names them here; no other part of the engine asks how a row was resolved.

Rules every statement keeps: only ``stage`` and the registry are read (``stage`` holds ``row, dataset_id, source_key,
subject_code, registration_number, organisation_code, subject_name, name_key, subject_kind, resolve_name, registers``);
entities and identifiers are written with ``ON CONFLICT DO NOTHING`` in the order of the number, so that loaders
side by side neither double nor block each other in a circle; a statement costs nothing when no row concerns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]

#: Statements before ``resolve``, in their order; True: its row count is a number of entities first named here.
_STEPS: tuple[tuple[str, bool], ...] = (
    ("create_entities_by_code", True),
    # A number that another row of this very file ties to a code names that entity, as if it had come before.
    ("add_registration_numbers", False),
    ("create_entities_by_registration_number", True),
)


def resolve(connection: Connection, parameters: Mapping[str, Any]) -> int:
    """Fill ``resolved`` from ``stage``. Returns how many entities were first named by these rows."""
    created = 0
    for name, counts in _STEPS:
        done = connection.execute(sql.statement("intake", name), parameters).rowcount
        created += done if counts else 0
    connection.execute(sql.statement("intake", "resolve"), parameters)
    return created


def explain(connection: Connection, parameters: Mapping[str, Any]) -> None:
    """Write a finding for every row of ``stage`` whose outcome in ``decided`` is ``unresolved``."""
    connection.execute(sql.statement("intake", "find_unresolved"), parameters)
