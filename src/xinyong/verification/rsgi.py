"""The fast door as a Granian application (RSGI). ``xinyong serve`` starts it when XINYONG_VERIFY_PORT is set."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")

import django

django.setup()

from xinyong.verification.door import PREFIX, Door, Incoming, Outgoing  # noqa: E402

_LIMIT = 1 << 20


class Application:
    """One door for the life of the process."""

    def __init__(self) -> None:
        self._door: Door | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._door = Door(loop)
        # What the program consists of stays: a collection looks at what requests left behind alone.
        gc.collect()
        gc.freeze()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        del loop
        if self._door is not None:
            self._door.end()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        path = scope.path
        if not path.startswith(PREFIX):
            if path == "/healthz":
                protocol.response_bytes(200, [("content-type", "text/plain")], b"ok")
            else:
                protocol.response_empty(404, [])
            return
        door = self._door
        assert door is not None  # set before the first request
        headers = scope.headers
        body = b""
        if scope.method == "POST":
            length = headers.get("content-length") or "0"
            if not length.isdecimal() or int(length) > _LIMIT:
                protocol.response_empty(413, [])
                return
            body = await protocol()
        found: Outgoing = await door.answer(
            Incoming(
                scope.method, path, scope.query_string, headers.get("host") or scope.authority or "", headers, body
            )
        )
        protocol.response_bytes(found.status, found.headers, found.body)


application = Application()
