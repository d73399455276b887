"""The log as files: written to the side, made durable, then renamed into place. A reader never sees half a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from xinyong.ledger.log import merkle
from xinyong.ledger.log.merkle import Resource

#: Waiting for the disk in parallel lets the file system write its journal once for many files.
_SYNC_THREADS = 8
CHECKPOINT = "checkpoint"
PUBLIC_KEY = "key.pub"
SECOND_KEY = "key-sm2.pub"


class LogFolder:
    """One log: ``checkpoint``, ``key.pub``, ``tile/…``; ``work`` holds what is not in place yet."""

    def __init__(self, path: Path, *, tiles: str = "tile") -> None:
        """``tiles``: name of the folder of tiles, another one while a log is rebuilt beside the old one."""
        self.path = path
        self._tiles = tiles
        self._work = path / "work"
        self._known: set[Path] = set()

    def place(self, resource_path: str) -> Path:
        """Where a resource is kept."""
        return self.path / self._tiles / resource_path.removeprefix("tile/")

    # --- reading ---

    def read(self, resource_path: str) -> bytes:
        """A resource exactly as named. Raises FileNotFoundError."""
        return self.place(resource_path).read_bytes()

    def tile(self, level: int, index: int, width: int) -> bytes:
        """A tile; a partial one is cut from the full one where that exists."""
        data, full = self._full_or_partial(merkle.tile_path(level, index), merkle.tile_path(level, index, width))
        return data[: width * merkle.HASH_SIZE] if full else data

    def bundle(self, index: int, width: int) -> list[bytes]:
        """The entries of a bundle, like :meth:`tile`; never cut where it is read whole. Raises MalformedBundle."""
        data, full = self._full_or_partial(merkle.bundle_path(index), merkle.bundle_path(index, width))
        return merkle.unpack(data)[:width] if full and width < merkle.TILE_WIDTH else merkle.unpack(data)

    def _full_or_partial(self, full: str, partial: str) -> tuple[bytes, bool]:
        """The first of the two files that is there, and whether it is the full one. Raises FileNotFoundError.

        The writer puts the full one in place before it removes the partial ones: where neither was found, it is there now.
        """
        for path in (full, partial, full):
            with contextlib.suppress(FileNotFoundError):
                return self.read(path), path == full
        raise FileNotFoundError(partial)

    def text(self, name: str) -> str | None:
        """A text file of the log, None when there is none. Bytes that are no UTF-8 come back as replacement marks."""
        try:
            return (self.path / name).read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return None

    @property
    def exists(self) -> bool:
        """Whether there are tiles."""
        return (self.path / self._tiles).is_dir()

    # --- writing: only under the lock ---

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One writer on this machine at a time, whatever database it works for. Ends with the process."""
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / "lock", "w", encoding="ascii") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def tidy(self) -> None:
        """Finish or undo what an interrupted writer left."""
        shutil.rmtree(self._work, ignore_errors=True)
        old, new = self.path / "tile.old", self.path / "tile.new"
        if old.exists() and not (self.path / "tile").exists():
            os.rename(old, self.path / "tile")
        for left in (old, new):
            if left.exists():
                shutil.rmtree(left)
        self._work.mkdir()

    def write(self, resources: Iterable[Resource]) -> None:
        """Store a batch: after the return every file is complete and durable under its name."""
        self._store([(self.place(resource.path), resource.data) for resource in resources])

    def write_text(self, name: str, text: str) -> None:
        """Replace a text file of the log."""
        self._store([(self.path / name, text.encode())])

    def _store(self, files: list[tuple[Path, bytes]]) -> None:
        handles: list[int] = []
        touched: set[Path] = set()
        try:
            for number, (path, data) in enumerate(files):
                touched |= self._folder(path.parent)
                handle = os.open(self._work / str(number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                handles.append(handle)
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(handle, rest) :]
            _sync(handles)
        finally:
            for handle in handles:
                os.close(handle)
        for number, (path, _) in enumerate(files):
            os.rename(self._work / str(number), path)
        folders = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY) for folder in touched]
        try:
            _sync(folders)
        finally:
            for handle in folders:
                os.close(handle)

    def _folder(self, path: Path) -> set[Path]:
        """Make a folder; returns it and every parent whose list of names changed."""
        changed = {path}
        if path not in self._known:
            missing = path
            while not missing.exists():
                missing = missing.parent
                changed.add(missing)
            path.mkdir(parents=True, exist_ok=True)
            self._known.add(path)
        return changed

    def drop_partials(self, before: int, after: int) -> None:
        """Remove the partial tiles of a tree of ``before`` leaves that are full in a tree of ``after``."""
        for level, index, width in merkle.edge(before):
            if merkle.tile_width(after, level, index) == merkle.TILE_WIDTH:
                paths = [merkle.tile_path(level, index, width)]
                if level == 0:
                    paths.append(merkle.bundle_path(index, width))
                for path in paths:
                    shutil.rmtree(self.place(path).parent, ignore_errors=True)
        self._known.clear()

    def swap(self) -> None:
        """Put the rebuilt tiles in the place of the old ones; :meth:`tidy` finishes an interrupted swap."""
        old, live = self.path / "tile.old", self.path / "tile"
        if live.exists():
            os.rename(live, old)
        os.rename(self.path / self._tiles, live)
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        shutil.rmtree(old, ignore_errors=True)


def _sync(handles: list[int]) -> None:
    if len(handles) == 1:
        os.fsync(handles[0])
        return
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(os.fsync, handles))
