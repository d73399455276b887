"""Settings of the web processes: as :mod:`xinyong.settings`, with a pool of database connections."""

from __future__ import annotations

from xinyong.settings import *  # noqa: F403
from xinyong.settings import DATABASES

DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
