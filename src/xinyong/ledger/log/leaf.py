"""What a leaf says: where a version came from and what it hashes to. Never anything of its content.

The form is the JSON object ``json.dumps(..., sort_keys=True, separators=(",", ":"), ensure_ascii=False)`` writes, in
UTF-8. ``content_hash`` is public and can be computed again from the record's fields (``intake/checks/canonical.py``).
``row_hash`` covers every column of the stored row, so that no change of any of them stays unseen; personal values
enter it encrypted, so nobody can try guesses against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

TYPE: Final = "xinyong-version-1"
#: Columns of the statement ``log_versions``, in its order.
COLUMNS: Final = (
    "version_id",
    "record_id",
    "version_no",
    "source_row",
    "dataset",
    "edition",
    "delivery",
    "delivery_sha256",
    "received_at",
    "recorded_at",
    "content_hash",
    "row_hash",
)


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def build(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Leaves of rows of ``log_versions``."""
    return [
        (
            f'{{"content_hash":"{content}","dataset":{_quoted(dataset)},"delivery":{_quoted(delivery)},'
            f'"delivery_sha256":{_quoted(sha256)},"edition":{_quoted(edition)},"received_at":"{received}",'
            f'"record_id":{record},"recorded_at":"{recorded}","row_hash":"{row}","source_row":{source},'
            f'"type":"{TYPE}","version_id":{version},"version_no":{number}}}'
        ).encode()
        for version, record, number, source, dataset, edition, delivery, sha256, received, recorded, content, row in rows
    ]


def differences(logged: bytes, stored: bytes) -> list[str]:
    """Names of the members in which two leaves differ; empty when they are equal."""
    if logged == stored:
        return []
    try:
        before, after = json.loads(logged), json.loads(stored)
        keys = sorted({*before, *after})
        return [key for key in keys if before.get(key) != after.get(key)] or ["form"]
    except (ValueError, TypeError):
        return ["form"]


def names(entry: bytes | None) -> tuple[int | None, int | None]:
    """(record_id, version_no) a leaf speaks of; None where it cannot be read."""
    try:
        value = json.loads(entry or b"")
        return int(value["record_id"]), int(value["version_no"])
    except (ValueError, TypeError, KeyError):
        return None, None
