"""Other dated rules in the console: read, confirm a row, or compare and replace it from a day on. Works with scripts off."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.errors import XinyongError
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.sheets import actions, inforce, rows, selectors
from xinyong.publicity.sheets.rows import SHEETS
from xinyong.ui.context import language

_LONG = 4000


@require_safe
@officer_only
def sheet(request: HttpRequest, user: User, code: str) -> HttpResponse:
    """The rows of a sheet: those to be confirmed, or all."""
    shown = "all" if request.GET.get("show") == "all" else "open"
    page = selectors.sheet_page(user, code, shown, language())
    return render(request, "publicity/sheet.html", {"page": page})


@require_safe
@officer_only
def row(request: HttpRequest, user: User, code: str, row: str) -> HttpResponse:
    """One row with its form."""
    return render(request, "publicity/sheet_row.html", {"page": selectors.row_page(user, code, row, language())})


def _values(code: str, row: str, typed: dict[str, str]) -> dict[str, Any]:
    held = rows.newest(inforce.rows(code), row) if code in SHEETS else None
    if held is None:
        raise RuleUnknown(row=row[:60])
    values: dict[str, Any] = {}
    for key, text in typed.items():
        try:
            values[key] = selectors.read_value(held, key, text)
        except ValueError as error:
            raise RulesRefused(
                why_zh=f"“{key}”的值“{text[:60]}”不能使用；日期格式应为 2026-01-31，期限为整数",
                why_en=f"the value '{text[:60]}' of '{key}' cannot be used; write dates as 2026-01-31, periods as whole numbers",
            ) from error
    return values


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise RulesRefused(why_zh="生效日期格式应为 2026-01-31", why_en="write the day as 2026-01-31") from error


@require_POST
@officer_only
def decide(request: HttpRequest, user: User, code: str, row: str) -> HttpResponse:
    """Confirm the row, compare a change, or let the compared change hold from a day on."""
    words = {name: request.POST.get(name, "")[:_LONG] for name in ("reason", "basis")}
    editable = SHEETS[code].editable if code in SHEETS else ()
    typed = {key: request.POST.get(key, "")[:_LONG] for key in editable if key in request.POST}
    deed, context = request.POST.get("deed", ""), dict[str, Any]()
    try:
        if deed == "confirm":
            actions.confirm(user, code, row, **words)
            messages.success(request, _("已确认 %(row)s。") % {"row": row})
            return HttpResponseRedirect(reverse("rule-sheet", args=[code]))
        if deed == "take-back":
            number = request.POST.get("act", "")
            act = int(number) if number.isascii() and number.isdecimal() and len(number) < 18 else 0
            actions.take_back(user, code, act, reason=request.POST.get("why", "")[:_LONG])
            messages.success(request, _("已撤回改动。"))
            return HttpResponseRedirect(reverse("rule-sheet-row", args=[code, row]))
        on = _day(request.POST.get("on", ""))
        values = _values(code, row, typed)
        if deed == "put":
            made = actions.replace(user, code, row, values, on=on, seen=request.POST.get("seen", ""), **words)
            messages.success(
                request, _("%(row)s 的改动自 %(day)s 起生效；原内容保留。") % {"row": row, "day": made.takes_force_on}
            )
            return HttpResponseRedirect(reverse("rule-sheet-row", args=[code, row]))
        context["seen"], context["lines"] = actions.compare(user, code, row, values, on=on, **words)
    except RuleUnknown:
        raise
    except XinyongError as error:
        context["problem"], context["status"] = error.message(language()), error.status
    context |= {
        "page": selectors.row_page(user, code, row, language(), typed),
        "typed": {**words, "on": request.POST.get("on", "")},
    }
    return render(request, "publicity/sheet_row.html", context, status=context.get("status", 200))


urlpatterns: list[URLPattern] = [
    path("rules/sheets/<slug:code>", sheet, name="rule-sheet"),
    path("rules/sheets/<slug:code>/<str:row>", row, name="rule-sheet-row"),
    path("rules/sheets/<slug:code>/<str:row>/decide", decide, name="rule-sheet-decide"),
]
