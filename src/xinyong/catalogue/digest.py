"""The canonical digest of an entry: the name by which a stored record refers to exactly the text it came under."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

#: Where a file lies and what its digest is are not content.
_NOT_CONTENT = frozenset({"file", "digest"})


def entry_digest(entry: Any) -> str:
    """SHA-256 over the content, code lists included; hexadecimal.

    Fields at their default are left out, so a later field of the contract does not change the digest of entries that do
    not use it. Comments, key order and file name do not count.
    """
    text = json.dumps(entry_content(entry), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def entry_content(entry: Any) -> Any:
    """The content as plain JSON values: what the digest is taken over, and what an edition keeps."""
    return _plain(entry)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: _plain(getattr(value, item.name))
            for item in dataclasses.fields(value)
            if item.name not in _NOT_CONTENT and getattr(value, item.name) != item.default
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value
