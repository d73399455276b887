"""Traditional characters (繁體): the Chinese pages below ``/zh-hant/``, converted on the way out.

Words of the platform are converted. What a department delivered (names, numbers, contents) stays as delivered: a name in
other characters is not the registered name. Such places carry ``translate="no"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

PREFIX = "/zh-hant/"
#: How the two ways of writing call themselves.
SIMPLIFIED, TRADITIONAL = "简体", "繁體"
_KEEP = 'translate="no"'
_PARTS = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.DOTALL)
_HAN = re.compile("[\u3400-\u9fff]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
#: Attributes that are read out or shown. ``value`` is never touched: it would come back with a form.
_WORDS = re.compile(
    r'(\s(?:aria-label|alt|title|placeholder|data-label|data-found|data-none|data-tips|data-copied)=")([^"]*)(")'
)
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"})
_OPAQUE = frozenset({"script", "style", "textarea", "title"})


def wanted(request: HttpRequest) -> bool:
    """Whether the page is asked for in traditional characters."""
    return request.path_info.startswith(PREFIX)


@cache
def _converter() -> Any:
    from opencc import OpenCC  # type: ignore[import-untyped]  # reads its dictionaries: only where somebody asks for such a page

    return OpenCC("s2tw")


@lru_cache(maxsize=8192)
def words(text: str) -> str:
    """A text in traditional characters. Most texts of a page are those of every page."""
    return str(_converter().convert(text)) if _HAN.search(text) else text


def page(html: str) -> str:
    """A page with its words converted, what is marked ``translate="no"`` left alone."""
    out: list[str] = []
    kept, depth = "", 0
    for part in _PARTS.findall(html):
        if not part.startswith("<"):
            out.append(part if depth else words(part))
            continue
        tag = _TAG.match(part)
        if tag is None:
            out.append(part)
            continue
        closing, name = bool(tag.group(1)), tag.group(2).lower()
        if depth:
            if name == kept and not part.endswith("/>"):
                depth += -1 if closing else 1
        elif not (closing or name in _VOID or part.endswith("/>")) and (name in _OPAQUE or _KEEP in part):
            kept, depth = name, 1
        out.append(part if closing or depth else _WORDS.sub(_attribute, part))
    return "".join(out)


def _attribute(found: re.Match[str]) -> str:
    return found.group(1) + words(found.group(2)) + found.group(3)


class TraditionalPages:
    """Converts every HTML answer below the prefix, error pages included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            wanted(request)
            and isinstance(response, HttpResponse)
            and response.get("Content-Type", "").startswith("text/html")
        ):
            response.content = page(response.content.decode()).encode()
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response
