"""Clients and keys in memory, for a door that asks the database nothing on the way of a request."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timezone

from xinyong.accounts import client_actions, client_selectors
from xinyong.accounts.client_selectors import Caller, Refusal
from xinyong.api import signing
from xinyong.api.signing import SigningKey
from xinyong.verification import source

_KEY = re.compile(rf"{client_actions.KEY_MARK}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")


class Clients:
    """What was read last. Replaced as a whole, so that a request never sees half of a change."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, Caller, datetime | None, bool, bool]] = {}
        self._signing: dict[str, SigningKey] = {}
        self._digests: dict[str, str] = {}
        self.datasets: dict[str, int] = {}

    def load(self) -> bool:
        """Read everything anew. Whether datasets have changed."""
        keys: dict[str, tuple[str, Caller, datetime | None, bool, bool]] = {}
        signers: dict[str, SigningKey] = {}
        for client in client_selectors.clients():
            for key in client.keys.all():
                caller = client_selectors.caller_of(
                    client, key_id=key.pk, key_prefix=key.prefix, key_used_at=key.last_used_at
                )
                keys[key.prefix] = (
                    key.digest, caller, key.expires_at, key.revoked_at is not None, client.is_active
                )  # fmt: skip
            for signer in client.signing_keys.all():
                signers[signer.keyid] = signing.of(signer)
        datasets = source.datasets()
        changed = datasets != self.datasets
        self._keys, self._signing, self.datasets = keys, signers, datasets
        return changed

    def of_key(self, token: str, now: float) -> Caller | Refusal:
        """The client behind a presented key."""
        form = _KEY.fullmatch(token)
        digest = self._digests.get(token)
        if digest is None:
            digest = client_actions.digest_of(token)
        held = self._keys.get(form.group(1)) if form is not None else None
        if held is None or form is None or not hmac.compare_digest(held[0], digest):
            return Refusal(why="unknown")
        if len(self._digests) < 10_000:
            self._digests[token] = digest  # of keys that are good only
        _, caller, expires_at, revoked, active = held
        if revoked:
            return Refusal(why="revoked", prefix=form.group(1))
        if expires_at is not None and expires_at <= datetime.fromtimestamp(now, timezone.utc):  # noqa: UP017
            return Refusal(why="expired", prefix=form.group(1))
        if not active:
            return Refusal(why="off", prefix=form.group(1))
        return caller

    def of_signature(self, keyid: str) -> SigningKey | None:
        """The key a signature names."""
        return self._signing.get(keyid)
