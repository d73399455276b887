"""The queue of answers in the console."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.feedback import actions, selectors
from xinyong.ui.paging import page_number

_PAGE = 50


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """What waits, or what was dealt with; and how pages are judged."""
    accounts.require(user, Right.FEEDBACK_HANDLE)
    done = request.GET.get("show") == "done"
    found = selectors.handled() if done else selectors.waiting()
    total = found.count()
    pages = max(1, -(-total // _PAGE))
    page = min(page_number(request), pages)
    context = {
        "answers": found[(page - 1) * _PAGE : page * _PAGE],
        "done": done,
        "total": total,
        "page": page,
        "pages": pages,
        "figures": selectors.figures(),
    }
    return render(request, "feedback/console.html", context)


@require_POST
@officer_only
def handle(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Dealt with."""
    actions.handle(user, number, request.POST.get("note", ""))
    messages.success(request, _("已记为处理。"))
    return HttpResponseRedirect(reverse("feedback-queue"))


urlpatterns: list[URLPattern] = [
    path("feedback", queue, name="feedback-queue"),
    path("feedback/<int:number>", handle, name="feedback-handle"),
]
