"""Verification of a file of codes against a DuckDB join of the same tables (bars.md V2).

ENTITIES companies are registered and half as many penalties taken in; CODES numbers are drawn from them, one in twenty unknown.
The reference: DuckDB reads the same file, joins it to the table of entities and to the penalties, gathered by code into one
sentence, and writes a CSV. Ours: `filecheck` reads the file, answers every row for an item with its explanation, keeps a row
of the audit trail for each answer, synced, and writes its sheet as CSV. In turns, ROUNDS times; the median of the ratios counts.
Wall and CPU seconds of each are given, those of DuckDB with all its threads. The import of the audit rows into the database,
which runs beside other work, is given apart, and with XLSX=1 the same check into a workbook.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import verify

ENTITIES = int(os.environ.get("ENTITIES", "100000"))
CODES = int(os.environ.get("CODES", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
XLSX = os.environ.get("XLSX", "") == "1"
BAR = 3.0


def run() -> dict[str, Any]:
    """One JSON line."""
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-verify-file-") as name:
        os.environ.update(XINYONG_HOME=f"{name}/home", XINYONG_VERIFY_MAX_AGE_MS="100000000")
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return measure(Path(name))
        finally:
            postgres.stop()


def measure(folder: Path) -> dict[str, Any]:
    """The figures."""
    built = verify.fill(folder, ENTITIES)
    from xinyong.accounts import client_selectors
    from xinyong.verification import filecheck, journal_import

    verify.client()
    client = client_selectors.client("bench")
    assert client is not None
    caller = client_selectors.caller_of(client, key_id=0, key_prefix="", key_used_at=None)
    draw = random.Random(1)
    file = folder / "codes.csv"
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["统一社会信用代码"])
        for _ in range(CODES):
            known = draw.random() < 0.95
            number = draw.randrange(ENTITIES) if known else ENTITIES + draw.randrange(ENTITIES)
            writer.writerow([verify.code(10_000_000 + number)])
    duck = tables(folder)
    runs: dict[str, list[tuple[float, float]]] = {"duckdb": [], "ours": [], "xlsx": [], "import": []}
    counts: dict[str, int] = {}

    def check(name: str) -> None:
        nonlocal counts
        counts = filecheck.check(file, folder / name, caller=caller, item="food-licence").counts

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(ROUNDS):
        runs["duckdb"].append(timed(lambda: join(duck, file, folder / "theirs.csv")))
        runs["ours"].append(timed(lambda: check("ours.csv")))
        runs["import"].append(timed(journal_import.take_in))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if XLSX:
        runs["xlsx"].append(timed(lambda: check("ours.xlsx")))
    lines = sum(1 for _ in (folder / "ours.csv").open("rb"))
    ratios = [
        [ours[place] / theirs[place] for ours, theirs in zip(runs["ours"], runs["duckdb"], strict=True)]
        for place in (0, 1)
    ]
    return {
        "benchmark": "verify_file",
        "figure": round(statistics.median(ratios[0]), 2),
        "unit": "times a DuckDB join of the same tables",
        "bar": BAR,
        "cpu_ratio": round(statistics.median(ratios[1]), 2),
        "seconds": {
            name: [round(statistics.median(times), 2) for times in zip(*each, strict=True)]
            for name, each in runs.items()
        },
        "audit_rows": verify.audited(),
        "rows_of_sheet": lines - 1,
        "counts": counts,
        "grown_mib": round(grown / 1024),
        "codes": CODES,
        "entities": ENTITIES,
        **built,
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of this process, all its threads. What others left unwritten is written first: ours syncs, and would wait for it."""
    os.sync()
    began = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - began[0], time.process_time() - began[1]


def tables(folder: Path) -> Any:
    """The same entities and penalties in DuckDB."""
    import duckdb

    from xinyong.runtime import database

    with database.connect(autocommit=True) as session, session.cursor() as cursor:
        for name, statement in (
            ("entity", "SELECT credit_code, name, status FROM registry_entity"),
            (
                "fact",
                "SELECT entity.credit_code, version.payload->>'CF_WSH', version.payload->>'CF_WFXW', version.payload->>'CF_CFJG', "
                "version.decided_on, shown.public_until FROM publicity_window AS shown JOIN ledger_version AS version USING "
                "(entity_id, record_id) JOIN registry_entity AS entity ON entity.id = shown.entity_id WHERE "
                "version.payload->>'CF_WSH' IS NOT NULL",
            ),
        ):
            with (
                (folder / f"{name}.csv").open("wb") as handle,
                cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)".encode()) as copy,
            ):
                for piece in copy:
                    handle.write(piece)
    held = duckdb.connect()
    held.execute(
        f"CREATE TABLE entity AS SELECT * FROM read_csv('{folder}/entity.csv', header=false, names=['code','name','status'])"
    )
    held.execute(
        f"CREATE TABLE fact AS SELECT * FROM read_csv('{folder}/fact.csv', header=false, "
        "names=['code','number','what','organ','decided_on','ends_on'])"
    )
    return held


def join(held: Any, file: Path, out: Path) -> None:
    """The reference."""
    held.execute(f"""
        COPY (
            SELECT asked.code, entity.name, entity.status, coalesce(told.facts, 0) AS facts, told.words
            FROM (SELECT column0 AS code FROM read_csv('{file}', header=true, names=['column0'])) AS asked
            LEFT JOIN entity ON entity.code = asked.code
            LEFT JOIN (
                SELECT code, count(*) AS facts,
                    string_agg('行政处罚：' || number || ' ' || what || '（' || organ || '，' || decided_on || '，使用至 '
                        || ends_on || '）', '；') AS words
                FROM fact WHERE ends_on >= current_date GROUP BY code
            ) AS told ON told.code = asked.code
        ) TO '{out}' (FORMAT csv, HEADER)
    """)


if __name__ == "__main__":
    print(run())
