"""The closed archive: payloads leave their versions, sealed, while hash, leaf and proof stay; later they are destroyed.

Nothing here decides what goes: retention does, by its dated rules. The database lets a payload go through one function
only, which asks for an act ``archived`` on the record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db import connection

from xinyong.ledger.models import Archived
from xinyong.runtime import cryptography

#: What a version's payload says once it went.
STUB = {"_archived": True}


def _context(version_id: int) -> str:
    return f"ledger.archive:{version_id}"


def move(entity_id: int, record_id: int, *, rule: str, run: int) -> int:
    """Move every payload of a record, in the caller's transaction, which has recorded the act. Returns how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version_id, payload::text FROM ledger_version WHERE entity_id = %s AND record_id = %s "
            "ORDER BY version_no",
            (entity_id, record_id),
        )
        rows = [(int(number), text) for number, text in cursor.fetchall() if json.loads(text) != STUB]
        if not rows:
            return 0
        sealed = [cryptography.seal(_context(number), text.encode()) for number, text in rows]
        cursor.execute(
            "SELECT ledger_archive_v1(%s, %s, %s::bigint[], %s::bytea[], %s, %s)",
            (entity_id, record_id, [number for number, _ in rows], sealed, rule, run),
        )
        return int(cursor.fetchone()[0])


def destroy(version_ids: Sequence[int], *, rule: str, run: int) -> int:
    """Destroy what the archive holds of these versions. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_archive_destroy_v1(%s::bigint[], %s, %s)", (list(version_ids), rule, run))
        return int(cursor.fetchone()[0])


def read(record_id: int) -> list[tuple[Archived, dict[str, Any] | None]]:
    """The versions of a record in the archive with what they said; None for what was destroyed. The caller logs the look.

    Raises InvalidTag when a sealed payload was altered, ValueError when it is not the one that was hashed.
    """
    found = []
    for row in Archived.objects.filter(record_id=record_id).order_by("version_no"):
        found.append((row, json.loads(_opened(row)) if row.sealed is not None else None))
    return found


def _opened(row: Archived) -> bytes:
    assert row.sealed is not None
    text = cryptography.unseal(_context(row.version_id), bytes(row.sealed))
    if hashlib.sha256(text).digest() != bytes(row.payload_hash):
        raise ValueError(f"version {row.version_id}: the archived payload is not the one that was hashed")
    return text


def holds(entity_id: int, record_id: int) -> bool:
    """Whether the record's payloads went."""
    return Archived.objects.filter(record_id=record_id, entity_id=entity_id).exists()


def intact(row: tuple[int, bytes, bytes]) -> bool:
    """Whether (version, payload hash, sealed payload) belong together; for the check of the whole log."""
    number, digest, sealed = row
    try:
        return hashlib.sha256(cryptography.unseal(_context(number), sealed)).digest() == digest
    except InvalidTag:
        return False
