"""From the ledger to packed answers: everything that may ever be answered of an entity, before purpose and day are known.

One number leads to one packed value: the answer of the entity (``A``), or the way to the number that has it (``R``).
An answer is a head and its parts, each with what decides whether it is said: dataset, audience, first and last day.
The live way and the snapshot use the same values, so they cannot say different things.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from functools import lru_cache
from typing import Any

import psycopg

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Disclosure, Nature, Sharing
from xinyong.ledger import rules as ledger
from xinyong.publicity import clock, facts, inforce, show
from xinyong.publicity import rules as publicity_rules
from xinyong.publicity.rulebook import Rulebook
from xinyong.registry import keys
from xinyong.runtime import sql
from xinyong.standards import entity_types
from xinyong.verification import measuring

Connection = psycopg.Connection[tuple[Any, ...]]

#: What a part is: a fact, an entry of a list, or a measure, whose first number is its place among the measures.
FACT, LISTED, MEASURE = 0, 1, 2
#: Who may be told: everybody, or organs between which the record is shared.
PUBLIC, SHARED = 0, 1
#: Day number of "for good".
NEVER = 0x7FFFFFFF
#: dataset, kind, audience, first day, last day, length of what follows.
PART = struct.Struct("<HBBiiI")
#: A part ends with the name of the text it shares with others of its kind; that text stands under CONSTANT + name.
NAMED = 8
CONSTANT = b"\0"
_LIST_CLASSES = ("serious-list", "abnormal-list")
_LIST_RULES = ("list-court",)
_EPOCH = date(1970, 1, 1)
CHINA = timezone(timedelta(hours=8))


def day_number(day: date) -> int:
    """Days as integers, so that a window is two comparisons."""
    return (day - _EPOCH).days


def is_list(entry: DatasetEntry) -> bool:
    """Whether records of the dataset are entries of a list."""
    return entry.category in _LIST_CLASSES or entry.publicity_rules in _LIST_RULES


def shareable(entry: DatasetEntry) -> bool:
    """Whether records of the dataset can be for organs without being for everybody."""
    if entry.sharing is not Sharing.UNCONDITIONAL:
        return False
    narrowed = entry.record_disclosure
    named = narrowed is not None and any(value is Disclosure.GOVERNMENT for _, value in narrowed.values)
    return named or entry.disclosure is Disclosure.GOVERNMENT


@dataclass(slots=True)
class Group:
    """An entry that speaks, with all it speaks for."""

    members: dict[int, tuple[str, str | None, str, str, bool]] = field(default_factory=dict)
    numbers: list[tuple[int, str, str]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Values of one entity by number. ``root``: the entry that speaks."""

    root: int
    values: dict[bytes, bytes]


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _inner(value: Mapping[str, Any]) -> bytes:
    """The members of an object without its braces."""
    return _dump(value)[1:-1]


