"""Quotas at the fast door: counted in the process, settled with the table all processes share a few times a second."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from xinyong.accounts.client_selectors import Caller, Used
from xinyong.api.errors import QuotaUsedUp

#: The RateLimit headers are made anew so often, seconds.
FRESH = 0.05


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
    headers: list[tuple[str, str]] = field(default_factory=list)
    headers_until: float = 0.0
    sure: int = 0


class Meter:
    """One per process. Another process's use is seen when it has settled, a fifth of a second later at most."""

    def __init__(self) -> None:
        self._counts: dict[int, Count] = {}

    def charge(self, caller: Caller, now: float) -> list[tuple[str, str]]:
        """Count one request; the RateLimit headers of the answer. Raises QuotaUsedUp with them."""
        count = self._counts.get(caller.client_id)
        if count is None:
            count = self._counts[caller.client_id] = Count(caller=caller)
        count.caller = caller
        minute, day = int(now // 60), int((now + 28800) // 86400)
        if count.minute != minute:
            count.minute, count.shared_minute, count.sure = minute, [0, 0], 0
        if count.day != day:
            count.day, count.shared_day, count.sure = day, [0, 0], 0
        count.requests += 1
        if now >= count.headers_until or count.requests >= count.sure:
            self._look(count, now)
        return count.headers

    @staticmethod
    def _look(count: Count, now: float) -> None:
        """Whether something is left; for how many requests, and how long, one need not look again."""
        quota = count.caller.quota
        in_minute, in_day = count.shared_minute[0] + count.requests, count.shared_day[0] + count.requests
        left_minute, left_day = quota.requests_per_minute - in_minute, quota.requests_per_day - in_day
        seconds_minute, seconds_day = max(1, 60 - int(now % 60)), max(1, 86400 - int((now + 28800) % 86400))
        closer = left_day < left_minute
        least = left_day if closer else left_minute
        count.headers = [
            ("ratelimit-policy", f"{quota.requests_per_minute};w=60, {quota.requests_per_day};w=86400"),
            ("ratelimit-limit", str(quota.requests_per_day if closer else quota.requests_per_minute)),
            ("ratelimit-remaining", str(max(0, least))),
            ("ratelimit-reset", str(seconds_day if closer else seconds_minute)),
        ]
        count.headers_until = now + FRESH
        # Near the end every request is looked at, before that a hundredth of what is left at a time.
        count.sure = count.requests + max(1, least // 100)
        for left, limit, zh, en, seconds in (
            (left_minute, quota.requests_per_minute, "分钟", "minute", seconds_minute),
            (left_day, quota.requests_per_day, "日", "day", seconds_day),
        ):
            if left < 0:
                count.sure = 0
                raise QuotaUsedUp(
                    what_zh="请求", what_en="requests", window_zh=zh, window_en=en, limit=limit, seconds=seconds
                )

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

    def headers_of(self, caller: Caller) -> list[tuple[str, str]]:
        """What is left, as last looked at; for answers that are errors."""
        count = self._counts.get(caller.client_id)
        return count.headers if count is not None else []

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
            count.sure = 0
