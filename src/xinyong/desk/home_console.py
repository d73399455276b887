"""The first page of the console, and its search."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right, has_right
from xinyong.desk import home as selectors
from xinyong.intake import selectors as intake
from xinyong.ui.context import language


@require_safe
@officer_only
def home(request: HttpRequest, user: User) -> HttpResponse:
    """Tasks by deadline, the unit's figures, the way to upload, the last deliveries."""
    return render(request, "desk/home.html", {"page": selectors.page(user, language())})


@require_safe
@officer_only
def find(request: HttpRequest, user: User) -> HttpResponse:
    """One search for all: the number of a delivery the officer may see opens it, anything else is looked for by name."""
    query = request.GET.get("q", "").strip()[:100]
    if query and has_right(user.role, Right.DELIVERY_VIEW_OWN) and intake.visible(user).filter(number=query).exists():
        return HttpResponseRedirect(reverse("delivery", args=[query]))
    return HttpResponseRedirect(f"{reverse('search')}?{urlencode({'q': query})}" if query else reverse("search"))


urlpatterns: list[URLPattern] = [
    path("", home, name="console-home"),
    path("find", find, name="console-find"),
]
