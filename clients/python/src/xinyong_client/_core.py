"""Sends requests: key or signature, the quota's headers, repeats, errors."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from xinyong_client._errors import NotReached, problem
from xinyong_client._operations import Operations
from xinyong_client._signing import SigningKey

#: Answers after which the same request may be sent again.
_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limit:
    """The request quota that ends first, as the last answer told it."""

    limit: int
    remaining: int
    reset: int


class Client(Operations):
    """One system's way to the platform. May be shared by threads.

    ``key`` or ``signing`` says who asks. ``retries``: how often a request is repeated that was not answered (reads, and writes
    under an idempotency key) or was refused for now; between two tries it waits as ``Retry-After`` or ``RateLimit-Reset`` say,
    else twice as long each time, and never longer than ``longest_wait`` seconds: then the error is raised instead.
    """

    def __init__(
        self,
        base: str,
        *,
        key: str = "",
        signing: SigningKey | None = None,
        timeout: float = 15.0,
        retries: int = 3,
        longest_wait: float = 60.0,
        language: str = "zh",
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"no address: {base}")
        if bool(key) == (signing is not None):
            raise ValueError("give either a key or a signing key")
        self._scheme, self._authority, self._root = parts.scheme, parts.netloc, parts.path.rstrip("/")
        self._key, self._signing = key, signing
        self._timeout, self._retries, self._longest, self._language = timeout, retries, longest_wait, language
        self._context = context or (ssl.create_default_context() if parts.scheme == "https" else None)
        self._held = threading.local()
        self.limit: Limit | None = None

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        given = {name: value for name, value in (headers or {}).items() if value is not None}
        asked = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        content = body if isinstance(body, bytes | None) else json.dumps(body, ensure_ascii=False).encode()
        if content is not None and headers is not None and "Idempotency-Key" in headers:
            given.setdefault("Idempotency-Key", str(uuid.uuid4()))  # one for all tries
        safe = method == "GET" or "Idempotency-Key" in given
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                status, told, answer = self._send(method, self._root + path, asked, content, given, content_type)
            except (OSError, http.client.HTTPException) as error:
                self._let_go()
                if last or not safe:
                    raise NotReached(f"{method} {path}: {type(error).__name__}: {error}") from error
                time.sleep(self._pause(attempt))
                continue
            if status < 300:
                return self._read(method, path, answer)
            found = problem(status, answer, told)
            # Refused for now (429) did nothing: any request may be sent again.
            if status not in _AGAIN or last or not (safe or status == 429):
                raise found
            said = told.get("retry-after") or (told.get("ratelimit-reset") if status == 429 else None)
            wait = float(said) if said is not None and said.isdecimal() else self._pause(attempt)
            if wait > self._longest:
                raise found
            time.sleep(wait)
        raise NotReached(f"{method} {path}")  # pragma: no cover - the last try returns or raises

    @staticmethod
    def _read(method: str, path: str, answer: bytes) -> Any:
        try:
            return json.loads(answer)
        except ValueError as error:
            raise NotReached(f"{method} {path}: the answer is no JSON") from error

    @staticmethod
    def _pause(attempt: int) -> float:
        return float(min(30.0, 0.25 * 2**attempt) * (0.5 + random.random() / 2))  # noqa: S311  (no secret)

    def _send(
        self, method: str, path: str, query: str, content: bytes | None, given: Mapping[str, str], media: str
    ) -> tuple[int, dict[str, str], bytes]:
        address = f"{path}?{query}" if query else path
        connection, fresh = self._connection()
        try:
            connection.request(method, address, content, self._fields(method, path, query, content, given, media))
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest):
            self._let_go()
            if fresh or method != "GET":
                raise
            connection, _ = self._connection()  # a connection kept open was closed over there meanwhile
            connection.request(method, address, content, self._fields(method, path, query, content, given, media))
            answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        whole = answer.read()
        self._note(told)
        return answer.status, told, whole

    def _fields(
        self, method: str, path: str, query: str, content: bytes | None, given: Mapping[str, str], media: str
    ) -> dict[str, str]:
        fields = {"Accept": "application/json", "Accept-Language": self._language, **given}
        if content is not None:
            fields["Content-Type"] = media
        if self._signing is None:
            fields["Authorization"] = f"Bearer {self._key}"
        else:  # anew for each try: a nonce counts once
            fields.update(self._signing.headers(method, self._authority, path, query, content))
        return fields

    def _note(self, told: Mapping[str, str]) -> None:
        found = [told.get(f"ratelimit-{name}", "") for name in ("limit", "remaining", "reset")]
        if all(value.isdecimal() for value in found):
            self.limit = Limit(*map(int, found))

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        held: http.client.HTTPConnection | None = getattr(self._held, "connection", None)
        if held is not None:
            return held, False
        if self._scheme == "https":
            held = http.client.HTTPSConnection(self._authority, timeout=self._timeout, context=self._context)
        else:
            held = http.client.HTTPConnection(self._authority, timeout=self._timeout)
        self._held.connection = held
        return held, True

    def _let_go(self) -> None:
        held: http.client.HTTPConnection | None = getattr(self._held, "connection", None)
        if held is not None:
            held.close()
            self._held.connection = None

    def close(self) -> None:
        """Close the connection of this thread."""
        self._let_go()
