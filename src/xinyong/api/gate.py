"""The gate of the API: who is calling, and is there quota left?

A way to prove who one is, is a function from the request to a :class:`Caller`; the gate asks them in order: signed
requests (RFC 9421), then keys.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from ninja.security import HttpBearer

from xinyong.accounts import client_actions
from xinyong.accounts.client_selectors import Caller, Refusal, Used, caller_of_key
from xinyong.api import nonces, signatures, signing
from xinyong.api.errors import BodyTooLarge, KeyMissing, KeyRefused, QuotaUsedUp

_KEY = re.compile(rf"{client_actions.KEY_MARK}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")


def by_key(request: HttpRequest) -> Caller | None:
    """``Authorization: Bearer xyk_…``. None when the request does not try this way. Raises KeyRefused."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    form = _KEY.fullmatch(token)
    found = caller_of_key(form.group(1) if form else "", client_actions.digest_of(token))
    if isinstance(found, Refusal):
        if found.prefix:
            client_actions.note_refusal(found.prefix, found.why)
        raise KeyRefused()
    return found


def by_signature(request: HttpRequest) -> Caller | None:
    """``Signature-Input`` and ``Signature``. None when the request does not try this way.

    Raises SignatureWrong, SignatureTime, SignatureReplayed, KeyRevoked.
    """
    fields = request.headers
    if "Signature" not in fields and "Signature-Input" not in fields:
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    has_body = length != "0" or "Transfer-Encoding" in fields
    if has_body and (not length.isdecimal() or int(length) > SIGNED_BODY_LIMIT):
        raise BodyTooLarge(
            limit_mib=SIGNED_BODY_LIMIT >> 20,
            advice_zh="签名的请求须整体读取；更大的文件请用密钥报送。",
            advice_en="A signed request is read whole; deliver larger files with a key.",
        )
    signed = signatures.read(
        method=request.method or "",
        authority=request.get_host(),
        path=quote(request.path, safe="/!$&'()*+,;=:@~%") if not request.path.isascii() else request.path,
        query=request.META.get("QUERY_STRING", ""),
        signature_input=fields.get("Signature-Input", ""),
        signature=fields.get("Signature", ""),
        content_digest=fields.get("Content-Digest", ""),
        body=(lambda: request.body) if has_body else None,
    )
    now = time.time()
    found = signing.key_of(signed.keyid)
    if found is None:
        raise signatures.SignatureWrong(
            why_zh=f"没有 keyid 为「{signed.keyid}」的密钥", why_en=f"there is no key with the keyid '{signed.keyid}'"
        )
    accept(found, signed, now)
    if not nonces.take(signed.keyid, signed.nonce, now):
        raise signatures.SignatureReplayed()
    return found.caller


def accept(found: signing.SigningKey, signed: signatures.Signed, now: float) -> None:
    """Whether a signature by this key holds now. Raises SignatureWrong, SignatureTime, KeyRevoked.

    That the key was revoked is told only to whoever has it.
    """
    found.verifier.check(signed)
    signatures.check_time(signed, now)
    if found.ended:
        state_zh, state_en = _ENDED[found.ended]
        raise signatures.KeyRevoked(key=signed.keyid, state_zh=state_zh, state_en=state_en)


#: A signed body is read whole, bytes.
SIGNED_BODY_LIMIT = 16 << 20
_ENDED = {
    "revoked": ("撤销", "was revoked"),
    "expired": ("过期", "has expired"),
    "off": ("停用", "belongs to a client that is switched off"),
}

WAYS: tuple[Callable[[HttpRequest], Caller | None], ...] = (by_signature, by_key)


def caller_of(request: HttpRequest) -> Caller:
    """Who is calling. Cookies and sessions count for nothing here. Raises KeyMissing, KeyRefused."""
    for way in WAYS:
        caller = way(request)
        if caller is not None:
            client_actions.note_use(caller)
            return caller
    raise KeyMissing()


class ClientGate(HttpBearer):
    """The gate as django-ninja calls it: authenticates, counts the request, refuses beyond the quota."""

    openapi_description = "API key issued by the platform operator: `Authorization: Bearer xyk_…`"

    def __call__(self, request: HttpRequest) -> Any:
        caller = caller_of(request)
        charge(request, caller, requests=1, rows=0)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not used: the gate looks at the whole request."""
        raise NotImplementedError


def charge(request: HttpRequest, caller: Caller, *, requests: int, rows: int) -> None:
    """Count use and set the RateLimit headers of the answer. Raises QuotaUsedUp."""
    used = client_actions.use(caller, requests=requests, rows=rows)
    _headers(request, caller, used)
    quota = caller.quota
    for what_zh, what_en, window_zh, window_en, limit, spent, left in (
        ("请求", "requests", "分钟", "minute", quota.requests_per_minute, used.minute_requests, used.minute_left),
        ("请求", "requests", "日", "day", quota.requests_per_day, used.day_requests, used.day_left),
    ):
        if requests and spent > limit:
            raise QuotaUsedUp(
                what_zh=what_zh,
                what_en=what_en,
                window_zh=window_zh,
                window_en=window_en,
                limit=limit,
                seconds=left,
            )


def require_rows(request: HttpRequest, caller: Caller) -> None:
    """:func:`rows_left` for a request."""
    del request
    rows_left(caller)


def rows_left(caller: Caller) -> None:
    """Before rows are taken: a batch is taken whole as long as the minute and the day are not used up. Raises QuotaUsedUp."""
    used = client_actions.use(caller, requests=0, rows=0)
    quota = caller.quota
    for window_zh, window_en, limit, spent, left in (
        ("分钟", "minute", quota.rows_per_minute, used.minute_rows, used.minute_left),
        ("日", "day", quota.rows_per_day, used.day_rows, used.day_left),
    ):
        if spent >= limit:
            raise QuotaUsedUp(
                what_zh="行数",
                what_en="rows",
                window_zh=window_zh,
                window_en=window_en,
                limit=limit,
                seconds=left,
            )


def _headers(request: HttpRequest, caller: Caller, used: Used) -> None:
    quota = caller.quota
    day_closer = quota.requests_per_day - used.day_requests < quota.requests_per_minute - used.minute_requests
    limit, spent, left = (
        (quota.requests_per_day, used.day_requests, used.day_left)
        if day_closer
        else (quota.requests_per_minute, used.minute_requests, used.minute_left)
    )
    extra: dict[str, str] = request.__dict__.setdefault("answer_headers", {})
    extra.update(
        {
            "RateLimit-Policy": f"{quota.requests_per_minute};w=60, {quota.requests_per_day};w=86400",
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - spent)),
            "RateLimit-Reset": str(left),
        }
    )
