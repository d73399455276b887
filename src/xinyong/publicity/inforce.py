"""Which rules are in force here."""

from __future__ import annotations

from xinyong.publicity import rulebook
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import config


def book() -> Rulebook:
    """The rules in force."""
    return rulebook.packaged()


def profile() -> str:
    """The province or city whose own rules apply (XINYONG_RULE_PROFILE)."""
    return str(config.get("XINYONG_RULE_PROFILE"))
