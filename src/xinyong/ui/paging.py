"""Page numbers in addresses."""

from __future__ import annotations

from django.http import HttpRequest


def page_number(request: HttpRequest, parameter: str = "page") -> int:
    """The page asked for; anything unusable is page 1."""
    text = request.GET.get(parameter, "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 8 and int(text) > 0 else 1
