"""Rows of the audit trail on their way: an append-only file per process, written and synced in groups before answers leave.

A process of the fast door keeps one file below XINYONG_HOME/journal, locked while it lives. All requests that arrive while the
last group is being synced form the next one, so that many answers share one wait for the disk. Room is allotted ahead and
overwritten with zeros a piece at a time: to sync a file that grows, or a place never written, waits for the file system's own
journal as well, several times as long. ``journal_import`` takes blocks into the audit trail, each once.

A block: ``XYJ1``, length, CRC-32 of what follows, then rows as the database copies them. ``XYJ2`` holds rows that differ in few
words, as a file that is checked leaves them: what they share once, and for each row the words of its own; they are
written out when they are read.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import json
import os
import queue
import secrets
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from xinyong.runtime import config

HEAD: Final = struct.Struct("<4sII")
MARK: Final = b"XYJ1"
FRAMED: Final = b"XYJ2"
#: Room allotted at a time, bytes; also the size at which another file is begun.
ROOM: Final = 64 << 20
#: So much is overwritten at once where the next row lies in room never written, bytes.
_AHEAD: Final = 1 << 20


def folder() -> Path:
    """Where journals lie."""
    return config.home("journal")


class Journal:
    """The journal of this process, for one event loop. ``append`` gives what to wait for before the answer leaves.

    Rows and futures belong to the loop; a thread gets one group at a time, writes it and waits for the disk. ``gather`` is asked
    for the rows of whoever joined, when the disk is free: what cannot leave earlier is made together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, gather: Callable[[], bytes] = bytes) -> None:
        self._loop = loop
        self._gather = gather
        self._rows: list[bytes] = []
        self._synced: asyncio.Future[None] = loop.create_future()
        self._busy = False
        self._groups: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._file = -1
        self._at = 0
        self._written_to = 0
        self._begin()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, row: bytes) -> asyncio.Future[None]:
        """Add a row; the future is done when it survives a crash, and fails when it could not be written."""
        self._rows.append(row)
        return self.join()

    def join(self) -> asyncio.Future[None]:
        """Be of the next group; the future is done when the rows that ``gather`` then gives survive a crash."""
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._hand_over)  # behind whatever else this turn of the loop brings
        return self._synced

    def end(self) -> None:
        """Write what waits, and let go of the file."""
        self._hand_over()
        self._groups.put(None)
        self._thread.join(10)
        os.close(self._file)

    def _hand_over(self) -> None:
        self._rows.append(self._gather())
        rows, self._rows = b"".join(self._rows), []
        done, self._synced = self._synced, self._loop.create_future()
        if rows:
            self._groups.put((rows, done))
        else:
            self._busy = False
            done.set_result(None)

    def _written(self, done: asyncio.Future[None], error: OSError | None) -> None:
        if not done.done():
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
                done.exception()  # whoever waits is told; nobody may wait
        self._hand_over()

    def _work(self) -> None:
        while (group := self._groups.get()) is not None:
            rows, done = group
            failed = None
            try:
                self._write(rows)
            except OSError as error:  # its answers do not leave; the next group tries again
                failed = error
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._written, done, failed)

    def _begin(self) -> None:
        """Another file, with its room and its name on disk before the first row."""
        if self._file >= 0:
            os.ftruncate(self._file, self._at)
            os.fsync(self._file)
            os.close(self._file)
        place = folder() / f"{os.getpid()}-{secrets.token_hex(8)}.rows"
        self._file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.posix_fallocate(self._file, 0, ROOM)
        os.fsync(self._file)
        _sync_folder()
        self._at = self._written_to = 0

    def _write(self, rows: bytes) -> None:
        data = block(rows)
        if self._at + len(data) > ROOM and self._at:
            self._begin()
        end = self._at + len(data)
        if end > self._written_to:
            self._written_to = max(end, min(end + _AHEAD, ROOM))
            data += bytes(self._written_to - end)
        written = 0
        while written < len(data):
            written += os.pwrite(self._file, data[written:], self._at + written)
        os.fdatasync(self._file)
        self._at = end


def block(rows: bytes) -> bytes:
    """Rows as a block."""
    return HEAD.pack(MARK, len(rows), zlib.crc32(rows)) + rows


def framed(frame: Sequence[str], first: int, words: bytes, others: Sequence[str], places: bytes) -> bytes:
    """Rows as a block: ``frame[0] + word + frame[1] + number + frame[2] + other word + frame[3]`` for each of ``words``.

    ``words``: one a line; ``places``: the place of each row's other word among ``others``, uint32, little-endian; the number
    counts from ``first``. A thousand rows take some 23 KB and not 300.
    """
    said = json.dumps([list(frame), first, list(others)], ensure_ascii=False, separators=(",", ":")).encode()
    held = b"".join((struct.pack("<II", len(said), len(places)), said, places, words))
    return HEAD.pack(FRAMED, len(held), zlib.crc32(held)) + held


def _written_out(held: bytes) -> bytes:
    """The rows of :func:`framed`."""
    length, width = struct.unpack_from("<II", held)
    end = 8 + length
    (begins, middle, behind, ends), first, others = json.loads(held[8:end])
    places = array.array("I")
    places.frombytes(held[end : end + width])
    if sys.byteorder == "big":
        places.byteswap()
    tails = [f"{behind}{other}{ends}" for other in others]
    words = held[end + width :].decode().split("\n")
    return "".join(
        [
            f"{begins}{word}{middle}{number}{tails[place]}"
            for number, (word, place) in enumerate(zip(words, places, strict=True), first)
        ]
    ).encode()


def hand_in(place: Path) -> None:
    """Take over a finished file of blocks from the same file system: all its rows survive a crash when this returns."""
    with place.open("rb") as handle:
        os.fsync(handle.fileno())
    place.rename(folder() / f"{os.getpid()}-{secrets.token_hex(8)}.rows")
    _sync_folder()


def _sync_folder() -> None:
    held = os.open(folder(), os.O_RDONLY)
    os.fsync(held)
    os.close(held)


def blocks(handle: int, at: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Whole blocks of a file from a place on: where the next one begins, and the rows. Ends at what is not whole."""
    while at + HEAD.size <= size:
        mark, length, check = HEAD.unpack(os.pread(handle, HEAD.size, at))
        if mark not in (MARK, FRAMED) or at + HEAD.size + length > size:
            return
        rows = os.pread(handle, length, at + HEAD.size)
        if len(rows) != length or zlib.crc32(rows) != check:
            return
        at += HEAD.size + length
        yield at, rows if mark == MARK else _written_out(rows)


def text(value: str) -> str:
    """A text as COPY reads it."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
