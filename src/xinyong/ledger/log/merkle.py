"""RFC 6962 Merkle tree over C2SP tlog-tiles: hashing, growing, proving, verifying. Pure: no Django, no database, no files.

A tile is 256 consecutive hashes of one level (height 8): the hash at place ``i`` of level ``L`` covers ``256**L``
leaves. An entry bundle is the 256 entries under one tile of level 0, each behind its length in two bytes, big-endian.
Sources: RFC 6962 §2.1, RFC 9162 §2.1 (verification), https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
ENTRY_LIMIT: Final = 0xFFFF
EMPTY_ROOT: Final = sha256(b"").digest()
#: Length of the usual entry, as bundles write it.
_PLAIN: Final = HASH_SIZE.to_bytes(2, "big")


class MalformedBundle(ValueError):
    """The bytes are no entry bundle; ``entry`` is the first entry that cannot be read."""

    def __init__(self, entry: int, why: str) -> None:
        super().__init__(f"entry {entry}: {why}")
        self.entry = entry


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry: SHA-256 behind the byte 0."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two children: SHA-256 behind the byte 1."""
    return sha256(b"\x01" + left + right).digest()


# --- resources and their paths --------------------------------------------------------------------------------------


def _number(index: int) -> str:
    """1234067 as ``x001/x234/067``."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def _suffix(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a tile; a partial one when ``width`` is below 256."""
    return f"tile/{level}/{_number(index)}{_suffix(width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of an entry bundle."""
    return f"tile/entries/{_number(index)}{_suffix(width)}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the log."""

    path: str
    data: bytes


def tile_width(size: int, level: int, index: int) -> int:
    """How many hashes a tile has in a tree of ``size`` leaves; 0 when it does not exist there."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def edge(size: int) -> list[tuple[int, int, int]]:
    """(level, index, width) of the partial tiles of a tree, lowest level first."""
    found = []
    level = 0
    while rest := size >> (TILE_HEIGHT * level):
        if width := rest % TILE_WIDTH:
            found.append((level, rest // TILE_WIDTH, width))
        level += 1
    return found


# --- entry bundles --------------------------------------------------------------------------------------------------


def pack(entry: bytes) -> bytes:
    """An entry behind its length. ValueError when it is longer than 65,535 bytes."""
    if len(entry) > ENTRY_LIMIT:
        raise ValueError(f"an entry of {len(entry)} bytes is longer than a bundle can hold")
    return len(entry).to_bytes(2, "big") + entry


def pack_all(entries: Sequence[bytes]) -> bytes:
    """Entries behind their lengths, one after the other."""
    if all(len(entry) == HASH_SIZE for entry in entries):
        return b"".join([_PLAIN + entry for entry in entries])
    return b"".join([pack(entry) for entry in entries])


def unpack(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises MalformedBundle."""
    step = 2 + HASH_SIZE
    count, rest = divmod(len(bundle), step)
    if not rest and bundle[0::step] + bundle[1::step] == b"\0" * count + bytes([HASH_SIZE]) * count:
        return [bundle[at + 2 : at + step] for at in range(0, len(bundle), step)]
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end:
        if at + 2 > end:
            raise MalformedBundle(len(entries), "the length is cut off")
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[at + 1])
        if at > end:
            raise MalformedBundle(len(entries), "the entry is cut off")
        entries.append(bundle[start:at])
    return entries


# --- hashing in bulk ------------------------------------------------------------------------------------------------

# Copying a begun hash costs half of what beginning one costs in OpenSSL 3.
_begin_leaf = sha256(b"\x00").copy
_begin_node = sha256(b"\x01").copy


def hash_entries(entries: Sequence[bytes]) -> bytes:
    """Leaf hashes, one behind the other."""
    begin, hashes = _begin_leaf, []
    for entry in entries:
        begun = begin()
        begun.update(entry)
        hashes.append(begun.digest())
    return b"".join(hashes)


def _parents(row: bytes) -> bytes:
    """Hashes of the pairs of a row; an odd last hash has no parent yet."""
    begin, hashes = _begin_node, []
    for at in range(0, len(row) - 2 * HASH_SIZE + 1, 2 * HASH_SIZE):
        begun = begin()
        begun.update(row[at : at + 2 * HASH_SIZE])
        hashes.append(begun.digest())
    return b"".join(hashes)


