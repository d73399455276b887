"""``xinyong migrate``: bring an empty or older home to the present schema, data packs and first department."""

from __future__ import annotations

import time
from typing import Any

import click

from xinyong.runtime import database
from xinyong.runtime.command import command, emit, setup_django


def prepare() -> dict[str, Any]:
    """Extension, schema, catalogue editions and the department ``demo``. Safe to repeat."""
    started = time.monotonic()
    database.ensure_running()
    with database.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        version = database.check_suitable(connection)
    setup_django()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
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
