"""The two databases behind one door: connect, read a snapshot, flag back. Driver errors become errors of a source."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import psycopg
import pymysql  # type: ignore[import-untyped]
from psycopg import sql as psql
from pymysql.constants import ER  # type: ignore[import-untyped]

from xinyong.errors import XinyongError
from xinyong.intake.pull.errors import SourceInvalid, SourceLocked, SourceTable, SourceUnavailable
from xinyong.intake.pull.sources import Dialect, SourceDefinition

#: Longest waits: for a connection, for a lock, for one statement, seconds.
CONNECT, LOCK, STATEMENT = 10, 30, 600
_FETCH = 1_000

Row = tuple[Any, ...]


class Link(Protocol):
    """An open connection to a source."""

    def read(self) -> Iterator[Row]:
        """New rows in one consistent snapshot: key columns, flag, then the mapped columns."""

    def flag(self, rows: Sequence[tuple[Row, str, str | None]]) -> int:
        """Flag rows as (row as read, new flag, reason), in one transaction. Rows changed since are left. Returns how many."""

    def close(self) -> None:
        """Give the connection back."""


@contextlib.contextmanager
def connected(source: SourceDefinition) -> Iterator[Link]:
    """A connection to the source; errors of its driver are told as errors of the source."""
    link: Link | None = None
    try:
        link = _Postgres(source) if source.dialect is Dialect.POSTGRESQL else _MariaDB(source)
        yield link
    except (psycopg.Error, pymysql.Error, OSError) as error:
        raise _told(source, error) from None  # the driver's own text may quote a value
    finally:
        if link is not None:
            with contextlib.suppress(Exception):
                link.close()


def _select(source: SourceDefinition) -> list[str]:
    return [*source.key, source.flag.column, *(column for _, column in source.columns)]


def _tls(source: SourceDefinition) -> ssl.SSLContext | None:
    if not source.address.tls:
        return None
    context = ssl.create_default_context(cafile=source.address.tls_ca or None)
    if not source.address.tls_ca:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Postgres:
    def __init__(self, source: SourceDefinition) -> None:
        self.source = source
        place = source.address
        options: dict[str, Any] = {}
        if place.tls:
            options = (
                {"sslmode": "verify-full", "sslrootcert": place.tls_ca} if place.tls_ca else {"sslmode": "require"}
            )
        self.connection = psycopg.connect(
            host=place.socket or place.host,
            port=place.port or 5432,
            dbname=place.database,
            user=place.user,
            password=source.password(),
            connect_timeout=CONNECT,
            application_name="xinyong-pull",
            options=f"-c lock_timeout={LOCK}s -c statement_timeout={STATEMENT}s",
            **options,
        )

    def _table(self) -> psql.Composable:
        return psql.Identifier(*self.source.table.split("."))

    def read(self) -> Iterator[Row]:
        source = self.source
        query = psql.SQL("SELECT {columns} FROM {table} WHERE {flag} IN ({new}) ORDER BY {order} LIMIT {batch}").format(
            columns=psql.SQL(", ").join(map(psql.Identifier, _select(source))),
            table=self._table(),
            flag=psql.Identifier(source.flag.column),
            new=psql.SQL(", ").join(map(psql.Literal, source.flag.new)),
            order=psql.SQL(", ").join(map(psql.Identifier, source.order or source.key)),
            batch=psql.Literal(source.batch),
        )
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.connection.read_only = True
        with self.connection.transaction(), self.connection.cursor(name="pull") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(query)
            yield from cursor
        self.connection.isolation_level = self.connection.read_only = None

    def flag(self, rows: Sequence[tuple[Row, str, str | None]]) -> int:
        source = self.source
        sets = [psql.SQL("{} = %s").format(psql.Identifier(source.flag.column))]
        if source.result is not None:
            sets.append(psql.SQL("{} = %s").format(psql.Identifier(source.result)))
        same = [psql.SQL("{} IS NOT DISTINCT FROM %s").format(psql.Identifier(name)) for name in _select(source)]
        query = psql.SQL("UPDATE {} SET {} WHERE {}").format(
            self._table(), psql.SQL(", ").join(sets), psql.SQL(" AND ").join(same)
        )
        done = 0
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for row, value, reason in rows:
                cursor.execute(query, [value, *([reason] if source.result is not None else []), *row])
                done += cursor.rowcount
        return done

    def close(self) -> None:
        self.connection.close()


class _MariaDB:
    def __init__(self, source: SourceDefinition) -> None:
        self.source = source
        place = source.address
        self.connection = pymysql.connect(
            host=place.host or None,
            port=place.port or 3306,
            unix_socket=place.socket or None,
            database=place.database,
            user=place.user,
            password=source.password().encode(),  # as text the driver would take Latin-1 only
            charset="utf8mb4",
            connect_timeout=CONNECT,
            read_timeout=STATEMENT,
            write_timeout=STATEMENT,
            ssl=_tls(source),
            autocommit=False,
            init_command=f"SET SESSION innodb_lock_wait_timeout = {LOCK}, lock_wait_timeout = {LOCK}",
        )

    def _table(self) -> str:
        return ".".join(f"`{part}`" for part in self.source.table.split("."))

    def read(self) -> Iterator[Row]:
        source = self.source
        columns = ", ".join(f"`{name}`" for name in _select(source))
        marks = ", ".join(["%s"] * len(source.flag.new))
        order = ", ".join(f"`{name}`" for name in source.order or source.key)
        query = (
            f"SELECT {columns} FROM {self._table()} WHERE `{source.flag.column}` IN ({marks}) "  # noqa: S608  names are checked
            f"ORDER BY {order} LIMIT {source.batch}"
        )
        with self.connection.cursor() as plain:
            plain.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            plain.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        try:
            with self.connection.cursor(pymysql.cursors.SSCursor) as cursor:
                cursor.execute(query, source.flag.new)
                while rows := cursor.fetchmany(_FETCH):
                    yield from rows
        finally:
            with contextlib.suppress(pymysql.Error, OSError):
                self.connection.rollback()

    def flag(self, rows: Sequence[tuple[Row, str, str | None]]) -> int:
        source = self.source
        sets = f"`{source.flag.column}` = %s" + (f", `{source.result}` = %s" if source.result is not None else "")
        same = " AND ".join(f"`{name}` <=> %s" for name in _select(source))
        query = f"UPDATE {self._table()} SET {sets} WHERE {same}"  # noqa: S608  names are checked
        done = 0
        try:
            with self.connection.cursor() as cursor:
                for row, value, reason in rows:
                    done += cursor.execute(query, [value, *([reason] if source.result is not None else []), *row])
            self.connection.commit()
        except pymysql.Error:
            with contextlib.suppress(pymysql.Error, OSError):
                self.connection.rollback()
            raise
        return done

    def close(self) -> None:
        self.connection.close()


#: What drivers say about tables: number or state, and what it means.
_TABLE = {
    ER.NO_SUCH_TABLE: ("表不存在", "the table does not exist"),
    ER.BAD_FIELD_ERROR: ("缺少列", "a column is missing"),
    ER.TABLEACCESS_DENIED_ERROR: ("没有权限", "a right is missing"),
    ER.COLUMNACCESS_DENIED_ERROR: ("没有权限", "a right is missing"),
    ER.DATA_TOO_LONG: ("标记或结果超过列宽", "the flag or the reason is wider than its column"),
    ER.TRUNCATED_WRONG_VALUE_FOR_FIELD: ("标记值与列类型不符", "the flag value does not fit the type of its column"),
    "42P01": ("表不存在", "the table does not exist"),
    "42703": ("缺少列", "a column is missing"),
    "42501": ("没有权限", "a right is missing"),
    "22001": ("标记或结果超过列宽", "the flag or the reason is wider than its column"),
    "22P02": ("标记值与列类型不符", "the flag value does not fit the type of its column"),
    "42883": ("列类型与定义不符", "the type of a column does not fit the definition"),
}
_LOCKED = frozenset({ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK, "55P03", "40P01", "57014"})
_SIGN_IN = frozenset({ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, "28P01", "28000"})
#: How PostgreSQL words a refused sign-in.
_REFUSED = re.compile(r'FATAL: +(password authentication failed|role ".*" does not exist|no pg_hba)')


def _told(source: SourceDefinition, error: Exception) -> XinyongError:
    code: Any = None
    words = ""
    if isinstance(error, psycopg.Error):
        code, words = error.sqlstate, (error.diag.message_primary or str(error)).strip().splitlines()[0]
        if code is None and _REFUSED.search(str(error)):
            code = "28P01"  # a failed sign-in carries no state
    elif isinstance(error, pymysql.Error):
        code, words = (error.args[0] if error.args else None), str(error.args[-1] if error.args else "")
    else:
        words = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    words = words[:300]
    if code in _TABLE:
        zh, en = _TABLE[code]
        return SourceTable(
            source=source.source, table=source.table, why_zh=f"{zh}（{words}）", why_en=f"{en} ({words})"
        )
    if code in _LOCKED:
        return SourceLocked(source=source.source, table=source.table, seconds=LOCK)
    if code in _SIGN_IN:
        return SourceInvalid(
            source=source.source,
            why_zh=f"数据库拒绝用户 {source.address.user} 登录，请核对用户名和密码文件。",
            why_en=f"the database refuses user {source.address.user}; check the name and the password file.",
        )
    return SourceUnavailable(source=source.source, address=str(source.address), why=words)
