"""What the two processes say to each other."""

from __future__ import annotations

from dataclasses import dataclass

from xinyong.intake.preparing import Outcome
from xinyong.intake.reading import SourceInfo

#: Batches made before they are asked for.
AHEAD = 1
#: How long a process without a job waits for the next one.
IDLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Go:
    """Parent: read the rows of the job that is open."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Parent: a batch was taken; another may be sent."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Child: the file is open, its header recognised."""

    info: SourceInfo


@dataclass(frozen=True, slots=True)
class Rows:
    """Child: one batch. Beside it a file for each part: its rows as Arrow IPC."""

    #: Dataset's code and layout of each part.
    targets: list[tuple[str, str]]
    findings: bytes
    read: int
    position: float


@dataclass(frozen=True, slots=True)
class Done:
    """Child: that was the whole file."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Failed:
    """Child: the job ended with this error; without one, ``trace`` is all that could be sent."""

    error: Exception | None
    trace: str
