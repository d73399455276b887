"""What a snapshot signs, and how it is compared with today. Pure.

The statement holds one commitment a record: the hash of a salt and the record's public content. Opened, a commitment
proves what the record said; unopened, it tells nothing. The list is sorted and filled up with random values, so neither
place nor number of the commitments says how many records there were: a record that has stopped being public leaves no gap.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FORMAT = "xinyong-share-1"
#: Commitments come in multiples of this, at least one of them a random value.
_STEP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One record as a visitor reads it: id and public content."""

    key: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is kept of a record in a snapshot."""

    key: str
    salt: str
    commitment: str


def canonical(value: Any) -> str:
    """JSON in one spelling."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def commitment(salt: str, fact: Fact) -> str:
    """Hash of the salt and the content."""
    text = canonical({"key": fact.key, "content": dict(fact.content)})
    return hashlib.sha256(f"{FORMAT}\n{salt}\n{text}".encode()).hexdigest()


def items(facts: Iterable[Fact]) -> tuple[Item, ...]:
    """A salt of its own and the commitment for each record."""
    made = []
    for fact in facts:
        salt = secrets.token_hex(16)
        made.append(Item(key=fact.key, salt=salt, commitment=commitment(salt, fact)))
    return tuple(made)


def commitments(made: Sequence[Item]) -> list[str]:
    """Sorted, and filled up with random values."""
    filler = _STEP - len(made) % _STEP
    return sorted([item.commitment for item in made] + [secrets.token_hex(32) for _ in range(filler)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The snapshot beside today. ``same``, ``changed``: keys of public records of the snapshot; ``added``: how many are new.

    ``ended`` says that something of the snapshot is not public any more; which and how many is told nobody.
    """

    same: frozenset[str]
    changed: frozenset[str]
    added: int
    ended: bool

    @property
    def unchanged(self) -> bool:
        """Whether a snapshot of the same scope would say the same today."""
        return not (self.changed or self.added or self.ended)


def compare(kept: Sequence[Item], today: Mapping[str, Fact], *, chosen: bool) -> Compared:
    """``today``: public records of the scope by key. A snapshot of chosen records is not about new ones."""
    known = {item.key for item in kept}
    shown = [item for item in kept if item.key in today]
    same = frozenset(item.key for item in shown if commitment(item.salt, today[item.key]) == item.commitment)
    return Compared(
        same=same,
        changed=frozenset(item.key for item in shown) - same,
        added=0 if chosen else len(set(today) - known),
        ended=len(shown) < len(kept),
    )


def signed_text(
    *,
    issuer: str,
    subject: Mapping[str, str],
    chapters: Sequence[int],
    chosen: bool,
    made_at: str,
    expires_at: str,
    committed: Sequence[str],
) -> str:
    """The statement, as it is signed."""
    return canonical(
        {
            "format": FORMAT,
            "issuer": issuer,
            "subject": dict(subject),
            "chapters": list(chapters),
            "chosen_records_only": chosen,
            "made_at": made_at,
            "expires_at": expires_at,
            "commitments": list(committed),
        }
    )
