"""Bulk work stands back for what people wait for: on a busy machine it has a third of the share of the others.

Only for work that holds nothing others wait for: an effect that stood back would hold its position that much longer.
"""

from __future__ import annotations

import os
from typing import Final

STANDS_BACK: Final = 5


def stand_back() -> None:
    """This process does bulk work from now on. A process cannot take it back."""
    os.nice(STANDS_BACK)
