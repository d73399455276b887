"""Peak memory of reading and checking whole files of growing size (bars.md I2), as one JSON line.

Files of the 2018 penalty layout are made on the fly from one block of rows with running numbers, read and checked in a
fresh process each, and removed. Sizes in MiB; formats: CSV, JSON Lines, gzip'ed CSV and XLSX. The peak is what the
kernel reports for the process. Nothing is written to a database.

Run: ``python benchmarks/memory.py [mib ...]`` (default 200 1000; add 3000 where there is room on the disk).

With ``LOADED=1`` the command ``xinyong intake`` takes CSV files of these sizes in, each two rows of another company, from file
to receipt into an empty installation; the peak is that of the command and the process that reads for it together, looked at
twenty times a second. The database server's memory is bounded by its settings and not counted.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.checks import penalties
from benchmarks.growth import codes
from benchmarks.verify import family

BAR_MIB = 1536
LOADED = os.environ.get("LOADED") == "1"
_MIB = 1 << 20
_MEASURE = """
import json, resource, sys, time
from datetime import date
from pathlib import Path
from xinyong.catalogue.loader import load_packaged
from xinyong.intake.lint import check_file
started = time.process_time()
result = check_file(Path(sys.argv[1]), "penalty", load_packaged(), date(2026, 11, 22), lambda findings: None)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([result.read, round(peak), time.process_time() - started]))
"""
_BLOCK = 5000


def _rows() -> Iterator[list[str]]:
    """The heading, then rows without end; the document number tells them apart, and with LOADED the code."""
    block = penalties(_BLOCK).drop("_row")
    yield block.columns
    place, code = block.columns.index("CF_WSH"), block.columns.index("CF_XDR_SHXYM")
    texts = [[cell or "" for cell in row] for row in block.rows()]
    turn = 0
    while True:
        others = codes(np.arange(turn * _BLOCK, (turn + 1) * _BLOCK) // 2).to_list() if LOADED else []
        for number, row in enumerate(texts):
            told = [*row[:place], f"{row[place]}-{turn}", *row[place + 1 :]]
            if others and told[code].startswith("91"):
                told[code] = others[number]
            yield told
        turn += 1


def _csv(path: Path, size: int, opener: Callable[[Path], Any]) -> None:
    with opener(path) as raw:
        out = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.writer(out)
        for number, row in enumerate(_rows()):
            writer.writerow(row)
            if number % 1000 == 0:
                out.flush()
                if number * 710 > size:
                    break
        out.flush()
        out.detach()


def _plain(path: Path) -> Any:
    return path.open("wb")


def _packed(path: Path) -> Any:
    return gzip.open(path, "wb", compresslevel=1)


def _jsonl(path: Path, size: int) -> None:
    rows = _rows()
    heading = next(rows)
    written = 0
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            written += out.write(json.dumps(dict(zip(heading, row, strict=True)), ensure_ascii=False) + "\n") * 2
            if written > size:
                break


def _xlsx(path: Path, size: int) -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(_rows()):
        for place, cell in enumerate(row):
            if cell:
                sheet.write_string(number, place, cell)
        if number * 1500 > size or number >= 1_000_000:  # the sheet's XML is about twice the text
            break
    book.close()


_FORMATS: dict[str, Callable[[Path, int], None]] = {
    "csv": lambda path, size: _csv(path, size, _plain),
    "csv.gz": lambda path, size: _csv(path, size, _packed),
    "jsonl": _jsonl,
    "xlsx": _xlsx,
}


def run(sizes: list[int] | None = None) -> dict[str, Any]:
    """Peak of every format and size; ``figure`` is the highest."""
    peaks: dict[str, dict[str, int]] = {}
    seconds: dict[str, float] = {}
    for name, write in _FORMATS.items():
        for size in sizes or [200, 1000]:
            if name in ("xlsx", "jsonl") and size > 1000:
                continue  # a sheet ends at a million rows; JSON Lines are read line by line and grow with nothing
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"penalties.{name}"
                write(path, size * _MIB)
                done = subprocess.run(
                    [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
                )
            rows, peak, spent = json.loads(done.stdout)
            peaks.setdefault(name, {})[f"{size} MiB, {rows} rows"] = peak
            seconds[f"{name} {size}"] = round(spent, 1)
    highest = max(peak for by_size in peaks.values() for peak in by_size.values())
    return {
        "benchmark": "memory",
        "figure": highest,
        "unit": "MiB, peak of the process",
        "reference": "the size of the largest file",
        "reference_figure": max(sizes or [1000]),
        "ratio": round(highest / BAR_MIB, 3),
        "bar": BAR_MIB,
        "peaks": peaks,
        "cpu_seconds": seconds,
    }


def _resident(pid: int) -> float:
    """MiB of a process and all below it."""
    pages = 0
    for one in family(pid):
        with contextlib.suppress(OSError, IndexError):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def loaded(sizes: list[int] | None = None) -> dict[str, Any]:
    """Peak of the whole command by size of file; ``figure`` is the highest."""
    peaks: dict[str, int] = {}
    told: dict[str, Any] = {}
    command = [sys.executable, "-c", "from xinyong.cli import main; main()"]
    for size in sizes or [200, 1000]:
        with tempfile.TemporaryDirectory(prefix="xinyong-memory-") as folder:
            environment = {**os.environ, "XINYONG_HOME": f"{folder}/home", "XINYONG_MAX_FILE_MIB": "4096"}
            environment.pop("XINYONG_DATABASE_URL", None)
            path = Path(folder) / "penalties.csv"
            _csv(path, size * _MIB, _plain)
            subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
            taking = [*command, "intake", str(path), "--dataset", "penalty", "--department", "demo", "--json"]
            peak = 0.0
            with subprocess.Popen(
                taking, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as process:
                while process.poll() is None:
                    peak = max(peak, _resident(process.pid))
                    time.sleep(0.05)
                assert process.stdout is not None
                receipt = json.loads(process.stdout.read().splitlines()[-1])
            subprocess.run([*command, "stop"], env=environment, check=True, capture_output=True)
            name = f"{path.stat().st_size // _MIB} MiB"
            peaks[name] = round(peak)
            told[name] = {key: receipt[key] for key in ("read", "accepted", "entities_created", "rows_per_second")}
    highest = max(peaks.values())
    return {
        "benchmark": "memory",
        "figure": highest,
        "unit": "MiB, peak of the command with the process that reads for it",
        "bar": BAR_MIB,
        "ratio": round(highest / BAR_MIB, 3),
        "peaks": peaks,
        "receipts": told,
    }


if __name__ == "__main__":
    print(json.dumps((loaded if LOADED else run)([int(size) for size in sys.argv[1:]] or None), ensure_ascii=False))
