"""Getting a report and checking one: pages and the verification API. No sign-in, no fee."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import actions, codes, others, selectors, signing, special
from xinyong.reports.models import Report
from xinyong.reports.selectors import Standing, Verdict
from xinyong.runtime import config
from xinyong.ui.context import demo_mark, language
from xinyong.ui.errors import PageNotFound

#: Largest file looked at; a report of a thousand records has about 3 MB.
_LARGEST = 20 << 20
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def base_of(request: HttpRequest) -> str:
    """The address citizens use, for the code on the cover."""
    return str(config.get("XINYONG_PUBLIC_URL")) or f"{request.scheme}://{request.get_host()}"


def _entity(request: HttpRequest, key: str) -> Entity:
    entity = registry.by_key(key)
    if entity is None:
        raise PageNotFound(path=request.path)
    return entity


@require_safe
def about(request: HttpRequest, key: str) -> HttpResponse:
    """What the report holds, before it is made."""
    try:
        entity = _entity(request, key)
    except registry.Moved as moved:
        return HttpResponsePermanentRedirect(reverse("report", args=[moved.key]))
    content = selectors.content(entity, timezone.localdate())
    context = {"content": content, "key": key, "overview": content.overview()}
    return render(request, "reports/about.html", context)


@csrf_exempt  # nobody is signed in and nothing of anybody changes: a forged request makes a public paper nobody gets
@require_POST
def document(request: HttpRequest, key: str) -> HttpResponse:
    """The signed PDF. POST, because each copy gets a number of its own."""
    try:
        entity = _entity(request, key)
    except registry.Moved as moved:
        return HttpResponsePermanentRedirect(reverse("report-document", args=[moved.key]), preserve_request=True)
    issued = actions.issue(entity, actor="public", base=base_of(request), demo=demo_mark())
    return as_file(issued)


def as_file(issued: actions.Issued) -> HttpResponse:
    """The PDF as a download, kept by nobody."""
    response = HttpResponse(issued.document, content_type="application/pdf")
    kind = Report.Kind(issued.report.kind).label
    name = f"{kind}-{issued.report.subject_code}-{issued.report.number}.pdf"
    response["Content-Disposition"] = (
        f"attachment; filename=\"report-{issued.report.number}.pdf\"; filename*=UTF-8''{quote(name)}"
    )
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    verdict = context.get("verdict")
    if verdict is not None and verdict.report is not None:
        report = verdict.report
        context["code"] = codes.grouped(report.code)
        if report.kind == Report.Kind.SPECIAL:
            context["special"] = special.Scope.from_json(report.scope)
            context["special_fields"] = special.scope_words(context["special"], language())
    return render(request, "reports/verify.html", {"largest_mib": _LARGEST >> 20, **context}, status=status)


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Check a report by its code, its number, or the hash that the browser computed of a file."""
    asked = request.GET.get("code", "").strip()[:60]
    digest = request.GET.get("sha256", "").strip()
    if digest:
        if not _SHA256.fullmatch(digest):
            return _page(request, {"problem": "hash"}, 400)
        verdict = selectors.judge(selectors.by_document(digest), timezone.localdate())
        paper = others.find(others.Question(sha256=digest.lower())) if verdict.report is None else None
        return _page(request, {"verdict": verdict, "paper": paper, "by_file": True, "digest": digest.lower()})
    if not asked:
        return _page(request, {})
    if codes.normalise(asked) is None and codes.normalise_number(asked) is None:
        return _page(request, {"asked": asked, "problem": "typed"})
    verdict = selectors.judge(selectors.by_code(asked), timezone.localdate())
    paper = others.find(_question(asked)) if verdict.report is None else None
    return _page(request, {"asked": asked, "verdict": verdict, "paper": paper})


def _question(asked: str) -> others.Question:
    return others.Question(code=codes.normalise(asked) or "", number=codes.normalise_number(asked) or "")


@csrf_exempt  # a question, not a deed
@require_POST
def verify_file(request: HttpRequest) -> HttpResponse:
    """Check an uploaded PDF: its hash, and whether its signature covers every byte. The file is not kept."""
    file = request.FILES.get("file")
    if file is None or not file.size:
        return _page(request, {"problem": "empty"}, 422)
    if file.size > _LARGEST:
        return _page(request, {"problem": "large"}, 413)
    data = file.read()
    digest = hashlib.sha256(data).hexdigest()
    report = selectors.by_document(digest)
    context = {
        "verdict": selectors.judge(report, timezone.localdate()),
        "paper": others.find(others.Question(sha256=digest)) if report is None else None,
        "by_file": True,
        "digest": digest,
        "signature": signing.intact(data),
    }
    return _page(request, context)


@require_safe
def short(request: HttpRequest, code: str) -> HttpResponse:
    """The address in the QR code."""
    return HttpResponseRedirect(f"{reverse('verify')}?code={quote(code)}")


_WORDS = {
    Standing.VALID: ("有效", "Valid: the platform would print the same facts today."),
    Standing.UPDATED: ("已更新", "Updated: public facts about the subject have changed since the report was made."),
    Standing.REVOKED: ("已作废", "Revoked by the issuer."),
    Standing.UNKNOWN: ("不存在", "Unknown: no such report was issued here."),
}


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verification as data. Nothing of the report's content is repeated: what was public then may not be today."""
    zh, en = _WORDS[verdict.standing]
    answer: dict[str, Any] = {"standing": verdict.standing.value, "message_zh": zh, "message_en": en}
    report = verdict.report
    if report is not None:
        answer["report"] = {
            "number": report.number,
            "code": codes.grouped(report.code),
            "kind": report.kind,
            "scope": report.scope,
            "subject_name": report.subject_name,
            "subject_code": report.subject_code,
            "issuer": report.issuer,
            "issued_at": timezone.localtime(report.issued_at).isoformat(timespec="seconds"),
            "content_sha256": report.content_hash,
            "document_sha256": report.document_hash,
            "pages": report.pages,
            "revoked_at": report.revoked_at and timezone.localtime(report.revoked_at).isoformat(timespec="seconds"),
        }
    return answer


@require_safe
def api(request: HttpRequest, code: str) -> JsonResponse:
    """``GET /api/v1/reports/{code or number}``: 200 with the standing, 404 for an unknown report."""
    verdict = selectors.judge(selectors.by_code(code), timezone.localdate())
    status = 404 if verdict.standing is Standing.UNKNOWN else 200
    response = JsonResponse(as_json(verdict), status=status, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-store"
    return response


urlpatterns: list[URLPattern] = [
    path("entities/<str:key>/report", about, name="report"),
    path("entities/<str:key>/report.pdf", document, name="report-document"),
    path("verify", verify, name="verify"),
    path("verify/file", verify_file, name="verify-file"),
    path("v/<str:code>", short, name="verify-short"),
]

#: Outside the languages: an address for programs.
api_urlpatterns: list[URLPattern] = [path("api/v1/reports/<str:code>", api, name="api-report")]
