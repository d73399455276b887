"""Commitments for repair that departments deliver: the application for repair one names must be the promiser's own.

On this platform such a commitment is signed within its application and never without one. A department that reports one
(from its own counter, or of an earlier year) may name the application in words: then it exists, is of the same entity, before
the same unit, and was open on the day of the promise. A commitment that names none belongs to a repair handled elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from xinyong.catalogue.entry import DatasetEntry, Field
from xinyong.commitments import book, storing
from xinyong.intake.commit import Decision
from xinyong.intake.findings import Finding, FindingKind
from xinyong.remedies import selectors as remedies
from xinyong.remedies.numbers import named

#: Fields of a commitment in which it may name its application: matter, content, remark.
_SAYS = ("CNSY", "CNNR", "BZ")


def judge(decision: Decision) -> int:
    """Refuse commitments for repair that do not belong to the application they name. One of the judges of a commit."""
    if decision.part.target.entry.code != storing.DATASET:
        return 0
    entry = decision.part.target.entry
    found = decision.accepted(pl.col("payload").str.contains(book.REPAIR, literal=True))
    findings = [
        finding
        for row, text, entity in found.select("row", "payload", "entity").iter_rows()
        for finding in against(row, json.loads(text), entity, entry)
    ]
    return decision.refuse(findings) if findings else 0


def against(row: int, values: Mapping[str, Any], entity_id: int, entry: DatasetEntry) -> list[Finding]:
    """What stands against one commitment of this entity; nothing where it is not for repair or names no application."""
    if values.get("CNLX") != book.REPAIR:
        return []
    return [
        _finding(row, entry.field_by_code(field), number, *why)
        for field in _SAYS
        for number in named(str(values.get(field) or ""))
        if (why := _refusal(number, values, entity_id)) is not None
    ]


def _refusal(number: str, values: Mapping[str, Any], entity_id: int) -> tuple[str, str] | None:
    case = remedies.repair_case(number)
    if case is None or entity_id not in case.entity_ids:
        # The same words for both: whether somebody else has such a case is nothing to learn here.
        return f"承诺人没有编号为 {number} 的信用修复申请", f"the promiser has no application for repair {number}"
    unit = str(values.get("SLDWDM") or "")
    if case.unit_code and unit != case.unit_code:
        return (
            f"信用修复申请 {number} 由{case.unit}办理，不是受理单位 {unit}",
            f"application {number} lies with {case.unit}, not with the accepting unit {unit}",
        )
    made = date.fromisoformat(str(values["CNZCRQ"]))
    if made < case.opened_on or (case.closed_on is not None and made > case.closed_on):
        until = f"{case.closed_on} 办结" if case.closed_on else "尚未办结"
        ended = f"was closed on {case.closed_on}" if case.closed_on else "is open"
        return (
            f"信用修复申请 {number} 于 {case.opened_on} 提出，{until}，承诺作出日期 {made} 不在办理期间",
            f"application {number} was opened on {case.opened_on} and {ended}; the promise of {made} lies outside",
        )
    return None


def _finding(row: int, field: Field, number: str, zh: str, en: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.LOGIC,
        code="repair-application",
        field=field.code,
        column=field.name_zh,
        value=number,
        reason_zh=zh,
        reason_en=en,
        suggestion_zh="请核对申请编号、承诺人、受理单位和承诺作出日期；不在本平台办理的修复，不要填写本平台的编号",
        suggestion_en="Check number, promiser, accepting unit and day; for a repair handled elsewhere name no number",
    )
