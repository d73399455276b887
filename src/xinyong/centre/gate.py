"""Who sits before a page of the centre: the cookie, and the decorators every page stands behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache

from xinyong.centre import actions, selectors
from xinyong.centre.errors import SessionEnded
from xinyong.centre.selectors import Seat, Visit
from xinyong.runtime import config
from xinyong.ui.context import path_of

P = ParamSpec("P")

COOKIE = "firm_session"
JOURNEY = "firm_sign_in"
#: The id_token, sealed: the provider wants it back when its session is to end. It opens nothing here.
HINT = "firm_provider"
PREFIX = "/centre/"


def set_cookie(response: HttpResponseBase, name: str, value: str, *, seconds: int | None = None) -> None:
    """A cookie no script reads and no other site sends along with a form."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Lax", secure=bool(config.get("XINYONG_HTTPS"))
    )


def onward(request: HttpRequest, wanted: str) -> str:
    """Where to go after signing in: a page of the centre on this site, else its home page."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") and PREFIX in wanted[:16] else reverse("centre")


def visit(request: HttpRequest) -> Visit | None:
    """Who is signed in; asked once a request."""
    if not hasattr(request, "firm_visit"):
        now = timezone.now()
        found = selectors.visit(request.COOKIES.get(COOKIE, ""), now)
        if found is not None:
            actions.seen(found.session_id, now)
        request.firm_visit = found  # type: ignore[attr-defined]
    answer: Visit | None = request.firm_visit  # type: ignore[attr-defined]
    return answer


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        raise SessionEnded(minutes=int(selectors.idle().total_seconds() // 60))
    return HttpResponseRedirect(f"{reverse('centre-sign-in')}?{urlencode({'next': request.get_full_path()})}")


def person_only(
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view whoever is signed in, also without a firm. Others are led to the sign-in page."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        found = visit(request)
        return _to_sign_in(request) if found is None else view(request, found, *args, **kwargs)

    return never_cache(inner)


def firm_only(
    view: Callable[Concatenate[HttpRequest, Seat, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view the seat of whoever acts for a firm. Without a firm, the page says how to get one."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        found = visit(request)
        if found is None:
            return _to_sign_in(request)
        if found.seat is None:
            context = {"visit": found, "mandates": selectors.mandates_of_account(found.account_id)}
            return render(request, "centre/no_firm.html", context, status=403)
        return view(request, found.seat, *args, **kwargs)

    return never_cache(inner)


def below(request: HttpRequest) -> bool:
    """Whether an address belongs to the centre."""
    return path_of(request).startswith(PREFIX)
