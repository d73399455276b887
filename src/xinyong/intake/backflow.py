"""Copies of records the platform holds already, and new numbers for old records (数据回流).

A province sends back what a department delivered: in another layout, with other white space, naming itself as the source.
Such a copy says nothing new. It is told from a change by what it says, not by how: every field it fills must be what some
version of that record says already. The fields that only tell who passed the copy on stand in ``rules/backflow.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from xinyong.catalogue.entry import DatasetEntry
from xinyong.intake.commit import Decision
from xinyong.intake.loading import Connection
from xinyong.runtime import sql

#: Deliveries with more new records than this are loads of history: no hints of changed numbers are sought in them.
HINTED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How copies of one dataset are recognised. ``ignore``: fields that say who passed a copy on, or that an older layout
    alone has. ``hint``: whether a new record that differs from an old one in its number only is pointed out."""

    ignore: tuple[str, ...]
    hint: bool


@cache
def rules() -> dict[str, Rule]:
    """The packaged rules by dataset."""
    text = resources.files("xinyong.datapacks").joinpath("rules/backflow.yml").read_text(encoding="utf-8")
    found = yaml.safe_load(text)
    return {row["dataset"]: Rule(ignore=tuple(row["ignore"]), hint=bool(row["hint"])) for row in found["rules"]}


def _unsaid(entry: DatasetEntry, layout: str) -> list[str]:
    """Parts of the business key this layout has no column for."""
    for item in entry.layouts:
        if item.code == layout:
            given = {column.to for column in item.columns} | {to for to, _ in item.inferred}
            return [code for code in entry.business_key if code not in given]
    return []


def judge(decision: Decision) -> int:
    """Turn decided rows that are copies into unchanged ones, with a finding; hint at changed numbers. Copies found.

    One of the judges of a commit. A first delivery, and one whose records no other department knows, pay for one look.
    """
    entry = decision.part.target.entry
    rule = rules().get(entry.code)
    if rule is None:
        return 0
    unsaid = _unsaid(entry, decision.part.target.layout)
    keyless = bool(unsaid) and len(unsaid) < len(entry.business_key)
    hinted = rule.hint and 0 < decision.new <= HINTED - decision.before
    shared = decision.further > 0 and _shared(decision)
    if not (shared or keyless or hinted):
        return 0
    decision.stage_payloads(new=keyless or hinted, further=shared)
    number = entry.number_field or entry.business_key[-1]
    values = {
        **decision.parameters,
        "ignored": list(rule.ignore),
        "key": list(entry.business_key),
        "unsaid": unsaid,
        "number_field": number,
        "number_column": entry.field_by_code(number).name_zh,
    }

    def run(name: str) -> int:
        return decision.connection.execute(sql.statement("intake", name), values).rowcount

    found = 0
    run("back_flow_table")
    if shared:
        found += run("back_flow_of_records")
    if keyless and decision.new:
        found += run("back_flow_without_key")
    if found:
        run("back_flow_unchanged")
        run("back_flow_findings")
    if hinted:
        run("back_flow_hints")
    decision.connection.execute("DROP TABLE back_flow")
    return found


def _shared(decision: Decision) -> bool:
    """Whether another department has delivered any of these records."""
    row = decision.connection.execute(sql.statement("intake", "back_flow_shared"), decision.parameters).fetchone()
    return bool(row and row[0])


def tally(connection: Connection, delivery_id: int) -> None:
    """Put the copies on the receipt, as a part of the unchanged rows; right before the commit."""
    connection.execute(sql.statement("intake", "back_flow_tally"), {"delivery": delivery_id})
