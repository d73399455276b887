"""The rules of publicity in the console: read, confirm, change, compare with the ledger, put in force."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.publicity import actions, inforce, rule_pages, rulebook
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.sheets import selectors as sheets
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

_LONG = 1000


@require_safe
@officer_only
def rules(request: HttpRequest, user: User) -> HttpResponse:
    """The rules in force: those to be confirmed, or all."""
    shown = "all" if request.GET.get("show") == "all" else "open"
    context = {
        "list": rule_pages.rule_list(user, shown, language()),
        "sheets": sheets.sheets(user, language()),
        "effects": _effects(),
    }
    return render(request, "publicity/rules.html", context)


@require_safe
@officer_only
def rule(request: HttpRequest, user: User, row: str) -> HttpResponse:
    """One rule with its form."""
    return render(request, "publicity/rule.html", {"page": rule_pages.rule_page(user, row, language())})


@require_POST
@officer_only
def decide(request: HttpRequest, user: User, row: str) -> HttpResponse:
    """Confirm the row as it stands, or put other values into the draft."""
    words = _words(request)
    typed = {key: str(value) for key, value in request.POST.items() if key in _all_keys()}
    try:
        if request.POST.get("deed") == "confirm":
            actions.confirm(user, row, **words)
            messages.success(request, _("已确认 %(row)s。") % {"row": row})
            return HttpResponseRedirect(reverse("rules"))
        actions.replace(user, row, _values(row, typed), **words)
    except RuleUnknown:
        raise
    except XinyongError as error:
        page = rule_pages.rule_page(user, row, language(), typed)
        context = {"page": page, "problem": error.message(language()), "typed": words}
        return render(request, "publicity/rule.html", context, status=error.status)
    messages.success(request, _("%(row)s 的改动已记入待生效版本，比较之后才能生效。") % {"row": row})
    return HttpResponseRedirect(reverse("rules-waiting"))


def _words(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "")[:_LONG] for name in ("reason", "basis")}


def _all_keys() -> frozenset[str]:
    return frozenset(key for keys in rulebook.EDITABLE.values() for key in keys) | frozenset(rulebook.SOURCES)


def _values(row: str, typed: Mapping[str, str]) -> dict[str, Any]:
    book = inforce.book()
    if row not in book.raw:
        raise RuleUnknown(row=row)
    section, values = book.section_of(row), dict[str, Any]()
    for key, text in typed.items():
        if key not in (*rulebook.EDITABLE[section], *rulebook.SOURCES):
            continue
        try:
            values[key] = rulebook.read_value(section, key, text[:_LONG])
        except ValueError as error:
            raise RulesRefused(
                why_zh=f"“{key}”的值“{text[:60]}”不能使用；日期格式应为 2026-01-31，期限为整数",
                why_en=f"the value '{text[:60]}' of '{key}' cannot be used; write dates as 2026-01-31, periods as whole numbers",
            ) from error
    return values


def _effects() -> list[tuple[str, str, str]]:
    english = language() == "en"
    return [(code, words[1 if english else 0], words[2]) for code, words in rule_pages.EFFECTS.items()]


def _waiting(request: HttpRequest, user: User, *, problem: str = "", status: int = 200) -> HttpResponse:
    page = rule_pages.waiting_page(user, request.GET.get("effect", ""), page_number(request), language())
    context = {"page": page, "effects": _effects(), "problem": problem, "typed": request.POST}
    return render(request, "publicity/rules_waiting.html", context, status=status)


@require_safe
@officer_only
def waiting(request: HttpRequest, user: User) -> HttpResponse:
    """The waiting version: its changes, the comparison, how records would change."""
    return _waiting(request, user)


@require_POST
@officer_only
def act(request: HttpRequest, user: User) -> HttpResponse:
    """A deed on the waiting version: which one the form says."""
    accounts.require(user, Right.RULES_DECIDE)
    words, deed = _words(request), request.POST.get("deed", "")
    try:
        if deed == "compare":
            actions.compare(user, reason=words["reason"] or _("与现有数据比较"))
            messages.info(request, _("正在与全部记录比较；本页显示进度，完成后可以生效。"))
        elif deed == "take-back":
            actions.take_back(user, request.POST.get("row", ""), reason=words["reason"])
            messages.success(request, _("已撤回改动。"))
        elif deed == "drop":
            actions.drop(user, reason=words["reason"])
            messages.success(request, _("已放弃该版本；现行规则没有变化。"))
            return HttpResponseRedirect(reverse("rules"))
        elif deed == "put":
            version = actions.put_in_force(
                user, on=_date(request.POST.get("on", "")), seen=request.POST.get("seen", ""), **words
            )
            messages.success(
                request,
                _("版本 %(label)s 已生效，公示日期正在重新计算。") % {"label": version.label}
                if version.state == "in_force"
                else _("版本 %(label)s 将于 %(day)s 生效。") % {"label": version.label, "day": version.takes_force_on},
            )
            return HttpResponseRedirect(reverse("rules"))
        elif deed == "hold":
            actions.add_hold(
                user, request.POST.get("row", ""), {key: str(value) for key, value in request.POST.items()}, **words
            )
            messages.success(request, _("已记入待生效版本，比较之后才能生效。"))
        else:
            raise RulesRefused(why_zh="没有选择办理事项", why_en="no deed was chosen")
    except XinyongError as error:
        return _waiting(request, user, problem=error.message(language()), status=error.status)
    return HttpResponseRedirect(reverse("rules-waiting"))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise RulesRefused(why_zh="生效日期格式应为 2026-01-31", why_en="write the day as 2026-01-31") from error


@require_safe
@officer_only
def differences(request: HttpRequest, user: User) -> HttpResponseBase:
    """Every difference as CSV."""
    accounts.require(user, Right.RULES_DECIDE)
    return StreamingHttpResponse(
        _csv(rule_pages.differences_for_export(user)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="rule-differences.csv"'},
    )


_COLUMNS = (
    *("record", "entity", "dataset", "effect", "public_from_now", "public_until_now"),
    *("public_from_then", "public_until_then", "rule_now", "rule_then"),
)


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _COLUMNS)
    buffer.write("\ufeff")
    writer.writeheader()
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % 500 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


urlpatterns: list[URLPattern] = [
    path("rules", rules, name="rules"),
    path("rules/waiting", waiting, name="rules-waiting"),
    path("rules/waiting/act", act, name="rules-act"),
    path("rules/waiting/differences.csv", differences, name="rules-differences"),
    path("rules/rows/<str:row>", rule, name="rule"),
    path("rules/rows/<str:row>/decide", decide, name="rule-decide"),
]
