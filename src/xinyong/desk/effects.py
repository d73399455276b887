"""The desk reads on after each commit: new cases are opened, finished decisions are sent."""

from __future__ import annotations

from xinyong.desk import actions, facts
from xinyong.ledger.corridor import Effect


def catch_up() -> int:
    """Open the cases of deliveries not looked through yet, and send what was decided. How many cases moved."""
    return actions.open_cases() + actions.send_decided()


def rebuild() -> int:
    """Cases are deeds of officers and no read model: nothing is forgotten, what is missing is opened."""
    return catch_up()


#: Facts first: what is known of an entity helps whoever decides a case.
EFFECTS: tuple[Effect, ...] = (
    Effect(name=facts.NAME, catch_up=facts.catch_up, rebuild=facts.rebuild),
    Effect(name="desk", catch_up=catch_up, rebuild=rebuild, keeps_position=False),
)
