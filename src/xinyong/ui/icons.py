"""The icons the faces may use. ``tools/vendor_frontend.py`` writes exactly these into the sprite."""

from __future__ import annotations

#: Names of outline icons in Tabler Icons. A name not listed here is drawn as :data:`FALLBACK`.
ICONS: tuple[str, ...] = (
    "alert-triangle",
    "api",
    "arrow-right",
    "award",
    "ban",
    "bell",
    "book",
    "briefcase",
    "building",
    "building-bank",
    "building-community",
    "building-store",
    "calendar",
    "certificate",
    "chart-bar",
    "check",
    "checks",
    "chevron-left",
    "chevron-right",
    "circle-check",
    "circle-x",
    "clock",
    "copy",
    "database",
    "download",
    "eye",
    "eye-off",
    "file-certificate",
    "file-spreadsheet",
    "file-text",
    "files",
    "flag",
    "gavel",
    "hash",
    "history",
    "home",
    "id",
    "id-badge-2",
    "info-circle",
    "language",
    "license",
    "list-check",
    "list-details",
    "list-search",
    "lock",
    "login",
    "logout",
    "map-pin",
    "medal",
    "message-report",
    "printer",
    "receipt-tax",
    "refresh",
    "scale",
    "search",
    "server-2",
    "shield",
    "shield-check",
    "shield-x",
    "signature",
    "stack-2",
    "thumb-up",
    "tool",
    "upload",
    "user",
    "users",
    "writing-sign",
    "x",
)

FALLBACK = "file-text"

_KNOWN = frozenset(ICONS)


def known(name: str) -> str:
    """The name itself when the sprite holds it, else the fallback."""
    return name if name in _KNOWN else FALLBACK
