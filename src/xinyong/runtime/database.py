"""One door to the database: which server, suitable or not, and raw psycopg connections for set-based work."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config, postgres, priority, rights

#: Oldest server the schema is kept within.
MINIMUM_VERSION = 150000


class DatabaseUnsuitable(XinyongError):
    """The server answers, but the platform must not run on it."""

    code = ErrorCode.DATABASE_UNSUITABLE
    exit_code = 3
    zh = "数据库不适用：{why}。{what_to_do}"
    en = "The database is not suitable: {why}. {what_to_do}"


class NotMigrated(XinyongError):
    """The database answers, but the schema of this release is not there."""

    code = ErrorCode.NOT_MIGRATED
    status = 503
    exit_code = 3
    zh = "数据库尚未建表，或表结构早于本版本（{detail}）。请先运行 xinyong migrate。"
    en = "The database has no tables yet, or those of an older release ({detail}). Run xinyong migrate first."


#: Where unqualified names are looked for. The schema the application may write to (runtime/rights.py) stands last, and
#: temporary tables behind it: nothing made there stands before a table of the ledger. Who builds derived tables says where.
_PATH = f"public,{rights.DERIVED},pg_temp"

#: Undefined table, undefined column.
_NO_SCHEMA = ("42P01", "42703")
#: Failures of which the server itself says what they are: the session was ended by an officer, or a lock is not free.
_SPOKEN = ("57014", "55P03", "40P01")


def explain(error: BaseException) -> XinyongError | None:
    """What a failure of the database means for an operator; None for anything else."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(cause, psycopg.Error) and cause.sqlstate in _NO_SCHEMA:
        return NotMigrated(detail=str(cause).splitlines()[0])
    if isinstance(cause, psycopg.errors.DiskFull):
        return _full(cause)
    if isinstance(cause, psycopg.OperationalError):
        # A server whose log has no room left ends all sessions, and says why to nobody but its own log.
        if is_embedded() and cause.sqlstate not in _SPOKEN and postgres.full_disk(postgres.server()):
            return _full(cause)
        return postgres.DatabaseUnavailable(
            why=str(cause).strip(),
            what_to_do="请重试；未完成的批次用 xinyong intake --resume 继续。",
            what_to_do_en="Try again; xinyong intake --resume takes up an unfinished delivery.",
        )
    return None


def _full(cause: psycopg.Error) -> postgres.DatabaseFull:
    place = "PostgreSQL"
    if is_embedded():
        here = postgres.server()
        place = str(postgres.full_disk(here) or here.data)
    return postgres.DatabaseFull(place=place, why=str(cause).strip().splitlines()[0])


def is_embedded() -> bool:
    """Whether the platform runs its own server."""
    return not config.get("XINYONG_DATABASE_URL")


def conninfo() -> str:
    """libpq connection string of the system of record, as the application's role."""
    named: str = config.get("XINYONG_DATABASE_URL")
    return named or postgres.server().application_url


def owner_conninfo() -> str:
    """The same as the role that owns the tables; that of the application where the operator named no other."""
    if is_embedded():
        return postgres.server().url
    named: str = config.get("XINYONG_DATABASE_OWNER_URL")
    return named or conninfo()


def ensure_running() -> bool:
    """Start the embedded server when it is the one in use and does not run. True when started by this call."""
    return postgres.start() if is_embedded() else False


