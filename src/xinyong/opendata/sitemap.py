"""robots.txt and the sitemap: an index, the fixed pages, and blocks of entity files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from xinyong.publicity import gone
from xinyong.registry import keys
from xinyong.runtime import sql
from xinyong.ui import twins
from xinyong.ui.errors import PageNotFound

_XML = "application/xml; charset=utf-8"
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: Fixed pages worth finding, by route.
PAGES = ("home", "search", "catalogue", "verify", "open-data", "api-reference")
#: Pages of rooms above that are worth finding: each gives routes with their arguments.
MORE: list[Callable[[], Iterable[tuple[str, tuple[Any, ...]]]]] = []


def _rules() -> dict[str, Any]:
    rules = gone.rule_set()["sitemap"]
    return {"size": int(rules["part"]), "kinds": list(rules["kinds"])}


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("opendata", name), parameters)
        return list(cursor.fetchall())


def _document(request: HttpRequest, kind: str, item: str, addresses: Iterable[str]) -> HttpResponseBase:
    body = "".join(f"<{item}><loc>{escape(address)}</loc></{item}>\n" for address in addresses)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{_SPACE}">\n{body}</{kind}>\n'
    return twins.conditional(request, HttpResponse(text, content_type=_XML))


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """The parts of the sitemap."""
    site = twins.base(request)
    parts = [
        reverse("sitemap-pages"),
        *(reverse("sitemap-part", args=[part]) for (part,) in _rows("sitemap_parts", _rules())),
    ]
    return _document(request, "sitemapindex", "sitemap", (site + part for part in parts))


@require_safe
def pages(request: HttpRequest) -> HttpResponseBase:
    """The fixed pages, in both languages."""
    site = twins.base(request)
    addresses = []
    for language in ("zh-hans", "en"):
        with override(language):
            addresses += [site + reverse(name) for name in PAGES]
            addresses += [site + reverse(name, args=list(given)) for more in MORE for name, given in more()]
    return _document(request, "urlset", "url", addresses)


@require_safe
def part(request: HttpRequest, number: int) -> HttpResponseBase:
    """Entity files of one block. Individual businesses are left out: a search engine would make a file of a person."""
    rows = _rows("sitemap_part", {"part": number, **_rules()}) if number < 1 << 31 else []
    if not rows:
        raise PageNotFound(path=request.path)
    site = twins.base(request)
    with override("zh-hans"):
        addresses = [site + reverse("entity", args=[code or keys.public_key(pk)]) for pk, code in rows]
    return _document(request, "urlset", "url", addresses)


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    """Everything may be read; what only costs, or is for officers, need not be."""
    lines = [
        "User-agent: *",
        "Disallow: /search?",
        "Disallow: /search.",
        "Disallow: /search/",
        "Disallow: /en/search?",
        "Disallow: /en/search.",
        "Disallow: /en/search/",
        "Disallow: /s/",
        "Disallow: /en/s/",
        "Disallow: /console/",
        "Disallow: /en/console/",
        "Disallow: /open-data/files/",
        f"Sitemap: {twins.base(request)}{reverse('sitemap')}",
        "",
        f"# Bulk files instead of crawling: {twins.base(request)}{reverse('open-data')}",
        "",
    ]
    return twins.conditional(request, HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))
