"""Credit reports, share links, and what applies to the firm: pages of the enterprise centre over the rooms that make them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.audit import actions as audit
from xinyong.centre import gate
from xinyong.centre.rules import FirmRight
from xinyong.centre.selectors import Seat
from xinyong.errors import XinyongError
from xinyong.lists import joint_pages
from xinyong.registry.models import Entity
from xinyong.reports import actions as reports
from xinyong.reports import codes, special
from xinyong.reports import selectors as report_selectors
from xinyong.reports.public import as_file, base_of
from xinyong.shares import actions as shares
from xinyong.shares import pages as share_pages
from xinyong.shares import selectors as share_selectors
from xinyong.ui.context import demo_mark, language


def _entity(seat: Seat) -> Entity:
    return Entity.objects.get(pk=seat.firm.entity_id)


# --- reports --------------------------------------------------------------------------------------------------------


def _reports(request: HttpRequest, seat: Seat, error: XinyongError | None = None) -> HttpResponse:
    rules, today, english = special.rules(), timezone.localdate(), language() == "en"
    typed = request.POST if error else {}
    ticked = request.POST.getlist("field") if error else []
    made = report_selectors.of_entity(_entity(seat), today)
    context = {
        "seat": seat,
        "fields": [(field.code, field.en if english else field.zh, field.code in ticked) for field in rules.fields],
        "matters": [(matter.en if english else matter.zh, bool(matter.datasets)) for matter in rules.matters],
        "rules": rules,
        "source": rules.source_en if english else rules.source,
        "first": typed.get("first", "") or special.years_before(today, rules.years).isoformat(),
        "last": typed.get("last", "") or today.isoformat(),
        "typed": typed,
        "today": today,
        "rows": [
            (
                verdict.report,
                codes.grouped(verdict.report.code),
                verdict.standing.value,
                special.scope_words(special.Scope.from_json(verdict.report.scope), language())
                if verdict.report.scope
                else "",
            )
            for verdict in made
            if verdict.report is not None
        ],
        "problem": error.message(language()) if error else "",
        "may": seat.may(FirmRight.SUBMIT),
    }
    return render(request, "centre/reports.html", context, status=error.status if error else 200)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:20])
    except ValueError:
        raise reports.SpecialRefused(
            why_zh=f"“{text[:20]}”不是日期，格式应为 2026-01-31",
            why_en=f"'{text[:20]}' is no date, write it as 2026-01-31",
        ) from None


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def own_reports(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Reports made so far with their standing. POST makes one: the standard report, or the special one in a scope."""
    if request.method != "POST":
        return _reports(request, seat)
    entity = _entity(seat)
    try:
        if request.POST.get("kind") == "standard":
            return as_file(reports.issue(entity, actor=seat.actor, base=base_of(request), demo=demo_mark()))
        seat.require(FirmRight.SUBMIT)
        scope = special.Scope(
            fields=special.ordered(request.POST.getlist("field")[:100]),
            first=_day(request.POST.get("first", "")),
            last=_day(request.POST.get("last", "")),
        )
        reason = request.POST.get("reason", "")[:200]
        issued = reports.issue_special(
            entity, scope, actor=seat.actor, base=base_of(request), demo=demo_mark(), reason=reason
        )
    except XinyongError as error:
        return _reports(request, seat, error)
    return as_file(issued)


# --- share links ----------------------------------------------------------------------------------------------------


def _shares(request: HttpRequest, seat: Seat, error: XinyongError | None = None) -> HttpResponse:
    entity = _entity(seat)
    limits = share_selectors.limits()
    typed: Any = request.POST if error else request.GET
    context = {
        "seat": seat,
        "choices": share_pages.choices(entity, dict(typed.lists()), language()),
        "lines": [share_pages.line(share, language()) for share in share_selectors.shares_of(entity)],
        "limits": limits,
        "typed": typed,
        "days": (typed.get("days", "")[:4] if error else "") or str(limits.days),
        "base": base_of(request).rstrip("/"),
        "problem": error.message(language()) if error else "",
        "may": seat.may(FirmRight.SUBMIT),
    }
    return render(request, "centre/shares.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def own_shares(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Links the firm shows to others, with scope and end; making one."""
    if request.method != "POST":
        return _shares(request, seat)
    days = request.POST.get("days", "").strip()
    records = request.POST.get("records", "")[:1000].replace("，", " ").replace(",", " ").split()
    ticked = [int(text) for text in request.POST.getlist("chapter")[:20] if text.isascii() and text.isdecimal()]
    try:
        seat.require(FirmRight.SUBMIT)
        made = shares.share(
            _entity(seat),
            share_selectors.Scope(
                chapters=frozenset(ticked), records=frozenset(record.upper() for record in records[:200])
            ),
            days=int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0,
            shown_to=request.POST.get("shown_to", ""),
            actor=seat.actor,
        )
    except XinyongError as error:
        return _shares(request, seat, error)
    messages.success(request, _("已生成链接，可以复制给对方；随时可以撤回。"))
    return HttpResponseRedirect(f"{reverse('centre-shares')}#share-{made.pk}")


@require_POST
@gate.firm_only
def take_back(request: HttpRequest, seat: Seat, number: int) -> HttpResponseBase:
    """Take a link back; from then on it shows nothing."""
    try:
        seat.require(FirmRight.SUBMIT)
        shares.revoke(number, actor=seat.actor, entity=_entity(seat))
    except XinyongError as error:
        return _shares(request, seat, error)
    messages.success(request, _("已撤回，链接不再显示任何内容。"))
    return HttpResponseRedirect(reverse("centre-shares"))


# --- what applies ---------------------------------------------------------------------------------------------------


@require_safe
@gate.firm_only
def applies(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Incentives and measures that follow from what stands today: basis, who carries them out, until when, the way out."""
    found = joint_pages.applies(_entity(seat), language())
    audit.record(actor=seat.actor, deed="firm.applies", target=seat.firm.key, purpose="主体查看本企业适用的激励和措施")
    context = {
        "seat": seat,
        "page": found,
        "incentives": [row for row in found.open if row.favourable],
        "measures": [row for row in found.open if not row.favourable],
        "good": [line for line in found.entries if line.favourable],
        "bad": [line for line in found.entries if not line.favourable],
        "own_keys": {line.key for line in found.entries},
    }
    return render(request, "centre/applies.html", context)


urlpatterns: list[URLPattern] = [
    path("centre/reports", own_reports, name="centre-reports"),
    path("centre/shares", own_shares, name="centre-shares"),
    path("centre/shares/<int:number>/revoke", take_back, name="centre-share-revoke"),
    path("centre/applies", applies, name="centre-applies"),
]
