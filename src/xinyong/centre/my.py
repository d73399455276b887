"""The firm's own pages: what needs doing, the whole file, who looked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from xinyong.centre import gate
from xinyong.centre.selectors import Seat


@require_safe
@gate.firm_only
def home(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """What needs doing, with deadlines."""
    return render(request, "centre/home.html", {"seat": seat})


urlpatterns: list[URLPattern] = [path("centre/", home, name="centre")]
