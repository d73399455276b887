"""The content hash of a stored payload, computed again. The form is that of ``intake/checks/canonical.py``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidTag

from xinyong.runtime import cryptography

#: The room of the intake lies above this one; a test holds both to the same text.
HASH_DOMAIN: Final = "xinyong-record-1"


def matches(dataset: str, payload: Mapping[str, Any], stored: bytes) -> bool:
    """Whether a payload gives the stored content hash; personal values are opened with the key of this home."""
    plain = {name: value for name, value in payload.items() if not name.startswith("_")}
    opened = {name: _fingerprint(name, value) for name, value in plain.items()}
    return digest(dataset, opened) == stored or (opened != plain and digest(dataset, plain) == stored)


def digest(dataset: str, fields: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical text of a record."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sha256(f"{HASH_DOMAIN}\n{dataset}\n{text}".encode()).digest()


def _fingerprint(name: str, value: Any) -> Any:
    """What stands for a value in the canonical text: for a personal one, the fingerprint of what the token holds."""
    if not isinstance(value, str) or not value.startswith(cryptography.TOKEN_PREFIX):
        return value
    try:
        return cryptography.fingerprint(cryptography.reveal(name, value)).hex()
    except (InvalidTag, ValueError):
        return value
