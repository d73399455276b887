"""Statements that run often: planned once a connection, their values sent beside them, past the cursor of Django."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection


def run(query: str, values: Any) -> list[tuple[Any, ...]]:
    """Run a statement on Django's connection, in its transaction where one is open; the rows it gives."""
    connection.ensure_connection()
    assert connection.connection is not None
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(query, values, prepare=True)
        return cursor.fetchall() if cursor.description is not None else []
