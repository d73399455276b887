"""Name search in millions of names (bars.md R4): time and recall@20 a kind of query, against pg_trgm in the same run.

NAMES (default 3 000 000) names are laid into a database of its own; the index is built over them; EACH (default 120)
queries a kind are made from them, with the name that is meant known. Each is answered as the search page asks. The
reference orders the same names by pg_trgm similarity of the matching key through its trigram index.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections import defaultdict
from typing import Any

NAMES = int(os.environ.get("NAMES", "3000000"))
EACH = int(os.environ.get("EACH", "120"))
REFERENCE = int(os.environ.get("REFERENCE", "60"))
BAR = {"p95_ms": 30, "p99_ms": 80, "recall": 0.99}


def run() -> dict[str, Any]:
    """The figures of one JSON line: p95 in milliseconds; the ratio says how many times the reference takes."""
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-bench-") as name:
        os.environ["XINYONG_HOME"] = f"{name}/home"
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return _measure()
        finally:
            postgres.stop()


def _measure() -> dict[str, Any]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
    django.setup()
    from benchmarks import _register
    from benchmarks._population import Population
    from xinyong.migrate import prepare

    prepare()
    population = Population()
    texts = list(population.names(NAMES))
    keys = _register.fill(texts)
    seconds = _register.build()
    figures = judged(texts, keys, EACH)
    reference = _reference(
        [case for case in figures.pop("cases") if case.kind.endswith("_full")][:: max(1, EACH * 6 // REFERENCE)]
    )
    return {
        "benchmark": "search",
        "figure": figures["p95_ms"],
        "unit": "ms p95",
        "reference": "pg_trgm: order by similarity of the matching key through a GIN trigram index, 20 hits",
        "reference_figure": round(reference, 1),
        "ratio": round(reference / figures["p95_ms"], 1),
        "bar": BAR,
        "names": len(texts),
        "real_parts": population.from_real,
        "build_names_per_second": round(len(texts) / seconds),
        **figures,
    }


def judged(
    texts: list[str], keys: list[str], each: int, seed: int = 20261126, among: int | None = None
) -> dict[str, Any]:
    """Time and recall of the search over a filled database."""
    from benchmarks import _namecases
    from xinyong.registry.search import listing

    register = _namecases.Register(texts, keys)
    made, dropped = _namecases.cases(register, each, seed, among or len(texts))
    del register
    for case in made[:: max(1, len(made) // 50)]:
        listing.page(case.text, 1, 20)
    times: dict[str, list[float]] = defaultdict(list)
    right: dict[str, int] = defaultdict(int)
    for case in made:
        started = time.perf_counter()
        hits = listing.page(case.text, 1, 20).hits
        times[case.kind].append((time.perf_counter() - started) * 1000)
        right[case.kind] += any(hit.bearer_id == case.target + 1 for hit in hits)
    every = sorted(value for values in times.values() for value in values)
    return {
        "p50_ms": round(statistics.median(every), 1),
        "p95_ms": round(every[int(len(every) * 0.95)], 1),
        "p99_ms": round(every[int(len(every) * 0.99)], 1),
        "queries": len(every),
        "recall": {kind: round(right[kind] / len(values), 3) for kind, values in times.items()},
        "p95_ms_by_kind": {kind: round(sorted(values)[int(len(values) * 0.95)], 1) for kind, values in times.items()},
        "not_to_be_told": dropped,
        "cases": made,
    }


def _reference(cases: list[Any]) -> float:
    """The p95 of pg_trgm for the same queries, in milliseconds; its index is built first and not counted."""
    from xinyong.runtime import database
    from xinyong.standards import names

    with database.connect(autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("CREATE INDEX bench_trgm ON registry_name USING gin (name_key gin_trgm_ops)")
        connection.execute("SET pg_trgm.similarity_threshold = 0.3")
        times = []
        for case in cases:
            key = names.matching_key(case.text)
            started = time.perf_counter()
            connection.execute(
                "SELECT id FROM registry_name WHERE name_key %% %(key)s ORDER BY similarity(name_key, %(key)s) DESC LIMIT 20",
                {"key": key},
            ).fetchall()
            times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[int(len(times) * 0.95)]
