"""Which log belongs to this database, how far it is signed, and with which key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from xinyong.ledger.log import sm2
from xinyong.ledger.log.checkpoint import Signer, make_seed
from xinyong.ledger.log.errors import LogRefused
from xinyong.ledger.log.folder import LogFolder
from xinyong.ledger.log.leaf import Blinds
from xinyong.runtime import config, sql

#: Name of the effect in the corridor.
NAME = "log"

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The leaves of one delivery, or the leaf of one act (no delivery, no versions), the root after them, and what was
    signed there (last of a group only)."""

    event: int
    delivery: int | None
    version_from: int | None
    version_to: int | None
    first_leaf: int
    leaves: int
    root: bytes
    note: str | None
    recorded_at: datetime | None

    @property
    def size(self) -> int:
        """Size of the tree after these leaves."""
        return self.first_leaf + self.leaves

    @property
    def versions(self) -> tuple[int, int] | None:
        """First and last version; None for an act."""
        if self.version_from is None or self.version_to is None:
            return None
        return self.version_from, self.version_to

    @property
    def named(self) -> str:
        """How a message calls it."""
        return f"act {self.event}" if self.delivery is None else f"delivery id {self.delivery}"


def _range(row: tuple[Any, ...]) -> Range:
    event, delivery, version_from, version_to, first_leaf, leaves, root, note, recorded_at = row
    return Range(
        event=event,
        delivery=delivery,
        version_from=version_from,
        version_to=version_to,
        first_leaf=first_leaf,
        leaves=leaves,
        root=bytes(root),
        note=note,
        recorded_at=recorded_at,
    )


def last_range(connection: Connection) -> Range | None:
    """The newest range, None before the first."""
    row = connection.execute(sql.statement("ledger", "log_last_range")).fetchone()
    return _range(row) if row else None


def signed_before(connection: Connection, leaf: int) -> int:
    """Size of the tree at the last checkpoint before the leaf."""
    row = connection.execute(sql.statement("ledger", "log_signed_before"), {"leaf": leaf}).fetchone()
    return int(row[0]) if row else 0


def ranges(connection: Connection) -> Iterator[Range]:
    """All ranges in leaf order, streamed."""
    with connection.cursor(name="log_ranges") as cursor:
        cursor.itersize = 5_000
        for row in cursor.execute(sql.statement("ledger", "log_ranges")):
            yield _range(row)


def installation(connection: Connection) -> str | None:
    """The random name of this database, None while nothing was logged."""
    row = connection.execute("SELECT id FROM ledger_installation").fetchone()
    return str(row[0]) if row else None


def ensure_installation(connection: Connection) -> str:
    """The same, drawn and committed when there is none."""
    connection.execute(
        "INSERT INTO ledger_installation (id) VALUES (%s) ON CONFLICT (single) DO NOTHING", (secrets.token_hex(16),)
    )
    connection.commit()
    found = installation(connection)
    assert found is not None  # just inserted, by this caller or another
    return found


def folder(name: str, *, tiles: str = "tile") -> LogFolder:
    """The files of the log of an installation."""
    return LogFolder(config.home("log") / name, tiles=tiles)


def signer(name: str, *, create: bool) -> Signer:
    """The keys of the log. Raises LogRefused when the first is gone and may not be made anew."""
    return Signer(f"xinyong/{name}", _key("log.ed25519", create=create), second_signer(name))


def second_signer(name: str) -> sm2.Signer | None:
    """The SM2 key, where the operator has put one and the package that signs is installed."""
    if not (config.home("keys") / "log.sm2").exists() or not sm2.can_sign():
        return None
    return sm2.Signer(f"xinyong/{name}", _key("log.sm2", create=False))


def blinds(*, create: bool) -> Blinds:
    """The blinds of the log. Raises LogRefused when their key is gone and may not be made anew."""
    return Blinds(_key("log.blind", create=create))


def _key(file: str, *, create: bool) -> bytes:
    path = config.home("keys") / file
    if not path.exists():
        if not create:
            raise LogRefused(why_zh=f"密钥 {path} 不存在", why=f"the key {path} is missing")
        make_seed(path)
    seed = path.read_bytes()
    if len(seed) != 32:
        raise LogRefused(why_zh=f"密钥 {path} 不是 32 字节", why=f"the key {path} does not have 32 bytes")
    return seed
