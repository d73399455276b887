"""What an effect reads next of the corridor: large deliveries in pieces, and small events before the rest of a large one.

Events are read in their order, with one exception: while a large delivery is being read, events of few versions and acts
behind it are read first, so that whoever waits for one record does not wait for a load. An effect may follow in this way when
what it keeps of an event follows from the present state of the records the event names, whatever was read before.

The tables are the ledger's; rooms below the ledger keep read models of it as well, so this lies below them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from xinyong.runtime import sql

#: Versions of one piece: between two, small events have their turn.
PIECE: Final = 5_000
#: Events of at most so many versions may be read before the rest of a large one.
SMALL: Final = 2_000

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An event, or some versions of a large one."""

    event: int
    kind: str
    #: Code of the dataset; None where the event is about none.
    dataset: str | None
    first: int | None
    last: int | None
    #: Read before its turn: something in front of it was not read yet.
    ahead: bool
    #: Whether the event is read when this piece is.
    ends: bool
    #: Whether nothing of the event was read yet.
    begins: bool


def next_piece(connection: Connection, effect: str) -> Piece | None:
    """What comes next; None when everything was read. The position stays locked until the transaction ends."""
    row = None
    while row is None:  # a rebuild beside this one may take the place away between the two statements
        connection.execute(
            "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (effect,)
        )
        row = connection.execute(
            "SELECT event_id, version_id, coalesce(ahead, '{}') FROM ledger_effect_position WHERE effect = %s FOR UPDATE",
            (effect,),
        ).fetchone()
    place, version, ahead = int(row[0]), row[1], list(row[2])
    found = connection.execute(
        sql.statement("runtime", "next_event_of_effect"), {"after": place, "ahead": ahead}
    ).fetchone()
    if found is None:
        return None
    event, kind, dataset, first, last = found
    if first is None:
        return Piece(
            event=event, kind=kind, dataset=dataset, first=None, last=None, ahead=False, ends=True, begins=True
        )
    begins = version is None or not first <= version < last
    start = first if begins else version + 1
    if last - start >= PIECE:
        small = connection.execute(
            sql.statement("runtime", "small_event_behind"), {"event": event, "ahead": ahead, "small": SMALL}
        ).fetchone()
        if small is not None:
            number, kind, dataset, first, last = small
            return Piece(
                event=number, kind=kind, dataset=dataset, first=first, last=last, ahead=True, ends=True, begins=True
            )
    stop = min(last, start + PIECE - 1)
    return Piece(
        event=event, kind=kind, dataset=dataset, first=start, last=stop, ahead=False, ends=stop == last, begins=begins
    )


def read(connection: Connection, effect: str, piece: Piece) -> None:
    """The piece was taken in, in this transaction."""
    if piece.ahead:
        statement = (
            "UPDATE ledger_effect_position SET ahead = array_append(coalesce(ahead, '{}'), %s) WHERE effect = %s"
        )
        connection.execute(statement, (piece.event, effect))
    elif not piece.ends:
        connection.execute("UPDATE ledger_effect_position SET version_id = %s WHERE effect = %s", (piece.last, effect))
    else:
        connection.execute(sql.statement("runtime", "move_position"), {"event": piece.event, "effect": effect})
