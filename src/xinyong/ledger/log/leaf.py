"""What a leaf says, and how little of it is stored: the entry in the log is a commitment of 32 bytes.

A leaf is the statement of one version: where it came from, which row of which entity it is, what its content and its
payload hash to. The entry is ``SHA-256(context ‖ row ‖ blind)``: ``context`` is the SHA-256 of what all rows of a
delivery share, ``row`` the 108 bytes of the version, ``blind`` 16 bytes drawn from a secret key by place. Without the
blind an entry tells nothing, not even to somebody who guesses the content; a proof opens one leaf and no other.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256, shake_256
from typing import Any, Final

import numpy as np

TYPE: Final = "xinyong-version-2"
#: Members that are the same for all rows of a delivery (under one edition).
CONTEXT: Final = (
    "dataset",
    "delivery",
    "delivery_sha256",
    "edition",
    "received_at",
    "recorded_at",
    "type",
    "written_at",
)
#: version_id, record_id, version_no, source_row, entity_id, department_id, days since 1970 of the decision, hashes.
ROW: Final = struct.Struct(">qqiiqqi32s32s")
BLIND_SIZE: Final = 16
#: Leaves that share one squeeze of the blinding key: as many as a tile has.
_SPAN: Final = 256
_NO_DAY: Final = -(1 << 31)
_EPOCH: Final = date(1970, 1, 1)


def context_digest(context: Mapping[str, str]) -> bytes:
    """SHA-256 of the canonical JSON of what the rows share."""
    return sha256(canonical({name: context[name] for name in CONTEXT}).encode()).digest()


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Blinds:
    """The blinds of a log, by place. The same key gives the same blinds, so the log can be derived again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def take(self, first: int, count: int) -> bytes:
        """Blinds of ``count`` leaves from ``first`` on, one behind the other."""
        spans = range(first // _SPAN, -(-(first + count) // _SPAN))
        drawn = b"".join([shake_256(self._key + span.to_bytes(8, "big")).digest(_SPAN * BLIND_SIZE) for span in spans])
        start = first % _SPAN * BLIND_SIZE
        return drawn[start : start + count * BLIND_SIZE]


class Doubled(ValueError):
    """A version is there twice, or one that does not belong to the run."""


def entries(groups: Iterable[tuple[bytes, bytes]], first_version: int, count: int, blinds: bytes) -> list[bytes]:
    """Entries of ``count`` versions from ``first_version`` on; empty where a version is missing.

    ``groups``: (context digest, rows of :data:`ROW` one behind the other). Raises Doubled.
    """
    found = [b""] * count
    size = ROW.size + BLIND_SIZE
    for digest, places, texts in _blinded(groups, first_version, count, blinds):
        if places.size and (places.min() < 0 or places.max() >= count or np.unique(places).size != places.size):
            raise Doubled(f"versions from {first_version} on")
        begin = sha256(digest).copy
        start = 0
        for place in places.tolist():
            if found[place]:
                raise Doubled(f"version {first_version + place}")
            begun = begin()
            begun.update(texts[start : start + size])
            found[place] = begun.digest()
            start += size
    return found


def first_of_each(
    groups: Iterable[tuple[bytes, bytes]], first_version: int, count: int, blinds: bytes
) -> tuple[list[bytes], list[int]]:
    """The same for a run that has doubles: the entry of the first of each, and the numbers of the others."""
    found, doubled = [b""] * count, []
    size = ROW.size + BLIND_SIZE
    for digest, places, texts in _blinded(groups, first_version, count, blinds):
        for number, place in enumerate(places.tolist()):
            if found[place]:
                doubled.append(first_version + place)
            else:
                found[place] = sha256(digest + texts[number * size : (number + 1) * size]).digest()
    return found, doubled


def _blinded(
    groups: Iterable[tuple[bytes, bytes]], first_version: int, count: int, blinds: bytes
) -> Iterator[tuple[bytes, Any, bytes]]:
    """(context digest, places, rows each with its blind behind it)."""
    secret = np.frombuffer(blinds, np.uint8).reshape(count, BLIND_SIZE)
    for digest, packed in groups:
        rows = np.frombuffer(packed, np.uint8).reshape(-1, ROW.size)
        places = np.ascontiguousarray(rows[:, :8]).view(">i8").ravel().astype(np.int64) - first_version
        yield digest, places, np.hstack((rows, secret[np.clip(places, 0, count - 1)])).tobytes()


@dataclass(frozen=True, slots=True)
class Statement:
    """A leaf opened: everything its entry commits to."""

    context: Mapping[str, str]
    row: bytes
    blind: bytes

    @property
    def members(self) -> dict[str, Any]:
        """What it says, by name."""
        version, record, number, source, entity, department, days, content, payload = ROW.unpack(self.row)
        return {
            **{name: self.context[name] for name in CONTEXT},
            "blind": self.blind.hex(),
            "content_hash": content.hex(),
            "decided_on": "" if days == _NO_DAY else (_EPOCH + timedelta(days)).isoformat(),
            "department_id": department,
            "entity_id": entity,
            "payload_hash": payload.hex(),
            "record_id": record,
            "source_row": source,
            "version_id": version,
            "version_no": number,
        }

    @property
    def text(self) -> str:
        """The same as canonical JSON, for a proof file."""
        return canonical(self.members)

    @property
    def entry(self) -> bytes:
        """The entry in the log."""
        return sha256(context_digest(self.context) + self.row + self.blind).digest()
