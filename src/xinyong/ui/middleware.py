"""The one place where an error of the platform becomes an answer to a browser."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from xinyong.errors import XinyongError
from xinyong.ui import errors


class ErrorPages:
    """Answers a :class:`XinyongError` raised by a view with its status; other exceptions go on to Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Called by Django for an exception of a view."""
        if not isinstance(exception, XinyongError):
            return None
        if exception.status >= 500:
            errors.logger.error("%s %s: %s", request.method, request.path, exception, exc_info=exception)
        return errors.answer(request, exception)
