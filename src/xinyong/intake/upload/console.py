"""Sending files in the console: choose a dataset, upload, see how far it is. Every step works without scripts."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import Department, User
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import XinyongError
from xinyong.intake import actions, selectors, store
from xinyong.intake.models import Delivery
from xinyong.intake.upload import incoming as uploads
from xinyong.intake.upload import selectors as upload_selectors
from xinyong.ui.context import language

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ACCEPT = ".csv,.xlsx,.jsonl,.gz,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@officer_only
def new(request: HttpRequest, user: User) -> HttpResponse:
    """What the department may deliver, with deadline and last delivery."""
    found = upload_selectors.ways(user, request.GET.get("department", ""), language())
    return render(request, "intake/new.html", {"page": found})


def _page(
    request: HttpRequest,
    department: Department,
    entry: DatasetEntry | BundleEntry,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "way": upload_selectors.way(department, entry, language()),
        "department": department,
        "accept": _ACCEPT,
        **more,
    }
    return render(request, "intake/upload.html", context, status=status)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def upload(request: HttpRequest, user: User, dataset: str) -> HttpResponseBase:
    """The upload form and its target.

    Exempt from the CSRF middleware, which would read the whole file to find its mark: the limit and the place of the
    file come first, then :func:`_send` checks the mark.
    """
    department = upload_selectors.department_of(user, request.GET.get("department", ""))
    entry = upload_selectors.entry_of(department, dataset)
    if request.method != "POST":
        return _page(request, department, entry)
    try:
        uploads.prepare_form(request)
        return _send(request, user, department, entry)
    except XinyongError as error:
        if error.status >= 500 or error.status == 403:
            raise
        return _page(request, department, entry, status=error.status, problem=error.message(language()))


@csrf_protect
def _send(
    request: HttpRequest, user: User, department: Department, entry: DatasetEntry | BundleEntry
) -> HttpResponseBase:
    again = request.POST.get("again", "")
    if again:
        return _again(request, user, department, entry, again)
    with uploads.spool_form(request) as spooled:
        if spooled is None:
            return _page(request, department, entry, status=422, problem=_("没有选择文件。请选择一个文件后再上传。"))
        if spooled.size_bytes == 0:
            return _page(
                request,
                department,
                entry,
                status=422,
                problem=_("文件「%(name)s」是空的（0 字节）。请检查后重新选择；本期没有数据的，请声明本期无数据。")
                % {"name": spooled.name},
            )
        before = upload_selectors.known(department, entry.code, spooled.sha256)
        if before is not None and request.POST.get("known") != spooled.sha256:
            return _page(request, department, entry, status=409, known=before, known_name=spooled.name)
        delivery = actions.receive(
            spooled.path,
            dataset=entry.code,
            department=department,
            uploader=user.username,
            channel=Delivery.Channel.CONSOLE,
            file_name=spooled.name,
        )
    return HttpResponseRedirect(reverse("delivery", args=[delivery.number]), status=303)


def _again(
    request: HttpRequest, user: User, department: Department, entry: DatasetEntry | BundleEntry, sha256: str
) -> HttpResponseBase:
    """Deliver a file again that is kept already, so that it need not travel twice."""
    before = upload_selectors.known(department, entry.code, sha256) if _SHA256.fullmatch(sha256) else None
    kept = store.path_of(sha256) if before is not None else None
    if before is None or kept is None or not kept.exists():
        return _page(request, department, entry, status=422, problem=_("原文件已不在库中，请重新选择文件上传。"))
    delivery = actions.receive(
        kept,
        dataset=entry.code,
        department=department,
        uploader=user.username,
        channel=Delivery.Channel.CONSOLE,
        file_name=before.file_name,
    )
    return HttpResponseRedirect(reverse("delivery", args=[delivery.number]), status=303)


@require_safe
@officer_only
def known(request: HttpRequest, user: User, dataset: str) -> JsonResponse:
    """Whether this file was delivered before: asked by the page before a large file travels."""
    department = upload_selectors.department_of(user, request.GET.get("department", ""))
    upload_selectors.entry_of(department, dataset)
    sha256 = request.GET.get("sha256", "")
    before = upload_selectors.known(department, dataset, sha256) if _SHA256.fullmatch(sha256) else None
    if before is None:
        return JsonResponse({"known": False})
    return JsonResponse(
        {
            "known": True,
            "number": before.number,
            "url": reverse("delivery", args=[before.number]),
            "text": _("此文件已报送过，批次 %(number)s。再次上传不会重复入库，各行将记为“未变”。")
            % {"number": before.number},
        }
    )


@require_safe
@officer_only
def progress(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """How far a delivery is, as a piece of its page; the header says when it is finished."""
    delivery = selectors.visible(user).filter(number=number).first()
    if delivery is None:
        raise selectors.DeliveryNotFound(number=number)
    response = render(request, "intake/progress.html", {"delivery": delivery, "progress": progress_of(delivery)})
    response["X-Final"] = "0" if is_moving(delivery) else "1"
    return response


def is_moving(delivery: Delivery) -> bool:
    """Whether it is still on its way without waiting for a person."""
    return delivery.state in (Delivery.State.RECEIVED, Delivery.State.READING)


def progress_of(delivery: Delivery) -> dict[str, Any]:
    """Percent, rows and remaining seconds as far as the worker has said."""
    said = delivery.progress if isinstance(delivery.progress, dict) else {}
    position = float(said.get("position") or 0.0)
    remaining = said.get("remaining")
    return {
        "percent": round(min(1.0, max(0.0, position)) * 100),
        "rows": int(said.get("read") or 0),
        "remaining": round(float(remaining)) if remaining else None,
        "phase": str(said.get("phase") or ""),
    }


urlpatterns: list[URLPattern] = [
    path("deliveries/new", new, name="upload-new"),
    path("deliveries/new/<slug:dataset>", upload, name="upload"),
    path("deliveries/new/<slug:dataset>/known", known, name="upload-known"),
    path("deliveries/<slug:number>/progress", progress, name="delivery-progress"),
]
