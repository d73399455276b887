"""``xinyong migrate``: bring an empty or older home to the present schema, data packs and first department."""

from __future__ import annotations

import time
from typing import Any

import click
from psycopg.conninfo import conninfo_to_dict

from xinyong.runtime import database, postgres, rights
from xinyong.runtime.command import command, emit, setup_django


def prepare() -> dict[str, Any]:
    """Extension, schema, catalogue editions and the department ``demo``. Safe to repeat."""
    started = time.monotonic()
    database.ensure_running()
    with database.connect_owner(autocommit=True) as connection:
        if database.is_embedded():
            rights.ensure_role(connection, postgres.APPLICATION_ROLE)
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        version = database.check_suitable(connection)
    setup_django()
    from django.core.management import call_command

    with database.as_owner():
        call_command("migrate", interactive=False, verbosity=0)
    grant_rights()
    from xinyong.accounts import actions as accounts
    from xinyong.catalogue import actions as catalogue

    loaded = catalogue.load_editions(acting="command migrate")
    accounts.register_department(
        slug="demo", name_zh="演示报送部门", name_en="Demonstration department", acting="command migrate"
    )
    return {
        "database": "embedded" if database.is_embedded() else "external",
        "server_version": version,
        "editions": loaded,
        "seconds": round(time.monotonic() - started, 2),
    }


def grant_rights() -> None:
    """Give the application's role its rights. Nothing to give where one role owns everything; ``doctor`` says so."""
    role = conninfo_to_dict(database.conninfo()).get("user")
    owner = conninfo_to_dict(database.owner_conninfo()).get("user")
    if isinstance(role, str) and role != owner:
        from django.apps import apps

        derived = [table for app in apps.get_app_configs() for table in getattr(app, "derived_tables", ())]
        with database.connect_owner() as connection:
            rights.grant(connection, role, derived)


@click.command()
@command
def migrate(*, as_json: bool) -> None:
    """Prepare the home: database, schema, data packs, and a department 'demo'. Safe to repeat."""
    result = prepare()
    emit(
        result,
        as_json=as_json,
        text=f"已就绪 Ready: PostgreSQL {result['server_version']} ({result['database']}), "
        f"{result['editions']} editions, {result['seconds']} s",
    )
