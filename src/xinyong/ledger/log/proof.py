"""One file that proves a record version or an act to anybody, offline: ``tools/verify_proof.py`` checks it with Python alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from xinyong.ledger.log import merkle, state
from xinyong.ledger.log.acts import Acts, ActStatement
from xinyong.ledger.log.checkpoint import encode
from xinyong.ledger.log.errors import ActNotLogged, LogDamaged, LogRefused, RecordNotLogged
from xinyong.ledger.log.folder import SECOND_KEY, LogFolder
from xinyong.ledger.log.leaf import Statement
from xinyong.ledger.log.rows import Versions
from xinyong.ledger.log.state import Connection, Range
from xinyong.runtime import database, sql

FORMAT: Final = "xinyong-proof-2"


def make(record_id: int, version_no: int | None = None) -> dict[str, Any]:
    """The proof of a version (default: the newest) under the last signed checkpoint.

    Raises RecordNotLogged, LogDamaged, and LogRefused when the ledger no longer holds what was logged.
    """
    with _snapshot() as (connection, name, last):
        row = connection.execute(
            sql.statement("ledger", "log_leaf_of_version"), {"record": record_id, "number": version_no}
        ).fetchone()
        if last is None or row is None or row[2] is None:
            raise RecordNotLogged(record=record_id, version=f"v{version_no}" if version_no else "—")
        version, number, place, recorded_at = row
        statement = Versions(connection, state.blinds(create=False)).statement(version, place, recorded_at)
    what = (f"记录 {record_id} 第 {number} 版", f"version {number} of record {record_id}")
    return _proof(name, last, place, statement, what)


def make_act(event_id: int) -> dict[str, Any]:
    """The proof of an act, by its number in the corridor; raises as :func:`make` does, and ActNotLogged."""
    with _snapshot() as (connection, name, last):
        row = connection.execute(sql.statement("ledger", "log_leaf_of_act"), {"event": event_id}).fetchone()
        if last is None or row is None:
            raise ActNotLogged(number=event_id)
        place = int(row[0])
        statement = Acts(connection, state.blinds(create=False)).statements({event_id: place}).get(event_id)
    return _proof(name, last, place, statement, (f"第 {event_id} 号处理", f"act {event_id}"))


def content_of_act(event_id: int) -> str:
    """The canonical text whose SHA-256 the leaf of an act names: who said why, on which document. Raises ActNotLogged."""
    with database.connect() as connection:
        found = Acts(connection, state.blinds(create=False)).statements({event_id: 0}).get(event_id)
    if found is None:
        raise ActNotLogged(number=event_id)
    return found.content


@contextmanager
def _snapshot() -> Iterator[tuple[Connection, str, Range | None]]:
    """A session that sees one moment, the name of the log and its last range (None: nothing was signed)."""
    with database.connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection, state.installation(connection) or "", state.last_range(connection)


def _proof(
    name: str, last: Range, place: int, statement: Statement | ActStatement | None, what: tuple[str, str]
) -> dict[str, Any]:
    folder = state.folder(name)
    where = f"{merkle.bundle_path(place // merkle.TILE_WIDTH)} [{place}]"
    try:
        entry = folder.bundle(*_bundle(place, last.size))[place % merkle.TILE_WIDTH]
        path = merkle.TileReader(last.size, folder.tile, _kept(name)).inclusion(place)
    except (FileNotFoundError, ValueError, IndexError) as error:
        raise LogDamaged(what=str(error)) from error
    # The proof is checked before it leaves the house: a damaged tile must not be handed to a citizen.
    if not merkle.verify_inclusion(place, last.size, merkle.leaf_hash(entry), path, last.root):
        raise LogDamaged(what=where)
    if statement is None or statement.entry != entry:
        raise LogRefused(why_zh=f"{what[0]}与存证不一致", why=f"{what[1]} is not what was logged")
    return {
        "format": FORMAT,
        "content_hash": statement.members["content_hash"],
        "leaf": statement.text,
        "leaf_index": place,
        "inclusion_path": [encode(item) for item in path],
        "checkpoint": last.note,
        "public_key": _public_key(folder, name),
        "second_key": (folder.text(SECOND_KEY) or "").strip(),
    }


@lru_cache(maxsize=4)
def _kept(name: str) -> merkle.KeptTiles:
    """The upper tiles of a log that this process has read."""
    del name  # the key of the cache
    return merkle.KeptTiles()


def _bundle(place: int, size: int) -> tuple[int, int]:
    index = place // merkle.TILE_WIDTH
    return index, merkle.tile_width(size, 0, index)


def _public_key(folder: LogFolder, name: str) -> str:
    return (folder.text("key.pub") or state.signer(name, create=False).verifier.text).strip()


def text(proof: dict[str, Any]) -> str:
    """The file: one spelling, so that any changed byte is found."""
    return json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
