"""Settings of the web processes: as :mod:`xinyong.settings`, with a pool of database connections."""

from __future__ import annotations

from xinyong.settings import *  # noqa: F403
from xinyong.settings import DATABASES

DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
# Statements of runtime.sql.kept are planned once for a session and not for every page.
DATABASES["default"]["OPTIONS"]["options"] += " -c plan_cache_mode=force_generic_plan"
