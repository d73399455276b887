"""Clients and keys in memory, for a door that asks the database nothing on the way of a request."""

from __future__ import annotations

import hmac
import re

from xinyong.accounts import client_actions, client_selectors
from xinyong.accounts.client_selectors import Caller, Refusal
from xinyong.api import signing
from xinyong.api.signing import SigningKey
from xinyong.verification import source

_KEY = re.compile(rf"{client_actions.KEY_MARK}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")


class Clients:
    """What was read last. Replaced as a whole, so that a request never sees half of a change."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, Caller, float | None, bool, bool]] = {}
        self._signing: dict[str, SigningKey] = {}
        self._good: dict[str, str] = {}
        self.datasets: dict[str, int] = {}
        self._stamp: int | None = None

    def load(self) -> bool:
        """Read everything anew where something was changed. Whether anything was read.

        Looked at first: reading it all holds the interpreter for milliseconds, which every answer meanwhile waits for.
        """
        stamp, datasets = client_selectors.stamp(), source.datasets()
        if stamp == self._stamp and datasets == self.datasets:
            return False
        keys: dict[str, tuple[str, Caller, float | None, bool, bool]] = {}
        signers: dict[str, SigningKey] = {}
        for client in client_selectors.clients():
            for key in client.keys.all():
                caller = client_selectors.caller_of(
                    client, key_id=key.pk, key_prefix=key.prefix, key_used_at=key.last_used_at
                )
                keys[key.prefix] = (
                    key.digest, caller, key.expires_at.timestamp() if key.expires_at is not None else None, key.revoked_at is not None, client.is_active
                )  # fmt: skip
            for signer in client.signing_keys.all():
                if (known := signing.of(signer)) is not None:
                    signers[signer.keyid] = known
        self._keys, self._signing, self.datasets, self._stamp = keys, signers, datasets, stamp
        return True

    def of_key(self, token: str, now: float) -> Caller | Refusal:
        """The client behind a presented key."""
        prefix = self._good.get(token)
        if prefix is None:
            form = _KEY.fullmatch(token)
            held = self._keys.get(form.group(1)) if form is not None else None
            if form is None or held is None or not hmac.compare_digest(held[0], client_actions.digest_of(token)):
                return Refusal(why="unknown")
            prefix = form.group(1)
            if len(self._good) < 10_000:
                self._good[token] = prefix  # a prefix never gets another key
        held = self._keys.get(prefix)
        if held is None:
            return Refusal(why="unknown")
        _, caller, expires_at, revoked, active = held
        if revoked:
            return Refusal(why="revoked", prefix=prefix)
        if expires_at is not None and expires_at <= now:
            return Refusal(why="expired", prefix=prefix)
        if not active:
            return Refusal(why="off", prefix=prefix)
        return caller

    def ends_at(self, caller: Caller) -> float:
        """When the key a caller came with expires."""
        held = self._keys.get(caller.key_prefix)
        return held[2] if held is not None and held[2] is not None else float("inf")

    def of_signature(self, keyid: str) -> SigningKey | None:
        """The key a signature names."""
        return self._signing.get(keyid)
