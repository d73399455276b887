"""Quotas at the fast door: counted in the process, settled with the table all processes share a few times a second."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from xinyong.accounts.client_selectors import Caller, Used
from xinyong.api.errors import QuotaUsedUp


@dataclass(slots=True)
class Count:
    """What a client used. ``shared``: of the table when last settled; ``own``: since then here."""

    caller: Caller
    minute: int = 0
    day: int = 0
    shared_minute: list[int] = field(default_factory=lambda: [0, 0])
    shared_day: list[int] = field(default_factory=lambda: [0, 0])
    requests: int = 0
    rows: int = 0


class Meter:
    """One per process. Another process's use is seen when it has settled, a fifth of a second later at most."""

    def __init__(self) -> None:
        self._counts: dict[int, Count] = {}

    def charge(self, caller: Caller, now: float) -> dict[str, str]:
        """Count one request; the RateLimit headers of the answer. Raises QuotaUsedUp with them."""
        count = self._counts.get(caller.client_id)
        if count is None:
            count = self._counts[caller.client_id] = Count(caller=caller)
        count.caller = caller
        minute, day = int(now // 60), int((now + 28800) // 86400)
        if count.minute != minute:
            count.minute, count.shared_minute = minute, [0, 0]
        if count.day != day:
            count.day, count.shared_day = day, [0, 0]
        quota = caller.quota
        count.requests += 1
        in_minute, in_day = count.shared_minute[0] + count.requests, count.shared_day[0] + count.requests
        left_minute, left_day = quota.requests_per_minute - in_minute, quota.requests_per_day - in_day
        seconds_minute, seconds_day = max(1, 60 - int(now % 60)), max(1, 86400 - int((now + 28800) % 86400))
        closer = left_day < left_minute
        headers = {
            "RateLimit-Policy": f"{quota.requests_per_minute};w=60, {quota.requests_per_day};w=86400",
            "RateLimit-Limit": str(quota.requests_per_day if closer else quota.requests_per_minute),
            "RateLimit-Remaining": str(max(0, left_day if closer else left_minute)),
            "RateLimit-Reset": str(seconds_day if closer else seconds_minute),
        }
        for left, limit, zh, en, seconds in (
            (left_minute, quota.requests_per_minute, "分钟", "minute", seconds_minute),
            (left_day, quota.requests_per_day, "日", "day", seconds_day),
        ):
            if left < 0:
                raise QuotaUsedUp(
                    what_zh="请求", what_en="requests", window_zh=zh, window_en=en, limit=limit, seconds=seconds
                )
        return headers

    def add_rows(self, caller: Caller, rows: int, now: float) -> None:
        """Count the rows of a request that was charged; a batch is taken whole until they are used up. Raises QuotaUsedUp."""
        count = self._counts[caller.client_id]
        self._rows_left(count, now)
        count.rows += rows

    @staticmethod
    def _rows_left(count: Count, now: float) -> None:
        quota = count.caller.quota
        for shared, limit, zh, en, seconds in (
            (count.shared_minute[1], quota.rows_per_minute, "分钟", "minute", max(1, 60 - int(now % 60))),
            (count.shared_day[1], quota.rows_per_day, "日", "day", max(1, 86400 - int((now + 28800) % 86400))),
        ):
            if shared + count.rows >= limit:
                raise QuotaUsedUp(
                    what_zh="行数", what_en="rows", window_zh=zh, window_en=en, limit=limit, seconds=seconds
                )

    def settle(self) -> None:
        """Add what was used here to the table, and learn what was used elsewhere. Called by one thread."""
        from xinyong.accounts import client_actions

        for count in list(self._counts.values()):
            requests, rows = count.requests, count.rows
            used: Used = client_actions.use(count.caller, requests=requests, rows=rows)
            now = time.time()
            if count.minute == int(now // 60):
                count.shared_minute = [used.minute_requests, used.minute_rows]
            if count.day == int((now + 28800) // 86400):
                count.shared_day = [used.day_requests, used.day_rows]
            count.requests -= requests
            count.rows -= rows
