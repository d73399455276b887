"""Takes journals into the audit trail. Place and rows move in one transaction, so a block enters once however often it is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from xinyong.runtime import database, sql
from xinyong.verification import journal

NAME = "verification-journal"
#: Bytes taken in one transaction, about.
_STEP = 8 << 20


def take_in() -> int:
    """Take in what the journals of this host hold. Returns the number of blocks; waits for no other process."""
    files = sorted(journal.folder().glob("*.rows"))
    if not files:
        return 0
    return sum(_file(place) for place in files)


def _file(place: Path) -> int:
    taken = 0
    try:
        handle = os.open(place, os.O_RDONLY)
    except FileNotFoundError:
        return 0  # another process took it in and away
    try:
        # Asked first: what a writer that is gone left is all there is.
        left = _is_free(handle)
        while True:
            here, whole = _step(place.name, handle)
            taken += here
            if whole:
                break
        if left:
            _put_away(place)
    finally:
        os.close(handle)
    return taken


def _step(name: str, handle: int) -> tuple[int, bool]:
    """Blocks of one transaction, and whether nothing more is there."""
    with database.connect() as session:
        session.execute("INSERT INTO verification_journal (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))
        row = session.execute(
            "SELECT place FROM verification_journal WHERE name = %s FOR UPDATE SKIP LOCKED", (name,)
        ).fetchone()
        if row is None:
            return 0, True  # another process is at it
        place, size = int(row[0]), os.fstat(handle).st_size
        count, held = 0, 0
        with session.cursor() as cursor, cursor.copy(sql.statement("verification", "copy_audit").encode()) as copy:
            for end, rows in journal.blocks(handle, place, size):
                copy.write(rows)
                place, count, held = end, count + 1, held + len(rows)
                if held >= _STEP:
                    break
        session.execute(
            "UPDATE verification_journal SET place = %s, blocks = blocks + %s WHERE name = %s", (place, count, name)
        )
        session.commit()
        return count, held < _STEP


def _is_free(handle: int) -> bool:
    """Whether the process that wrote the file is gone, or writes another one."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def _put_away(place: Path) -> None:
    """Everything of it is committed: the file may go. Its row stays, so that a copy put back would add nothing."""
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
