"""Notices in the site, and ways to be told outside it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xinyong.centre import gate
from xinyong.centre.rules import FirmRight
from xinyong.centre.selectors import Seat
from xinyong.errors import XinyongError
from xinyong.notices import actions, selectors, texts
from xinyong.runtime import config
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


def _page(request: HttpRequest, seat: Seat, *, error: XinyongError | None = None, key: str = "") -> HttpResponse:
    members = list(seat.firm.members)
    found = selectors.page_of(members, page_number(request), language())
    if request.method in ("GET", "HEAD"):
        actions.read(members, [row.id for row in found.rows if row.new], acting=seat.actor)
    context = {
        "seat": seat,
        "notices": found,
        "subscriptions": selectors.subscriptions(members, language()),
        "groups": [(group.code, group.text(language())) for group in texts.packaged().groups.values()],
        "mail": bool(config.get("XINYONG_SMTP_URL")),
        "key": key,
        "problem": error.message(language()) if error else "",
        "typed": request.POST if error else {},
        "typed_groups": request.POST.getlist("groups") if error else list(texts.packaged().groups),
        "may": seat.may(FirmRight.SUBMIT),
    }
    return render(request, "centre/notices.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def notices(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """What the firm was told; looking marks it as read. POST makes a way to be told outside the site."""
    if request.method != "POST":
        return _page(request, seat)
    try:
        seat.require(FirmRight.SUBMIT)
        _made, key = actions.subscribe(
            entity_id=seat.firm.entity_id,
            target=seat.firm.key,
            channel=request.POST.get("channel", ""),
            address=request.POST.get("address", ""),
            groups=request.POST.getlist("groups"),
            rhythm=request.POST.get("rhythm", "each"),
            language=language(),
            acting=seat.actor,
        )
    except XinyongError as error:
        return _page(request, seat, error=error)
    if key:
        return _page(request, seat, key=key)
    messages.success(request, _("确认码已发往这个地址，收到后在下面输入。"))
    return HttpResponseRedirect(reverse("centre-notices"))


@require_POST
@gate.firm_only
def confirm(request: HttpRequest, seat: Seat, subscription: int) -> HttpResponseBase:
    """Confirm an e-mail address."""
    try:
        seat.require(FirmRight.SUBMIT)
        actions.confirm(seat.firm.members, subscription, request.POST.get("code", ""), acting=seat.actor)
    except XinyongError as error:
        return _page(request, seat, error=error)
    messages.success(request, _("地址已确认，此后的通知会发到这里。"))
    return HttpResponseRedirect(reverse("centre-notices"))


@require_POST
@gate.firm_only
def end(request: HttpRequest, seat: Seat, subscription: int) -> HttpResponseBase:
    """Stop a way to be told."""
    try:
        seat.require(FirmRight.SUBMIT)
        actions.unsubscribe(seat.firm.members, subscription, acting=seat.actor)
    except XinyongError as error:
        return _page(request, seat, error=error)
    messages.success(request, _("已停用。"))
    return HttpResponseRedirect(reverse("centre-notices"))


urlpatterns: list[URLPattern] = [
    path("centre/notices", notices, name="centre-notices"),
    path("centre/notices/<int:subscription>/confirm", confirm, name="centre-subscription-confirm"),
    path("centre/notices/<int:subscription>/end", end, name="centre-subscription-end"),
]
