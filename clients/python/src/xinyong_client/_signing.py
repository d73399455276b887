"""Signed requests (RFC 9421) as the platform takes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key the platform's operator registered for this system. ``sign``: from the signature base to the signature."""

    keyid: str
    algorithm: str
    sign: Callable[[bytes], bytes]

    @classmethod
    def hmac(cls, keyid: str, secret: str) -> SigningKey:
        """A shared secret, base64 as it was shown once."""
        key = base64.b64decode(secret, validate=True)
        return cls(keyid, "hmac-sha256", lambda base: hmac.digest(key, base, "sha256"))

    @classmethod
    def ed25519(cls, keyid: str, pem: bytes) -> SigningKey:
        """The system's own private key (PKCS 8, PEM); needs ``cryptography``."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        key = load_pem_private_key(pem, None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("this is no Ed25519 key")
        return cls(keyid, "ed25519", key.sign)

    def headers(self, method: str, authority: str, path: str, query: str, body: bytes | None) -> dict[str, str]:
        """The header fields that sign a request, with a fresh nonce."""
        covered = '("@method" "@authority" "@path" "@query"' + (' "content-digest")' if body is not None else ")")
        parameters = (
            f'{covered};created={int(time.time())};nonce="{secrets.token_urlsafe(18)}";keyid="{self.keyid}"'
            f';alg="{self.algorithm}"'
        )
        lines = [
            f'"@method": {method}', f'"@authority": {authority.lower()}', f'"@path": {path}', f'"@query": ?{query}',
        ]  # fmt: skip
        found: dict[str, str] = {}
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            found["Content-Digest"] = f"sha-256=:{digest}:"
            lines.append(f'"content-digest": {found["Content-Digest"]}')
        lines.append(f'"@signature-params": {parameters}')
        made = base64.b64encode(self.sign("\n".join(lines).encode("ascii"))).decode()
        return {**found, "Signature-Input": f"sig1={parameters}", "Signature": f"sig1=:{made}:"}
