"""A wrong byte in any tile or bundle is found in the file it is in, over three levels of tiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.ledger.log import merkle, tilecheck
from xinyong.ledger.log.folder import LogFolder

SIZE = 66_000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[LogFolder, bytes]:
    """A log with partial tiles on every level."""
    folder = LogFolder(tmp_path_factory.mktemp("log"))
    folder.tidy()
    tree = merkle.Tree()
    for first in range(0, SIZE, 20_000):
        folder.write(tree.append([b"entry %d" % place for place in range(first, min(SIZE, first + 20_000))]))
    folder.write(tree.partial())
    return folder, tree.root()


@contextmanager
def altered(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """Other bytes for a while."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def test_a_log_as_written_agrees(log: tuple[LogFolder, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, root = log
    for processes in (1, 2):
        monkeypatch.setattr(tilecheck, "_PARALLEL_FROM", 0)
        found = tilecheck.check(folder, SIZE, root, processes)
        assert (found.faults, found.root, len(found.tile_roots)) == ([], root, SIZE // 256)


@given(st.data())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_is_found_in_its_file(log: tuple[LogFolder, bytes], data: st.DataObject) -> None:
    folder, root = log
    level, index, width = data.draw(
        st.sampled_from([(0, 0, 256), (0, 100, 256), (0, 257, 208), (1, 0, 256), (1, 1, 1), (2, 0, 1)])
    )
    bundle = level == 0 and data.draw(st.booleans())
    name = merkle.bundle_path(index, width) if bundle else merkle.tile_path(level, index, width)
    path = folder.place(name)
    at = data.draw(st.integers(0, path.stat().st_size - 1))
    mask = data.draw(st.integers(1, 255))
    with altered(path, lambda whole: whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]):
        found = tilecheck.check(folder, SIZE, root, 1).faults
    assert [item.path for item in found] == [name], found
    if not bundle:
        assert found[0].byte == at
    elif found[0].detail == "" and level == 0:
        # The entry named is the one the byte belongs to, or the one whose length it changed.
        entries = merkle.unpack(path.read_bytes())
        ends = [sum(len(item) + 2 for item in entries[: place + 1]) for place in range(len(entries))]
        assert found[0].leaf == index * 256 + next(place for place, end in enumerate(ends) if at < end)


@pytest.mark.parametrize("name", ["tile/0/007", "tile/1/000", "tile/entries/007", "tile/0/257.p/208", "tile/2/000.p/1"])
def test_a_missing_or_cut_file_is_named(log: tuple[LogFolder, bytes], name: str) -> None:
    folder, root = log
    path = folder.place(name)
    for change in (lambda whole: whole[:-1], lambda whole: whole + b"\0", lambda whole: b""):
        with altered(path, change):
            assert name in [item.path for item in tilecheck.check(folder, SIZE, root, 1).faults]
    os.rename(path, path.with_suffix(".away"))
    try:
        found = tilecheck.check(folder, SIZE, root, 1).faults
    finally:
        os.rename(path.with_suffix(".away"), path)
    assert ("missing", name) in [(item.kind, item.path) for item in found]


def test_another_log_of_the_same_size_is_not_this_one(log: tuple[LogFolder, bytes]) -> None:
    folder, _ = log
    assert [item.kind for item in tilecheck.check(folder, SIZE, bytes(32), 1).faults] == ["root"]


def test_an_interrupted_swap_is_finished_or_undone(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path)
    folder.tidy()
    tree = merkle.Tree()
    folder.write([*tree.append([b"one"]), *tree.partial()])
    os.rename(tmp_path / "tile", tmp_path / "tile.old")
    (tmp_path / "tile.new").mkdir()
    folder.tidy()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["tile", "work"]
    assert folder.bundle(0, 1) == [b"one"]
