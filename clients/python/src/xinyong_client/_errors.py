"""What can go wrong: each problem+json answer is an exception with its fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class NotReached(Exception):
    """The platform could not be reached, or gave no readable answer, also after the repeats."""


class Problem(Exception):
    """An error answer (RFC 9457). ``code`` is of the platform's closed list; the reference page explains each."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.code = str(body.get("code") or body.get("error") or "")
        self.title = str(body.get("title", ""))
        self.detail = str(body.get("detail", ""))
        self.message_zh = str(body.get("message_zh", ""))
        self.message_en = str(body.get("message_en", ""))
        self.data: Mapping[str, Any] = body.get("data") or {}
        self.findings: list[Mapping[str, Any]] = list(body.get("findings") or ())
        self.body = body
        self.headers = headers
        super().__init__(f"{status} {self.code}: {self.message_en or self.detail or self.title}")

    @property
    def retry_after(self) -> float | None:
        """Seconds after which it may be tried again; None where the platform does not say."""
        said = self.headers.get("retry-after", "")
        return float(said) if said.isdecimal() else None


class Unauthorised(Problem):
    """401: no key, or key or signature do not hold. ``code`` tells which."""


class Forbidden(Problem):
    """403: the client may not do this, or not for this item."""


class NotFound(Problem):
    """404."""


class Conflict(Problem):
    """409: somebody else moved it meanwhile, or it may not be done as things stand."""


class Invalid(Problem):
    """411, 413, 415, 422: the request is wrong; ``message_zh`` and ``message_en`` say what to change."""


class QuotaUsedUp(Problem):
    """429, after the repeats the client was allowed."""


class ServerTrouble(Problem):
    """5xx."""


_KINDS: dict[int, type[Problem]] = {
    401: Unauthorised, 403: Forbidden, 404: NotFound, 409: Conflict, 411: Invalid, 413: Invalid, 415: Invalid, 422: Invalid,
    429: QuotaUsedUp,
}  # fmt: skip


def problem(status: int, content: bytes, headers: Mapping[str, str]) -> Problem:
    """The exception of an answer."""
    try:
        body = json.loads(content)
    except ValueError:
        body = {}
    kind = _KINDS.get(status, ServerTrouble if status >= 500 else Problem)
    return kind(status, body if isinstance(body, dict) else {}, headers)
