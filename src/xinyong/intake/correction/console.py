"""The deeds of the correction loop in the console. Each answers with the delivery page and one line that says what happened.

Every deed is a plain form; scripts only spare the reload. What cannot be done is told on the page, with why and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.intake import selectors
from xinyong.intake.correction import draft as correction
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.correction import selectors as correction_selectors
from xinyong.intake.correction import send as correction_send
from xinyong.intake.models import Delivery
from xinyong.ui.context import language

#: What of the address of the delivery page survives a deed.
_KEPT = ("kind", "show", "page")

Deed = Callable[[HttpRequest, User, Delivery], str]


def back(request: HttpRequest, number: str, anchor: str = "") -> HttpResponseRedirect:
    """To the delivery page as it was filtered before."""
    kept = {name: request.POST[name][:20] for name in _KEPT if request.POST.get(name)}
    query = f"?{urlencode(kept)}" if kept else ""
    return HttpResponseRedirect(reverse("delivery", args=[number]) + query + (f"#{anchor}" if anchor else ""))


def deed(view: Deed) -> Callable[..., HttpResponseBase]:
    """A POST that does one thing to a delivery and goes back to its page; a refusal (409, 422) is told there."""

    @require_POST
    @officer_only
    @wraps(view)
    def answer(request: HttpRequest, user: User, number: str) -> HttpResponse:
        delivery = selectors.one(user, number)
        row = request.POST.get("row", "")
        try:
            messages.success(request, view(request, user, delivery))
        except XinyongError as error:
            if error.status not in (409, 422):
                raise
            messages.error(request, error.message(language()))
        return back(request, number, f"row-{row}" if row.isdecimal() else "errors")

    return answer


def _row(request: HttpRequest) -> int:
    text = request.POST.get("row", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _outcome(done: correction.Done, row: int) -> str:
    if done.errors_left:
        return _("第 %(row)s 行已修改；重新校验后还有 %(left)s 处错误。") % {"row": row, "left": done.errors_left}
    return _("第 %(row)s 行已修改，重新校验没有错误，可以发送。") % {"row": row}


@deed
def accept(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Take over one suggestion."""
    finding = request.POST.get("finding", "")
    done = correction.accept(delivery, int(finding) if finding.isdecimal() and len(finding) < 18 else 0, user)
    return _outcome(done, _row(request))


@deed
def accept_all(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Take over all suggestions of a kind, or of the delivery."""
    done = correction.accept_all(delivery, request.POST.get("only", "")[:20], user)
    if not done.edits:
        return _("没有可以采纳的建议：都已采纳，或须逐行修改。")
    return _("已采纳 %(edits)s 处建议，涉及 %(rows)s 行；重新校验后还有 %(left)s 处错误。24 小时内可以撤销。") % {
        "edits": done.edits,
        "rows": done.rows,
        "left": done.errors_left,
    }


@deed
def undo(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Take back the newest act on a row, or the whole draft."""
    row = _row(request)
    done = correction.undo(delivery, user, row=row or None)
    if row:
        return _("第 %(row)s 行的修改已撤销。") % {"row": row}
    return _("已撤销 %(edits)s 处修改，涉及 %(rows)s 行。") % {"edits": done.edits, "rows": done.rows}


@deed
def give_up(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Settle a row without sending it, or take it up again."""
    row = _row(request)
    if request.POST.get("again"):
        correction.take_up(delivery, row, user)
        return _("第 %(row)s 行已恢复，可以修正。") % {"row": row}
    correction.give_up(delivery, row, request.POST.get("reason", ""), user)
    return _("第 %(row)s 行已登记为不再报送。") % {"row": row}


@deed
def send(request: HttpRequest, user: User, delivery: Delivery) -> str:
    """Send the clean rows of the draft as a delivery of its own."""
    if request.POST.get("restore"):
        rows = correction_send.restore(delivery, user)
        return _("已把 %(rows)s 行恢复到草稿。") % {"rows": rows}
    sent = correction_send.send(delivery, user)
    text = _("已发送 %(rows)s 行，生成更正批次 %(number)s（%(state)s）。") % {
        "rows": sent.rows,
        "number": sent.delivery.number,
        "state": selectors.delivery_row(sent.delivery, language()).state_label,
    }
    if sent.left:
        text += _("还有 %(left)s 行有错误，留在草稿中。") % {"left": sent.left}
    return text


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def row(request: HttpRequest, user: User, number: str, row: int) -> HttpResponse:
    """The form of one returned row, and its saving: the row is checked again at once."""
    delivery = selectors.one(user, number)
    accounts.require(user, Right.DELIVERY_SUBMIT)
    status = 200
    try:
        if request.method == "POST":
            header = correction_rows.kept(delivery).header
            values = {
                column: request.POST[f"c{place}"] for place, column in enumerate(header) if f"c{place}" in request.POST
            }
            done = correction.edit(delivery, row, values, user)
            messages.success(request, _outcome(done, row))
            return back(request, number, f"row-{row}")
    except XinyongError as error:
        if error.status not in (409, 422):
            raise
        messages.error(request, error.message(language()))
        status = error.status
    form = correction_selectors.row_form(delivery, row, language() == "en")
    return render(request, "intake/row.html", {"form": form, "query": request.GET}, status=status)


urlpatterns: list[URLPattern] = [
    path("deliveries/<slug:number>/accept", accept, name="delivery-accept"),
    path("deliveries/<slug:number>/accept-all", accept_all, name="delivery-accept-all"),
    path("deliveries/<slug:number>/undo", undo, name="delivery-undo"),
    path("deliveries/<slug:number>/give-up", give_up, name="delivery-give-up"),
    path("deliveries/<slug:number>/send", send, name="delivery-send"),
    path("deliveries/<slug:number>/rows/<int:row>", row, name="delivery-row"),
]
