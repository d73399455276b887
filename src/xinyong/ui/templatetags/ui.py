"""Tags and filters of the templates: icons, numbers, times, paging, bars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from xinyong.ui import clock as clock_drawing
from xinyong.ui import icons

register = template.Library()

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

TONES = frozenset({"blue", "green", "amber", "red", "gold", "teal", "violet", "grey", "navy"})
SPRITE = "ui/vendor/tabler-sprite.svg"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon that only repeats the words beside it, so it is hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static(SPRITE),
        icons.known(name),
    )


@register.filter
def tone(value: str) -> str:
    """A tone the style sheet knows; ``grey`` for others."""
    return value if value in TONES else "grey"


@register.filter
def grouped(value: int) -> str:
    """1128 as 1,128."""
    return f"{value:,}"


@register.filter
def percent(value: float) -> str:
    """97.5 for the page; never 100.0 unless nothing is missing, never a lone 0 decimal."""
    return f"{value:.1f}".removesuffix(".0")


@register.filter
def minute(value: datetime | None) -> str:
    """Local time to the minute: what the public reads."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M") if value else ""


@register.filter
def second(value: datetime | None) -> str:
    """Local time to the second: what officers read."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S") if value else ""


@register.filter
def size(value: int) -> str:
    """A file size in words: 12,345 字节 would be noise, 12.1 KB is not."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
        amount /= 1024
    raise AssertionError


@register.simple_tag(takes_context=True)
def data_lang(context: dict[str, Any], text: object = None) -> SafeString:
    """On English pages, says that what stands inside is Chinese data: always, or when ``text`` holds Chinese."""
    site = context.get("site")
    if site is not None and site.hant and text is None:
        return mark_safe(' lang="zh-Hans" translate="no"')
    if site is None or not site.english or (text is not None and not _HAN.search(str(text))):
        return mark_safe("")
    return mark_safe(' lang="zh-CN"')


@register.simple_tag(takes_context=True)
def as_delivered(context: dict[str, Any], text: object) -> SafeString:
    """Says that what stands inside is data in the words of a department: never converted to traditional characters."""
    site = context.get("site")
    if site is not None and site.hant and _HAN.search(str(text)):
        return mark_safe(' lang="zh-Hans" translate="no"')
    return data_lang(context, text)


@register.simple_tag
def clock_marks(clock: clock_drawing.ClockDates) -> clock_drawing.ClockMarks:
    """The drawing positions of a repair clock."""
    minimum = clock.minimum_percent if clock.earliest_repair else None
    return clock_drawing.marks(minimum, clock.today_percent)


@register.inclusion_tag("ui/components/bar.html")
def bar(value: float, label: str) -> dict[str, Any]:
    """A share drawn as SVG with attributes; below 99 percent amber, below 90 red."""
    colour = "green" if value >= 99 else "amber" if value >= 90 else "red"
    return {"width": f"{max(0.0, min(100.0, value)):.1f}%", "colour": colour, "label": label}


@dataclass(frozen=True, slots=True)
class PageLink:
    """One item of the paging list; a gap has no address."""

    number: int
    url: str
    current: bool = False

    @property
    def gap(self) -> bool:
        return not self.url and not self.current


def _address(request: HttpRequest, parameter: str, number: int, anchor: str) -> str:
    query = request.GET.copy()
    query.pop(parameter, None)
    if number > 1:
        query[parameter] = str(number)
    text = query.urlencode()
    # Without a query the path itself: an empty reference would keep the old query.
    return (f"?{text}" if text else request.path) + (f"#{anchor}" if anchor else "")


def _numbers(page: int, pages: int) -> list[int]:
    """Pages to show, 0 for a gap: the ends and two beside the current one."""
    shown = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    result: list[int] = []
    for number in shown:
        if result and number - result[-1] > 1:
            result.append(0)
        result.append(number)
    return result


@register.inclusion_tag("ui/components/pagination.html", takes_context=True)
def pagination(
    context: dict[str, Any], page: int, pages: int, total: int, parameter: str = "page", anchor: str = "", of: str = ""
) -> dict[str, Any]:
    """Paging links that keep the other parameters; ``of`` names the list for screen readers."""
    request = context["request"]
    return {
        "links": [
            PageLink(
                number,
                _address(request, parameter, number, anchor) if number and number != page else "",
                number == page,
            )
            for number in _numbers(page, pages)
        ],
        "previous": _address(request, parameter, page - 1, anchor) if page > 1 else "",
        "next": _address(request, parameter, page + 1, anchor) if page < pages else "",
        "page": page,
        "pages": pages,
        "total": total,
        "of": of,
    }


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: str) -> str:
    """The current query with these parameters set, empty ones left out; the page number starts again."""
    request: HttpRequest = context["request"]
    current = request.GET.copy()
    current.pop("page", None)
    for key, value in changes.items():
        current.pop(key, None)
        if value:
            current[key] = value
    text = current.urlencode()
    return f"?{text}" if text else request.path
