"""Fair use of the public site: so many units a minute and a day for each visitor, by what a request costs.

Counted in an unlogged table, so that all processes count together and nothing is written to the log of the database. Who
visits is not stored: an address becomes a keyed hash whose key changes every day, and is dropped after a day.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from xinyong.api import gate
from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config, cryptography, sql, visitor
from xinyong.ui import context, errors, twins

#: One request in so many clears away what is over.
_SWEEP = 500


class FairUseExceeded(XinyongError):
    """The visitor used up the units of a minute or a day."""

    code = ErrorCode.FAIR_USE
    status = 429
    zh = (
        "本站对每个来访者每{window_zh}提供 {limit} 个用量单位，已经用完，{seconds} 秒后恢复（普通页面 {page} 个单位，查询 {search} 个，信用报告 {report} 个）。"
        "需要大量数据的，请下载完整文件：{bulk}；业务系统可向平台申请接口密钥，用量为 {factor} 倍。"
    )
    en = (
        "This site gives each visitor {limit} units a {window}; they are used up and come back in {seconds} seconds (a page "
        "costs {page} unit, a search {search}, a credit report {report}). For much data download the bulk files: {bulk}; a system may ask the "
        "operator for an API key, which has {factor} times as much."
    )

    def headers(self) -> dict[str, str]:
        """When to come again."""
        return {"Retry-After": str(self.data["seconds"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A limit and what is left of it."""

    name: str
    seconds: int
    limit: int
    spent: int
    left_seconds: int

    @property
    def left(self) -> int:
        """Units left."""
        return max(0, self.limit - self.spent)


@cache
def rule_set() -> Mapping[str, Any]:
    """The limits and costs: ``datapacks/rules/fair-use.yml``."""
    text = (resources.files("xinyong.datapacks") / "rules" / "fair-use.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def cost(route: str) -> int:
    """Units of a request to a route; 0: not counted."""
    rules = rule_set()
    if any(route == name or route.startswith(f"{name}-") for name in rules["free"]):
        return 0
    fitting = [name for name in rules["costs"] if not name or route == name or route.startswith(f"{name}-")]
    return int(rules["costs"][max(fitting, key=len)])


def counted(request: HttpRequest, route: str) -> bool:
    """Whether fair use speaks of the request at all: not of officers' pages nor of what departments' systems send."""
    path = context.path_of(request)
    if path.startswith("/console/"):
        return False
    return not path.startswith("/api/v1/") or route in ("api-report", "api-reference")


def spend(who: bytes, units: int, *, factor: int = 1, now: float | None = None) -> tuple[Window, ...]:
    """Count units for a visitor. What is left of each limit, the shortest first."""
    moment = int(time.time() if now is None else now)
    limits = rule_set()["limits"]
    spans = {name: (moment // int(rule["seconds"])) * int(rule["seconds"]) for name, rule in limits.items()}
    names = list(limits)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("api", "spend"),
            {"who": who, "kinds": list(range(len(names))), "begins": [spans[name] for name in names], "units": units},
        )
        spent = dict(cursor.fetchall())
        if random.randrange(_SWEEP) == 0:  # noqa: S311  (which request sweeps is no secret)
            cursor.execute(sql.statement("api", "sweep"), {"before": moment - 2 * 86400, "minute": moment - 120})
    return tuple(
        Window(
            name=name,
            seconds=int(limits[name]["seconds"]),
            limit=int(limits[name]["units"]) * factor,
            spent=spent[place],
            left_seconds=spans[name] + int(limits[name]["seconds"]) - moment,
        )
        for place, name in enumerate(names)
    )


def who_is(request: HttpRequest, now: float | None = None) -> tuple[bytes, int]:
    """Who counts, as a hash of 16 bytes, and how many times the limits. Raises KeyRefused for a key that opens nothing."""
    caller = gate.by_key(request)
    if caller is not None:
        return _digest(f"key:{caller.client_id}", now), int(rule_set()["with_key"])
    return _digest(visitor.network(visitor.address(request.META)), now), 1


def _digest(text: str, now: float | None) -> bytes:
    day = int(time.time() if now is None else now) // 86400
    key = hmac.new(cryptography.django_secret().encode(), f"fair-use {day}".encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]


def headers(windows: tuple[Window, ...]) -> dict[str, str]:
    """``RateLimit`` and ``RateLimit-Policy`` as structured fields (draft-ietf-httpapi-ratelimit-headers-11)."""
    return {
        "RateLimit-Policy": ", ".join(f'"{item.name}";q={item.limit};w={item.seconds}' for item in windows),
        "RateLimit": ", ".join(f'"{item.name}";r={item.left};t={item.left_seconds}' for item in windows),
    }


_WINDOW_WORDS = {"minute": "分钟", "day": "日"}


class FairUse:
    """Middleware: counts before the view runs, refuses beyond the limits, and says in every answer what is left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in request.__dict__.get("fair_use", {}).items():
            response.headers[name] = value
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Called by Django once the route is known."""
        del view, args, kwargs
        match = request.resolver_match
        route = (match.url_name or "") if match else ""
        units = cost(route)
        if not units or not config.get("XINYONG_FAIR_USE") or not counted(request, route):
            return None
        try:
            who, factor = who_is(request)
        except XinyongError as error:
            return errors.answer(request, error)
        windows = spend(who, units, factor=factor)
        request.__dict__["fair_use"] = headers(windows)
        over = [item for item in windows if item.spent > item.limit]
        if not over:
            return None
        worst = max(over, key=lambda item: item.left_seconds)
        return errors.answer(
            request,
            FairUseExceeded(
                limit=worst.limit,
                window=worst.name,
                window_zh=_WINDOW_WORDS.get(worst.name, worst.name),
                seconds=worst.left_seconds,
                bulk=twins.base(request) + reverse("open-data"),
                factor=rule_set()["with_key"],
                page=cost(""),
                search=cost("search"),
                report=cost("report-document"),
            ),
        )
