"""``xinyong search``: find market entities."""

from __future__ import annotations

import sys

import click

from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.argument("text")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1), help="Page of 20 hits.")
@command
def search(text: str, page: int, *, as_json: bool) -> None:
    """Find entities by credit code, other number, exact name, former name, or the beginning of a name.

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
            },
            as_json=as_json,
            text=f"{entity.credit_code or selectors.address_key(entity):<20}{entity.name}  [{match.reason}]",
        )
    diagnosis = found.diagnosis
    summary = {
        "total": found.total,
        "page": page,
        "diagnosis_zh": diagnosis.message_zh if diagnosis else "",
        "repaired": diagnosis.repaired if diagnosis else None,
    }
    hint = f"\n{diagnosis.message_zh}" if diagnosis is not None and not found.total else ""
    emit(summary, as_json=as_json, text=f"共 {found.total} 个主体 entities{hint}")
    if not found.total:
        sys.exit(1)
