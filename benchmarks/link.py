"""Batch linkage of a file without codes (bars.md R5): time, memory, precision and recall.

REGISTER (default 1 000 000) names with address and date make the register; DIRTY (default 50 000) rows are dirty copies
of some of them, without codes, a tenth of the rows of entities that are not in the register. A row linked to another
entity than its own, or linked though its entity is not there, is wrong. The reference is Splink on the same rows where
it is installed, else the published figures of the project's bars.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

REGISTER = int(os.environ.get("REGISTER", "1000000"))
DIRTY = int(os.environ.get("DIRTY", "50000"))
#: Seeds 1 to 99 are for tuning; the figures of the documents come from this one.
SEED = int(os.environ.get("SEED", "20261127"))
BAR = {"seconds": 133, "gigabytes": 4, "precision": 0.95, "recall": 0.90}
PUBLISHED = {"seconds": 133, "gigabytes": 3.7, "precision": 0.235, "recall": 0.683}
_ROADS = [
    "人民路",
    "中山路",
    "解放大道",
    "建设街",
    "和平路",
    "新华路",
    "文化路",
    "工业路",
    "长江路",
    "黄河路",
    "科技大道",
    "创业路",
    "金水路",
    "迎宾大道",
    "胜利街",
    "友谊路",
    "光明路",
    "幸福街",
    "振兴路",
    "滨河路",
]


def _address(source: random.Random, region: str) -> str:
    number, room = source.randrange(1, 400), source.randrange(101, 2000)
    return f"{region}{source.choice(_ROADS)}{number}号{source.choice(['', f'{room}室', f'{source.randrange(1, 9)}幢{room}室'])}"


def _dirty_address(source: random.Random, address: str) -> str:
    draw = source.random()
    if draw < 0.15:
        return ""
    if draw < 0.30:
        return address.split("号")[0] + "号"
    if draw < 0.45:
        return address.replace("号", " 号 ").replace("路", "路(街)", 1)
    if draw < 0.50:
        return _address(source, "")
    return address


def run() -> dict[str, Any]:
    """One JSON line."""
    from benchmarks import _namecases
    from benchmarks._population import Population
    from xinyong.registry.search import anatomy, linkage
    from xinyong.registry.search.linkage import Facts, Known, Written

    source = random.Random(SEED)
    population = Population()
    absent_count = DIRTY // 10
    texts = list(population.names(REGISTER + absent_count))
    source.shuffle(texts)
    held, absent = texts[:REGISTER], texts[REGISTER:]
    places = {}
    facts: dict[int, Facts] = {}
    for number, name in enumerate(held, 1):
        region = name[: anatomy.region_length(name)]
        places[number] = region
        year, day = source.randrange(1995, 2026), source.randrange(1, 29)
        facts[number] = Facts(address=_address(source, region), date=f"{year}-{source.randrange(1, 13):02d}-{day:02d}")
    kinds = Counter[str]()
    rows, truth = [], []
    makers = {kind: make for kind, make in _namecases._makers().items() if kind in _MIX}
    register: Any = _Names(held)
    for row in range(2, DIRTY + 2 - absent_count):
        number = source.randrange(1, REGISTER + 1)
        kind = source.choices(list(_MIX), weights=list(_MIX.values()))[0]
        text, usable = makers[kind](source, register, number - 1)
        if not text or not usable:
            kind, text = "exact", held[number - 1]
        kinds[kind] += 1
        date = facts[number].date if source.random() < 0.8 else ""
        rows.append(Written(row=row, name=text, address=_dirty_address(source, facts[number].address), date=date))
        truth.append(number)
    for row, name in enumerate(absent, DIRTY + 2 - absent_count):
        rows.append(Written(row=row, name=name, address=_address(source, ""), date="2015-01-01"))
        truth.append(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, used = time.perf_counter(), time.process_time()
    import polars as pl

    from xinyong.standards import names

    keys = names.matching_keys(pl.Series(held)).to_list()
    pieces = (
        [Known(entity_id=at + 1, key=keys[at]) for at in range(begin, min(begin + 50_000, len(keys)))]
        for begin in range(0, len(keys), 50_000)
    )
    decisions = linkage.link(rows, pieces, lambda wanted: {number: facts[number] for number in wanted})
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    linked = [(item.entity_id, number) for item, number in zip(decisions, truth, strict=True) if item.entity_id]
    right = sum(one == other for one, other in linked)
    by_rule = Counter(
        (item.rule, item.entity_id == number) for item, number in zip(decisions, truth, strict=True) if item.rule
    )
    offered = sum(
        number in {proposal.entity_id for proposal in item.proposals}
        for item, number in zip(decisions, truth, strict=True)
        if number
    )
    reference = _splink(held, facts, rows, truth) or PUBLISHED
    return {
        "benchmark": "link",
        "figure": round(seconds, 1),
        "unit": "s",
        "reference": "Splink 5 in the same run"
        if reference is not PUBLISHED
        else "Splink 5, published with the bar (not run here)",
        "reference_figures": reference,
        "reference_figure": reference["seconds"],
        "ratio": round(reference["seconds"] / seconds, 2),
        "bar": BAR,
        "cpu_seconds": round(cpu, 1),
        "peak_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "gigabytes_before": round(before / 1e6, 2),
        "precision": round(right / max(1, len(linked)), 4),
        "recall": round(right / sum(number > 0 for number in truth), 4),
        "among_candidates": round(offered / sum(number > 0 for number in truth), 4),
        "by_rule": {f"{rule} {'right' if good else 'wrong'}": count for (rule, good), count in sorted(by_rule.items())},
        "tiers": dict(Counter(item.tier.value for item in decisions)),
        "kinds": dict(kinds),
        "register": len(held),
        "rows": len(rows),
        "real_parts": population.from_real,
    }


def _splink(held: list[str], facts: dict[int, Any], rows: list[Any], truth: list[int]) -> dict[str, float] | None:
    """The figures of Splink on the same rows, by the Python named in SPLINK_PYTHON; None without one."""
    python = os.environ.get("SPLINK_PYTHON", "")
    if not python:
        return None
    with tempfile.TemporaryDirectory(prefix="xinyong-bench-") as folder:
        for table, lines in (
            (
                "register",
                ((number, name, facts[number].address, facts[number].date) for number, name in enumerate(held, 1)),
            ),
            ("rows", ((row.row, row.name, row.address, row.date) for row in rows)),
        ):
            with (Path(folder) / f"{table}.csv").open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows([("unique_id", "name", "address", "date"), *lines])
        script = Path(__file__).with_name("_splink.py")
        done = subprocess.run([python, str(script), folder], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    meant = {row.row: number for row, number in zip(rows, truth, strict=True)}
    right = sum(meant[row] == known for row, known in told["pairs"])
    return {
        "seconds": told["seconds"],
        "gigabytes": told["gigabytes"],
        "precision": round(right / max(1, len(told["pairs"])), 4),
        "recall": round(right / sum(number > 0 for number in truth), 4),
    }


#: How the names of the dirty copies are spoilt, in hundredths.
_MIX = {
    "exact": 20, "width": 15, "traditional": 5, "form": 10, "dropped": 10, "short": 8, "wrong_full": 8, "sound_full": 6,
    "shape_full": 4, "missing_full": 6, "extra_full": 4, "swap_full": 4,
}  # fmt: skip


class _Names:
    """What the makers of cases need of a register, without the tables for telling."""

    def __init__(self, texts: list[str]) -> None:
        from xinyong.registry.search import anatomy
        from xinyong.standards import names

        class _Keys:
            def __getitem__(self, at: int) -> str:
                return names.matching_key(texts[at])

        class _Parts:
            def __getitem__(self, at: int) -> anatomy.Anatomy:
                return anatomy.of(texts[at])

        self.names, self.keys, self.parts = texts, _Keys(), _Parts()

    def containing(self, text: str) -> int:
        return 1
