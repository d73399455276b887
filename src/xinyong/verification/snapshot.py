"""The snapshot: packed answers by number in a memory-mapped file (LMDB), and how far it has read the corridor.

One process writes, any number read, each read sees one committed state. A rebuilt snapshot is made beside the old one and
put in its place by one change of the state file, which readers look at with every question. Beside the LMDB file a state
of 32 bytes holds the generation and the moment at which the writer last knew that nothing newer was committed, but for what
it says it lacks (:mod:`xinyong.verification.behind`).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import shutil
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import lmdb

from xinyong.runtime import config
from xinyong.verification import behind

#: Grows as needed up to this; the file itself is as large as what it holds.
_MAP: Final = 1 << 37
#: Longest name LMDB has, bytes.
_KEY: Final = 511
_STATE: Final = struct.Struct("<8sQdQ")
_MAGIC: Final = b"XYVERIF1"
#: Form of the packed values: another one is not read, but built anew.
FORM: Final = b"2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a snapshot stands for. ``ahead``: events behind ``event`` that are taken in already.

    ``waiting``: large events behind it that are not; a filter each says whose answers may lack them. ``place``: the last entity
    of the first of them that was packed.
    """

    event: int
    ahead: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    place: int = 0
    rules: str = ""
    windows: str = ""
    measures: str = ""

    def pack(self) -> dict[bytes, bytes]:
        """As it is stored."""
        return {
            b"event": str(self.event).encode(),
            b"ahead": _listed(self.ahead),
            b"waiting": _listed(self.waiting),
            b"place": str(self.place).encode(),
            b"rules": self.rules.encode(),
            b"windows": self.windows.encode(),
            b"measures": self.measures.encode(),
            b"form": FORM,
        }

    @classmethod
    def unpack(cls, get: Callable[[bytes], bytes | None]) -> Mark:
        """From what was stored."""
        return cls(
            event=int(get(b"event") or 0),
            ahead=_numbers(get(b"ahead")),
            waiting=_numbers(get(b"waiting")),
            place=int(get(b"place") or 0),
            **{name: (get(name.encode()) or b"").decode() for name in ("rules", "windows", "measures")},
        )


def _listed(numbers: Iterable[int]) -> bytes:
    return ",".join(map(str, numbers)).encode()


def _numbers(listed: bytes | None) -> tuple[int, ...]:
    return tuple(map(int, listed.split(b","))) if listed else ()


def _filter_name(event: int) -> bytes:
    return b"waiting:%d" % event


def folder() -> Path:
    """Where the snapshot lies; each host has its own."""
    return config.home("verification")


def exists() -> bool:
    """Whether a snapshot was ever built here."""
    with contextlib.suppress(OSError):
        return _read_state()[0] > 0
    return False


def _read_state() -> tuple[int, float]:
    data = (folder() / "state").read_bytes()
    magic, generation, confirmed, _ = _STATE.unpack(data[: _STATE.size])
    return (int(generation), float(confirmed)) if magic == _MAGIC else (0, 0.0)


#: LMDB files open in this process by path: one process may open a file once only. With the number of users.
_open_files: dict[str, tuple[lmdb.Environment, int]] = {}
_opening = threading.Lock()


def _place(generation: int) -> str:
    return str(folder() / f"snapshot-{generation}")


def _acquire(place: str, *, durable: bool = True, create: bool = False) -> lmdb.Environment:
    with _opening:
        env, users = _open_files.get(place, (None, 0))
        if env is None:
            env = lmdb.open(
                place, map_size=_MAP, max_dbs=4, readahead=False, max_readers=512, create=create, sync=durable
            )
        _open_files[place] = (env, users + 1)
        return env


def _release(place: str) -> None:
    with _opening:
        env, users = _open_files[place]
        if users > 1:
            _open_files[place] = (env, users - 1)
        else:
            del _open_files[place]
            env.close()


