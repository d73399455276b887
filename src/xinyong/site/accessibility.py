"""The accessibility statement, from the record of the last test run (``datapacks/site/accessibility.json``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What a visitor calls the pages of a route; a route without a name here is shown by its code.
_TITLES: Mapping[str, Promise] = {
    "accessibility": _("无障碍声明"),
    "article": _("文章"),
    "articles": _("政策与资讯"),
    "catalogue": _("信用信息目录"),
    "catalogue-entry": _("信息资源"),
    "commitments": _("信用承诺"),
    "deliveries": _("数据报送"),
    "double-publicity": _("双公示"),
    "entity": _("信用档案"),
    "home": _("首页"),
    "news": _("信用动态"),
    "objection": _("异议申诉"),
    "open-data": _("数据开放"),
    "open-data-deletions": _("停止公示的信息"),
    "open-data-set": _("数据集"),
    "policies": _("政策法规"),
    "privacy": _("隐私声明"),
    "public-list": _("名单"),
    "public-lists": _("名单公示"),
    "record-page": _("公示记录"),
    "repair": _("信用修复"),
    "report": _("信用报告"),
    "search": _("信用查询"),
    "share": _("分享的信用信息"),
    "site-map": _("网站地图"),
    "statistics": _("统计"),
    "verify": _("验证报告真伪"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteResult:
    """What the run found on the pages of one route, in all languages."""

    route: str
    widths: tuple[int, ...]
    checks: int
    violations: int

    @property
    def title(self) -> str:
        """In the language of the page."""
        return str(_TITLES.get(self.route, self.route))


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
