"""``xinyong catalogue``: list the datasets in force, or check entry files. ``xinyong template``: the form to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from xinyong.runtime import clock
from xinyong.runtime.command import command, emit


@click.command()
@click.option(
    "--check",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check all entry files of this folder.",
)
@command
def catalogue(folder: Path | None, *, as_json: bool) -> None:
    """List the datasets that may be delivered today; --check refuses wrong entries with file, line and reason."""
    from xinyong.catalogue.loader import load_directory, load_packaged

    loaded = load_directory(folder) if folder else load_packaged()
    for entry in loaded.in_force(clock.today()):
        emit(
            {
                "code": entry.code,
                "edition": entry.edition,
                "name_zh": entry.name_zh,
                "name_en": entry.name_en,
                "fields": len(entry.fields),
                "layouts": [layout.code for layout in entry.layouts],
                "disclosure": entry.disclosure.value,
                "digest": entry.digest,
            },
            as_json=as_json,
            text=f"{entry.code:<26}{entry.edition:<10}{entry.name_zh}（{entry.name_en}）· {len(entry.fields)} 项",
        )
    for bundle in loaded.bundles.values():
        emit(
            {"code": bundle.code, "edition": bundle.edition, "name_zh": bundle.name_zh, "bundle": True},
            as_json=as_json,
            text=f"{bundle.code:<26}{bundle.edition:<10}{bundle.name_zh}（多数据集文件 bundle）",
        )


@click.command()
@click.argument("dataset")
@click.option("--layout", "code", help="Layout of the dataset; the first one in use when it is left out.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Workbook to write.")
@command
def template(dataset: str, code: str | None, out: Path, *, as_json: bool) -> None:
    """Write the form of DATASET as XLSX: headings, explanations, code lists and validation from the catalogue.

    Needs no database. A filled form is checked with `xinyong lint` and delivered like any other file.
    """
    from xinyong.catalogue import template as forms
    from xinyong.catalogue.loader import load_packaged

    entry = load_packaged().entry(dataset, clock.today())
    layout = forms.layout_of(entry, code)
    out.write_bytes(forms.write(entry, layout))
    emit(
        {"file": str(out), "dataset": entry.code, "edition": entry.edition, "layout": layout.code},
        as_json=as_json,
        text=f"{out} · {entry.name_zh} {entry.edition} · {layout.name_zh}（{layout.name_en}）",
    )
