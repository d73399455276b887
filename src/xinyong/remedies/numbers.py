"""Numbers of cases: kind, day, serial; the serial alone is the key. Numbers of tips: day and drawn letters."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

from xinyong.runtime.clock import ZONE

_PREFIX = {"objection": "YY", "repair": "XF", "withdrawal": "CX"}
_NUMBER = re.compile(r"^(?:YY|XF|CX)-?\d{8}-?(\d{1,18})$", re.IGNORECASE)
#: Such a number within a text, as people write it; its hyphens tell it from the number of a document.
_NAMED = re.compile(r"(?<![a-z0-9])(?:YY|XF|CX)-\d{8}-\d{1,18}(?!\d)", re.IGNORECASE | re.ASCII)


def case_number(kind: str, opened_at: datetime, serial: int) -> str:
    """YY-20261126-0012: objection 12, opened on that day."""
    return f"{_PREFIX[kind]}-{opened_at.astimezone(ZONE):%Y%m%d}-{serial:04d}"


#: Letters and digits nobody takes for another.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIP = re.compile(rf"^XS-?(\d{{8}})-?([{_LETTERS}]{{10}})$")


def tip_number(at: datetime) -> str:
    """XS-20261126-7K3QM2WDXA: a tip of that day. Who has it may ask what became of the tip, so it is drawn, not counted."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"XS-{at.astimezone(ZONE):%Y%m%d}-{drawn}"


def tip_number_of(typed: str) -> str | None:
    """The number as it was given, of what somebody typed; None when it is none."""
    found = _TIP.match("".join(typed.split()).upper())
    return f"XS-{found[1]}-{found[2]}" if found else None


def serial_of(number: str) -> int | None:
    """The key behind a number, or None when it is none."""
    found = _NUMBER.match(number.strip())
    return int(found.group(1)) if found else None


def named(text: str) -> tuple[str, ...]:
    """Numbers of cases a text names, each once, in capitals and narrow letters."""
    return tuple(dict.fromkeys(found.upper() for found in _NAMED.findall(unicodedata.normalize("NFKC", text))))
