"""One answer per idempotency key (draft-ietf-httpapi-idempotency-key-header), also across a kill.

Who works on a key holds an advisory lock of its database session; the lock ends with the process. A row without an answer
whose lock is free was left by a killed process: the next request with the same key does the work again, and what it then
finds done already (a delivery is tied to the key by its origin) it answers from.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from xinyong.accounts.client_selectors import Caller
from xinyong.api.errors import KeyReused, StillAtWork
from xinyong.api.models import KeyedRequest
from xinyong.runtime import config

#: First key of the advisory lock; see also intake's.
_LOCK = 0x0D41
#: Expired answers removed with each new key, so that no clean-up has to be run.
_SWEEP = 20
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Location", "Content-Type")


@dataclass(slots=True)
class Turn:
    """The right to answer. ``answer`` is set when the request was answered before."""

    row: KeyedRequest | None = None
    answer: HttpResponse | None = None
    kept: bool = field(default=False)

    def keep(self, response: HttpResponse) -> None:
        """Keep the answer for repeats. Failures of the platform are not kept: a repeat tries again."""
        if self.row is None or response.status_code >= 500:
            return
        self.row.status = response.status_code
        self.row.body = response.content.decode()
        self.row.headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
        self.row.save(update_fields=["status", "body", "headers"])
        self.kept = True


def key_of(header: str | None) -> str:
    """The key of the header, quoted or bare; empty without one. Raises KeyReused for what cannot be a key."""
    if header is None:
        return ""
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _FORM.fullmatch(key):
        raise KeyReused(
            why_zh="须为 1 至 255 个可见的 ASCII 字符，例如 UUID。",
            why_en="it must be 1 to 255 visible ASCII characters, for example a UUID.",
        )
    return key


@contextlib.contextmanager
def turn(caller: Caller, key: str, fingerprint: str) -> Iterator[Turn]:
    """Work under a key: yields the earlier answer, or the turn to make one. Raises StillAtWork, KeyReused."""
    if not key:
        yield Turn()
        return
    place = zlib.crc32(f"{caller.client_id}:{key}".encode()) - (1 << 31)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK, place))
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise StillAtWork()
    try:
        yield _claim(caller, key, fingerprint)
    finally:
        # A broken session has lost its locks already.
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK, place))


def _claim(caller: Caller, key: str, fingerprint: str) -> Turn:
    now = timezone.now()
    with transaction.atomic():
        KeyedRequest.objects.filter(client_id=caller.client_id, key=key, expires_at__lte=now).delete()
        row = KeyedRequest.objects.filter(client_id=caller.client_id, key=key).first()
        if row is None:
            hours: int = config.get("XINYONG_IDEMPOTENCY_HOURS")
            old = KeyedRequest.objects.filter(expires_at__lte=now).order_by("expires_at").values("pk")[:_SWEEP]
            KeyedRequest.objects.filter(pk__in=old).delete()
            row = KeyedRequest.objects.create(
                client_id=caller.client_id, key=key, fingerprint=fingerprint, expires_at=now + timedelta(hours=hours)
            )
            return Turn(row=row)
    if row.fingerprint != fingerprint:
        raise KeyReused(
            why_zh="它已用于另一请求（地址或内容不同）。重试请发送同样的内容；新的请求请换新的键。",
            why_en="it was used with another address or body. Repeat the same request, or take a new key for a new one.",
        )
    if row.status is None:
        return Turn(row=row)
    answer = HttpResponse(row.body, status=row.status, content_type=row.headers.get("Content-Type"))
    for name, value in row.headers.items():
        answer[name] = value
    answer["Idempotent-Replayed"] = "true"
    return Turn(row=row, answer=answer, kept=True)
