"""What the rule numbers of a record rest on, in words of the rules in force."""

from __future__ import annotations

from xinyong.publicity import clock, inforce


def describe(rule: str, language: str = "zh") -> str:
    """The sources behind rule numbers such as ``PUB-04+PUB-08``."""
    return clock.describe(rule, inforce.book(), language)
