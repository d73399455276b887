"""The accessibility statement, from the record of the last test run (``datapacks/site/accessibility.json``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteResult:
    """What the run found on the pages of one route, in all languages."""

    route: str
    widths: tuple[int, ...]
    checks: int
    violations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The run in figures. ``rules``: different rules that were applied to at least one page."""

    day: date
    axe: str
    tags: tuple[str, ...]
    rules: int
    widths: tuple[int, ...]
    checks: int
    violations: int
    routes: tuple[RouteResult, ...]


def summary(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The data of the page from the lines the test run wrote, one a checked page."""
    rows = list(lines)
    if not rows:
        raise ValueError("the run checked no page")
    routes: dict[str, dict[str, Any]] = {}
    rules: set[str] = set()
    for row in rows:
        found = routes.setdefault(row["route"], {"widths": set(), "checks": 0, "violations": 0})
        found["widths"].add(int(row["width"]))
        found["checks"] += 1
        found["violations"] += len(row["violations"])
        rules |= set(row["rules"])
    return {
        "day": max(row["day"] for row in rows),
        "axe": rows[-1]["axe"],
        "tags": rows[-1]["tags"],
        "rules": len(rules),
        "widths": sorted({int(row["width"]) for row in rows}),
        "checks": len(rows),
        "violations": sum(len(row["violations"]) for row in rows),
        "routes": [
            {"route": name, **found, "widths": sorted(found["widths"])} for name, found in sorted(routes.items())
        ],
    }


@cache
def statement() -> Statement:
    """The packaged record."""
    text = (resources.files("xinyong.datapacks") / "site" / "accessibility.json").read_text(encoding="utf-8")
    return parse(json.loads(text))


def parse(data: Mapping[str, Any]) -> Statement:
    """A record as the page shows it."""
    return Statement(
        day=date.fromisoformat(data["day"]),
        axe=data["axe"],
        tags=tuple(data["tags"]),
        rules=data["rules"],
        widths=tuple(data["widths"]),
        checks=data["checks"],
        violations=data["violations"],
        routes=tuple(
            RouteResult(
                route=item["route"],
                widths=tuple(item["widths"]),
                checks=item["checks"],
                violations=item["violations"],
            )
            for item in data["routes"]
        ),
    )
