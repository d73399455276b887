"""What the application's role may do in the database: add to the append-only tables, never change or remove.

A table is append-only when it carries a trigger of a function ``*_refuse_change_*``. The trigger refuses everybody; the
rights given here refuse the application even where it would try to get round the trigger: it owns no table, so it can
neither drop one nor switch a trigger off, and partitions are reached through their parents alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql as compose

from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]

#: Schema of the tables the application may build and replace.
DERIVED = "derived"
_APPEND = "SELECT, INSERT"
_CHANGE = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
#: The schema's own history is read by the application, written by ``migrate``.
_READ = ("django_migrations",)
#: Server version from which analysing a table is a right of its own.
_MAINTAIN_FROM = 170000


def ensure_role(connection: Connection, role: str) -> None:
    """Make the role of the application; it may sign in and nothing more."""
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        connection.execute(
            compose.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS").format(
                compose.Identifier(role)
            )
        )


def grant(connection: Connection, role: str, derived: Iterable[str] = ()) -> None:
    """Give the role its rights on every table there is. Called by the owner after each migration; safe to repeat.

    ``derived``: tables of read models that are built beside the old ones and put in their place. They belong to the role
    and lie in a schema of their own, the only place where it may create anything.
    """
    name = compose.Identifier(role)
    database = compose.Identifier(connection.info.dbname)

    def run(text: str, *parts: compose.Composable) -> None:
        connection.execute(compose.SQL(text).format(*parts))

    run("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", database, name)
    run("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}", name)
    run("GRANT USAGE ON SCHEMA public TO {}", name)
    run("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}", name)
    run("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}", compose.Identifier(DERIVED), name)
    for table in derived:
        if connection.execute("SELECT to_regclass(%s)", (f"public.{table}",)).fetchone() != (None,):
            run("ALTER TABLE public.{} SET SCHEMA {}", compose.Identifier(table), compose.Identifier(DERIVED))
            run("ALTER TABLE {}.{} OWNER TO {}", compose.Identifier(DERIVED), compose.Identifier(table), name)
    maintain = ", MAINTAIN" if connection.info.server_version >= _MAINTAIN_FROM else ""
    for table, append_only, part in connection.execute(sql.statement("runtime", "tables_and_their_kind")).fetchall():
        target = compose.Identifier(table)
        run("REVOKE ALL ON {} FROM {}", target, name)
        if append_only and part:
            given = maintain.removeprefix(", ")
        elif append_only:
            given = _APPEND + maintain
        elif table in _READ:
            given = "SELECT"
        else:
            given = _CHANGE + maintain
        if given:
            run(f"GRANT {given} ON {{}} TO {{}}", target, name)


def excess(connection: Connection) -> list[str]:
    """What the role of this connection could do against the append-only tables; empty when the rights are as granted."""
    found = []
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row and row[0]:
        found.append("superuser")
    for table, owned, changes in connection.execute(sql.statement("runtime", "excess_rights")).fetchall():
        if owned:
            found.append(f"owner of {table}")
        elif changes:
            found.append(f"may change {table}")
    return found
