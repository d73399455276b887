"""When may an item be shown? Pure decisions over plain values and the dated rule set ``datapacks/rules/publicity.yml``.

Source of periods: rules.md of the field, PUB-01 to PUB-26; every row of the data file names its law and its certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.standards import calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """First and last day an item is shown, and the first day repair may be granted."""

    public_from: date
    public_until: date | None
    earliest_repair: date | None
    severity: str
    rule: str


@cache
def rule_set() -> Mapping[str, Any]:
    """The packaged rule set."""
    text = (resources.files("xinyong.datapacks") / "rules" / "publicity.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def describe(rule: str, language: str = "zh") -> str:
    """What a rule id such as ``N58+N36`` rests on, in words: the sources of its parts."""
    table = rule_set()
    key = "source_en" if language == "en" else "source"
    sources = {str(row["id"]): str(row[key]) for row in table["penalty"]}
    sources |= {f"list-{kind}": str(row[key]) for kind, row in table["list"].items()}
    sources["named"] = "end date named by the provider" if language == "en" else "报送部门写明的截止日期"
    return ("; " if language == "en" else "；").join(sources[part] for part in rule.split("+") if part in sources)


def severity(kinds: Sequence[str]) -> str:
    """minor, general or serious, from the kinds of one decision; several kinds: the gravest governs (CLK-09)."""
    table = rule_set()["severity"]
    stems = [kind.split("-", 1)[0].split("－", 1)[0] for kind in kinds]
    if any(kind in table["serious"]["kinds"] for kind in stems):
        return "serious"
    if stems and all(kind in table["minor"]["kinds"] for kind in stems):
        return "minor"
    return "general"


def _months_after(start: date, months: int) -> date:
    # The last day of a period of months is the same-numbered day (CLK-02); it is still a public day.
    return calendar.same_day_later(start, months)


def penalty(kinds: Sequence[str], decided_on: date, named_end: date | None = None) -> Period | None:
    """The period of a penalty, or None when it is not to be published.

    ``named_end``: an end date the provider sent; it may shorten the period, never lengthen it (REF-08).
    """
    grade = severity(kinds)
    row = next(
        item
        for item in rule_set()["penalty"]
        if item["decided_from"] <= decided_on and (item["decided_until"] is None or decided_on <= item["decided_until"])
    )
    part = row[grade]
    if part.get("public") is False:
        return None
    end = _months_after(decided_on, part["latest_end_months"])
    rule = str(row["id"])
    transition = rule_set()["transition"]
    if transition["apply"] == "earlier_end" and row["id"] != transition["with"]:
        newest = next(item for item in rule_set()["penalty"] if item["id"] == transition["with"])
        newer_end = _months_after(decided_on, newest[grade]["latest_end_months"])
        if newer_end < end:
            end, rule = newer_end, f"{rule}+{newest['id']}"
    if named_end is not None and named_end < end:
        end, rule = named_end, f"{rule}+named"
    if end < decided_on:
        return None
    repair = min(_months_after(decided_on, part["earliest_repair_months"]), end)
    return Period(public_from=decided_on, public_until=end, earliest_repair=repair, severity=grade, rule=rule)


def list_entry(kind: str, entered_on: date, left_on: date | None, planned_end: date | None) -> Period | None:
    """The period of a list entry: while it stands. ``kind``: abnormal, serious or court. Left entries are not shown."""
    row = rule_set()["list"][kind]
    ends = [planned_end] if planned_end is not None else []
    if left_on is not None:
        ends.append(left_on - timedelta(days=1))
    if row["latest_end_months"] is not None:
        ends.append(_months_after(entered_on, row["latest_end_months"]))
    end = min(ends) if ends else None
    if end is not None and end < entered_on:
        return None
    repair = None
    if row.get("earliest_repair_months"):
        repair = _months_after(entered_on, row["earliest_repair_months"])
        repair = min(repair, end) if end is not None else repair
    grade = "general" if kind == "abnormal" else "serious"
    return Period(public_from=entered_on, public_until=end, earliest_repair=repair, severity=grade, rule=f"list-{kind}")


def lasting(from_day: date, until: date | None = None, *, rule: str) -> Period | None:
    """Neutral and favourable items: from the first day on, until their own end if they have one."""
    if until is not None and until < from_day:
        return None
    return Period(public_from=from_day, public_until=until, earliest_repair=None, severity="", rule=rule)
