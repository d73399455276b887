"""Fixtures by cost: unit tests take none of these; integration tests get a database of their own, cloned in a blink.

One embedded PostgreSQL serves the whole run, below .cache/test-home; one for each process where several share the work
(``make test`` gives whole files to two). A migrated database is made once as a template;
``database_url`` clones it for a module, so every test meets a real, committed, unshared database, and the code under
test may open as many sessions as it likes.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
HOME = ROOT / ".cache" / ("test-home" + (f"-{WORKER}" if WORKER else ""))
os.environ["XINYONG_HOME"] = str(HOME)
for name in ("XINYONG_DATABASE_URL", "XINYONG_DATABASE_OWNER_URL"):
    os.environ.pop(name, None)
os.environ["XINYONG_FAIR_USE"] = "0"  # every test comes from one address; those of fair use switch it on
os.environ["DJANGO_SETTINGS_MODULE"] = "xinyong.settings"
HOME.mkdir(parents=True, exist_ok=True)

import django  # noqa: E402  (the settings read the environment above)
from django.test.utils import setup_test_environment  # noqa: E402

django.setup()
setup_test_environment()

# Two shared cores: a slow example is no failure. CI repeats the same examples, so that a landing is no lottery; every
# other run draws new ones.
settings.register_profile(
    "xinyong",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("xinyong")

_ORDER = ("unit", "integration", "acceptance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first; the browser last, because its event loop stays in the main thread and Django refuses to share it."""
    items.sort(key=lambda item: next((place for place, name in enumerate(_ORDER) if name in item.path.parts), 0))
    if os.environ.get("XINYONG_TEST_SHORT") == "1":
        for item in items:
            chosen = getattr(item, "callspec", None)
            # Long English words break narrow pages, not wide ones.
            wide_english = chosen and (chosen.params.get("language"), chosen.params.get("width")) == ("en", 1440)
            if wide_english or item.get_closest_marker("long"):
                item.add_marker(
                    pytest.mark.skip(reason="takes minutes; a shorter test of the same kind runs (XINYONG_TEST_SHORT)")
                )


SHARED = ROOT.parent / "shared" / "data"
#: Databases carry the number of the run that made them: two runs in one checkout leave each other alone.
RUN = os.getpid()
TEMPLATE = f"xinyong_{RUN}_template"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real material beside the checkout; tests that need it say so when it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: tests on real material are left out")
    return SHARED


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The embedded server of the run with a freshly migrated template. Yields the socket folder."""
    from xinyong.runtime import postgres

    started = postgres.start()
    here = postgres.server()
    try:
        with psycopg.connect(here.url, autocommit=True) as connection:
            for name, run in _test_databases(connection):
                if not Path(f"/proc/{run}").exists():
                    connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        with use_database(here.socket, TEMPLATE):
            from xinyong.migrate import prepare
            from xinyong.serve import collect_static

            prepare()
            collect_static()
        yield str(here.socket)
    finally:
        with psycopg.connect(here.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)".encode())
            others = _test_databases(connection)
        if started and not others:
            postgres.stop()


def _test_databases(connection: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[str, int]]:
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^xinyong_[0-9]+_'").fetchall()
    return [(str(name), int(str(name).split("_")[1])) for (name,) in rows]


class use_database:
    """Point the platform, Django's connection included, at one database, as the application's role; undone on exit."""

    def __init__(self, socket: Path | str, name: str) -> None:
        from xinyong.runtime import postgres

        self.role = postgres.APPLICATION_ROLE
        self.url = f"host={socket} dbname={name} user={self.role}"
        self.owner = f"host={socket} dbname={name} user={postgres.ROLE}"
        self.name = name
        self.socket = str(socket)

    def __enter__(self) -> str:
        from django.db import connections

        connections["default"].close()
        os.environ["XINYONG_DATABASE_URL"] = self.url
        os.environ["XINYONG_DATABASE_OWNER_URL"] = self.owner
        self.before = dict(connections["default"].settings_dict)
        connections["default"].settings_dict.update(NAME=self.name, HOST=self.socket, USER=self.role, PORT="")
        return self.url

    def __exit__(self, *exc: object) -> None:
        from django.db import connections

        connections["default"].close()
        connections["default"].settings_dict.update(self.before)
        os.environ.pop("XINYONG_DATABASE_URL", None)
        os.environ.pop("XINYONG_DATABASE_OWNER_URL", None)


@pytest.fixture(scope="module")
def database_url(server: str) -> Iterator[str]:
    """A migrated database of this test module's own, as the platform's system of record."""
    from xinyong.runtime import postgres

    name = f"xinyong_{RUN}_{uuid.uuid4().hex[:12]}"
    admin = postgres.server().url
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with use_database(server, name) as url:
        yield url
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


#: The first is the same engine without the frame of a desktop program: a page costs a third of the processor time.
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the distribution's Chromium; XINYONG_TEST_BROWSER names another one."""
    given = os.environ.get("XINYONG_TEST_BROWSER", "")
    found = given or next((path for name in _BROWSERS if (path := shutil.which(name))), "")
    if not found:
        pytest.fail("chromium is not installed; run: make browser")
    return found


@pytest.fixture(autouse=True)
def chinese() -> None:
    """A request leaves its language behind in the thread; no test begins in that of the one before."""
    from django.conf import settings as configured
    from django.utils import translation

    translation.activate(configured.LANGUAGE_CODE)
