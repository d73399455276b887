"""The home the crash test works in: its server, its database, and how a process is forked."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._crash_check import Broken
from benchmarks._crash_work import OFFICER

_DIE_WITH_PARENT = 1


def fork() -> int:
    """A child that dies when its parent does."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return pid


def migrate() -> None:
    """A migrated home with the officer who acts."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role
    from xinyong.migrate import prepare

    prepare()
    accounts.create_user(
        username=OFFICER,
        password="a-long-password-1",
        display_name="crash",
        role=Role.OPERATOR,
        department=None,
        acting="crash",
    )


def answers() -> None:
    """Wait for a server that is still recovering, and start one that is gone, as every command of the platform does."""
    import psycopg

    from xinyong.runtime import database, postgres

    deadline = time.monotonic() + 120
    while True:
        postgres.start()
        try:
            psycopg.connect(database.owner_conninfo()).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise Broken(f"the server does not come back: {error}") from error
            time.sleep(0.05)


def value(query: str) -> Any:
    """The single value of a query, as the owner."""
    from xinyong.runtime import database

    with database.connect_owner(autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


@contextlib.contextmanager
def home(kept: Path | None = None) -> Iterator[Path]:
    """A folder with a home of its own as the platform's; its server is stopped at the end, a folder that is kept stays."""
    with contextlib.ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xinyong-crash-")))
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["XINYONG_HOME"] = str(folder.resolve() / "home")
        os.environ.pop("XINYONG_DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
        import django

        django.setup()
        try:
            yield folder.resolve()
        finally:
            from xinyong.runtime import postgres

            postgres.stop()