class Reader:
    """Answers look-ups from the newest state. Not for several threads at a time: each takes its own."""

    def __init__(self) -> None:
        self._generation = 0
        self._place = ""
        self._env: lmdb.Environment | None = None
        self._txn: Any = None
        self._handle: Any = None
        self._map: mmap.mmap | None = None
        self._last = -1
        self._mark = Mark(event=0)
        #: What the writer had confirmed before the state was looked at.
        self.confirmed_when_begun = 0.0
        #: Filters of the large events this state lacks, by event; mostly none.
        self.filters: dict[int, bytes] = {}

    def begin(self) -> bool:
        """See the newest state from here on. False when there is no snapshot."""
        if self._map is None and not self._attach():
            return False
        assert self._map is not None  # just attached
        generation = int.from_bytes(self._map[8:16], "little")
        if generation != self._generation and not self._switch(generation):
            return False
        self.end()
        # Read before the state: what is confirmed afterwards may speak of a newer one.
        self.confirmed_when_begun = self.confirmed()
        assert self._env is not None  # switched to
        self._txn = self._env.begin(db=self._handle)
        self._see()
        return True

    def end(self) -> None:
        """Look no longer: a state that somebody still sees cannot be written over, and the file would grow."""
        if self._txn is not None:
            self._txn.abort()
            self._txn = None

    def _attach(self) -> bool:
        try:
            with (folder() / "state").open("rb") as handle:
                self._map = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return False
        return self._map[:8] == _MAGIC

    def _switch(self, generation: int) -> bool:
        if generation == 0:
            return False
        self.close_environment()
        try:
            place = _place(generation)
            self._env = _acquire(place)
        except lmdb.Error:  # put away between the look and the opening: the next look finds the new one
            return False
        self._generation, self._place = generation, place
        self._handle = self._env.open_db(b"answers", create=False)
        self._meta = self._env.open_db(b"meta", create=False)
        return True

    def look(self, number: bytes) -> bytes | None:
        """The packed value of a number."""
        if not 0 < len(number) <= _KEY:
            return None  # LMDB refuses to look
        found: bytes | None = self._txn.get(number)
        return found

    def state(self) -> tuple[int, int]:
        """Names the state that is seen: as long as it is the same, nothing was written."""
        return self._generation, int(self._txn.id())

    def mark(self) -> Mark:
        """What this state stands for."""
        return self._mark

    def behind(self, number: bytes) -> bool:
        """Whether something was committed about the number that this state may lack; False is certain."""
        return any(behind.perhaps(held, number) for held in self.filters.values())

    def _see(self) -> None:
        state = self._txn.id()
        if state == self._last:
            return
        self._last = state
        self._mark = Mark.unpack(lambda name: self._txn.get(name, db=self._meta))
        self.filters = {
            event: self.filters.get(event) or self._txn.get(_filter_name(event), db=self._meta)
            for event in self._mark.waiting
        }

    def confirmed(self) -> float:
        """When the writer last knew that nothing newer was committed."""
        assert self._map is not None  # begin() was called
        return float(struct.unpack_from("<d", self._map, 16)[0])

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every number with its value, in order."""
        with self._txn.cursor(self._handle) as cursor:
            yield from cursor

    def many(self, numbers: list[bytes]) -> dict[bytes, bytes]:
        """Values of many numbers in one call."""
        with self._txn.cursor(self._handle) as cursor:
            return dict(cursor.getmulti(numbers))

    def close_environment(self) -> None:
        """Let go of the file."""
        self.end()
        if self._env is not None:
            _release(self._place)
            self._env = None
        self._generation = 0
        self._last = -1
        self.filters = {}

    def close(self) -> None:
        """Let go of everything."""
        self.close_environment()
        if self._map is not None:
            self._map.close()
            self._map = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Writer:
    """The one writer of this host. Use :func:`writing`."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self._place = _place(generation)
        self._env = _acquire(self._place) if generation else None
        self._open_tables()

    def _open_tables(self) -> None:
        if self._env is not None:
            self._answers = self._env.open_db(b"answers")
            self._meta = self._env.open_db(b"meta")
            self._owned = self._env.open_db(b"owned")

    def mark(self) -> Mark | None:
        """What is stored; None when there is none, or of another form."""
        if self._env is None:
            return None
        with self._env.begin(db=self._meta) as txn:
            if txn.get(b"form") != FORM:
                return None
            return Mark.unpack(txn.get)

    def await_event(self, event: int, numbers: Iterable[bytes], mark: Mark) -> None:
        """Note in one step that ``mark`` lacks an event, and whom it is about."""
        assert self._env is not None
        held = behind.filter_of(numbers)
        with self._env.begin(write=True, db=self._meta) as txn:
            txn.put(_filter_name(event), held)
            for name, text in mark.pack().items():
                txn.put(name, text)

    def store(
        self,
        entities: Iterable[tuple[int, Mapping[bytes, bytes]]],
        gone: Iterable[int],
        mark: Mark,
        shared: Mapping[bytes, bytes] | None = None,
    ) -> int:
        """Put the values of some entities in place of those they had, with the mark, in one step. How many numbers.

        ``shared``: texts under names made of them, which nobody owns and which stay.
        """
        assert self._env is not None  # made by start() or opened
        written = 0
        with self._env.begin(write=True) as txn:
            fresh = list(entities)
            for root in [*gone, *(root for root, _ in fresh)]:
                place = root.to_bytes(8, "big")
                held = txn.get(place, db=self._owned)
                if held is not None:
                    for number in held.split(b"\n"):
                        txn.delete(number, db=self._answers)
                    txn.delete(place, db=self._owned)
            for root, values in fresh:
                txn.put(root.to_bytes(8, "big"), b"\n".join(values), db=self._owned)
                for number, value in values.items():
                    txn.put(number, value, db=self._answers)
                    written += 1
            for name, text in (shared or {}).items():
                txn.put(name, text, db=self._answers, overwrite=False)
            for event in set(_numbers(txn.get(b"waiting", db=self._meta))) - set(mark.waiting):
                txn.delete(_filter_name(event), db=self._meta)
            for name, text in mark.pack().items():
                txn.put(name, text, db=self._meta)
        return written

    def start(self) -> None:
        """An empty snapshot beside the present one; readers see it after :meth:`publish`."""
        self.close()
        self.generation += 1
        shutil.rmtree(folder() / f"snapshot-{self.generation}", ignore_errors=True)
        self._place = _place(self.generation)
        self._env = _acquire(self._place, durable=False, create=True)
        self._open_tables()

    def publish(self, confirmed: float) -> None:
        """Make it durable, then the one readers see; the old one is removed, whoever still reads it reads on."""
        assert self._env is not None
        self._env.sync(True)
        self.close()
        _write_state(self.generation, confirmed)
        self._env = _acquire(self._place)
        self._open_tables()
        for old in folder().glob("snapshot-*"):
            if old.name != f"snapshot-{self.generation}":
                shutil.rmtree(old, ignore_errors=True)

    def confirm(self, confirmed: float) -> None:
        """Note that at this moment nothing newer was committed."""
        with (folder() / "state").open("r+b") as handle, mmap.mmap(handle.fileno(), 0) as state:
            struct.pack_into("<d", state, 16, confirmed)

    def close(self) -> None:
        """Let go of the file."""
        if self._env is not None:
            _release(self._place)
            self._env = None


