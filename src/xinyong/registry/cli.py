"""``xinyong search``: find market entities. ``xinyong link``: propose entities for a file without codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xinyong.runtime.command import command, emit, setup_django

if TYPE_CHECKING:
    from xinyong.registry.selectors import Match


@click.command()
@click.argument("text")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1), help="Page of 20 hits.")
@command
def search(text: str, page: int, *, as_json: bool) -> None:
    """Find entities by credit code, other number, or name: any part, short form, pinyin, with a slip.

    Exit 0 when something was found, else 1. With --json: one line a hit, then a line with the total.
    """
    setup_django()
    from xinyong.registry import selectors

    found = selectors.search(text, page)
    for match in found.matches:
        entity = match.entity
        emit(
            {
                "key": selectors.address_key(entity),
                "credit_code": entity.credit_code,
                "name": entity.name,
                "kind": entity.kind,
                "status": entity.status,
                "reason": match.reason,
                "via": match.via,
                "name_kind": match.name_kind,
                "wrote": match.wrote,
                "meant": match.meant,
            },
            as_json=as_json,
            text=f"{entity.credit_code or selectors.address_key(entity):<20}{entity.name}  [{_why(match)}]",
        )
    diagnosis = found.diagnosis
    summary = {
        "total": found.total,
        "page": page,
        "diagnosis_zh": diagnosis.message_zh if diagnosis else "",
        "repaired": diagnosis.repaired if diagnosis else None,
        "offers": [{"credit_code": match.via, "name": match.entity.name} for match in found.offers],
        "capped": found.capped,
    }
    hint = f"\n{diagnosis.message_zh}" if diagnosis is not None and not found.total else ""
    offers = "".join(f"\n  {match.via}  {match.entity.name}" for match in found.offers)
    more = "以上 or more" if found.capped else ""
    emit(summary, as_json=as_json, text=f"共 {found.total} 个主体 entities{more}{hint}{offers}")
    if not found.total:
        sys.exit(1)


def _why(match: Match) -> str:
    """Why it matched, in a few words."""
    from xinyong.registry.search import words

    reason = words.label(match.reason, match.wrote, match.meant)
    return (
        f"{words.label(match.name_kind)} {match.via}, {reason}"
        if match.via != match.entity.name and match.name_kind in words.NAME_KINDS
        else reason
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Result: CSV, or JSON Lines by its name.")
@click.option("--name", "name_column", default="", help="Column of names.")
@click.option("--address", "address_column", default="", help="Column of addresses.")
@click.option("--date", "date_column", default="", help="Column of dates of establishment.")
@command
def link(
    file: Path, out: Path | None, name_column: str, address_column: str, date_column: str, *, as_json: bool
) -> None:
    """Propose entities for the rows of a file without codes. Nothing is stored: the result is a file for a person.

    A row is linked when its name is exactly one entity's registered name but for spelling, or when one near name alone
    is supported by the address or the date and contradicted by neither. The result lies beside the file unless --out.
    """
    setup_django()
    from xinyong.registry import linking

    rows = linking.read(file, {"name": name_column, "address": address_column, "date": date_column})
    decisions = linking.link(rows)
    target = out or file.with_suffix(".linked.csv")
    linking.write(decisions, rows, target)
    counts = linking.summary(decisions)
    emit(
        {**counts, "out": str(target)},
        as_json=as_json,
        text=(
            f"共 {counts['rows']} 行：建议关联 {counts['linked']}（名称一致 {counts['by_name']}，另有字段印证 {counts['settled']}），"
            f"待人工 {counts['person']}，无候选 {counts['none']}\n{target}"
        ),
    )
