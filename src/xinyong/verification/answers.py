"""One answer: a packed value, cut to what this item may see today, with the versions that answered. No Django, no database.

Every door calls :func:`answer`, so the same question has one answer; :mod:`explaining` makes the same choice for files, by column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from xinyong.verification import measuring, rules
from xinyong.verification.measuring import shown_to
from xinyong.verification.packing import CHINA, CONSTANT, LISTED, MEASURE, NAMED, PART, SHARED, day_number

#: Redirects followed at most: one leads from any number to the entry that speaks.
_STEPS: Final = 3

#: From a number to its packed value.
Look = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an item may see, by dataset number: 0 public records, 1 shared ones as well. ``said``: its fixed part."""

    item: str
    purpose: str
    scene: str
    sees: Mapping[int, int]
    said: bytes


class Versions(NamedTuple):
    """Which data and rules answered. ``age_ms``: how long ago it was known that nothing newer was committed."""

    event: int
    age_ms: int
    source: str
    publicity: str


class Answer(NamedTuple):
    """``outcome``: known, moved or unknown. ``key``: the entity's number today, empty when unknown."""

    outcome: str
    key: str
    body: bytes
    facts: int = 0
    lists: int = 0
    shared: int = 0
    measures: int = 0


def scope(item: rules.Item, datasets: Mapping[str, int]) -> Scope:
    """The scope of an item over the datasets this installation has."""
    given = rules.rule_set()
    sees = {datasets[code]: 0 for code in item.sees if code in datasets}
    sees.update({datasets[code]: 1 for code in item.shared if code in datasets})
    purpose = given.purposes[item.purpose]
    said = {
        "purpose": item.purpose,
        "item": item.code,
        "scope": {"checked": sorted(item.sees | item.shared), "shared": sorted(item.shared)},
        "query_basis": [basis.as_dict() for basis in (item.basis, *purpose.basis)],
    }
    return Scope(
        item=item.code,
        purpose=item.purpose,
        scene=item.scene,
        sees=sees,
        said=json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()[1:-1],
    )


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, CHINA).isoformat()[:19]


def moment(now: float) -> str:
    """A moment as answers carry it."""
    second = int(now)
    return f"{_second(second)}.{int((now - second) * 1000):03d}+08:00"


def today(now: float) -> int:
    """Number of the day it is in China."""
    return int((now + 28800) // 86400)


def find(look: Look, number: str) -> tuple[bytes | None, str]:
    """The packed answer of a number and why it stands under another number; an empty reason for its own."""
    place, reason = number.encode(), ""
    for _ in range(_STEPS):
        value = look(place)
        if value is None:
            return None, ""
        if value[:1] == b"A":
            return value, reason
        place, _, why = value[1:].partition(b"\n")
        reason = reason or why.decode()
    return None, ""


#: Shared texts by name. A name is made of the text, so what was read once holds.
_constants: dict[bytes, bytes] = {}


def _text(look: Look, part: bytes) -> bytes:
    """A part with the text it shares."""
    name = part[-NAMED:]
    found = _constants.get(name)
    if found is None:
        found = look(CONSTANT + name) or b""
        if found and len(_constants) < 100_000:
            _constants[name] = found
    return b"".join((b"{", part[:-NAMED], b",", found))


def answer(look: Look, value: bytes, reason: str, asked: str, given: Scope, organ: str, day: int, query: str) -> Answer:
    """The answer of a packed value: its parts that this item may see today, and the measures this organ may carry out.

    Without versions, see :func:`versions`. ``organ``: full name of the department that asks.
    """
    length = int.from_bytes(value[1:5], "little")
    head = value[5 : 5 + length]
    facts: list[bytes] = []
    lists: list[bytes] = []
    measures: list[bytes] = []
    shared = 0
    at, end, sees = 5 + length, len(value), given.sees
    unpack, width = PART.unpack_from, PART.size
    while at < end:
        dataset, kind, audience, first, last, size = unpack(value, at)
        at += width
        if first <= day <= last:
            if kind == MEASURE:
                if dataset in shown_to(organ, given.scene):
                    measures.append(_text(look, value[at : at + size]) + b"}")
            elif sees.get(dataset, -1) >= audience:
                shared += audience
                words = b',"audience":"shared"}' if audience == SHARED else b',"audience":"public"}'
                (lists if kind == LISTED else facts).append(_text(look, value[at : at + size]) + words)
        at += size
    key = head[7 : head.index(b'"', 7)].decode()  # the head begins "key":"…"
    outcome, moved = "known", b"null"
    if reason:
        outcome, moved = "moved", b'{"from":"%b","reason":"%b"}' % (asked.encode(), reason.encode())
    # Joined and not formatted, and by place and not by name: this runs for every answer of the fast door.
    body = b"".join((
        b'"query":"', query.encode(), b'","asked":"', asked.encode(), b'","outcome":"', outcome.encode(), b'","moved":', moved,
        b',"entity":{', head, b'},"facts":[', b",".join(facts), b'],"lists":[', b",".join(lists), b'],"measures":[',
        b",".join(measures), b"],", given.said,
    ))  # fmt: skip
    return Answer(outcome, key, body, len(facts), len(lists), shared, len(measures))


#: Shared texts by name, read: whoever takes answers as values reads each once and not with every record.
_values: dict[bytes, dict[str, Any]] = {}


def shared_text(look: Look, name: bytes) -> dict[str, Any]:
    """The text parts share under a name, as values."""
    shared = _values.get(name)
    if shared is None:
        shared = json.loads(b"{%b}" % (look(CONSTANT + name) or b""))
        if shared and len(_values) < 100_000:
            _values[name] = shared
    return shared


@lru_cache(maxsize=64)
def _stands(event: int, source: str, publicity: str) -> tuple[bytes, bytes]:
    """Before and behind the age."""
    return (
        b'"data":{"event":%d,"source":"%b","age_ms":' % (event, source.encode()),
        b'},"rules":{"publicity":"%b","verification":"%b","measures":"%b"}'
        % (publicity.encode(), rules.rule_set().digest.encode(), measuring.digest().encode()),
    )


def versions(given: Versions, now: float) -> bytes:
    """The members of an answer that say what answered."""
    before, behind = _stands(given.event, given.source, given.publicity)
    return b'"answered_at":"%b",%b%d%b' % (moment(now).encode(), before, given.age_ms, behind)


def whole(found: Answer, given: Versions, now: float) -> bytes:
    """The answer to a question about one number."""
    return b"".join((b"{", found.body, b",", versions(given, now), b"}"))


def day_of(now: float) -> date:
    """The day it is in China."""
    return datetime.fromtimestamp(now, CHINA).date()


__all__ = ["Answer", "Scope", "Versions", "answer", "day_number", "find", "scope", "shared_text", "versions", "whole"]
