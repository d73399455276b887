"""Numbers of cases: kind, day, serial; the serial alone is the key. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from xinyong.runtime.clock import ZONE

_PREFIX = {"objection": "YY", "repair": "XF", "withdrawal": "CX"}
_NUMBER = re.compile(r"^(?:YY|XF|CX)-?\d{8}-?(\d{1,18})$", re.IGNORECASE)


def case_number(kind: str, opened_at: datetime, serial: int) -> str:
    """YY-20261126-0012: objection 12, opened on that day."""
    return f"{_PREFIX[kind]}-{opened_at.astimezone(ZONE):%Y%m%d}-{serial:04d}"


def serial_of(number: str) -> int | None:
    """The key behind a number, or None when it is none."""
    found = _NUMBER.match(number.strip())
    return int(found.group(1)) if found else None
