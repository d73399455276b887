"""Reading what departments deliver: CSV, XLSX and JSON Lines, plain or gzip'ed, row by row and never by halves.

A row comes out as text under the names of the header, or as a finding that says why it could not be read. A file
that cannot be trusted as a whole raises a :class:`FileProblem`. Memory does not grow with the file.
"""

from __future__ import annotations

from xinyong.intake.reading.errors import (
    FileDamaged,
    FileEmpty,
    FileEncoding,
    FileFormat,
    FileMissing,
    FileNotRegular,
    FileProblem,
    FileTooLarge,
    HeaderAbsent,
    HeaderUnusable,
    HeaderWrong,
)
from xinyong.intake.reading.model import ROW, Limits, Note, RawBatch, SourceInfo, Tally
from xinyong.intake.reading.source import Source, open_source
from xinyong.intake.reading.streams import sha256_of

__all__ = [
    "ROW",
    "FileDamaged",
    "FileEmpty",
    "FileEncoding",
    "FileFormat",
    "FileMissing",
    "FileNotRegular",
    "FileProblem",
    "FileTooLarge",
    "HeaderAbsent",
    "HeaderUnusable",
    "HeaderWrong",
    "Limits",
    "Note",
    "RawBatch",
    "Source",
    "SourceInfo",
    "Tally",
    "open_source",
    "sha256_of",
]