def tile_rows(tile: bytes) -> list[bytes]:
    """All complete subtrees below a tile: its hashes, then their parents, up to the root of a full tile."""
    rows = [tile]
    while len(rows[-1]) >= 2 * HASH_SIZE:
        rows.append(_parents(rows[-1]))
    return rows


def tile_root(tile: bytes) -> bytes:
    """Root of a full tile: the hash it has one level up."""
    row = tile
    while len(row) > HASH_SIZE:
        row = _parents(row)
    return row


def fold(row: bytes, right: bytes | None) -> bytes | None:
    """Root of the complete subtrees of a partial row, with ``right`` (all that lies to the right of it) folded in."""
    while row:
        if len(row) // HASH_SIZE % 2:
            last = row[-HASH_SIZE:]
            right = last if right is None else node_hash(last, right)
        row = _parents(row)
    return right


# --- growing --------------------------------------------------------------------------------------------------------


class Tree:
    """The right edge of a growing tree: all that is needed to append and to know the root."""

    def __init__(self, size: int = 0, rows: Sequence[bytes] = (), bundle: bytes = b"") -> None:
        """``rows``: the partial tile of each level (empty where the level has none); ``bundle``: the partial bundle."""
        self.size = size
        self._rows = [bytes(row) for row in rows]
        self._bundle = bytes(bundle)
        for level, row in enumerate(self._rows):
            if len(row) != (size >> (TILE_HEIGHT * level)) % TILE_WIDTH * HASH_SIZE:
                raise ValueError(f"the partial tile of level {level} does not belong to a tree of {size} leaves")

    @classmethod
    def load(cls, size: int, read: Callable[[str], bytes]) -> Tree:
        """The tree of ``size`` leaves from its stored partial tiles. Whatever ``read`` raises is passed on."""
        rows: list[bytes] = []
        bundle = b""
        for level, index, width in edge(size):
            rows += [b""] * (level - len(rows))
            rows.append(read(tile_path(level, index, width)))
            if level == 0:
                bundle = read(bundle_path(index, width))
                if hash_entries(unpack(bundle)) != rows[0]:
                    raise ValueError(f"{bundle_path(index, width)} does not hash to its tile")
        return cls(size, rows, bundle)

    def append(self, entries: Sequence[bytes]) -> Iterator[Resource]:
        """Append entries; yields the tiles and bundles that became full. Consume it whole before anything else."""
        at = 0
        while at < len(entries):
            part = entries[at : at + TILE_WIDTH - self.size % TILE_WIDTH]
            at += len(part)
            self._bundle += pack_all(part)
            self.size += len(part)
            if self.size % TILE_WIDTH == 0:
                yield Resource(bundle_path(self.size // TILE_WIDTH - 1), self._bundle)
                self._bundle = b""
            yield from self._push(0, hash_entries(part))

    def _push(self, level: int, hashes: bytes) -> Iterator[Resource]:
        if level == len(self._rows):
            self._rows.append(b"")
        self._rows[level] += hashes
        tile = self._rows[level]
        if len(tile) == TILE_WIDTH * HASH_SIZE:
            self._rows[level] = b""
            yield Resource(tile_path(level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1), tile)
            yield from self._push(level + 1, tile_root(tile))

    def partial(self) -> list[Resource]:
        """The partial tiles and the partial bundle of the present size."""
        found = [Resource(tile_path(level, index, width), self._rows[level]) for level, index, width in edge(self.size)]
        if width := self.size % TILE_WIDTH:
            found.append(Resource(bundle_path(self.size // TILE_WIDTH, width), self._bundle))
        return found

    def root(self) -> bytes:
        """Root hash of the present size."""
        found: bytes | None = None
        for row in self._rows:
            found = fold(row, found)
        return EMPTY_ROOT if found is None else found


# --- proving --------------------------------------------------------------------------------------------------------


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


class KeptTiles:
    """Tiles above level 0 with the hashes inside them, for readers of one log at any size: one of a width never changes.

    At most ``limit`` tiles of 16 KiB; whoever reads from them still proves against a signed root.
    """

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._rows: dict[tuple[int, int, int], list[bytes]] = {}

    def get(self, level: int, index: int, width: int) -> list[bytes] | None:
        """The rows of a tile, where they are held."""
        return self._rows.get((level, index, width))

    def put(self, level: int, index: int, width: int, rows: list[bytes]) -> None:
        """Hold the rows of a tile."""
        if len(self._rows) >= self._limit:
            self._rows = {}
        self._rows[level, index, width] = rows


class TileReader:
    """A tree of ``size`` leaves read from tiles. ``read(level, index, width)`` returns the bytes of one tile.

    A reader may be kept for many proofs: it holds the tiles above level 0 (16 KiB for each 65,536 leaves) and one below.
    ``kept``: tiles that outlive the reader.
    """

    def __init__(self, size: int, read: Callable[[int, int, int], bytes], kept: KeptTiles | None = None) -> None:
        self.size = size
        self._read = read
        self._kept = kept
        self._rows: dict[tuple[int, int], list[bytes]] = {}
        self._lowest: tuple[int, list[bytes]] = (-1, [])

    def _tile(self, level: int, index: int) -> list[bytes]:
        if level == 0 and self._lowest[0] == index:
            return self._lowest[1]
        found = self._rows.get((level, index))
        width = tile_width(self.size, level, index)
        if found is None and level and self._kept is not None:
            found = self._kept.get(level, index, width)
        if found is None:
            data = self._read(level, index, width)
            if len(data) != width * HASH_SIZE:
                raise ValueError(f"{tile_path(level, index, width)} has {len(data)} bytes")
            found = tile_rows(data)
            if level:
                self._rows[level, index] = found
                if self._kept is not None:
                    self._kept.put(level, index, width, found)
            else:
                self._lowest = (index, found)
        return found

    def _complete(self, height: int, index: int) -> bytes:
        """Hash of the ``index``-th complete subtree of ``2**height`` leaves."""
        level, inner = divmod(height, TILE_HEIGHT)
        tile, place = divmod(index << inner, TILE_WIDTH)
        at = (place >> inner) * HASH_SIZE
        return self._tile(level, tile)[inner][at : at + HASH_SIZE]

    def range_hash(self, first: int, end: int) -> bytes:
        """Root over the leaves ``first`` to ``end - 1``, a subtree of RFC 6962 (``first`` is a multiple of its span)."""
        count = end - first
        if count & (count - 1) == 0:
            height = count.bit_length() - 1
            return self._complete(height, first >> height)
        middle = first + _split(count)
        return node_hash(self.range_hash(first, middle), self.range_hash(middle, end))

    def root(self) -> bytes:
        """Root hash."""
        return self.range_hash(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, leaf: int) -> list[bytes]:
        """Audit path of a leaf, from its sibling up (RFC 6962 §2.1.1). ValueError outside the tree."""
        if not 0 <= leaf < self.size:
            raise ValueError(f"leaf {leaf} is not in a tree of {self.size}")
        path = []
        first, end = 0, self.size
        while end - first > 1:
            middle = first + _split(end - first)
            if leaf < middle:
                path.append(self.range_hash(middle, end))
                end = middle
            else:
                path.append(self.range_hash(first, middle))
                first = middle
        path.reverse()
        return path

    def consistency(self, old: int) -> list[bytes]:
        """Proof that the tree of ``old`` leaves is the beginning of this one (RFC 6962 §2.1.2). ValueError outside."""
        if not 0 < old <= self.size:
            raise ValueError(f"a tree of {old} is not the beginning of a tree of {self.size}")
        path = []
        first, end, whole = 0, self.size, True
        while old != end:
            middle = first + _split(end - first)
            if old <= middle:
                path.append(self.range_hash(middle, end))
                end = middle
            else:
                path.append(self.range_hash(first, middle))
                first, whole = middle, False
        if not whole:
            path.append(self.range_hash(first, end))
        path.reverse()
        return path


# --- verifying ------------------------------------------------------------------------------------------------------


def verify_inclusion(leaf: int, size: int, hashed: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf's hash to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= leaf < size or any(len(item) != HASH_SIZE for item in path):
        return False
    place, last, found = leaf, size - 1, hashed
    for item in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(item, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, item)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of ``old`` leaves is the beginning of the tree of ``new`` leaves (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new or any(len(item) != HASH_SIZE for item in path):
        return False
    if old == new:
        return not path and old_root == new_root
    items = list(path)
    if old & (old - 1) == 0:
        items.insert(0, old_root)
    if not items:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = items[0]
    for item in items[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = node_hash(item, found_old), node_hash(item, found_new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found_new = node_hash(found_new, item)
        place, last = place >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root
