"""Commitments read on after each commit: records that were stored, performance that departments reported, days that came."""

from __future__ import annotations

from xinyong.commitments import actions
from xinyong.ledger.corridor import Effect

NAME = "commitments"


def catch_up() -> int:
    """Bring commitments on. How many moved."""
    return actions.go_on()


EFFECT = Effect(name=NAME, catch_up=catch_up, rebuild=catch_up, keeps_position=False)
