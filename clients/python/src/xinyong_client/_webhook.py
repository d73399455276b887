"""Messages of the platform to this system: is it from there, and what does it say?"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import NotRequired, TypedDict


class WebhookInvalid(Exception):
    """The message is not from the platform, was changed on the way, or is too old: answer 401 and forget it."""


class Event(TypedDict):
    """``data`` names what happened to what; the content is asked for by its number, so nothing outlives its publication."""

    delivery: str
    type: str
    created_at: str
    entity: NotRequired[str | None]
    data: dict[str, object]


def read_webhook(body: bytes, signature: str, key: str, *, within: float = 300.0, now: float | None = None) -> Event:
    """The message, once its signature (header ``Xinyong-Signature``) holds. Raises WebhookInvalid.

    A message may come twice: keep the ids (``delivery``) of the last days and drop what was seen.
    """
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    moment = parts.get("t", "")
    if not moment.isdecimal():
        raise WebhookInvalid("the signature cannot be read")
    made = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, parts.get("v1", "")):
        raise WebhookInvalid("the signature does not hold")
    if abs((time.time() if now is None else now) - int(moment)) > within:
        raise WebhookInvalid("the message is too old")
    try:
        found: Event = json.loads(body)
    except ValueError as error:
        raise WebhookInvalid("the message is no JSON") from error
    return found
