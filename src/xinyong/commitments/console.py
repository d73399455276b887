"""信用承诺 in the console: offer, papers, checks, findings."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.commitments import actions, letters, pages, procedure
from xinyong.commitments import book as books
from xinyong.commitments.errors import CommitmentUnknown
from xinyong.commitments.procedure import Step
from xinyong.errors import XinyongError
from xinyong.notices import documents
from xinyong.registry import selectors as registry
from xinyong.reports.public import base_of
from xinyong.ui.context import demo_mark, language
from xinyong.ui.paging import page_number


def facts_of(step: Step, sent: QueryDict) -> dict[str, Any]:
    """Typed facts of a step: a list where several can be chosen."""
    table = procedure.table()
    return {
        code: sent.getlist(code) if table.facts[code].kind == "several" else sent.get(code, "")
        for code in (*step.needs, *step.may)
        if code in sent
    }


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """Commitments to the own department, what is due first."""
    found = pages.queue(user, request.GET.get("state", ""), page_number(request), language())
    return render(request, "commitments/queue.html", {"queue": found})


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def new(request: HttpRequest, user: User) -> HttpResponse:
    """Tell an applicant what can be promised: choose the text, name the entity, state the matter."""
    accounts.require(user, Right.COMMITMENT_HANDLE)
    sent = request.POST if request.method == "POST" else request.GET
    known = dict(pages.texts_of(user, language()))
    code, key = sent.get("text", ""), sent.get("key", "").strip()[:60]
    entity = registry.found(key) if key else None
    context: dict[str, Any] = {
        "choices": list(known.items()),
        "text_code": code,
        "key": key,
        "entity": entity,
        "department": user.department,
    }
    text = next((item for item in books.book().texts if item.code == code), None) if code in known else None
    step = procedure.first_step(books.book().kinds[text.kind], "handle") if text is not None else None
    status = 200
    if text is not None and step is not None:
        facts = facts_of(step, sent) or {"matter": text.matter}
        context |= {
            "step": step.label(language()),
            "line": pages.text_line(text, language()),
            "controls": pages.controls(step, facts, language()),
            "reason": sent.get("reason", ""),
            "basis": books.book().excluded_basis,
        }
        if request.method == "POST":
            try:
                if entity is None:
                    raise actions.refused(
                        step.zh, "没有这个代码、号码或编号的主体", "no entity has this code or number"
                    )
                made = actions.offer(user, code, entity, facts=facts, reason=sent.get("reason", ""))
            except XinyongError as error:
                context["problem"], status = error.message(language()), error.status
            else:
                messages.success(request, _("已告知，等待对方在企业中心阅读和签署。"))
                return HttpResponseRedirect(reverse("commitment", args=[made.pk]))
    return render(request, "commitments/new.html", context, status=status)


@require_safe
@officer_only
def commitment(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One commitment."""
    return render(request, "commitments/commitment.html", {"page": pages.page_for(user, number, language())})


@require_POST
@officer_only
def take(request: HttpRequest, user: User, number: int, step: str) -> HttpResponse:
    """A step; refused, the page comes back with what was typed."""
    row = procedure.table().steps.get(step)
    facts = facts_of(row, request.POST) if row is not None else {}
    seen, reason = request.POST.get("seen", ""), request.POST.get("reason", "")
    try:
        if step == "send-again":
            taken = actions.send_again(user, number)
        else:
            taken = actions.take(
                user, number, step, seen=int(seen) if seen.isdecimal() else -1, facts=facts, reason=reason
            )
    except XinyongError as error:
        if error.status == 404:
            raise
        context = {
            "page": pages.page_for(user, number, language(), {step: facts}),
            "problem": error.message(language()),
            "failed": step,
            "reason": reason,
        }
        return render(request, "commitments/commitment.html", context, status=error.status)
    if taken.trouble:
        messages.warning(request, _("没有入库：%(why)s") % {"why": taken.trouble})
    else:
        state = procedure.table().states[taken.state].label(language())
        messages.success(request, _("已办理，现为「%(state)s」。") % {"state": state})
    return HttpResponseRedirect(reverse("commitment", args=[number]))


@require_safe
@officer_only
def letter(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """The letter as signed PDF."""
    promise = actions.visible(user, number)
    found = letters.of(promise)
    if found is None:
        raise CommitmentUnknown(name=str(number))
    response = HttpResponse(
        documents.pdf(found, base=base_of(request), demo=demo_mark()), content_type="application/pdf"
    )
    name = quote(f"{found.title}-{found.case_number}.pdf")
    response["Content-Disposition"] = f"attachment; filename=\"{found.number}.pdf\"; filename*=UTF-8''{name}"
    return response


urlpatterns: list[URLPattern] = [
    path("commitments", queue, name="commitment-queue"),
    path("commitments/new", new, name="commitment-new"),
    path("commitments/<int:number>", commitment, name="commitment"),
    path("commitments/<int:number>/letter.pdf", letter, name="commitment-letter"),
    path("commitments/<int:number>/<str:step>", take, name="commitment-step"),
]
