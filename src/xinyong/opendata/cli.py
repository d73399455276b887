"""``xinyong opendata``: bulk files."""

from __future__ import annotations

from typing import Any

import click

from xinyong.runtime.command import command, emit, setup_django


@click.group()
def opendata() -> None:
    """Open data: bulk files of the public records."""


@opendata.command("cut")
@click.option("--dataset", default="", help="Only this dataset; every open one otherwise.")
@click.option(
    "--due", is_flag=True, help="Only what is due: missing, outdated, or holding a record not public any more."
)
@command
def cut(*, dataset: str, due: bool, as_json: bool) -> None:
    """Cut the CSV and Parquet files of the open datasets. Older files are kept by rule; safe to repeat and to interrupt."""
    setup_django()
    from xinyong.opendata import actions, selectors

    if dataset:
        selectors.open_entry(dataset)
    if due:
        made = actions.cut_due(dataset)
    else:
        codes = [dataset] if dataset else [entry.code for entry in selectors.open_entries()]
        made = [found for code in codes if (found := actions.cut(code)) is not None]
    views = [_view(item) for item in made]
    lines = [
        f"{view['dataset']}: {view['rows']:,} 条 rows · CSV {view['csv_bytes']:,} · Parquet {view['parquet_bytes']:,} · "
        f"{view['name']}"
        for view in views
    ]
    emit({"cuts": views}, as_json=as_json, text="\n".join(lines) or "没有需要生成的文件 Nothing was due.")


def _view(item: Any) -> dict[str, Any]:
    return {
        "dataset": item.dataset,
        "name": item.name,
        "rows": item.rows,
        "cut_at": item.cut_at.isoformat(),
        "csv_bytes": item.csv_bytes,
        "csv_sha256": item.csv_sha256,
        "parquet_bytes": item.parquet_bytes,
        "parquet_sha256": item.parquet_sha256,
        "changes_cursor": item.changes_cursor,
    }
