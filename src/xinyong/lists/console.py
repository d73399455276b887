"""名单 in the console: cases, one case with its forms, a new case, the configuration of the lists."""

from __future__ import annotations

from typing import Any

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
from xinyong.errors import XinyongError
from xinyong.lists import actions, case_pages, procedure, reading, registry
from xinyong.lists.errors import ListRefused
from xinyong.lists.steps import Step
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """Cases, the last moved first."""
    found = case_pages.queue(
        user, request.GET.get("state", ""), request.GET.get("list", ""), page_number(request), language()
    )
    return render(request, "lists/queue.html", {"queue": found})


@require_safe
@officer_only
def configuration(request: HttpRequest, user: User) -> HttpResponse:
    """Every list with its basis and what is still to be confirmed."""
    accounts.require(user, Right.LIST_VIEW)
    return render(request, "lists/configuration.html", {"lists": case_pages.config_pages(language())})


def facts_of(step: Step, sent: QueryDict) -> dict[str, Any]:
    """What a form sent for a step."""
    known = procedure.table().facts
    return {
        code: sent.getlist(code) if known[code].kind == "several" else sent.get(code, "")[:8000]
        for code in (*step.needs, *step.may)
        if code in sent
    }


def _entity(key: str) -> Entity | None:
    return entities.found(key[:60]) if key.strip() else None


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def new(request: HttpRequest, user: User) -> HttpResponse:
    """Put an entity forward: choose the list, name the entity, say why."""
    accounts.require(user, Right.LIST_PROPOSE)
    sent = request.POST if request.method == "POST" else request.GET
    code, key = sent.get("list", ""), sent.get("key", "")
    config = registry.by_code(code)
    context: dict[str, Any] = {
        "choices": case_pages.lists_of(user, language()),
        "list_code": code,
        "key": key,
        "entity": _entity(key),
        "department": user.department,
    }
    status = 200
    if config is not None:
        step = procedure.next_steps(config, "")[0]
        facts = facts_of(step, sent)
        context |= {
            "config": case_pages.config_page(config, language()),
            "controls": case_pages.controls(step, config, facts, language()),
            "reason": sent.get("reason", ""),
            "step": step.label(language()),
        }
        if request.method == "POST":
            try:
                entity = context["entity"]
                if entity is None:
                    raise ListRefused(
                        step=step.zh,
                        why_zh="没有这个代码、号码或编号的主体",
                        why_en="no entity has this code or number",
                    )
                case = actions.propose(user, code, entity, facts=facts, reason=sent.get("reason", ""))
            except XinyongError as error:
                context["problem"], status = error.message(language()), error.status
            else:
                messages.success(request, _("已提出拟列入，请送达事先告知书。"))
                return HttpResponseRedirect(reverse("list-case", args=[case.pk]))
    return render(request, "lists/new.html", context, status=status)


@require_safe
@officer_only
def case(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One case."""
    return render(request, "lists/case.html", {"page": case_pages.case_page(user, number, language())})


@require_POST
@officer_only
def take(request: HttpRequest, user: User, number: int, step: str) -> HttpResponse:
    """A step of a case; refused, the page comes back with what was typed."""
    found = actions.visible(user, number)
    config = reading.config_of(found.list_code)
    row = procedure.procedure_of(config).step(step)
    facts = facts_of(row, request.POST) if row is not None else {}
    seen = request.POST.get("seen", "")
    try:
        taken = actions.take(
            user,
            number,
            step,
            seen=int(seen) if seen.isdecimal() else -1,
            facts=facts,
            reason=request.POST.get("reason", ""),
        )
    except XinyongError as error:
        context = {
            "page": case_pages.case_page(user, number, language(), {step: facts}),
            "problem": error.message(language()),
            "failed": step,
            "reason": request.POST.get("reason", ""),
        }
        return render(request, "lists/case.html", context, status=error.status)
    if taken.trouble:
        messages.warning(request, _("没有入库：%(why)s") % {"why": taken.trouble})
    else:
        state = procedure.table().states[taken.state].label(language())
        messages.success(request, _("已办理，现为「%(state)s」。") % {"state": state})
    return HttpResponseRedirect(reverse("list-case", args=[number]))


@require_POST
@officer_only
def adopt(request: HttpRequest, user: User) -> HttpResponse:
    """Take over an imported entry."""
    number = request.POST.get("record", "")
    made = actions.adopt(user, int(number) if number.isdecimal() else 0, reason=request.POST.get("reason", ""))
    return HttpResponseRedirect(reverse("list-case", args=[made.pk]))


urlpatterns: list[URLPattern] = [
    path("lists", queue, name="list-cases"),
    path("lists/new", new, name="list-new"),
    path("lists/configuration", configuration, name="list-configuration"),
    path("lists/adopt", adopt, name="list-adopt"),
    path("lists/<int:number>", case, name="list-case"),
    path("lists/<int:number>/<str:step>", take, name="list-step"),
]
