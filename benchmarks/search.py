"""Name search in millions of names (bars.md R4): time and recall@20 a kind of query, against pg_trgm in the same run.

NAMES (default 3 000 000) names are laid into a database of its own; the index is built over them; EACH (default 120)
queries a kind are made from them, with the name that is meant known. Each is answered as the search page asks. The
reference orders the same names by pg_trgm similarity of the matching key through its trigram index.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import _register

NAMES = int(os.environ.get("NAMES", "3000000"))
EACH = int(os.environ.get("EACH", "120"))
REFERENCE = int(os.environ.get("REFERENCE", "60"))
#: Seeds 1 to 99 are for tuning; the figures of the documents come from this one.
SEED = int(os.environ.get("SEED", "20261126"))
#: Cases made by a run over fewer names, which are the first of these: where that run's ``names-…`` lies. For time, not recall.
CASES_HOME = os.environ.get("CASES_HOME", "")
#: Only these kinds, separated by commas; MISSES=1 tells every name not found.
KINDS = set(filter(None, os.environ.get("KINDS", "").split(",")))
MISSES = os.environ.get("MISSES") == "1"
BAR = {"p95_ms": 30, "p99_ms": 80, "recall": 0.99}


def run() -> dict[str, Any]:
    """The figures of one JSON line: p95 in milliseconds; the ratio says how many times the reference takes."""
    with _register.filled(NAMES) as register:
        figures = judged(register, EACH, SEED)
        every = figures.pop("cases")
        full = [case for case in every if case.kind.endswith("_full")]
        reference = _reference(full[:: max(1, len(full) // REFERENCE)]) if REFERENCE else None
        return {
            "benchmark": "search",
            "figure": figures["p95_ms"],
            "unit": "ms p95",
            "reference": "pg_trgm: order by similarity of the matching key through a GIN trigram index, 20 hits",
            "reference_figure": reference and round(reference, 1),
            "ratio": reference and round(reference / figures["p95_ms"], 1),
            "bar": BAR,
            "names": register.count,
            "real_parts": register.from_real,
            "build_names_per_second": register.built,
            "seed": SEED,
            **figures,
        }


def judged(register: _register.Filled, each: int, seed: int) -> dict[str, Any]:
    """Time and recall of the search over a filled database; where the time goes, a statement and a kind."""
    from xinyong.registry.search import listing

    teller = dataclasses.replace(register, home=Path(CASES_HOME)) if CASES_HOME else register
    made, dropped = teller.cases(each, seed)
    made = [case for case in made if not KINDS or case.kind in KINDS]
    for case in made[:: max(1, len(made) // 50)]:
        listing.page(case.text, 1, 20)
    times: dict[str, list[float]] = defaultdict(list)
    used: list[float] = []
    right: dict[str, int] = defaultdict(int)
    clock = _Statements()
    with clock.listening():
        for case in made:
            started, before = time.perf_counter(), clock.cpu()
            hits = listing.page(case.text, 1, 20).hits
            times[case.kind].append((time.perf_counter() - started) * 1000)
            used.append(clock.cpu() - before)
            found = any(hit.bearer_id == case.target + 1 for hit in hits)
            right[case.kind] += found
            if MISSES and not found:
                above = "; ".join(f"{hit.name} {hit.reason.kind.name} {hit.reason.distance}" for hit in hits[:4])
                print(
                    f"{case.kind}: {case.text} for {register.texts[case.target]}: {len(hits)} hits {above}",
                    file=sys.stderr,
                )
    every = [value for values in times.values() for value in values]
    return {
        **_register.percentiles(every),
        "cpu_ms": _register.percentiles(used),
        "queries": len(every),
        "recall": {kind: round(right[kind] / len(values), 3) for kind, values in times.items()},
        "p95_ms_by_kind": {kind: round(sorted(values)[int(len(values) * 0.95)], 1) for kind, values in times.items()},
        "mean_ms": {"all": round(statistics.mean(every), 2), **clock.means(len(every))},
        "not_to_be_told": dropped,
        "cases": made,
    }


class _Statements(_register.Clock):
    """How long the database takes for the statements of a search, by their first words in ``name_search.sql``."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: dict[str, float] = defaultdict(float)
        self.slowest: dict[str, float] = defaultdict(float)
        self._names: dict[str, str] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        from django.db import connection

        with connection.execute_wrapper(self._timed):
            yield

    def _timed(self, execute: Any, statement: str, parameters: Any, many: Any, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(statement, parameters, many, context)
        finally:
            spent = (time.perf_counter() - started) * 1000
            name = self._name(statement)
            self.spent[name] += spent
            self.slowest[name] = max(self.slowest[name], spent)

    def _name(self, statement: str) -> str:
        from xinyong.runtime import sql

        if not self._names:
            self._names = {text: name for name, text in sql.load("registry").items()}
        return self._names.get(statement, "gather" if "registry_search WHERE" in statement else "other")

    def means(self, queries: int) -> dict[str, Any]:
        """Milliseconds a query (and of the slowest one) a statement; the rest of the time is Python."""
        return {
            name: [round(spent / queries, 2), round(self.slowest[name], 1)]
            for name, spent in sorted(self.spent.items(), key=lambda item: -item[1])
        }


def _reference(cases: list[Any]) -> float:
    """The p95 of pg_trgm for the same queries, in milliseconds; its index is built first and not counted."""
    from xinyong.runtime import database
    from xinyong.standards import names

    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("CREATE INDEX IF NOT EXISTS bench_trgm ON registry_name USING gin (name_key gin_trgm_ops)")
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
