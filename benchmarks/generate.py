"""Speed of ``xinyong generate``: rows per second on one core, beside a naive generator in the same run.

The reference is what is written first when test data are needed: one row at a time, ``random.choice`` over the same
word lists for every cell, check characters by the scalar functions, ``csv.writer.writerow`` per row, UTF-8, no wrong
rows, no determinism across files, no link between a row's entity and the register. It writes the 2018 licence layout
(28 columns) alone, so the generator does more per row than its reference.

    python benchmarks/generate.py [--entities 200000] [--records 800000] [--runs 3]

One JSON line: figure and reference are medians of the runs, ratio = figure / reference_figure; bar_rows is the order's
bar (one million rows within 60 seconds).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from xinyong.demo import wording
from xinyong.demo.generator import generate
from xinyong.demo.layouts import layouts
from xinyong.demo.spec import GeneratorSpec
from xinyong.standards import credit_code, organisation_code

TODAY = date(2026, 11, 20)
REFERENCE_ROWS = 50_000
BAR_ROWS_PER_SECOND = 1_000_000 / 60


def ours(entities: int, records: int, seed: int) -> float:
    """Rows per second of one city."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        manifest = generate(
            GeneratorSpec(entities=entities, records=records, seed=seed, today=TODAY), Path(folder) / "city"
        )
        return manifest.counts["rows"] / (time.perf_counter() - started)


def naive(seed: int) -> float:
    """Rows per second of the naive loop over the licence layout."""
    luck = random.Random(seed)
    words, industries = wording.names(), wording.industries()
    departments = wording.departments("示例市")
    matters = [row for rows in wording.licences().values() for row in rows]
    with (
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "n.csv").open("w", newline="", encoding="utf-8") as out,
    ):
        started = time.perf_counter()
        writer = csv.writer(out)
        writer.writerow(layouts()["licence"].ids)
        for number in range(REFERENCE_ROWS):
            body = "MA" + "".join(luck.choice(credit_code.ALPHABET) for _ in range(6))
            code = "92990102" + body + organisation_code.check_character(body)
            code += credit_code.check_character(code)
            core = luck.choice(words.first) + luck.choice(words.second)
            place, _ = luck.choice(words.places)
            name = f"{place}{core}{words.mark}{luck.choice(luck.choice(industries).words)}"
            matter, department = luck.choice(matters), luck.choice(departments)
            day = TODAY - timedelta(days=luck.randrange(8 * 365))
            values = {
                "n": number,
                "n1": luck.randint(1, 9),
                "n2": luck.randint(10, 99),
                "n3": luck.randint(100, 9999),
                "year": day.year,
                "code": code,
            }
            writer.writerow(
                [
                    name,
                    "个体工商户",
                    code,
                    *[""] * 5,
                    luck.choice(words.surnames) + luck.choice(words.given),
                    *[""] * 4,
                    matter.title,
                    f"{department.short}许准字〔{day.year}〕{number:04d}号",
                    matter.kind,
                    matter.certificate,
                    matter.number.format(**values),
                    matter.content.format(**values),
                    day.isoformat(),
                    day.isoformat(),
                    (day + timedelta(days=365 * matter.years)).isoformat(),
                    department.name_zh,
                    department.credit_code,
                    "1",
                    department.name_zh,
                    department.credit_code,
                    "",
                ]
            )
        return REFERENCE_ROWS / (time.perf_counter() - started)


def run(entities: int = 200_000, records: int = 800_000, runs: int = 3) -> dict[str, object]:
    """Run both in turn; the figures of one JSON line."""
    figures, references = [], []
    for number in range(runs):
        references.append(naive(number))
        figures.append(ours(entities, records, number))
    figure, reference = statistics.median(figures), statistics.median(references)
    return {
        "benchmark": "generate",
        "figure": round(figure),
        "unit": "rows/s on one core",
        "reference": "naive loop: one random.choice per cell, csv.writer.writerow per row, licence layout only",
        "reference_figure": round(reference),
        "ratio": round(figure / reference, 2),
        "bar": round(BAR_ROWS_PER_SECOND),
        "bar_met": figure >= BAR_ROWS_PER_SECOND,
        "rows": entities + records,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "runs": runs,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entities", type=int, default=200_000)
    parser.add_argument("--records", type=int, default=800_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(run(options.entities, options.records, options.runs)))
