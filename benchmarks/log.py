"""The transparency log: durable leaves, inclusion proofs at ten million leaves, full verification of tiles (bar I8).

Figure: leaves per second from ledger rows to tiles and bundles that are on the disk (each file synced, then renamed),
in the batches of the effect, with the root known after each batch. Reference in the same run: pymerkle 7.0.0 (GPL, so
installed into a throw-away environment and never beside this package), ``SqliteTree.append_entries`` with the same
entries and batches; one entry at a time is given too. Where pymerkle cannot be installed the reference is the naive log:
one SQLite transaction per leaf that stores the entry and the new right edge. Proofs are made by a fresh reader each
(every tile read from its file), by one kept reader, and as the platform serves them; each one is verified.

    python benchmarks/log.py
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from xinyong.ledger.log import leaf, merkle, tilecheck
from xinyong.ledger.log.folder import LogFolder

ROOT = Path(__file__).parents[1]
LEAVES = 1_000_000
BATCH = 131_072
PROOF_LEAVES = 10_000_000
PROOFS = 1_000
REFERENCE_LEAVES = 200_000
BARS = {"leaves_per_second": 20_000, "proof_milliseconds": 1.0, "verified_per_second": 500_000}
PYMERKLE = "pymerkle==7.0.0"
_PYMERKLE = """
import json, sys, time
from pymerkle import SqliteTree
entries = [bytes.fromhex(line) for line in open(sys.argv[1], encoding="utf-8").read().split("\\n")]
rates = []
for batch in (int(sys.argv[3]), 1):
    part = entries if batch > 1 else entries[:2000]
    tree = SqliteTree(sys.argv[2] + str(batch), algorithm="sha256")
    started = time.perf_counter()
    if batch > 1:
        for first in range(0, len(part), batch):
            tree.append_entries(part[first : first + batch])
            tree.get_state()
    else:
        for entry in part:
            tree.append_entry(entry)
    tree.get_state()
    rates.append(len(part) / (time.perf_counter() - started))
