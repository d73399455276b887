"""The event corridor: effects register here, and are told to catch up after a commit. They never call each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection as django_connection

#: Whoever keeps the effects up listens here. A lost word costs a second, nothing else.
CHANNEL = "xinyong_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """``catch_up`` takes in events not seen yet and returns how many; ``rebuild`` starts again from the first.

    ``keeps_position``: it reads the corridor and says how far; one that looks at deliveries itself does not.
    ``every``: so often it looks without being told, seconds.
    ``after``: effects whose read model it reads; it reads on behind them, and is built again when one of them is.
    """

    name: str
    catch_up: Callable[[], int]
    rebuild: Callable[[], int]
    keeps_position: bool = True
    after: tuple[str, ...] = ()
    every: float = 1.0


_effects: dict[str, Effect] = {}


def register(effect: Effect) -> None:
    """Called once by a room when Django starts."""
    _effects[effect.name] = effect


def names() -> tuple[str, ...]:
    """Registered effects."""
    return tuple(_effects)


def readers() -> tuple[str, ...]:
    """Those of them that keep a position in the corridor, and so can be behind."""
    return tuple(name for name, effect in _effects.items() if effect.keeps_position)


def every(name: str) -> float:
    """How often an effect looks for itself, seconds."""
    return _effects[name].every


def catch_up() -> dict[str, int]:
    """Let every effect read on from its own position. One that fails does not stop the others; its error comes last."""
    taken: dict[str, int] = {}
    failure: Exception | None = None
    for name, effect in _in_turn():
        try:
            taken[name] = effect.catch_up()
        except Exception as error:  # raised below, once the others have read on
            failure = failure or error
    if failure is not None:
        raise failure
    return taken


def catch_up_one(name: str) -> int:
    """Let one effect read on. Returns how many events it took in."""
    return _effects[name].catch_up()


def rebuild(name: str | None = None) -> dict[str, int]:
    """Rebuild one effect with those that read what it keeps, or all, from the beginning of the corridor."""
    known = _effects[name] if name is not None else None
    chosen = [(key, effect) for key, effect in _in_turn() if known is None or effect is known or name in effect.after]
    return {key: effect.rebuild() for key, effect in chosen}


def _in_turn() -> list[tuple[str, Effect]]:
    """The effects as registered, those that read others' read models behind all others."""
    return sorted(_effects.items(), key=lambda item: bool(item[1].after))


def announce() -> None:
    """Say that events were committed, so that nobody waits for the next look at the clock."""
    with django_connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def listen(session: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Subscribe an autocommit session."""
    session.execute(f"LISTEN {CHANNEL}".encode())


def wait(session: psycopg.Connection[tuple[Any, ...]], seconds: float) -> None:
    """Sleep until something is announced, ``seconds`` at most."""
    for _ in session.notifies(timeout=seconds, stop_after=1):
        pass
