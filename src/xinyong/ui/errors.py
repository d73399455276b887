"""Errors as pages, or as JSON when the client asks for JSON. The middleware and Django's handlers end here."""

from __future__ import annotations

import logging
import secrets
import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from xinyong.accounts.console import SignInNeeded
from xinyong.errors import ErrorCode, XinyongError
from xinyong.ui import problems, twins
from xinyong.ui.context import language, path_of

logger = logging.getLogger("xinyong.ui")

CONSOLE = "console/"
#: Pages behind a sign-in, below which nothing may be kept by a cache.
PRIVATE = (f"/{CONSOLE}", "/centre/")
#: Whoever asks for such an address is a program.
_MACHINE = (".json", ".jsonl", ".jsonld", ".csv", ".parquet", ".rss", ".atom", ".ttl")


class PageNotFound(XinyongError):
    """No page has this address."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有地址为「{path}」的页面。请检查网址，或从首页重新查询。"
    en = "There is no page at '{path}'. Check the address, or start again from the home page."


class FormRefused(XinyongError):
    """The form carried no valid anti-forgery mark: it was open too long, or cookies are off."""

    code = ErrorCode.FORM_EXPIRED
    status = 403
    zh = "表单已失效，没有提交任何内容。请返回上一页，刷新后重新提交；浏览器须允许本站 Cookie。"
    en = (
        "The form has expired and nothing was submitted. Go back, reload the page and send it again; cookies of this "
        "site must be allowed."
    )


class Unexpected(XinyongError):
    """A fault of the platform itself; the case number leads to the log."""

    zh = "系统出错，本次操作没有完成。请把编号 {case} 告诉平台管理员，便于查找原因。"
    en = "The platform failed and the request was not completed. Give the administrator case number {case}."


def wants_json(request: HttpRequest) -> bool:
    """Whether the client prefers JSON to a page, or asked for a machine-readable twin of one."""
    if twins.suffix(request) or request.path_info.endswith(_MACHINE):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def answer(request: HttpRequest, error: XinyongError) -> HttpResponse:
    """The response for an error, in the language of the request."""
    response: HttpResponse = _answer(request, error)
    if error.passing:
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs every 503 as a failure
    return response


def _answer(request: HttpRequest, error: XinyongError) -> HttpResponse:
    if request.path_info.startswith(problems.PREFIX):
        return problems.response(request, error)
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse(error.as_dict(), status=error.status, json_dumps_params={"ensure_ascii": False})
    else:
        context: dict[str, Any] = {
            "status": error.status,
            "code": error.code.value,
            "message": error.message(language()),
            "sign_in": isinstance(error, SignInNeeded),
            "next_query": urlencode({"next": request.get_full_path()}),
        }
        response = render(request, "ui/error.html", context, status=error.status)
    patch_vary_headers(response, ["Accept"])
    for name, value in error.headers().items():
        response[name] = value
    return response


def note(request: HttpRequest, error: XinyongError) -> None:
    """What the operator's log says of an error that reached a face: failures with their trace, a passing state in a line."""
    if error.passing:
        logger.warning("%s %s: %s", request.method, request.path, error)
    elif error.status >= 500:
        logger.error("%s %s: %s", request.method, request.path, error, exc_info=error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler404."""
    user = getattr(request, "user", None)
    if path_of(request).startswith(f"/{CONSOLE}") and (user is None or not user.is_authenticated):
        return answer(request, SignInNeeded())
    return answer(request, PageNotFound(path=request.path))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500. The case number is on the page and in the log, beside the traceback."""
    case = secrets.token_hex(4).upper()
    logger.error("case %s: %s %s", case, request.method, request.path, exc_info=sys.exc_info())
    return answer(request, Unexpected(case=case))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """The setting CSRF_FAILURE_VIEW."""
    logger.warning("form refused: %s %s", request.path, reason)
    return answer(request, FormRefused())