def _write_state(generation: int, confirmed: float) -> None:
    """In place, so that readers who hold the old mapping see it; the generation is one aligned word."""
    place = folder() / "state"
    with contextlib.suppress(FileExistsError):
        made = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(made, _STATE.pack(_MAGIC, 0, 0.0, 0))
        os.fsync(made)
        os.close(made)
    with place.open("r+b") as handle, mmap.mmap(handle.fileno(), 0) as state:
        struct.pack_into("<d", state, 16, confirmed)
        struct.pack_into("<Q", state, 8, generation)
        state.flush()


@contextlib.contextmanager
def writing(*, patience: float = 0.0) -> Iterator[Writer | None]:
    """The right to write, for one process of this host at a time; None when another has it."""
    with (folder() / "writer").open("a+b") as lock:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield None
                    return
                time.sleep(0.02)
        generation = _read_state()[0] if (folder() / "state").exists() else 0
        writer = Writer(generation)
        try:
            yield writer
        finally:
            writer.close()


def digest(reader: Reader) -> str:
    """SHA-256 over every number and value in order: two snapshots that say the same have the same."""
    found = hashlib.sha256()
    for number, value in reader.items():
        if number[:1] == b"\0":
            continue  # a shared text: the values name it by what it says
        found.update(struct.pack("<II", len(number), len(value)))
        found.update(number)
        found.update(value)
    return found.hexdigest()
