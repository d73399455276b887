"""Statements longer than ten lines live in ``<room>/sql/*.sql``: ``-- name: x`` then one line of purpose, then SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_NAME = re.compile(r"^-- name: (?P<name>[a-z_0-9]+)\s*$", re.MULTILINE)


@cache
def load(room: str) -> dict[str, str]:
    """All named statements of a room, e.g. ``load("intake")["insert_versions"]``. A name given twice is an error."""
    statements: dict[str, str] = {}
    folder = resources.files(f"xinyong.{room}") / "sql"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".sql"):
            continue
        text = file.read_text(encoding="utf-8")
        marks = list(_NAME.finditer(text))
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            end = following.start() if following else len(text)
            name = mark.group("name")
            if name in statements:
                raise ValueError(f"statement {name} is given twice in {room}/sql")
            statements[name] = text[mark.end() : end].strip()
    return statements


def statement(room: str, name: str) -> str:
    """One named statement. KeyError when the room has none of that name."""
    return load(room)[name]


def kept(room: str, name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a named statement about one entity or one record, whose plan Django's session keeps.

    To plan a question over the partitions of the ledger takes several times as long as to answer it for one entity. Not for
    questions whose best plan depends on what is asked: the plan knows no value. The processes of the site keep one plan for
    all values (settings_web), others let the server choose.
    """
    return _kept(room, name, parameters)[1]


def kept_dicts(room: str, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """:func:`kept` with the rows as mappings."""
    columns, rows = _kept(room, name, parameters)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _kept(room: str, name: str, parameters: Mapping[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    import psycopg
    from django.db import connection

    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement(room, name).encode(), parameters, prepare=True)
        return [column.name for column in cursor.description or ()], cursor.fetchall()
