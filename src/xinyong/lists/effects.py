"""Lists read on after each commit: what waited for the engine is brought on, what ended is followed to the executors."""

from __future__ import annotations

from xinyong.ledger.corridor import Effect
from xinyong.lists import actions, joint_actions

NAME = "lists"


def catch_up() -> int:
    """Bring cases on, tell executors what ended and what is late. How many moved."""
    return actions.go_on() + joint_actions.follow()


def rebuild() -> int:
    """Cases are deeds of officers and no read model: what is due is done, and everything is looked at again."""
    return actions.go_on() + joint_actions.follow(anew=True)


EFFECT = Effect(name=NAME, catch_up=catch_up, rebuild=rebuild, keeps_position=False)
