"""Access to the data files this room ships in ``xinyong/datapacks/standards``."""

from __future__ import annotations

import csv
import io
from importlib.resources import files


def read_text(name: str) -> str:
    """The UTF-8 text of data file ``name``."""
    return (files("xinyong") / "datapacks" / "standards" / name).read_text(encoding="utf-8")


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of CSV data file ``name``, one mapping from header to text per row."""
    return list(csv.DictReader(io.StringIO(read_text(name))))
