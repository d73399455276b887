"""What the console's menu says of cases, and small look-ups of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from xinyong.accounts.models import User
from xinyong.remedies import desk, tips

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_cases(context: dict[str, Any]) -> int:
    """Cases that wait for the officer who reads the page."""
    user = getattr(context.get("request"), "user", None)
    return sum(desk.waiting(user).values()) + tips.waiting_tips(user) if isinstance(user, User) else 0


@register.filter
def of(table: Mapping[Any, Any], key: Any) -> Any:
    """The value under a key."""
    return table.get(key, "")
