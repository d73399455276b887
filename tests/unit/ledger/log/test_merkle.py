"""Known roots, proofs at any size, and no byte that can be changed unseen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.ledger.log import merkle

#: The eight leaves of the Certificate Transparency test suite, and the root after each number of them.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70_000
SIZES = st.one_of(
    st.integers(1, 20),
    st.integers(1, LARGEST),
    st.sampled_from([255, 256, 257, 511, 512, 65535, 65536, 65537, LARGEST]),
)


def entry(place: int) -> bytes:
    """The made-up entry at a place."""
    return b"entry %d" % place


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


@cache
def stored() -> tuple[dict[str, bytes], merkle.Tree]:
    """The largest tree as files, full tiles and the partial ones of its size."""
    tree = merkle.Tree()
    files = {item.path: item.data for item in tree.append([entry(place) for place in range(LARGEST)])}
    files |= {item.path: item.data for item in tree.partial()}
    return files, tree


def reader(size: int, kept: merkle.KeptTiles | None = None) -> merkle.TileReader:
    """A smaller tree cut out of the largest one."""
    files, _ = stored()

    def read(level: int, index: int, width: int) -> bytes:
        whole = files.get(merkle.tile_path(level, index))
        if whole is None:
            whole = files[merkle.tile_path(level, index, merkle.tile_width(LARGEST, level, index))]
        return whole[: 32 * width]

    return merkle.TileReader(size, read, kept)


def test_tiles_kept_from_one_size_prove_at_every_other() -> None:
    kept = merkle.KeptTiles(limit=2)
    for size in (LARGEST, LARGEST - 1, 300, 65_536 + 300, LARGEST):
        if size > LARGEST:
            continue
        for leaf in {0, size // 2, size - 1}:
            path = reader(size, kept).inclusion(leaf)
            assert path == reader(size).inclusion(leaf)
            assert merkle.verify_inclusion(leaf, size, merkle.leaf_hash(entry(leaf)), path, reader(size).root())


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots(size: int) -> None:
    tree = merkle.Tree()
    assert list(tree.append(LEAVES[:size])) == []
    assert tree.root().hex() == ROOTS[size]


def test_the_known_proofs() -> None:
    """Paths of the Certificate Transparency test suite for the eight leaves."""
    tree = merkle.Tree()
    list(tree.append(LEAVES))
    files = {item.path: item.data for item in tree.partial()}
    eight = merkle.TileReader(8, lambda *place: files[merkle.tile_path(*place)])
    assert [item.hex() for item in eight.inclusion(0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [item.hex() for item in eight.consistency(6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_paths_are_those_of_the_specification() -> None:
    assert merkle.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert merkle.tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert merkle.bundle_path(999) == "tile/entries/999"
    assert merkle.bundle_path(1000, 1) == "tile/entries/x001/000.p/1"
    files, _ = stored()
    # The example of tlog-tiles: 273 full tiles and one of 112 at level 0, one full and one of 17, one of 1.
    names = [name for name in files if not name.startswith("tile/entries")]
    assert len([name for name in names if name.startswith("tile/0/")]) == 274
    assert {"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"} <= set(names)
    assert len(names) == 274 + 2 + 1
    assert merkle.edge(256) == [(1, 0, 1)]


@given(st.lists(st.integers(0, 700), max_size=8))
def test_any_batches_give_the_same_files_and_root(batches: list[int]) -> None:
    tree = merkle.Tree()
    files: dict[str, bytes] = {}
    size = 0
    for count in batches:
        # Loaded anew from its files each time, as after a restart.
        tree = merkle.Tree.load(size, files.__getitem__)
        files |= {item.path: item.data for item in tree.append([entry(size + place) for place in range(count)])}
        files |= {item.path: item.data for item in tree.partial()}
        size += count
    whole, _ = stored()
    assert tree.root() == naive_root([merkle.leaf_hash(entry(place)) for place in range(size)])
    for name, data in files.items():
        kept = whole.get(name.partition(".p/")[0]) or next(
            data for path, data in whole.items() if path.startswith(name.partition(".p/")[0] + ".p/")
        )
        assert kept.startswith(data)


@given(SIZES, st.data())
def test_inclusion_at_any_size_and_no_other_leaf_place_or_root(size: int, data: st.DataObject) -> None:
    tree = reader(size)
    root = tree.root()
    leaf = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(leaf)
    hashed = merkle.leaf_hash(entry(leaf))
    assert merkle.verify_inclusion(leaf, size, hashed, path, root)
    assert not merkle.verify_inclusion(leaf, size, merkle.leaf_hash(entry(leaf) + b"!"), path, root)
    assert not merkle.verify_inclusion(leaf, size, hashed, [*path, root], root)
    assert not merkle.verify_inclusion(leaf + size, size, hashed, path, root)
    if path:
        assert not merkle.verify_inclusion(leaf, size, hashed, path[:-1], root)
        assert not merkle.verify_inclusion(leaf ^ 1, size, hashed, path, root)
        at = data.draw(st.integers(0, len(path) * 32 - 1))
        flat = bytearray(b"".join(path))
        flat[at] ^= data.draw(st.integers(1, 255))
        wrong = [bytes(flat[k : k + 32]) for k in range(0, len(flat), 32)]
        assert not merkle.verify_inclusion(leaf, size, hashed, wrong, root)


@given(SIZES, SIZES, st.data())
def test_consistency_between_any_two_sizes(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    before, after = reader(old).root(), reader(new).root()
    path = reader(new).consistency(old)
    assert merkle.verify_consistency(old, new, before, after, path)
    assert not merkle.verify_consistency(old, new, after[::-1], after, path)
    assert not merkle.verify_consistency(old, new, before, before[::-1], path)
    assert not merkle.verify_consistency(old, new, before, after, [*path, before])
    if old < new:
        assert not merkle.verify_consistency(new, old, after, before, path)
    if path:
        at = data.draw(st.integers(0, len(path) * 32 - 1))
        flat = bytearray(b"".join(path))
        flat[at] ^= data.draw(st.integers(1, 255))
        wrong = [bytes(flat[k : k + 32]) for k in range(0, len(flat), 32)]
        assert not merkle.verify_consistency(old, new, before, after, wrong)


def test_every_pair_of_small_sizes() -> None:
    for new in range(1, 40):
        for old in range(1, new + 1):
            path = reader(new).consistency(old)
            assert merkle.verify_consistency(old, new, reader(old).root(), reader(new).root(), path)
        for leaf in range(new):
            assert merkle.verify_inclusion(
                leaf, new, merkle.leaf_hash(entry(leaf)), reader(new).inclusion(leaf), reader(new).root()
            )


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_go_and_come(entries: list[bytes]) -> None:
    assert merkle.unpack(b"".join([merkle.pack(item) for item in entries])) == entries


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20), st.data())
def test_no_byte_of_a_bundle_changes_unseen(entries: list[bytes], data: st.DataObject) -> None:
    bundle = bytearray(b"".join([merkle.pack(item) for item in entries]))
    bundle[data.draw(st.integers(0, len(bundle) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = merkle.unpack(bytes(bundle))
    except merkle.MalformedBundle:
        return
    assert merkle.hash_entries(found) != merkle.hash_entries(entries)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        merkle.pack(bytes(65_536))
    assert merkle.unpack(merkle.pack(bytes(65_535))) == [bytes(65_535)]
    with pytest.raises(ValueError, match="not in a tree"):
        reader(5).inclusion(5)
    for old in (0, 6):
        with pytest.raises(ValueError, match="not the beginning"):
            reader(5).consistency(old)
    with pytest.raises(ValueError, match="does not belong"):
        merkle.Tree(3, [bytes(64)])
    assert merkle.TileReader(0, lambda *_: b"").root() == merkle.EMPTY_ROOT
    assert not merkle.verify_inclusion(0, 0, bytes(32), [], bytes(32))
    assert not merkle.verify_consistency(0, 5, bytes(32), bytes(32), [])
