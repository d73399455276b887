"""Client of the Xinyong API. Standard library only; Ed25519 signatures need ``cryptography``.

from xinyong_client import Client, SigningKey

client = Client("https://credit.example.gov.cn", signing=SigningKey.hmac("sig-0a1b2c3d", secret))
answer = client.verify_entity("91410700000000019K", purpose="permit", item="food-licence", case="XK-1")
"""

from xinyong_client import _types as types
from xinyong_client._core import Client, Limit
from xinyong_client._errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotReached,
    Problem,
    QuotaUsedUp,
    ServerTrouble,
    Unauthorised,
)
from xinyong_client._signing import SigningKey
from xinyong_client._webhook import Event, WebhookInvalid, read_webhook

__all__ = [
    "Client", "Conflict", "Event", "Forbidden", "Invalid", "Limit", "NotFound", "NotReached", "Problem", "QuotaUsedUp",
    "ServerTrouble", "SigningKey", "Unauthorised", "WebhookInvalid", "read_webhook", "types",
]  # fmt: skip
