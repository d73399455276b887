"""The one place where an error of the platform becomes an answer to a browser."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from xinyong.errors import XinyongError
from xinyong.ui import errors, problems, twins
from xinyong.ui.context import path_of


class ErrorPages:
    """Answers a :class:`XinyongError` raised by a view with its status; other exceptions go on to Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path_info.startswith(problems.PREFIX):
            if response.status_code == 405 and response.get("Content-Type") != problems.CONTENT_TYPE:
                allowed = response.get("Allow", "")
                response = errors.answer(
                    request, problems.MethodNotAllowed(method=request.method, allowed=allowed or "-")
                )
                response["Allow"] = allowed
            for name, value in getattr(request, "answer_headers", {}).items():
                response[name] = value
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Called by Django for an exception of a view."""
        if not isinstance(exception, XinyongError):
            return None
        errors.note(request, exception)
        return errors.answer(request, exception)


class Validators:
    """Whatever the public site answers may be kept and must be asked about again: nothing outlives its publication in a cache.

    Pages of officers and firms are kept by nobody. Answers that say themselves how long they may be kept are left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if "Cache-Control" in response.headers:
            return response
        if path_of(request).startswith(errors.PRIVATE):
            response.headers["Cache-Control"] = "private, no-store"
            return response
        if request.method in ("GET", "HEAD") and response.status_code == 200 and isinstance(response, HttpResponse):
            return twins.conditional(request, response)
        response.headers["Cache-Control"] = "no-cache"
        return response
