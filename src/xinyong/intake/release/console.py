"""Releasing and discarding held deliveries in the console."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from xinyong.accounts.models import User
from xinyong.intake import actions, selectors
from xinyong.intake.correction.console import deed
from xinyong.intake.failures import DeliveryFailed
from xinyong.intake.models import Delivery
from xinyong.ui.context import language

#: A delivery of so many rows enters while the officer waits; a larger one is left to a worker.
_AT_ONCE = 5_000


@deed
def release(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Let a held delivery enter. Of two officers at once one succeeds, the other reads what became of it."""
    released = actions.release(delivery, user, request.POST.get("note", ""))
    if released.read <= _AT_ONCE:
        with suppress(actions.DeliveryBusy, actions.DeliveryRefused, DeliveryFailed):
            actions.process(released)
    released.refresh_from_db()
    return _("批次 %(number)s 已放行，现为「%(state)s」。") % {
        "number": released.number,
        "state": selectors.delivery_row(released, language()).state_label,
    }


@deed
def discard(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """End a held delivery without taking in anything of it."""
    actions.discard(delivery, user, request.POST.get("note", ""))
    return _("批次 %(number)s 已退回，未入库任何一行；原文件保留备查。") % {"number": delivery.number}


urlpatterns: list[URLPattern] = [
    path("deliveries/<slug:number>/release", release, name="delivery-release"),
    path("deliveries/<slug:number>/discard", discard, name="delivery-discard"),
]
