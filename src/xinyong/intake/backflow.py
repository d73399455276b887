"""Copies of records the platform holds already, and new numbers for old records (数据回流).

A province sends back what a department delivered: in another layout, with other white space, naming itself as the source.
Such a copy says nothing new. It is told from a change by what it says, not by how: every field it fills must be what some
version of that record says already. The fields that only tell who passed the copy on stand in ``rules/backflow.yml``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import psycopg
import yaml

from xinyong.catalogue.entry import DatasetEntry
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


def judge(
    connection: psycopg.Connection[tuple[Any, ...]],
    parameters: dict[str, Any],
    entries: tuple[DatasetEntry, ...],
    layout: str,
) -> int:
    """Turn decided rows that are copies into unchanged ones, with a finding; hint at changed numbers. Copies found.

    Runs after ``decide`` in the transaction of the commit. A first delivery pays for two looks at ``decided``.
    """
    known = [(entry, rules()[entry.code]) for entry in entries if entry.code in rules()]
    if not known:
        return 0
    table = [
        {
            "code": entry.code,
            "ignored": list(rule.ignore),
            "key": list(entry.business_key),
            "unsaid": _unsaid(entry, layout),
            "hint": rule.hint,
            "number_field": entry.number_field or entry.business_key[-1],
            "number_column": entry.field_by_code(entry.number_field or entry.business_key[-1]).name_zh,
        }
        for entry, rule in known
    ]
    values = {**parameters, "rules": json.dumps(table, ensure_ascii=False)}

    def run(name: str) -> int:
        return connection.execute(sql.statement("intake", name), values).rowcount

    run("back_flow_rules")
    new, further = _counts(connection)
    run("back_flow_table")
    found = 0
    if further:
        found += run("back_flow_of_records")
    if new and any(row["unsaid"] for row in table):
        found += run("back_flow_without_key")
    if found:
        run("back_flow_unchanged")
        run("back_flow_renumber")
        run("back_flow_findings")
        run("back_flow_tally")
    if 0 < new <= HINTED:
        run("back_flow_hints")
    return found


def _counts(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[int, int]:
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE version_no = 1), count(*) FILTER (WHERE version_no > 1) FROM decided "
        "WHERE outcome = 'accepted'"
    ).fetchone()
    assert row is not None  # an aggregate yields one row
    return int(row[0]), int(row[1])
