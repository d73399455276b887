"""Growth of one installation (bars.md I3, I6): compact records by the million through the real engine, until ROWS are in.

ROWS (default 200 000) records of PER rows a delivery (default a twentieth of ROWS, at most a million) about ENTITIES entities
(default a tenth of ROWS) are delivered as .csv.gz files, each about other entities in another order; effects (publicity
windows, log) read on after each. Every step is a line of ``growth.jsonl`` in the home: rows a second, wall and CPU, of the
intake and of each effect. After every tenth of ROWS (10 million of 100) come the bytes a record on disk and the time of
queries by code.

    GROWTH_HOME=/big/disk ROWS=100000000 make bench NAME=growth

goes on where it was stopped or killed; without GROWTH_HOME a temporary home is used and removed.

FILL lays that many of the ROWS down beside the engine first (``_filler.py``), and the engine takes the others; all of ROWS:
it only fills. GROWTH_AGAINST names the home of a smaller installation, filled and grown likewise, whose speed and queries are
the reference then.
LEFT_OUT names effects that are not read on.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks._filler import STRIDE

ROWS = int(os.environ.get("ROWS", "200000"))
PER = int(os.environ.get("PER", str(max(1000, min(1_000_000, ROWS // 20)))))
ENTITIES = int(os.environ.get("ENTITIES", str(max(1000, ROWS // 10))))
FILL = int(os.environ.get("FILL", "0"))
#: Effects that are not read on after each step; with "log" the leaves of FILL are not written either, with
#: "publicity" its windows.
LEFT_OUT = set(os.environ.get("LEFT_OUT", "").split())
QUERIES = 500
BAR = 0.9

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
_VALUE = {chr(letter): place for place, letter in enumerate(_ALPHABET.tolist())}
_BY_CODE = """
SELECT head.record_id, version.payload FROM registry_identifier AS number
JOIN ledger_record AS head ON head.entity_id = number.entity_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
WHERE number.type = 'credit_code' AND number.value = %s
ORDER BY head.decided_on DESC LIMIT 20
"""
_SIZES = """
SELECT coalesce(parent.relname, part.relname), sum(pg_relation_size(part.oid)), sum(pg_indexes_size(part.oid)),
    sum(coalesce(pg_total_relation_size(nullif(part.reltoastrelid, 0)), 0))
FROM pg_class AS part
LEFT JOIN pg_inherits AS link ON link.inhrelid = part.oid LEFT JOIN pg_class AS parent ON parent.oid = link.inhparent
WHERE part.relkind = 'r' AND part.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""


