"""Speed and memory of the file readers against ``polars.read_csv`` of the same file with every column as text.

The reference does none of the checks (encoding of the whole file, quotes, cell counts, controls, formulas) and holds
the whole table in memory. A gzip'ed file is expanded twice here, because nothing is given before all of it is proved.
Each figure is the median of three fresh processes; ratios are of the same run.

Run: ``python benchmarks/reading.py [rows]``. The registration sample is read when ``XINYONG_SAMPLES`` names a folder
with ``registration/registration_a.csv.gz``.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_OURS = """
import json, resource, sys, time
from pathlib import Path
import polars as pl
from xinyong.intake.reading import open_source
pl.read_csv(b"a,b\\n1,2\\n")
start = time.perf_counter()
with open_source(Path(sys.argv[1])) as source:
    rows = sum(batch.read for batch in source.batches())
spent = time.perf_counter() - start
print(json.dumps([rows, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
_REFERENCE = """
import json, resource, sys, time
import polars as pl
pl.read_csv(b"a,b\\n1,2\\n")
start = time.perf_counter()
rows = pl.read_csv(sys.argv[1], infer_schema=False).height
spent = time.perf_counter() - start
print(json.dumps([rows, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def write_penalties(path: Path, rows: int) -> None:
    """Synthetic penalties in 30 columns: Chinese text, quotes and delimiters in every seventh row."""
    block = []
    for k in range(5000):
        shop = '"店招",' if k % 7 == 0 else ""
        block.append(
            [f"某某市第{k}建筑工程有限公司", "法人及非法人组织", f"91{k * 7919:016d}", "", "", "",
             "负责人", "", "", "",
             f"苏市监处罚〔2024〕{k}号", "违反广告法第九条规定",
             f"在网站宣传页面使用“国家级”“最佳”等用语，{shop}经查属实",
             "《中华人民共和国广告法》第五十七条", "罚款", f"罚款人民币{k * 10}元", f"{k / 100:.6f}", "0.000000", "",
             f"2024-01-{k % 28 + 1:02d}", "2027-01-01", "2027-01-01", "苏州市市场监督管理局", "11320500014149601P",
             "苏州市市场监督管理局", "11320500014149601P", "无", "", "2024-02-01", "1"]
        )  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([f"CF_{i:02d}" for i in range(30)])
        for start in range(0, rows, len(block)):
            writer.writerows(block[: rows - start])


def _measure(code: str, path: Path) -> tuple[int, float, float]:
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, spent, memory = json.loads(done.stdout)
    return int(rows), float(spent), float(memory)


def _compare(name: str, path: Path, bar: float | None) -> dict[str, Any]:
    pairs = [(_measure(_OURS, path), _measure(_REFERENCE, path)) for _ in range(3)]
    ours = statistics.median(rows / spent for (rows, spent, _), _ in pairs)
    theirs = statistics.median(rows / spent for _, (rows, spent, _) in pairs)
    return {
        "name": name,
        "figure": round(ours),
        "unit": "rows/s",
        "reference": "polars.read_csv, all text, no checks",
        "reference_figure": round(theirs),
        "ratio": round(ours / theirs, 3),
        "bar": bar,
        "peak_mib": round(max(memory for (_, _, memory), _ in pairs)),
        "reference_peak_mib": round(max(memory for _, (_, _, memory) in pairs)),
        "rows": pairs[0][0][0],
    }


def run(rows: int = 1_000_000) -> dict[str, Any]:
    """The 30-column figure, with the registration sample beside it when it is at hand. ``bar`` is for ``ratio``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "penalties.csv"
        write_penalties(path, rows)
        result = _compare(f"reading CSV, {rows} rows × 30 columns", path, 0.3)
    sample = Path(os.environ.get("XINYONG_SAMPLES", "../shared/data")) / "registration" / "registration_a.csv.gz"
    if sample.exists():
        result["sample"] = _compare("reading registration_a.csv.gz, 9 columns", sample, None)
    return result


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:2])), ensure_ascii=False))
