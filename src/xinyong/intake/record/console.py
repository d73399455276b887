"""在线填报: one record by form. Fill in, look up the subject, check the answers, save; no step needs a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import Department, User
from xinyong.api.errors import RequestInvalid
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import XinyongError
from xinyong.intake import actions
from xinyong.intake.findings import Finding
from xinyong.intake.models import Delivery
from xinyong.intake.record import form as record_form
from xinyong.intake.record import lines as records
from xinyong.intake.record import preview
from xinyong.intake.upload import incoming as uploads
from xinyong.intake.upload import selectors as upload_selectors
from xinyong.ledger import corridor
from xinyong.registry import selectors as registry
from xinyong.ui.context import language

#: Where remarks stand that belong to no field.
_WHOLE = ""


def _by_field(findings: Sequence[Finding], shown: set[str]) -> dict[str, list[str]]:
    english = language() == "en"
    found: dict[str, list[str]] = {}
    for item in findings:
        reason = item.reason_en if english else item.reason_zh
        advice = item.suggestion_en if english else item.suggestion_zh
        mark = ". " if english else "。"
        text = reason + (mark + advice if advice else "")
        found.setdefault(item.field if item.field in shown else _WHOLE, []).append(text)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def record(request: HttpRequest, user: User, dataset: str) -> HttpResponseBase:
    """The form, the check-answers page, and the save, as the button pressed says."""
    department = upload_selectors.department_of(user, request.GET.get("department", ""))
    entry = upload_selectors.entry_of(department, dataset)
    if isinstance(entry, BundleEntry):
        raise RequestInvalid(
            where=dataset,
            why_zh="多类合并文件只能上传，不能在线填报。",
            why_en="files of several datasets can only be uploaded.",
        )
    if request.method != "POST":
        return _form(request, department, entry, {})
    values = record_form.values_of(entry, request.POST)
    taken = request.POST.get("take", "")
    if taken:
        return _form(request, department, entry, _with_subject(entry, values, taken), focus=entry.subject.name or "")
    step = request.POST.get("step", "check")
    if step == "lookup":
        text = values.get(entry.subject.code or "", "") or values.get(entry.subject.name or "", "")
        found = preview.candidates(text)
        return _form(request, department, entry, values, looked_up=text or "—", candidates=found)
    if step == "edit":
        return _form(request, department, entry, values)
    return _check_or_save(request, user, department, entry, values, save=step == "save")


def _with_subject(entry: DatasetEntry, values: dict[str, str], key: str) -> dict[str, str]:
    """The chosen entity's name and code in their fields."""
    try:
        entity = registry.by_key(key)
    except registry.Moved:
        entity = None
    if entity is None:
        return values
    filled = dict(values)
    if entry.subject.name and entity.name:
        filled[entry.subject.name] = entity.name
    if entry.subject.code and entity.credit_code:
        filled[entry.subject.code] = entity.credit_code
    return filled


def _context(department: Department, entry: DatasetEntry) -> dict[str, Any]:
    return {
        "way": upload_selectors.way(department, entry, language()),
        "department": department,
        "lookup": bool(entry.subject.name or entry.subject.code),
    }


def _form(
    request: HttpRequest,
    department: Department,
    entry: DatasetEntry,
    values: Mapping[str, str],
    *,
    status: int = 200,
    errors: Mapping[str, Sequence[str]] | None = None,
    warnings: Mapping[str, Sequence[str]] | None = None,
    looked_up: str = "",
    candidates: Sequence[Any] = (),
    focus: str = "",
) -> HttpResponse:
    controls = record_form.controls(entry, values, language(), errors, warnings)
    context = {
        **_context(department, entry),
        "controls": controls,
        "summary": [(item.code, item.label, text) for item in controls for text in item.errors],
        "whole": list((errors or {}).get(_WHOLE, ())),
        "looked_up": looked_up,
        "candidates": [(item, registry.address_key(item)) for item in candidates],
        "focus": focus,
    }
    return render(request, "intake/record.html", context, status=status)


def _check_or_save(
    request: HttpRequest,
    user: User,
    department: Department,
    entry: DatasetEntry,
    values: Mapping[str, str],
    *,
    save: bool,
) -> HttpResponseBase:
    shown = {item.code for item in record_form.fields_of(entry)}
    try:
        judged = preview.check(entry, values)
    except XinyongError as error:
        return _form(request, department, entry, values, status=422, errors={_WHOLE: [error.message(language())]})
    warnings = _by_field(judged.warnings, shown)
    if judged.errors or not values:
        errors = _by_field(judged.errors, shown) or {_WHOLE: [_("还没有填写任何内容。")]}
        return _form(request, department, entry, values, status=422, errors=errors, warnings=warnings)
    if save:
        return _save(request, user, department, entry, values, shown)
    context = {
        **_context(department, entry),
        "controls": [item for item in record_form.controls(entry, values, language(), None, warnings) if item.value],
        "values": [(f"f-{code}", value) for code, value in values.items()],
        "judged": judged,
        "whole": warnings.get(_WHOLE, []),
        "entity_url": reverse("entity", args=[registry.address_key(judged.entity)]) if judged.entity else "",
    }
    return render(request, "intake/record_check.html", context)


def _save(
    request: HttpRequest,
    user: User,
    department: Department,
    entry: DatasetEntry,
    values: Mapping[str, str],
    shown: set[str],
) -> HttpResponseBase:
    from xinyong.intake.models import StoredFinding

    with uploads.spool_bytes(records.line(entry, values), "record.jsonl", 1) as spooled:
        delivery = actions.receive(
            spooled.path,
            dataset=entry.code,
            department=department,
            uploader=user.username,
            channel=Delivery.Channel.CONSOLE,
            file_name=str(_("在线填报") + ".jsonl"),
        )
    try:
        actions.process(delivery, entry)
        corridor.announce()
    except actions.DeliveryBusy:
        pass  # a worker took it up: its page shows how far it is
    except actions.DeliveryRefused as error:
        return _form(request, department, entry, values, status=422, errors={_WHOLE: [error.message(language())]})
    delivery.refresh_from_db()
    if delivery.rejected:
        # What only the ledger and the registry could tell, such as a subject that several entities share.
        english = language() == "en"
        errors: dict[str, list[str]] = {}
        for item in StoredFinding.objects.filter(delivery=delivery, severity="error"):
            reason = item.reason_en if english else item.reason_zh
            advice = item.suggestion_en if english else item.suggestion_zh
            errors.setdefault(item.field if item.field in shown else _WHOLE, []).append(f"{reason} {advice}".strip())
        return _form(request, department, entry, values, status=422, errors=errors)
    return HttpResponseRedirect(reverse("delivery", args=[delivery.number]), status=303)


urlpatterns: list[URLPattern] = [path("deliveries/new/<slug:dataset>/record", record, name="record")]
