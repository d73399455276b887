"""The reference of V1: a bare Granian application that answers ``{}``."""

from __future__ import annotations

from typing import Any


class Application:
    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        protocol.response_bytes(200, [("content-type", "application/json")], b"{}")


application = Application()
