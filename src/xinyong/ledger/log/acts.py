"""Acts as the leaves they are: what officers did to records, and to the entries of the registry.

The leaf of an act says what was done to what, when and under which rule, and the hash of who said why on which document
(its *content*), so that a proof of it shows no more than the platform shows. Its entry in the log is
``SHA-256(statement ‖ blind)``, ``statement`` the SHA-256 of the canonical JSON without the blind: 48 bytes, where a
version's are 156, so that neither can be taken for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from xinyong.ledger.log.leaf import Blinds, canonical
from xinyong.ledger.log.rows import moment
from xinyong.ledger.log.state import Connection
from xinyong.runtime import sql

#: Types of leaves, by the kind of their event. A new form gets a new number; logs with the old one stay valid.
TYPES: Final = {"status.recorded": "xinyong-act-1", "registry.acted": "xinyong-registry-act-1"}
#: Members of the content: what a person wrote. The rest is the leaf.
_CONTENT: Final = ("actor", "basis", "detail", "evidence", "reason", "second")


@dataclass(frozen=True, slots=True)
class ActStatement:
    """The leaf of an act opened: everything its entry commits to."""

    said: Mapping[str, Any]
    #: The canonical text whose SHA-256 the leaf names.
    content: str
    blind: bytes

    @property
    def members(self) -> dict[str, Any]:
        """What it says, by name."""
        return {**self.said, "blind": self.blind.hex()}

    @property
    def text(self) -> str:
        """The same as canonical JSON, for a proof file."""
        return canonical(self.members)

    @property
    def entry(self) -> bytes:
        """The entry in the log."""
        return sha256(sha256(canonical(self.said).encode()).digest() + self.blind).digest()


class Acts:
    """Reads acts of one database as entries of its log."""

    def __init__(self, connection: Connection, blinds: Blinds) -> None:
        self._connection = connection
        self._blinds = blinds

    def statements(self, places: Mapping[int, int]) -> dict[int, ActStatement]:
        """The leaf of the act of each event (event → leaf); an event whose act is gone is left out."""
        found: dict[int, ActStatement] = {}
        for name in ("log_record_acts", "log_registry_acts"):
            with self._connection.cursor() as cursor:
                cursor.execute(sql.statement("ledger", name), {"events": list(places)})
                names = [column.name for column in cursor.description or ()]
                for row in cursor:
                    values = dict(zip(names, row, strict=True))
                    event = values["event_id"]
                    found[event] = self._statement(values, places[event])
        return found

    def _statement(self, values: dict[str, Any], place: int) -> ActStatement:
        kind = TYPES[values.pop("kind")]
        plain = {name: moment(value) if name.endswith("_at") else value for name, value in values.items()}
        content = f"{kind}\n" + canonical({name: plain.pop(name) for name in _CONTENT if name in plain})
        said = {"type": kind, **plain, "content_hash": sha256(content.encode()).hexdigest()}
        return ActStatement(said, content, self._blinds.take(place, 1))
