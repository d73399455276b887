"""The API of the platform: one instance, one description, one way to answer errors. Rooms add their routers in urls.py."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from xinyong.api.describe import Description
from xinyong.api.errors import BodyTooLarge, RequestInvalid
from xinyong.api.gate import ClientGate
from xinyong.errors import XinyongError
from xinyong.runtime import database
from xinyong.ui import errors

DESCRIPTION = """Departments' systems deliver records and fetch receipts here. 各部门业务系统由此报送信息、取回回执。

- Every request carries `Authorization: Bearer xyk_…`, or is signed (RFC 9421, `Signature-Input` and `Signature`); cookies
  count for nothing.
- `Idempotency-Key` makes a write safe to repeat: same key and same content give the same answer again.
- Errors are `application/problem+json` (RFC 9457) with `code`, `message_zh` and `message_en`; `Accept-Language` chooses
  the language of `title` and `detail`.
- `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say what is left of the quota that ends first.
"""


class Api(NinjaAPI):
    """django-ninja with our description on top of the generated one."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """The OpenAPI 3.1 document."""
        document = super().get_openapi_schema(**options)
        return Description.complete(document)


site = Api(
    title="信用信息报送接口 Xinyong API",
    version="1",
    description=DESCRIPTION,
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="api",
    auth=ClientGate(),
)


@site.exception_handler(XinyongError)
def _ours(request: HttpRequest, error: XinyongError | type[XinyongError]) -> HttpResponse:
    assert isinstance(error, XinyongError)  # django-ninja's types allow the class too
    errors.note(request, error)
    return errors.answer(request, error)


@site.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    assert isinstance(error, ValidationError)
    first = error.errors[0] if error.errors else {}
    where = ".".join(str(part) for part in first.get("loc", ("?",)))
    why = str(first.get("msg", ""))
    return errors.answer(request, RequestInvalid(where=where, why_zh=f"参数不符合要求（{why}）。", why_en=f"{why}."))


@site.exception_handler(HttpError)
def _unparsed(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    assert isinstance(error, HttpError)
    return errors.answer(
        request, RequestInvalid(where="body", why_zh="不是有效的 JSON。", why_en=f"not valid JSON ({error}).")
    )


@site.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig | type[RequestDataTooBig]) -> HttpResponse:
    del error
    return errors.answer(
        request,
        BodyTooLarge(
            limit_mib=settings.DATA_UPLOAD_MAX_MEMORY_SIZE / (1 << 20),
            advice_zh="请缩短内容。",
            advice_en="Shorten it.",
        ),
    )


@site.exception_handler(Http404)
def _absent(request: HttpRequest, error: Http404 | type[Http404]) -> HttpResponse:
    return errors.answer(request, errors.PageNotFound(path=request.path))


@site.exception_handler(DatabaseError)
def _database(request: HttpRequest, error: DatabaseError | type[DatabaseError]) -> HttpResponse:
    explained = database.explain(error) if isinstance(error, BaseException) else None
    if explained is None:
        raise error
    errors.logger.error("%s %s: %s", request.method, request.path, explained, exc_info=True)
    return errors.answer(request, explained)
