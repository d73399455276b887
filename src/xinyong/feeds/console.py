"""Feeds of a client in the console: made (the key shown once), looked at, ended."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from xinyong.accounts import client_actions, client_selectors
from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import ApiClient, User
from xinyong.accounts.rules import Right
from xinyong.feeds import actions, selectors
from xinyong.feeds.effects import KINDS
from xinyong.feeds.errors import FeedRefused
from xinyong.ui.context import language

LABELS = {
    "list.published": _("名单公布"),
    "list.lifted": _("名单移出"),
    "record.published": _("记录公布"),
    "record.changed": _("记录变更"),
    "record.lifted": _("记录停止公示"),
    "joint.lift-due": _("措施待解除"),
    "dataset.changed": _("大批量更新"),
}


def _client(slug: str) -> ApiClient:
    found = client_selectors.client(slug)
    if found is None:
        raise client_actions.ClientUnknown(name=slug)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def feeds(request: HttpRequest, user: User, slug: str) -> HttpResponseBase:
    """Feeds of a client, and the form for another one."""
    accounts.require(user, Right.CLIENT_MANAGE)
    client = _client(slug)
    key, problem, status = "", "", 200
    if request.method == "POST":
        try:
            _made, key = actions.make(
                client, address=request.POST.get("address", "")[:2000], kinds=request.POST.getlist("kinds"),
                acting=user.username,
            )  # fmt: skip
        except FeedRefused as error:
            problem, status = error.message(language()), error.status
    context = {
        "client": client,
        "rows": selectors.of_client(client),
        "kinds": [(kind, LABELS[kind]) for kind in KINDS],
        "labels": LABELS,
        "chosen": request.POST.getlist("kinds") if problem else list(KINDS),
        "address": request.POST.get("address", "") if problem else "",
        "new_key": key,
        "problem": problem,
    }
    response = render(request, "feeds/feeds.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@officer_only
def end(request: HttpRequest, user: User, slug: str, number: int) -> HttpResponse:
    """End one; what waits for it is not sent."""
    accounts.require(user, Right.CLIENT_MANAGE)
    found = selectors.feed(number)
    if found.client.slug != slug:
        raise FeedRefused(why_zh=f"没有消息订阅 {number}", why_en=f"there is no feed {number}")
    actions.end(found, why=user.username, acting=user.username)
    return HttpResponseRedirect(reverse("client-feeds", args=[slug]), status=303)


urlpatterns: list[URLPattern] = [
    path("clients/<slug:slug>/feeds", feeds, name="client-feeds"),
    path("clients/<slug:slug>/feeds/<int:number>/end", end, name="client-feed-end"),
]
