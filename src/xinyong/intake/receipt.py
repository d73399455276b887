"""The receipt of a delivery, and progress while it is taken in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``position`` is the share of the file read, 0 to 1; ``rate`` rows per second; ``remaining`` seconds or None."""

    phase: str
    read: int
    position: float
    rate: float
    remaining: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a delivery: read = accepted + rejected + unchanged, always."""

    delivery: str
    dataset: str
    edition: str
    layout: str
    department: str
    file: str
    sha256: str
    encoding: str
    state: str
    read: int
    accepted: int
    rejected: int
    unchanged: int
    warnings: int
    entities_created: int
    late_rows: int
    notes: tuple[tuple[str, str], ...]
    seconds: float
    rows_per_second: float
