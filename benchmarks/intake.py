"""Bulk intake of the 2018 penalty layout against a bare COPY of the same rows (bars.md I1, I2, I4).

A file of ROWS generated penalties (30 columns, Chinese text) is taken in from the file to the commit: read, every field
checked, resolved, versioned, hashed, stored with usable indexes, receipt. The reference copies the same texts by COPY
into a table without indexes, in the same database and run. Both are medians of RUNS. Each run starts from an empty
database; with INTAKE_HOME (a home that ``growth`` filled) each run brings a file of its own into what is there.
``with_log``: the same with the transparency log caught up behind it.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("ROWS", "200000"))
RUNS = int(os.environ.get("RUNS", "3"))
BAR = 0.35


def _file(folder: Path, seed: int = 7) -> Path:
    """One CSV file of penalties, made by the generator."""
    from datetime import date

    from xinyong.demo import generator
    from xinyong.demo.spec import CSV_UTF8, GeneratorSpec

    # Penalties are about a seventh of a city's records.
    spec = GeneratorSpec(
        entities=max(1000, ROWS // 4),
        records=ROWS * 8,
        seed=seed,
        today=date(2026, 11, 20),
        error_rate=0.01,
        mix=((CSV_UTF8, 1),),
        rows_per_file=100_000_000,
    )
    manifest = generator.generate(spec, folder / f"city-{seed}")
    target = folder / f"penalty-{seed}.csv"
    header, written = "", 0
    with target.open("w", encoding="utf-8", newline="") as out:
        for item in manifest.files:
            if item.dataset != "penalty" or item.layout != "2018":
                continue
            with (folder / f"city-{seed}" / item.path).open(encoding="utf-8", newline="") as source:
                first = source.readline()
                if not header:
                    header = first
                    out.write(header)
                for line in source:
                    out.write(line)
                    written += 1
            if written >= ROWS:
                break
    return target


def _bare_copy(file: Path) -> tuple[float, int]:
    import polars as pl

    from xinyong.runtime import database

    frame = pl.read_csv(file, infer_schema=False)
    data = frame.write_csv(include_header=False).encode()
    columns = ", ".join(f'"{name}" text' for name in frame.columns)
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_bare")
        connection.execute(f"CREATE TABLE bench_bare ({columns})")
        started = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY bench_bare FROM STDIN WITH (FORMAT csv)") as copy:
            for offset in range(0, len(data), 1 << 18):
                copy.write(data[offset : offset + (1 << 18)])
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE bench_bare")
    return frame.height / seconds, frame.height


def run() -> dict[str, Any]:
    """One JSON line: rows per second from file to commit, and the ratio to the bare COPY."""
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-bench-") as name:
        os.environ["XINYONG_HOME"] = os.environ.get("INTAKE_HOME") or f"{name}/home"
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return _measure(Path(name))
        finally:
            postgres.stop()


def _measure(folder: Path) -> dict[str, Any]:
    from xinyong.migrate import prepare

    prepare()
    grown = bool(os.environ.get("INTAKE_HOME"))
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.ledger import corridor

    department = accounts.department("demo")
    speeds, repeats, references, logged = [], [], [], []
    rows = 0
    for run in range(RUNS):
        if grown or not run:
            file = _file(folder, int(time.time()) if grown else 7)
        reference, rows = _bare_copy(file)
        references.append(reference)
        if not grown:
            _empty()
        corridor.catch_up()
        first = actions.deliver(file, dataset="penalty", department=department, uploader="bench")
        began = time.perf_counter()
        corridor.catch_up_one("log")
        behind = time.perf_counter() - began
        again = actions.deliver(file, dataset="penalty", department=department, uploader="bench")
        if again.accepted or first.read != rows:
            raise RuntimeError(f"a repeat added {again.accepted} versions, or rows were lost: {first}")
        speeds.append(first.rows_per_second)
        logged.append(first.read / (first.seconds + behind))
        repeats.append(again.rows_per_second)
    figure, reference = statistics.median(speeds), statistics.median(references)
    return {
        "benchmark": "intake",
        "figure": round(figure),
        "unit": "rows/s",
        "reference": "bare COPY of the same rows into a table without indexes",
        "reference_figure": round(reference),
        "ratio": round(figure / reference, 3),
        "bar": 0.2 if grown else BAR,
        "rows": rows,
        "with_log": round(statistics.median(logged)),
        "with_log_ratio": round(statistics.median(logged) / reference, 3),
        "repeat_rows_per_second": round(statistics.median(repeats)),
        "repeat_ratio": round(statistics.median(repeats) / figure, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _empty() -> None:
    """Only a benchmark empties a ledger: its triggers are switched off for one session of the owner."""
    from xinyong.runtime import config, database

    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = (
            "publicity_window",
            "registry_entity",
            "registry_identifier",
            "registry_name",
            "registry_link",
            "intake_delivery",
            "ledger_record",
            "ledger_version",
            "ledger_event",
            "ledger_log_range",
            "ledger_installation",
            "ledger_effect_position",
        )
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE".encode())
        # Changes that were counted before would have the tables analysed in the midst of the next delivery, of which no row is seen yet.
        connection.execute(f"ANALYZE {', '.join(tables)}".encode())
        connection.execute("CHECKPOINT")
    shutil.rmtree(config.home("log"), ignore_errors=True)