class Packer:
    """Packs entities in one session. Which datasets there are and the rules in force are read once."""

    def __init__(self, session: Connection) -> None:
        self.session = session
        self.book: Rulebook = inforce.book(session)
        self.profile = inforce.profile()
        held = session.execute("SELECT code, id FROM catalogue_dataset").fetchall()
        self.datasets: dict[str, int] = {str(code): int(number) for code, number in held}
        packaged = catalogue.packaged()
        self._shared = [
            number for code, number in self.datasets.items() if any(map(shareable, packaged.editions(code)))
        ]
        #: Texts that parts share, by number; they stay the same for good.
        self.constants: dict[bytes, bytes] = {}

    def _ask(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.session.execute(sql.statement("verification", name).encode(), parameters).fetchall()

    def roots(self, entities: Iterable[int]) -> list[int]:
        """The entries that speak for some entities."""
        return sorted(int(row[0]) for row in self._ask("roots_of_entities", entities=list(entities)))

    def pack(self, roots: Sequence[int]) -> Iterator[Packed]:
        """Values of these entries, in their order."""
        if not roots:
            return
        groups: dict[int, Group] = {root: Group() for root in roots}
        owner: dict[int, int] = {}
        for root, number, kind, code, name, status, registered in self._ask("entities_of_roots", roots=list(roots)):
            groups[root].members[number] = (kind, code, name, status, registered)
            owner[number] = root
        members = list(owner)
        for number, kind, value in self._ask("numbers_of_entities", members=members):
            groups[owner[number]].numbers.append((number, kind, value))
        acts: dict[int, list[ledger.Done]] = {}
        for record, event, act, cause, effective_at in self._ask("acts_of_entities", members=members):
            done = ledger.Done(number=event, act=act, cause=cause, effective_at=effective_at)
            acts.setdefault(record, []).append(done)
        _, event, seen = self._ask("heads_of_corridor")[0]
        acted = [row[0] for row in self._ask("acted_since", members=members, event=event)]
        for row in self._ask("records_of_entities", members=members, shared=self._shared, seen=seen, acted=acted):
            groups[owner[row[0]]].parts.extend(self._parts(row, acts.get(row[1], ())))
        for root in roots:
            if groups[root].members:
                yield Packed(root=root, values=_values(root, groups[root]))

    def _constant(self, text: bytes) -> bytes:
        name = hashlib.blake2b(text, digest_size=NAMED).digest()
        self.constants[CONSTANT + name] = text
        return name

    def _parts(self, row: tuple[Any, ...], acts: Sequence[ledger.Done]) -> Iterator[bytes]:
        (_, record, dataset_id, dataset, _, digest, payload, decided_on, received_on, received_at, source_row,
         delivery, department, slug, unread, public_from, public_until, severity, rule) = row  # fmt: skip
        entry = catalogue.text_of(digest, dataset)
        audience = PUBLIC
        marks = facts.marks(acts) if acts else None
        said: dict[str, Any] | None = None
        if unread or public_from is None:
            said = json.loads(payload)
            judged = self._judge(entry, said, decided_on, received_on, marks)
            if judged is None:
                return
            audience, public_from, public_until, severity, rule = judged
        if marks is not None and ledger.hidden(marks.states):
            return
        said = json.loads(payload) if said is None else said
        text = self._text(entry, said, record, decided_on)
        text.update(
            public_from=public_from.isoformat(),
            ends_on=public_until.isoformat() if public_until is not None else None,
            severity=severity or None,
            rule=rule,
            states=[_state(code) for code in sorted(marks.states)] if marks is not None else [],
            source={"department": department, "code": slug, "delivery": delivery, "row": source_row},
            received_at=received_at.astimezone(CHINA).isoformat(),
        )
        body = _inner(text) + self._constant(_constant(digest, dataset, rule, self.book.digest))
        first = day_number(public_from)
        last = day_number(public_until) if public_until is not None else NEVER
        yield PART.pack(dataset_id, LISTED if is_list(entry) else FACT, audience, first, last, len(body)) + body
        if dataset not in measuring.datasets():
            return
        told = (row[0], record, dataset, digest, said, decided_on, received_on)
        for place, start, end, measure in measuring.following(told, acts, public_from, self.book, self.profile):
            owned = _inner({"object": measure.pop("object"), "ends_on": measure.pop("ends_on")})
            body = owned + self._constant(_inner(measure))
            last = day_number(end) if end is not None else NEVER
            yield PART.pack(place, MEASURE, SHARED, day_number(start), last, len(body)) + body

    def _text(
        self,
        entry: DatasetEntry,
        said: dict[str, Any],
        record: int,
        decided_on: date | None,
    ) -> dict[str, Any]:
        what = entry.title_field or entry.summary_field
        return {
            "record": keys.record_key(record),
            "number": show.text_of(entry, entry.number_field, said) or None,
            # An individual business is a person in trade: what the register says of its operator is not repeated.
            "content": None if entry.subject.creates else (show.text_of(entry, what, said) or None),
            "authority": show.text_of(entry, entry.authority_field, said) or None,
            "decided_on": decided_on.isoformat() if decided_on is not None else None,
        }

    def _judge(
        self,
        entry: DatasetEntry,
        said: dict[str, Any],
        decided_on: date | None,
        received_on: date,
        marks: clock.Marks | None,
    ) -> tuple[int, date, date | None, str, str] | None:
        """Audience and period of a record no window speaks of; None where it may be told to nobody."""
        layout = next((item for item in entry.layouts if item.code == said.get("_layout")), None)
        narrowed = entry.record_disclosure
        named = said.get(narrowed.field) if narrowed is not None else None
        if facts.open_to_public(entry, layout, named):
            audience = PUBLIC
        elif between_organs(entry, layout.disclosure if layout is not None else None, named):
            audience = SHARED
        else:
            return None
        given = facts.of_payload(entry, decided_on, received_on, said, self.book)
        found = clock.compute(given, self.book, profile=self.profile, marks=marks or clock.NO_MARKS)
        if found.public_from is None:
            return None
        return audience, found.public_from, found.latest_end, found.severity, found.rule


def between_organs(entry: DatasetEntry, layout: Disclosure | None, named: Any) -> bool:
    """Whether a record that is not for everybody is shared between organs: by its own words, its layout or its dataset."""
    if entry.sharing is not Sharing.UNCONDITIONAL:
        return False
    narrowed = entry.record_disclosure
    own = dict(narrowed.values).get(named) if narrowed is not None and named else None
    open_to = {Disclosure.PUBLIC, Disclosure.GOVERNMENT}
    if narrowed is not None and named and own not in open_to:
        return False
    if layout is not None and layout not in open_to:
        return False
    return entry.disclosure in open_to


@lru_cache(maxsize=4096)
def _constant(digest: str, dataset: str, rule: str, book: str) -> bytes:
    """What all records of an edition under one rule say alike."""
    del book  # part of the key: another book may describe the rule otherwise
    entry = catalogue.text_of(digest, dataset)
    return _inner(
        {
            "dataset": entry.code,
            "dataset_name": entry.name_zh,
            "nature": entry.nature.value,
            "period_basis": publicity_rules.describe(rule) or None,
            "basis": [
                {"title": item.title, "article": item.article, "status": item.status.value}
                for item in entry.legal_basis
            ],
        }
    )


@lru_cache(maxsize=64)
def _state(code: str) -> str:
    return ledger.rule_set().states[code].zh


@lru_cache(maxsize=256)
def _status(status: str) -> tuple[str, str]:
    """Registration status in words, and what it means: active, suspended, ended, ended_by_force, or not known."""
    known = entity_types.registration_status(status) if status else None
    return (known.label if known else status, known.behaviour.value if known else "unknown")


def _values(root: int, group: Group) -> dict[bytes, bytes]:
    kind, code, name, status, registered = group.members[root]
    key = code or keys.public_key(root)
    words, behaviour = _status(status)
    head = _inner(
        {
            "key": key,
            "name": name,
            "kind": kind,
            "status": words,
            "status_means": behaviour,
            "registered": registered,
        }
    )
    values: dict[bytes, bytes] = {}

    def lead(number: str, reason: str) -> None:
        values.setdefault(number.encode(), b"R" + key.encode() + b"\n" + reason.encode())

    values[key.encode()] = b"A" + struct.pack("<I", len(head)) + head + b"".join(group.parts)
    for member, kind_of_number, value in sorted(group.numbers):
        if member != root:
            lead(value, "merged")
        else:
            lead(value, "former_code" if kind_of_number == "credit_code" else "number")
    for member in sorted(group.members):
        lead(keys.public_key(member), "number" if member == root else "merged")
    return values


def adverse(entry: DatasetEntry) -> bool:
    """Whether records of the dataset speak against the entity."""
    return entry.nature is Nature.ADVERSE


#: How far back a page of roots may reach before the session is asked again.
PAGE = 2_000


def every_root(session: Connection) -> Iterator[list[int]]:
    """All entries that speak for themselves, a page at a time."""
    after = 0
    while True:
        rows = session.execute(
            sql.statement("verification", "roots_page").encode(), {"after": after, "limit": PAGE}
        ).fetchall()
        if not rows:
            return
        page = [int(row[0]) for row in rows]
        after = page[-1]
        yield page


def end_of(day: int) -> date:
    """The date behind a day number."""
    return _EPOCH + timedelta(days=day)
