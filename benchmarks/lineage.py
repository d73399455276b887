"""Bytes on disk a record beyond its content (bars.md I6), table by table: heap, indexes, toast of everything a record touches.

ROWS records (default 500 000: pages that partitions reserve ahead, up to 8 MiB a table, weigh on fewer) are taken in through the engine and every effect reads on: compact records (honours, ten an
entity, as in ``growth``) and, in a home of their own, wide ones (penalties of the generator, 30 columns). Content is the text
of the payload as it was hashed. Three figures: ``lineage`` is what makes a record traceable (versions, heads, delivery,
findings, links, events, log); ``register`` finds and names the entity; ``read_models`` can be built anew at any time. The bar
is held against lineage; ``everything`` is their sum. The delivered file itself, kept as it came, stands beside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("ROWS", "500000"))
BAR = 600
#: Lineage cost of a record of FollowTheMoney's statements, as published with the bar.
REFERENCE = 2338

_SIZES = """
SELECT coalesce(parent.relname, part.relname) AS name, sum(pg_relation_size(part.oid))::bigint,
    sum(pg_indexes_size(part.oid))::bigint,
    sum(coalesce(pg_total_relation_size(nullif(part.reltoastrelid, 0)), 0))::bigint
FROM pg_class AS part
JOIN pg_namespace AS space ON space.oid = part.relnamespace AND space.nspname IN ('public', 'derived')
LEFT JOIN pg_inherits AS link ON link.inhrelid = part.oid LEFT JOIN pg_class AS parent ON parent.oid = link.inhparent
WHERE part.relkind = 'r' GROUP BY 1
"""
_READ_MODELS = ("publicity_", "registry_search", "desk_", "reports_", "open_")
_LINEAGE = ("ledger_", "intake_", "audit_", "registry_link")


def _kind(table: str) -> str:
    if table.startswith(_READ_MODELS):
        return "read_models"
    return "lineage" if table.startswith(_LINEAGE) else "register"


def _sizes() -> dict[str, tuple[int, ...]]:
    from xinyong.runtime import database

    with database.connect_owner(autocommit=True) as connection:
        found = {str(row[0]): tuple(int(size) for size in row[1:]) for row in connection.execute(_SIZES.encode())}
    return found


def _folder(name: str) -> int:
    from xinyong.runtime import config

    return sum(path.stat().st_size for path in config.home(name).rglob("*") if path.is_file())


def _compact(folder: Path) -> tuple[Path, str]:
    from benchmarks import growth

    growth.ROWS, growth.PER, growth.ENTITIES = ROWS, ROWS, max(1000, ROWS // 10)
    return growth._file(folder, 0), "honours"


def _wide(folder: Path) -> tuple[Path, str]:
    from benchmarks import intake

    intake.ROWS = ROWS
    return intake._file(folder), "penalty"


def _measure(kind: str, folder: Path) -> dict[str, Any]:
    from xinyong.migrate import prepare

    prepare()
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.ledger import corridor
    from xinyong.runtime import database

    corridor.catch_up()
    before = _sizes()
    file, dataset = _compact(folder) if kind == "compact" else _wide(folder)
    receipt = actions.deliver(file, dataset=dataset, department=accounts.department("demo"), uploader="bench")
    corridor.catch_up()
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT count(*), sum(octet_length(payload::text)) FROM ledger_version").fetchone()
        assert row is not None  # an aggregate yields one row
        entities = connection.execute("SELECT count(*) FROM registry_entity").fetchone()
    records, content = int(row[0]), int(row[1])
    if records != receipt.accepted:
        raise RuntimeError(f"{records} versions, {receipt}")
    tables = {
        name: [round((size - old) / records, 1) for size, old in zip(sizes, before.get(name, (0, 0, 0)), strict=True)]
        for name, sizes in sorted(_sizes().items())
    }
    tables = {name: sizes for name, sizes in tables.items() if sum(sizes) >= 0.1}
    sums = {"lineage": _folder("log") / records - content / records, "register": 0.0, "read_models": 0.0}
    for name, sizes in tables.items():
        sums[_kind(name)] += sum(sizes)
    return {
        "records": records,
        "entities": int(entities[0]) if entities else 0,
        "content": round(content / records, 1),
        **{name: round(size, 1) for name, size in sums.items()},
        "everything": round(sum(sums.values()), 1),
        "log_files": round(_folder("log") / records, 1),
        "delivered_file": round(_folder("deliveries") / records, 1),
        "heap_index_toast": tables,
    }


def run() -> dict[str, Any]:
    """One JSON line; ``ratio`` says how often the bar goes into the lineage of a compact record."""
    found = {}
    for kind in ("compact", "wide"):
        # A process for each: a process keeps to one installation.
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.lineage", kind], stdout=subprocess.PIPE, text=True, check=True
        )
        found[kind] = json.loads(done.stdout.splitlines()[-1])
    figure = max(item["lineage"] for item in found.values())
    return {
        "benchmark": "lineage",
        "figure": figure,
        "unit": "bytes a record beyond the content, the larger of both kinds",
        "reference": "FollowTheMoney statements, as published",
        "reference_figure": REFERENCE,
        "ratio": round(REFERENCE / figure, 2),
        "bar": BAR,
        **found,
    }


def _alone(kind: str) -> None:
    from xinyong.runtime import postgres

    os.environ.pop("XINYONG_DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="xinyong-lineage-") as name:
        os.environ["XINYONG_HOME"] = f"{name}/home"
        try:
            print(json.dumps(_measure(kind, Path(name))))
        finally:
            postgres.stop()


if __name__ == "__main__":
    _alone(sys.argv[1])
