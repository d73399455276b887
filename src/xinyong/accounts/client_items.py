"""Items a client may verify entities for. The room that keeps the list registers it; this one only knows the names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Code to Chinese and English name.
Names = Mapping[str, tuple[str, str]]

_sources: dict[str, Callable[[], Names]] = {}


def register(room: str, names: Callable[[], Names]) -> None:
    """Called once by a room when Django starts."""
    _sources[room] = names


def known() -> dict[str, tuple[str, str]]:
    """Every item there is, in the order of the lists."""
    return {code: names for source in _sources.values() for code, names in source().items()}