def connect(*, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of its own for COPY and set-based statements. Raises DatabaseUnavailable."""
    return _connect(conninfo(), autocommit, _PATH)


class _Kept(threading.local):
    """The session this thread keeps, and whether it is in use."""

    session: psycopg.Connection[tuple[Any, ...]] | None = None
    busy = False
    spent = False


_kept = _Kept()
_keeping = False


def keep_sessions() -> None:
    """From now on each thread of this process keeps the session of :func:`lasting` between uses.

    For servers, which do small work again and again: a fresh session costs more than a small piece of work.
    """
    global _keeping
    _keeping = True


def end_session() -> None:
    """Close the session this thread keeps, if there is one."""
    _kept.spent = False
    if _kept.session is not None:
        _kept.session.close()
        _kept.session = None


def stand_back(session: psycopg.Connection[tuple[Any, ...]]) -> None:
    """The rest of this session is bulk work: its server process lets others go first, where the server is the embedded one."""
    if is_embedded():
        with suppress(OSError):  # a server of another user, or gone
            os.setpriority(os.PRIO_PROCESS, session.info.backend_pid, priority.STANDS_BACK)
    if session is _kept.session:
        _kept.spent = True


@contextmanager
def lasting(*, autocommit: bool = False) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """As ``with connect()``: committed at the end, closed after an error; kept for the next use in a server.

    Whoever sets something for the session (a lock, a parameter) takes it back: nothing but an error ends the session.
    """
    if not _keeping or _kept.busy:
        with connect(autocommit=autocommit) as connection:
            yield connection
        return
    _kept.busy = True
    try:
        session = _kept.session = _alive(_kept.session) or connect()
        session.autocommit = autocommit
        try:
            yield session
            if not session.closed:
                session.commit()
            if _kept.spent:
                end_session()
        except BaseException:
            end_session()
            raise
    finally:
        _kept.busy = False


def _alive(session: psycopg.Connection[tuple[Any, ...]] | None) -> psycopg.Connection[tuple[Any, ...]] | None:
    """The session if the server still knows it."""
    if session is None or session.closed:
        return None
    try:
        session.execute("SELECT 1")
        session.rollback()
    except psycopg.OperationalError:
        session.close()
        return None
    return session


def connect_owner(*, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """The same as the owner of the tables: for ``migrate`` and for benchmarks that empty a ledger, for nothing else."""
    return _connect(owner_conninfo(), autocommit, _PATH)


def _options(target: str, path: str) -> str:
    """The options of a connection with the schemas it looks in. What the operator named comes later, and wins."""
    return f"-c search_path={path} {conninfo_to_dict(target).get('options', '')}".strip()


def _connect(target: str, autocommit: bool, path: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(
            target, autocommit=autocommit, application_name="xinyong", options=_options(target, path)
        )
    except psycopg.OperationalError as error:
        if is_embedded() and postgres.full_disk(postgres.server()):
            raise _full(error) from error
        raise postgres.DatabaseUnavailable(
            why=str(error).strip(),
            what_to_do="请检查 XINYONG_DATABASE_URL，或运行 xinyong doctor。",
            what_to_do_en="Check XINYONG_DATABASE_URL, or run xinyong doctor.",
        ) from error


def django_settings(*, owner: bool = False) -> dict[str, Any]:
    """The same server in the form of Django's DATABASES entry."""
    target = owner_conninfo() if owner else conninfo()
    parts = conninfo_to_dict(target)
    options = {key: value for key, value in parts.items() if key not in {"host", "port", "dbname", "user", "password"}}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", postgres.DATABASE),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **options,
            "application_name": "xinyong",
            "options": _options(target, _PATH),
            # Only what runtime.sql.kept asks for is prepared: Django's own cursors send every statement as text.
            "prepare_threshold": 5,
        },
    }


@contextmanager
def as_owner() -> Iterator[None]:
    """Django's connection works as the owner of the tables for a while."""
    from django.db import connections

    held = connections["default"]
    before = dict(held.settings_dict)
    held.close()
    held.settings_dict.update(django_settings(owner=True))
    try:
        yield
    finally:
        held.close()
        held.settings_dict.clear()
        held.settings_dict.update(before)


def check_suitable(connection: psycopg.Connection[tuple[Any, ...]]) -> str:
    """Refuse servers that are too old or silently blind to Chinese text. Returns the server's version text."""
    version = connection.info.server_version
    if version < MINIMUM_VERSION:
        raise DatabaseUnsuitable(
            why=f"PostgreSQL {version // 10000}, 需要 15 或更新 / 15 or newer is needed",
            what_to_do="请升级数据库。Upgrade the server.",
        )
    row = connection.execute(
        "SELECT array_length(show_trgm('济南市华盛'), 1), current_setting('server_version')"
    ).fetchone()
    assert row is not None  # a SELECT without FROM yields one row
    if row[0] != 6:
        raise DatabaseUnsuitable(
            why="字符类别设置使 pg_trgm 看不见汉字 / the LC_CTYPE makes pg_trgm blind to Chinese",
            what_to_do="请以 C.UTF-8 或 zh_CN.UTF-8 建库。Create the database with C.UTF-8 or zh_CN.UTF-8.",
        )
    return str(row[1])