print(json.dumps(rates))
"""


CONTEXT = {
    "dataset": "penalty",
    "delivery": "demo-20261122-0001",
    "delivery_sha256": "cd" * 32,
    "edition": "ab" * 32,
    "received_at": "2026-11-22T01:02:03.000004Z",
    "recorded_at": "2026-11-22T01:02:04.000004Z",
    "written_at": "2026-11-22T01:02:03.000005Z",
    "type": leaf.TYPE,
}
BLINDS = leaf.Blinds(bytes(32))


def rows(first: int, count: int) -> bytes:
    """Rows packed as the statement ``log_rows`` packs them."""
    return b"".join(
        [
            leaf.ROW.pack(n, n + 7, 1, n - first, n >> 2, 3, 20_000, n.to_bytes(32, "big"), n.to_bytes(32, "little"))
            for n in range(first, first + count)
        ]
    )


def built(first: int, packed: bytes) -> list[bytes]:
    """Entries of packed rows."""
    count = len(packed) // leaf.ROW.size
    digest = leaf.context_digest(CONTEXT)
    return leaf.entries([(digest, packed)], first, count, BLINDS.take(first, count))


def batches() -> Iterator[tuple[int, bytes]]:
    """All rows, in the batches of the effect."""
    for first in range(0, LEAVES, BATCH):
        yield first, rows(first, min(BATCH, LEAVES - first))


def append(folder: LogFolder) -> tuple[float, float, merkle.Tree]:
    """(leaves per second, durable; microseconds of CPU a leaf; tree). Making the rows is not counted."""
    tree, spent, worked = merkle.Tree(), 0.0, 0.0
    for first, part in batches():
        started, before = time.perf_counter(), _cpu()
        folder.write(tree.append(built(first, part)))
        tree.root()
        spent += time.perf_counter() - started
        worked += _cpu() - before
    started = time.perf_counter()
    folder.write(tree.partial())
    tree.root()
    return LEAVES / (spent + time.perf_counter() - started), worked * 1_000_000 / LEAVES, tree


def small_deliveries(folder: LogFolder, count: int = 300) -> float:
    """Deliveries of one version per second: partial tiles, bundle and checkpoint synced for each."""
    tree = merkle.Tree()
    entries = built(0, rows(0, count))
    started = time.perf_counter()
    for entry in entries:
        folder.write([*tree.append([entry]), *tree.partial()])
        folder.write_text("checkpoint", tree.root().hex())
    return count / (time.perf_counter() - started)


def naive(path: Path) -> float:
    """Leaves per second of the naive log."""
    entries = built(0, rows(0, 2_000))
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE leaf (place INTEGER PRIMARY KEY, entry BLOB, edge BLOB)")
    base.commit()
    edge: list[tuple[int, bytes]] = []
    started = time.perf_counter()
    for place, entry in enumerate(entries):
        height, hashed = 0, merkle.leaf_hash(entry)
        while edge and edge[-1][0] == height:
            height, hashed = height + 1, merkle.node_hash(edge.pop()[1], hashed)
        edge.append((height, hashed))
        base.execute("INSERT INTO leaf VALUES (?, ?, ?)", (place, entry, b"".join(item for _, item in edge)))
        base.commit()
    spent = time.perf_counter() - started
    base.close()
    return len(entries) / spent


def reference(folder: Path) -> tuple[str, float, float | None]:
    """(name, leaves per second in one batch, one at a time)."""
    lines = folder / "entries"
    lines.write_text("\n".join(item.hex() for item in built(0, rows(0, REFERENCE_LEAVES))), encoding="utf-8")
    try:
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, capture_output=True)
        python = folder / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", PYMERKLE], check=True, capture_output=True, timeout=120)
        done = subprocess.run(
            [python, "-c", _PYMERKLE, lines, folder / "tree", str(BATCH)], check=True, capture_output=True, text=True
        )
        together, single = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError):
        return "naive log: one SQLite transaction per leaf with its right edge", naive(folder / "naive.db"), None
    return f"{PYMERKLE} SqliteTree.append_entries", together, single


def proofs(path: Path) -> dict[str, float]:
    """Milliseconds of an inclusion proof at ten million leaves: by a reader of its own that reads every tile (fresh), by one
    that is kept, and as the platform serves it: a reader of its own with the upper tiles the process has read (served)."""
    folder, tree = LogFolder(path), merkle.Tree()
    for first in range(0, PROOF_LEAVES, BATCH * 4):
        entries = [n.to_bytes(8, "big") for n in range(first, min(PROOF_LEAVES, first + BATCH * 4))]
        for item in tree.append(entries):
            if "entries" not in item.path:
                _plain_write(folder.place(item.path), item.data)
    for item in tree.partial():
        _plain_write(folder.place(item.path), item.data)
    root, luck, found = tree.root(), random.Random(1), {}
    kept, tiles = merkle.TileReader(PROOF_LEAVES, folder.tile), merkle.KeptTiles()
    for name in ("fresh", "kept", "served"):
        spent, worked = [], []
        for number in range(-PROOFS // 2, PROOFS):
            place = luck.randrange(PROOF_LEAVES)
            started, before = time.perf_counter(), time.thread_time()
            if name == "kept":
                reader = kept
            else:
                reader = merkle.TileReader(PROOF_LEAVES, folder.tile, tiles if name == "served" else None)
            way = reader.inclusion(place)
            if number >= 0:  # the first ones fill what is kept
                spent.append((time.perf_counter() - started) * 1000)
                worked.append((time.thread_time() - before) * 1000)
            if not merkle.verify_inclusion(place, PROOF_LEAVES, merkle.leaf_hash(place.to_bytes(8, "big")), way, root):
                raise SystemExit("a proof does not hold")
        spent.sort()
        worked.sort()
        found[f"proof_cpu_milliseconds_p99_{name}"] = round(worked[int(PROOFS * 0.99)], 3)
        found[f"proof_milliseconds_median_{name}"] = round(statistics.median(spent), 3)
        found[f"proof_milliseconds_p99_{name}"] = round(spent[int(PROOFS * 0.99)], 3)
    return found


def _plain_write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _cpu() -> float:
    """CPU seconds of this process and its finished children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def verification(folder: LogFolder, root: bytes, processes: int) -> tuple[float, float]:
    """Entries per second of the whole check of tiles and bundles, best of three; and entries per second of CPU time."""
    spent, worked = [], []
    for _ in range(3):
        started, before = time.perf_counter(), _cpu()
        found = tilecheck.check(folder, LEAVES, root, processes)
        spent.append(time.perf_counter() - started)
        worked.append(_cpu() - before)
        if found.faults or found.root != root:
            raise SystemExit("the log does not verify")
    return LEAVES / min(spent), LEAVES / min(worked)


def run() -> dict[str, object]:
    """Measure and return one result."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        path = Path(name)
        folder = LogFolder(path / "log")
        folder.path.mkdir()
        folder.tidy()
        rate, cpu, tree = append(folder)
        together, per_cpu = verification(folder, tree.root(), os.cpu_count() or 1)
        single, _ = verification(folder, tree.root(), 1)
        stored = sum(item.stat().st_size for item in folder.path.rglob("*") if item.is_file())
        small = LogFolder(path / "small")
        small.path.mkdir()
        small.tidy()
        one_each = small_deliveries(small)
        proof_times = proofs(path / "large")
        named, other, other_single = reference(path)
    return {
        "figure": round(rate),
        "unit": "durable leaves/s",
        "reference": named,
        "reference_figure": round(other),
        "ratio": round(rate / other, 1),
        "bar": BARS,
        "reference_one_at_a_time": None if other_single is None else round(other_single),
        "deliveries_of_one_leaf_per_second": round(one_each),
        **proof_times,
        "proof_leaves": PROOF_LEAVES,
        "verified_per_second": round(together),
        "verified_per_cpu_second": round(per_cpu),
        "verified_per_second_one_process": round(single),
        "cpu_microseconds_per_leaf": round(cpu, 2),
        "bytes_per_leaf": round(stored / LEAVES),
        "load_average": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False))
