"""What the console's menu says of deliveries."""

from __future__ import annotations

from typing import Any

from django import template

from xinyong.accounts.models import User
from xinyong.intake.correction import selectors as correction_selectors

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_deliveries(context: dict[str, Any]) -> int:
    """Held deliveries the officer who reads the page may decide about."""
    user = getattr(context.get("request"), "user", None)
    return correction_selectors.waiting(user) if isinstance(user, User) else 0
