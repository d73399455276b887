"""Bulk check of unified social credit codes against python-stdnum, in one process and one run.

Run it: ``python benchmarks/code_check.py``. It prints one JSON line. Bar I7: at least 5 million checks a second.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import polars as pl
from stdnum.cn import uscc

from xinyong.standards import organisation_code
from xinyong.standards.credit_code import ALPHABET, MARKET_ENTITY_PREFIXES, check_character
from xinyong.standards.credit_code_bulk import classify

BAR = 5_000_000
ROWS = 2_000_000
REFERENCE_ROWS = 50_000
REPEATS = 5


def codes(count: int, seed: int = 20261122) -> list[str]:
    """``count`` made-up valid codes of market entities in the demonstration region, the same for the same seed."""
    random_source = random.Random(seed)
    prefixes = sorted(MARKET_ENTITY_PREFIXES)
    made = []
    for _ in range(count):
        organisation = "MA" + "".join(random_source.choices(ALPHABET, k=6))
        body = (
            random_source.choice(prefixes) + "990102" + organisation + organisation_code.check_character(organisation)
        )
        made.append(body + check_character(body))
    return made


def best_rate(work: Callable[[], object], rows: int, repeats: int) -> float:
    """Rows a second of the fastest of ``repeats`` runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return rows / min(seconds)


def run() -> dict[str, object]:
    """Measure; the figures of one JSON line."""
    sample = codes(REFERENCE_ROWS)
    column = pl.concat([pl.Series(sample)] * (ROWS // REFERENCE_ROWS), rechunk=True)
    if not classify(column).valid.all() or not all(uscc.is_valid(code) for code in sample):
        raise SystemExit("the sample must be valid for both")
    figure = best_rate(lambda: classify(column), ROWS, REPEATS)
    reference = best_rate(lambda: [uscc.is_valid(code) for code in sample], REFERENCE_ROWS, 3)
    return {
        "figure": round(figure),
        "unit": "codes/s",
        "reference": "python-stdnum stdnum.cn.uscc.is_valid",
        "reference_figure": round(reference),
        "ratio": round(figure / reference, 1),
        "bar": BAR,
    }


if __name__ == "__main__":
    print(json.dumps(run()))
