"""Tiles against each other and against the signed root: which file and which place in it is wrong. No database.

Every tile is compared with what lies below it and, from the root down, with the hash above it. A tile that disagrees
with a trusted hash above is at fault; where it agrees, whatever disagrees below it is.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from xinyong.ledger.log import merkle
from xinyong.ledger.log.folder import LogFolder
from xinyong.ledger.log.merkle import HASH_SIZE, TILE_WIDTH

#: Tiles one worker checks at a time, and the size from which workers are worth starting.
_SPAN: Final = 256
_PARALLEL_FROM: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One wrong file. ``byte`` is the offset of the first wrong byte where it is known, ``leaf`` the entry."""

    kind: str
    path: str
    byte: int | None = None
    leaf: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Tile:
    """A tile as stored, and what its places should be by what lies below."""

    root: bytes | None = None
    #: First place that differs from below, and the first differing byte of the tile there.
    place: int | None = None
    byte: int | None = None
    faults: list[Fault] = field(default_factory=list)


def _first_difference(stored: bytes, computed: bytes) -> int | None:
    if stored == computed:
        return None
    for at, (left, right) in enumerate(zip(stored, computed, strict=False)):
        if left != right:
            return at
    return min(len(stored), len(computed))


def _read_tile(folder: LogFolder, level: int, index: int, width: int) -> tuple[bytes | None, list[Fault]]:
    path = merkle.tile_path(level, index, width)
    try:
        data = folder.tile(level, index, width)
    except FileNotFoundError:
        return None, [Fault(kind="missing", path=path)]
    if len(data) != width * HASH_SIZE or (width == TILE_WIDTH and _size(folder, path) != TILE_WIDTH * HASH_SIZE):
        return None, [Fault(kind="length", path=path, byte=len(data))]
    return data, []


def _size(folder: LogFolder, path: str) -> int:
    return folder.place(path).stat().st_size


def check_leaves(folder: LogFolder, size: int, first: int, count: int) -> list[Tile]:
    """Tiles of level 0 from ``first`` on against their bundles."""
    found = []
    for index in range(first, first + count):
        width = merkle.tile_width(size, 0, index)
        stored, faults = _read_tile(folder, 0, index, width)
        tile = Tile(faults=faults)
        found.append(tile)
        if stored is not None and width == TILE_WIDTH:
            tile.root = merkle.tile_root(stored)
        path = merkle.bundle_path(index, width)
        try:
            entries = folder.bundle(index, width)
        except FileNotFoundError:
            tile.faults.append(Fault(kind="missing", path=path))
            continue
        except merkle.MalformedBundle as error:
            leaf = index * TILE_WIDTH + error.entry
            tile.faults.append(Fault(kind="bundle", path=path, leaf=leaf, detail=str(error)))
            continue
        if len(entries) != width:
            leaf = index * TILE_WIDTH + min(len(entries), width)
            tile.faults.append(Fault(kind="length", path=path, leaf=leaf, detail=f"{len(entries)} entries"))
        elif stored is not None:
            tile.byte = _first_difference(stored, merkle.hash_entries(entries))
            tile.place = None if tile.byte is None else tile.byte // HASH_SIZE
    return found


def _work(path: Path, size: int, first: int, count: int) -> list[Tile]:
    return check_leaves(LogFolder(path), size, first, count)


def _level_zero(folder: LogFolder, size: int, processes: int) -> list[Tile]:
    tiles = -(-size // TILE_WIDTH)
    spans = [(first, min(_SPAN, tiles - first)) for first in range(0, tiles, _SPAN)]
    if processes < 2 or size < _PARALLEL_FROM:
        return [tile for first, count in spans for tile in check_leaves(folder, size, first, count)]
    found: list[Tile] = []
    # A forked worker starts at once, but only a process without other threads may fork. Workers only read and hash.
    method = "fork" if threading.active_count() == 1 else "spawn"
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method)) as pool:
        for part in pool.map(_work, *zip(*[(folder.path, size, *span) for span in spans], strict=True)):
            found += part
    return found


@dataclass(slots=True)
class TileCheck:
    """What the tiles hold: faults, the root they give, and the roots of the full tiles of level 0."""

    faults: list[Fault]
    root: bytes | None
    tile_roots: list[bytes | None]


