"""Every request of docs/api.md is sent in its order and gets the answer the page gives."""

from __future__ import annotations

import re
from pathlib import Path

from .api_support import NAME, make_system
from .conftest import Desk

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
_BLOCK = re.compile(r"```http\n(.*?)```", re.DOTALL)


def test_the_requests_of_the_page(desk: Desk) -> None:
    desk.take([desk.registration(desk.code(1), NAME)])
    system = make_system("page", datasets=("penalty", "licence"))
    blocks = _BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(blocks) >= 10 and len(blocks) % 2 == 0
    for request, answer in zip(blocks[::2], blocks[1::2], strict=True):
        head, _, body = request.partition("\n\n")
        first, *lines = head.strip().splitlines()
        method, path = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        assert headers.pop("Authorization") == "Bearer $XINYONG_KEY"
        media = headers.pop("Content-Type", "application/json")
        found = system.send(method, path, body.encode() or None, media=media, headers=headers)
        assert f"HTTP/1.1 {found.status_code}" == answer.strip(), (first, found.content.decode())
