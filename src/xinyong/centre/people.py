"""Signing in and out, choosing the firm, and delegates: the pages about people."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.centre import actions, gate, selectors
from xinyong.centre.errors import IdentityRefused, MandateRefused
from xinyong.centre.identity import client
from xinyong.centre.rules import State
from xinyong.centre.selectors import Seat, Visit
from xinyong.errors import XinyongError
from xinyong.runtime import config
from xinyong.ui.context import language


def _callback(request: HttpRequest) -> str:
    """The one address the provider sends people back to; registered there word for word."""
    base = str(config.get("XINYONG_PUBLIC_URL")).rstrip("/")
    return f"{base}/centre/callback" if base else request.build_absolute_uri("/centre/callback")


@require_safe
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """What the centre is for, and the way to the provider."""
    onward = gate.onward(request, request.GET.get("next", ""))
    if gate.visit(request) is not None:
        return HttpResponseRedirect(onward)
    context = {
        "next": onward,
        "provider": config.get("XINYONG_OIDC_NAME"),
        "open": client.configured(),
        "still_there": bool(request.COOKIES.get(gate.HINT)) and client.configured(),
    }
    return render(request, "centre/sign_in.html", context)


@require_safe
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """To the provider. A link, not a form: forms of this site may lead nowhere else (content security policy)."""
    journey = client.begin(_callback(request), gate.onward(request, request.GET.get("next", "")))
    response = HttpResponseRedirect(journey.address)
    gate.set_cookie(response, gate.JOURNEY, journey.sealed, seconds=client.PATIENCE)
    return response


@require_safe
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    sealed = request.COOKIES.get(gate.JOURNEY, "")
    if not sealed:
        raise IdentityRefused(
            why_zh="浏览器没有带回登录标记，请允许本站 Cookie，并在十分钟内完成登录",
            why_en="the browser did not bring back the mark of the sign-in: allow cookies of this site, and take no more "
            "than ten minutes",
        )
    query = {key: request.GET.get(key, "") for key in ("state", "code", "error", "iss")}
    arrived = client.complete(query, sealed, _callback(request))
    done = actions.sign_in(arrived.identity)
    rotate_token(request)
    response = HttpResponseRedirect(gate.onward(request, arrived.onward))
    response.delete_cookie(gate.JOURNEY, samesite="Lax")
    gate.set_cookie(response, gate.COOKIE, done.cookie)
    gate.set_cookie(response, gate.HINT, arrived.hint, seconds=int(selectors.LONGEST.total_seconds()))
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here; the page that follows offers to end the provider's own session as well."""
    actions.sign_out(request.COOKIES.get(gate.COOKIE, ""))
    response = HttpResponseRedirect(reverse("centre-sign-in"))
    response.delete_cookie(gate.COOKIE, samesite="Lax")
    return response


@require_safe
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """To the provider, to end its session too. A link, as the way in is; it ends nothing while somebody is signed in here."""
    back = reverse("centre-sign-in")
    hint = request.COOKIES.get(gate.HINT, "")
    if gate.visit(request) is not None or not hint:
        return HttpResponseRedirect(reverse("centre"))
    base = str(config.get("XINYONG_PUBLIC_URL")).rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    address = client.farewell(hint, f"{base}/centre/sign-in")
    response = HttpResponseRedirect(address or back)
    response.delete_cookie(gate.HINT, samesite="Lax")
    return response


@require_POST
@gate.person_only
def switch(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Act for another firm."""
    chosen = request.POST.get("mandate", "")
    actions.act_for(visit.session_id, visit.account_id, int(chosen) if chosen.isdecimal() and len(chosen) < 18 else 0)
    return HttpResponseRedirect(reverse("centre"))


@require_http_methods(["GET", "HEAD", "POST"])
@gate.person_only
def accept(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Take up an invitation by its code."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            mandate = actions.accept(visit.account_id, request.POST.get("code", ""))
        except MandateRefused as error:
            problem, status = error.message(language()), error.status
        else:
            actions.act_for(visit.session_id, visit.account_id, mandate.pk)
            messages.success(request, _("已接受邀请，现在可以为这家企业办理。"))
            return HttpResponseRedirect(reverse("centre"))
    context = {
        "visit": visit,
        "problem": problem,
        "typed": request.POST,
        "mandates": selectors.mandates_of_account(visit.account_id),
    }
    return render(request, "centre/no_firm.html", context, status=status)


def _until(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _page(request: HttpRequest, seat: Seat, *, error: XinyongError | None = None, code: str = "") -> HttpResponse:
    rows = selectors.mandates_of_firm(seat.firm)
    context = {
        "seat": seat,
        "rows": rows,
        "waiting": [row for row in rows if row.state is State.ASKED],
        "problem": error.message(language()) if error else "",
        "typed": request.POST if error else {},
        "typed_rights": request.POST.getlist("rights") if error else ["fill"],
        "code": code,
    }
    return render(request, "centre/delegates.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def delegates(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Everybody who may act for the firm; inviting somebody. The code of an invitation is on the answer alone."""
    if request.method != "POST":
        return _page(request, seat)
    try:
        code = actions.invite(
            seat,
            name=request.POST.get("name", ""),
            rights=request.POST.getlist("rights"),
            until=_until(request.POST.get("until", "")),
        )
    except XinyongError as error:
        return _page(request, seat, error=error)
    return _page(request, seat, code=code)


@require_POST
@gate.firm_only
def change_delegate(request: HttpRequest, seat: Seat, mandate: int) -> HttpResponseBase:
    """Other rights, or another last day."""
    try:
        actions.change(
            seat, mandate, rights=request.POST.getlist("rights"), until=_until(request.POST.get("until", ""))
        )
    except XinyongError as error:
        return _page(request, seat, error=error)
    messages.success(request, _("权限已更新，立即生效。"))
    return HttpResponseRedirect(reverse("centre-delegates"))


@require_POST
@gate.firm_only
def revoke_delegate(request: HttpRequest, seat: Seat, mandate: int) -> HttpResponseBase:
    """End a delegation at once."""
    try:
        actions.revoke(seat, mandate, why=request.POST.get("why", ""))
    except XinyongError as error:
        return _page(request, seat, error=error)
    messages.success(request, _("已撤销，立即生效。"))
    return HttpResponseRedirect(reverse("centre-delegates"))


#: Outside the languages: the provider knows one address.
callback_urlpatterns: list[URLPattern] = [path("centre/callback", callback, name="centre-callback")]
urlpatterns: list[URLPattern] = [
    path("centre/sign-in", sign_in, name="centre-sign-in"),
    path("centre/start", start, name="centre-start"),
    path("centre/sign-out", sign_out, name="centre-sign-out"),
    path("centre/leave", leave, name="centre-leave"),
    path("centre/switch", switch, name="centre-switch"),
    path("centre/accept", accept, name="centre-accept"),
    path("centre/delegates", delegates, name="centre-delegates"),
    path("centre/delegates/<int:mandate>/change", change_delegate, name="centre-delegate-change"),
    path("centre/delegates/<int:mandate>/revoke", revoke_delegate, name="centre-delegate-revoke"),
]
