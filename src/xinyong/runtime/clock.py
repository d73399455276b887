"""What day it is where the platform works, for code that runs without Django."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def today() -> date:
    """The calendar day in China."""
    return datetime.now(ZONE).date()
