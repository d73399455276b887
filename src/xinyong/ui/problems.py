"""Errors of the API as problem+json (RFC 9457), with both languages and our own closed codes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

from xinyong.errors import ErrorCode, XinyongError
from xinyong.ui.context import language

PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"
#: The page that explains every code.
REFERENCE = "/api/v1/reference"

_TITLES: dict[int, tuple[str, str]] = {
    401: ("需要有效的接口密钥", "A valid API key is needed"),
    403: ("没有此项权限", "The right is missing"),
    404: ("没有此项内容", "There is no such thing"),
    405: ("不支持此方法", "The method is not supported"),
    409: ("与当前状态冲突", "In conflict with the present state"),
    411: ("缺少内容或长度", "Body or length missing"),
    413: ("内容过大", "The body is too large"),
    415: ("内容类型不适用", "The type of the body does not fit"),
    422: ("内容未获接受", "The content was not accepted"),
    429: ("限额已用完", "The quota is used up"),
    503: ("暂时不能处理", "Not possible at this moment"),
}


_GOOD: dict[int, tuple[str, str]] = {
    200: ("完成", "Done"),
    201: ("已入库，成为新的一版", "Stored as a new version"),
    202: ("已接收，正在处理；进度见 Location", "Received and on its way; Location tells how far it is"),
}


def good(status: int, tongue: str) -> str:
    """What a good answer means."""
    zh, en = _GOOD.get(status, ("完成", "Done"))
    return en if tongue == "en" else zh


class MethodNotAllowed(XinyongError):
    """The address exists, but not for this method."""

    code = ErrorCode.METHOD_NOT_ALLOWED
    status = 405
    zh = "此地址不支持 {method} 方法。可用：{allowed}。"
    en = "This address does not support the method {method}. It supports: {allowed}."


def title(status: int, tongue: str) -> str:
    """A short name of what happened."""
    zh, en = _TITLES.get(status, ("平台出错", "The platform failed"))
    return en if tongue == "en" else zh


def as_problem(error: XinyongError, tongue: str, instance: str = "") -> dict[str, Any]:
    """The document: standard members first, then ours. ``problem`` of the error's data adds members of its own."""
    data = dict(error.data)
    more = data.pop("problem", {})
    return {
        "type": f"{REFERENCE}#{error.code.value}",
        "title": title(error.status, tongue),
        "status": error.status,
        "detail": error.message(tongue),
        **({"instance": instance} if instance else {}),
        "code": error.code.value,
        "message_zh": error.message("zh"),
        "message_en": error.message("en"),
        "data": {key: str(value) for key, value in data.items()},
        **more,
    }


def response(request: HttpRequest, error: XinyongError) -> JsonResponse:
    """The error as an answer of the API."""
    answer = JsonResponse(
        as_problem(error, language(), request.path),
        status=error.status,
        content_type=CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )
    answer["Cache-Control"] = "no-store"
    for name, value in error.headers().items():
        answer[name] = value
    return answer
