"""One file that proves a record version to anybody, offline: ``tools/verify_proof.py`` checks it with Python alone."""

from __future__ import annotations

import json
from typing import Any, Final

from xinyong.ledger.log import merkle, state
from xinyong.ledger.log.checkpoint import encode
from xinyong.ledger.log.errors import LogDamaged, RecordNotLogged
from xinyong.ledger.log.folder import LogFolder
from xinyong.runtime import database, sql

FORMAT: Final = "xinyong-proof-1"


def make(record_id: int, version_no: int | None = None) -> dict[str, Any]:
    """The proof of a version (default: the newest) under the last signed checkpoint.

    Raises RecordNotLogged, LogDamaged.
    """
    with database.connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        name, last = state.installation(connection), state.last_range(connection)
        row = connection.execute(
            sql.statement("ledger", "log_leaf_of_version"), {"record": record_id, "number": version_no}
        ).fetchone()
    if name is None or last is None or row is None or row[2] is None:
        raise RecordNotLogged(record=record_id, version=f"v{version_no}" if version_no else "—")
    _, _, place = row
    folder = state.folder(name)
    try:
        entry = folder.bundle(*_bundle(place, last.size))[place % merkle.TILE_WIDTH]
        path = merkle.TileReader(last.size, folder.tile).inclusion(place)
    except (FileNotFoundError, ValueError, IndexError) as error:
        raise LogDamaged(what=str(error)) from error
    # The proof is checked before it leaves the house: a damaged tile must not be handed to a citizen.
    if not merkle.verify_inclusion(place, last.size, merkle.leaf_hash(entry), path, last.root):
        raise LogDamaged(what=f"{merkle.bundle_path(place // merkle.TILE_WIDTH)} [{place}]")
    leaf = json.loads(entry)
    if (leaf["record_id"], leaf["version_no"]) != (record_id, row[1]):
        raise LogDamaged(what=f"{merkle.bundle_path(place // merkle.TILE_WIDTH)} [{place}]")
    return {
        "format": FORMAT,
        "content_hash": leaf["content_hash"],
        "leaf": entry.decode(),
        "leaf_index": place,
        "inclusion_path": [encode(item) for item in path],
        "checkpoint": last.note,
        "public_key": _public_key(folder, name),
    }


def _bundle(place: int, size: int) -> tuple[int, int]:
    index = place // merkle.TILE_WIDTH
    return index, merkle.tile_width(size, 0, index)


def _public_key(folder: LogFolder, name: str) -> str:
    return (folder.text("key.pub") or state.signer(name, create=False).verifier.text).strip()


def text(proof: dict[str, Any]) -> str:
    """The file: one spelling, so that any changed byte is found."""
    return json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
