"""Protection of personal values at rest: AES-256-GCM, and a keyed fingerprint for matching and hashing.

Keys live in XINYONG_HOME/keys (mode 600). Losing them loses the protected values; docs/operations.md says how to keep
them. Source: Personal Information Protection Law art. 51 (encryption, de-identification).
"""

from __future__ import annotations

import base64
import hmac
import os
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xinyong.runtime import config

TOKEN_PREFIX = "enc1:"


@cache
def _key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = os.urandom(32)
        temporary = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(made)
            os.fsync(handle.fileno())
        try:
            os.link(temporary, path)  # never replaces a key another process wrote first
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return path.read_bytes()


def _named(name: str) -> bytes:
    return _key(config.home("keys") / f"{name}.key")


def protect(context: str, text: str) -> str:
    """Encrypt ``text``, bound to ``context`` (the field code), so that a token cannot be moved to another field."""
    nonce = os.urandom(12)
    sealed = AESGCM(_named("personal")).encrypt(nonce, text.encode(), context.encode())
    return TOKEN_PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()


def reveal(context: str, token: str) -> str:
    """Decrypt a token of :func:`protect`. Raises cryptography's InvalidTag when it was altered or moved."""
    raw = base64.urlsafe_b64decode(token.removeprefix(TOKEN_PREFIX))
    return AESGCM(_named("personal")).decrypt(raw[:12], raw[12:], context.encode()).decode()


def seal(context: str, content: bytes) -> bytes:
    """The same for a file: encrypted bytes, bound to ``context``."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_named("personal")).encrypt(nonce, content, context.encode())


def unseal(context: str, sealed: bytes) -> bytes:
    """The bytes of :func:`seal`. Raises cryptography's InvalidTag when they were altered or moved."""
    return AESGCM(_named("personal")).decrypt(sealed[:12], sealed[12:], context.encode())


def fingerprint(text: str) -> bytes:
    """Keyed hash (HMAC-SHA-256, 32 bytes): equal texts give equal fingerprints, nobody without the key can guess them."""
    return hmac.new(_named("fingerprint"), text.encode(), sha256).digest()


def django_secret() -> str:
    """The secret Django signs sessions with."""
    return base64.urlsafe_b64encode(_named("web")).decode()
