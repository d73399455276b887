"""Which key a signature names, and whose it is."""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag

from xinyong.accounts import client_selectors
from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.models import ApiSigningKey
from xinyong.api.signatures import Verifier
from xinyong.runtime import cryptography

_log = logging.getLogger("xinyong.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A registered key. ``ended``: empty while it is valid, else revoked, expired or off."""

    caller: Caller
    verifier: Verifier
    ended: str


@lru_cache(maxsize=1024)
def verifier(keyid: str, algorithm: str, material: str) -> Verifier:
    """The key behind what is stored; a keyid never gets other material."""
    if algorithm == ApiSigningKey.Algorithm.HMAC_SHA256:
        material = cryptography.reveal(f"signing:{keyid}", material)
    return Verifier.of(algorithm, base64.b64decode(material))


def of(key: ApiSigningKey) -> SigningKey | None:
    """A stored key with its client; None, and a line in the log, where the keys of this installation do not open it."""
    try:
        check = verifier(key.keyid, key.algorithm, key.material)
    except InvalidTag:  # one key that cannot be read must not end the service for all others
        _log.error("signing key %s cannot be opened with the keys of this installation; register it anew", key.keyid)
        return None
    state = client_selectors.key_state(key)
    return SigningKey(
        caller=client_selectors.caller_of(key.client, key_id=0, key_prefix=key.keyid, key_used_at=key.last_used_at),
        verifier=check,
        ended="off" if not key.client.is_active else "" if state == "valid" else state,
    )


def key_of(keyid: str) -> SigningKey | None:
    """The key a signature names; None when there is none."""
    key = ApiSigningKey.objects.select_related("client", "client__department").filter(keyid=keyid).first()
    return of(key) if key is not None else None