def codes(numbers: np.ndarray[Any, np.dtype[np.int64]]) -> pl.Series:
    """Valid credit codes of fictitious enterprises, one per number below 100 million."""
    digits = (numbers[:, None] // 10 ** np.arange(7, -1, -1)) % 10
    nine = (11 - (digits * np.array([3, 7, 9, 10, 5, 8, 4, 2])).sum(axis=1) % 11) % 11
    front = np.array([_VALUE[letter] for letter in "91990100"])
    values = np.hstack((np.tile(front, (len(numbers), 1)), digits, nine[:, None]))
    values[:, 16] = np.where(nine == 10, _VALUE["X"], nine)
    weights = np.array([pow(3, place, 31) for place in range(17)])
    last = (31 - (values * weights).sum(axis=1) % 31) % 31
    letters = _ALPHABET[np.hstack((values, last[:, None]))]
    return pl.Series("UNISCID", letters.view("S18").ravel().astype(str))


def _file(folder: Path, step: int, filled: int = 0) -> Path:
    """The delivery of a step: an affine walk through the entities, so that near rows lie far apart in every index."""
    places = np.arange(PER, dtype=np.int64) + filled + step * PER
    return _written(folder / f"growth-{step:05d}.csv.gz", places * STRIDE % ENTITIES, places)


def _written(path: Path, numbers: np.ndarray[Any, np.dtype[np.int64]], places: np.ndarray[Any, Any]) -> Path:
    first = date(2020, 1, 1)
    days = [(first + timedelta(days=day)).isoformat() for day in range(2000)]
    frame = pl.DataFrame(
        {
            "ENTNAME": pl.Series(numbers).cast(pl.String) + "号公司",
            "UNISCID": codes(numbers),
            "RYLB": ["纳税信用A级"] * len(places),
            "RYMC": pl.Series(places // ENTITIES).cast(pl.String) + "号荣誉",
            "RDDW": ["示例局"] * len(places),
            "RDRQ": pl.Series(days).gather(pl.Series((numbers + places // ENTITIES) % 2000)),
        }
    )
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(frame.write_csv().encode())
    return path


def _cpu() -> tuple[float, float]:
    """CPU seconds so far: of this process and its children, of the database server with all its sessions."""
    from xinyong.runtime import postgres

    own = sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
    tick = os.sysconf("SC_CLK_TCK")
    postmaster = int((postgres.server().data / "postmaster.pid").read_text().splitlines()[0])
    server = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = int(stat.parent.name), stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if pid == postmaster:
            server += sum(map(int, rest[11:15])) / tick  # sessions that ended are counted with their parent
        elif int(rest[1]) == postmaster:
            server += sum(map(int, rest[11:13])) / tick
    return own, server


def _step(step: int, file: Path, department: Any, filled: int) -> dict[str, Any]:
    from xinyong.intake import actions
    from xinyong.ledger import corridor

    before, started = _cpu(), time.perf_counter()
    receipt = actions.deliver(file, dataset="honours", department=department, uploader="bench")
    if receipt.accepted != PER:
        raise RuntimeError(f"step {step}: {receipt}")
    taken, after = time.perf_counter(), _cpu()
    line: dict[str, Any] = {
        "step": step,
        "rows": PER,
        "records": filled + (step + 1) * PER,
        "intake_seconds": round(taken - started, 2),
        "rows_per_second": round(PER / (taken - started)),
        "cpu_us_a_row": [round((now - then) / PER * 1e6, 2) for now, then in zip(after, before, strict=True)],
    }
    for name in corridor.names():
        if name in LEFT_OUT:
            continue
        begun = time.perf_counter()
        corridor.catch_up_one(name)
        line[f"{name}_seconds"] = round(time.perf_counter() - begun, 2)
    line["seconds"] = round(time.perf_counter() - started, 2)
    line["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return line


def _look(records: int) -> dict[str, Any]:
    """Bytes a record on disk by table, and the time of queries by code."""
    from xinyong.runtime import config, database

    draw = random.Random(records)
    wanted = codes(np.array([draw.randrange(ENTITIES) for _ in range(QUERIES)], dtype=np.int64)).to_list()
    times = []
    with database.connect(autocommit=True) as connection:
        for code in wanted:
            begun = time.perf_counter()
            found = connection.execute(_BY_CODE.encode(), (code,)).fetchall()
            times.append((time.perf_counter() - begun) * 1000)
            if not found and records >= ENTITIES:
                raise RuntimeError(f"nothing found by code {code}")
        sizes = connection.execute(_SIZES.encode()).fetchall()
    files = {
        name: sum(path.stat().st_size for path in config.home(name).rglob("*") if path.is_file())
        for name in ("log", "deliveries")
    }
    disk = {
        str(name): [round(float(size) / records, 1) for size in (heap, index, toast)]
        for name, heap, index, toast in sizes
    }
    total = sum(float(size) for _, *parts in sizes for size in parts) + sum(files.values())
    times.sort()
    return {
        "records": records,
        "query_ms_p50": round(times[len(times) // 2], 3),
        "query_ms_p99": round(times[int(len(times) * 0.99)], 3),
        "bytes_a_record": round(total / records, 1),
        "table_index_toast": disk,
        **{f"{name}_bytes": round(size / records, 1) for name, size in files.items()},
    }


def _say(home: Path, line: dict[str, Any]) -> None:
    with (home / "growth.jsonl").open("a") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(json.dumps(line, ensure_ascii=False), file=sys.stderr, flush=True)


def run() -> dict[str, Any]:
    """Grow to ROWS; one JSON line with the speed of the last tenth against the first."""
    from xinyong.runtime import postgres

    os.environ.pop("XINYONG_DATABASE_URL", None)
    kept = os.environ.get("GROWTH_HOME")
    with tempfile.TemporaryDirectory(prefix="xinyong-growth-") as temporary:
        home = Path(kept or temporary)
        home.mkdir(parents=True, exist_ok=True)
        os.environ["XINYONG_HOME"] = str(home)
        try:
            return _grow(home)
        finally:
            postgres.stop()


def _grow(home: Path) -> dict[str, Any]:
    from xinyong.migrate import prepare

    prepare()
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.runtime import database

    department = accounts.department("demo")
    actions.resume()
    filled = _fill(home, department) if FILL else 0
    if filled == ROWS:
        return {"benchmark": "growth", "records": filled, "entities": ENTITIES}
    with database.connect(autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM intake_delivery WHERE state = 'committed' AND file_name ~ '^growth'"
        ).fetchone()
    done = int(row[0]) if row else 0
    steps = -(-(ROWS - FILL) // PER)
    tenth = max(1, steps // 10)
    for step in range(done, steps):
        file = _file(home, step, filled)
        _say(home, _step(step, file, department, filled))
        file.unlink()
        if (step + 1) % tenth == 0 or step + 1 == steps:
            _say(home, _look(filled + (step + 1) * PER))
    return _summary([json.loads(line) for line in (home / "growth.jsonl").read_text().splitlines()], tenth)


def _fill(home: Path, department: Any) -> int:
    """A first small delivery about other entities, then the rows beside the engine, once for a home. How many there are."""
    from benchmarks import _filler
    from xinyong.intake import actions
    from xinyong.ledger import corridor

    if (home / "filled").exists():
        return int((home / "filled").read_text())
    places = np.arange(1000, dtype=np.int64)
    file = _written(home / "first.csv.gz", places + 99_000_000, places)
    actions.deliver(file, dataset="honours", department=department, uploader="bench")
    corridor.catch_up()
    file.unlink()
    filled = _filler.fill(
        FILL,
        ENTITIES,
        PER,
        codes,
        home / "enough",
        with_log="log" not in LEFT_OUT,
        with_windows="publicity" not in LEFT_OUT,
    )
    (home / "filled").write_text(str(filled))
    return filled


def _summary(lines: list[dict[str, Any]], tenth: int) -> dict[str, Any]:
    steps = [line for line in lines if "step" in line]
    looks = [line for line in lines if "query_ms_p50" in line]
    curve = []
    for start in range(0, len(steps), tenth):
        part = steps[start : start + tenth]
        rows = sum(line["rows"] for line in part)
        curve.append(
            {
                "records": part[-1]["records"],
                "rows_per_second": round(rows / sum(line["intake_seconds"] for line in part)),
                "cpu_us_a_row": [
                    round(statistics.fmean(line["cpu_us_a_row"][side] for line in part), 1) for side in (0, 1)
                ],
                "with_effects": round(rows / sum(line["seconds"] for line in part)),
            }
        )
    first = curve[0]["rows_per_second"], looks[0]
    if against := os.environ.get("GROWTH_AGAINST"):
        other = [json.loads(line) for line in (Path(against) / "growth.jsonl").read_text().splitlines()]
        smaller = [line for line in other if "step" in line]
        speed = sum(line["rows"] for line in smaller) / sum(line["intake_seconds"] for line in smaller)
        first = round(speed), [line for line in other if "query_ms_p50" in line][-1]
    figure, (reference, least) = curve[-1]["rows_per_second"], first
    return {
        "benchmark": "growth",
        "figure": figure,
        "unit": "rows/s in the last tenth",
        "reference": f"the smaller installation {against}" if against else "the same in the first tenth",
        "reference_figure": reference,
        "ratio": round(figure / reference, 3),
        "bar": BAR,
        "records": steps[-1]["records"],
        "query_p50_ratio": round(looks[-1]["query_ms_p50"] / least["query_ms_p50"], 2),
        "query_p99_ratio": round(looks[-1]["query_ms_p99"] / least["query_ms_p99"], 2),
        "bytes_a_record": looks[-1]["bytes_a_record"],
        "table_index_toast": looks[-1]["table_index_toast"],
        "curve": curve,
        "peak_mib": max(line["peak_mib"] for line in steps),
    }
