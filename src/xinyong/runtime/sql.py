"""Statements longer than ten lines live in ``<room>/sql/*.sql``: ``-- name: x`` then one line of purpose, then SQL."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (?P<name>[a-z_0-9]+)\s*$", re.MULTILINE)


@cache
def load(room: str) -> dict[str, str]:
    """All named statements of a room, e.g. ``load("intake")["insert_versions"]``. A name given twice is an error."""
    statements: dict[str, str] = {}
    folder = resources.files(f"xinyong.{room}") / "sql"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".sql"):
            continue
        text = file.read_text(encoding="utf-8")
        marks = list(_NAME.finditer(text))
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            end = following.start() if following else len(text)
            name = mark.group("name")
            if name in statements:
                raise ValueError(f"statement {name} is given twice in {room}/sql")
            statements[name] = text[mark.end() : end].strip()
    return statements


def statement(room: str, name: str) -> str:
    """One named statement. KeyError when the room has none of that name."""
    return load(room)[name]