def check(folder: LogFolder, size: int, root: bytes, processes: int) -> TileCheck:
    """Check all files a tree of ``size`` leaves is made of against each other and against the signed ``root``."""
    levels = [_level_zero(folder, size, processes)]
    stored: list[list[bytes | None]] = [[]]
    while width := size >> (8 * len(levels)):
        tiles, contents = _level(folder, size, len(levels), width, levels[-1])
        levels.append(tiles)
        stored.append(contents)
    faults = [fault for tiles in levels for tile in tiles for fault in tile.faults]
    try:
        found_root = merkle.TileReader(size, folder.tile).root()
    except (FileNotFoundError, ValueError):
        found_root = None
    faults += _blame(size, levels, stored, root_holds=found_root == root)
    if found_root != root and not faults:
        # Every file agrees with every other: the log was replaced as a whole.
        faults.append(Fault(kind="root", path="tile", detail="tiles agree with each other, not with the checkpoint"))
    faults += _old_partials(folder, size)
    roots = [tile.root for tile in levels[0]]
    return TileCheck(faults, found_root, roots[: size // TILE_WIDTH])


def _level(
    folder: LogFolder, size: int, level: int, width: int, below: list[Tile]
) -> tuple[list[Tile], list[bytes | None]]:
    """Tiles of a level against the roots of the tiles below; a tile that is missing below proves nothing."""
    tiles, contents = [], []
    for index in range(-(-width // TILE_WIDTH)):
        count = merkle.tile_width(size, level, index)
        data, faults = _read_tile(folder, level, index, count)
        tile = Tile(faults=faults)
        if data is not None:
            if count == TILE_WIDTH:
                tile.root = merkle.tile_root(data)
            for place in range(count):
                child = below[index * TILE_WIDTH + place].root
                here = data[place * HASH_SIZE : (place + 1) * HASH_SIZE]
                if child is not None and child != here:
                    tile.place = place
                    tile.byte = place * HASH_SIZE + (_first_difference(here, child) or 0)
                    break
        tiles.append(tile)
        contents.append(data)
    return tiles, contents


def _blame(
    size: int, levels: list[list[Tile]], stored: list[list[bytes | None]], *, root_holds: bool
) -> Iterator[Fault]:
    """From the top down: the tile or the bundle that is at fault for each disagreement."""
    trusted: dict[tuple[int, int], bool] = {}
    for level in reversed(range(len(levels))):
        for index, tile in enumerate(levels[level]):
            width = merkle.tile_width(size, level, index)
            parent, place = divmod(index, TILE_WIDTH)
            above = stored[level + 1][parent] if level + 1 < len(levels) and width == TILE_WIDTH else None
            whole = True
            if above is not None and tile.root is not None:
                agrees = above[place * HASH_SIZE : (place + 1) * HASH_SIZE] == tile.root
                # A parent at fault is blamed itself; it says nothing against its children.
                whole = agrees or not trusted[level + 1, parent]
            elif width < TILE_WIDTH:
                whole = root_holds or tile.place is None
            trusted[level, index] = whole
            path = merkle.tile_path(level, index, width)
            if not whole:
                detail = "" if tile.place is not None else "agrees with what is below, not with the hash above"
                leaf = None if level or tile.place is None else index * TILE_WIDTH + tile.place
                yield Fault(kind="tile", path=path, byte=tile.byte, leaf=leaf, detail=detail)
            elif level == 0 and tile.place is not None:
                leaf = index * TILE_WIDTH + tile.place
                yield Fault(kind="bundle", path=merkle.bundle_path(index, width), leaf=leaf)


def _old_partials(folder: LogFolder, size: int) -> Iterator[Fault]:
    """Partial tiles kept for earlier checkpoints must be the beginning of the present ones."""
    for level, index, width in merkle.edge(size):
        for kind in ("tile", "bundle")[: 2 if level == 0 else 1]:
            name = merkle.tile_path(level, index, width) if kind == "tile" else merkle.bundle_path(index, width)
            try:
                whole = folder.read(name)
                others = sorted(folder.place(name).parent.iterdir())
            except FileNotFoundError:
                continue  # filled up meanwhile, or already reported as missing
            try:
                entries = merkle.unpack(whole) if kind == "bundle" else []
            except merkle.MalformedBundle:
                continue  # reported
            for other in others:
                path = name.rpartition("/")[0] + "/" + other.name
                kept = other.read_bytes()
                wanted = int(other.name) if other.name.isdigit() else 0
                if wanted > width:
                    continue  # of a delivery that is being logged now
                if kind == "tile":
                    right = whole[: wanted * HASH_SIZE]
                else:
                    right = b"".join([merkle.pack(entry) for entry in entries[:wanted]])
                if (at := _first_difference(kept, right)) is not None:
                    yield Fault(kind=kind, path=path, byte=at)
