"""Headers of the delivered files, read from ``datapacks/demo/headers.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xinyong.demo import wording
from xinyong.demo.spec import XLSX


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Columns of one kind of file: what the generator calls them, field ids, Chinese headers."""

    key: str
    #: Code of the catalogue entry.
    dataset: str
    #: Codes of its layouts: field ids, Chinese headers.
    layouts: tuple[str, str]
    names: tuple[str, ...]
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    roles: Mapping[str, Any]
    expect: Mapping[str, str]
    skip: frozenset[str]
    dates: tuple[int, ...]
    amounts: tuple[int, ...]

    def header(self, form: str) -> tuple[str, ...]:
        """Chinese headers in XLSX, field ids in all else."""
        return self.labels if form == XLSX else self.ids

    def layout(self, form: str) -> str:
        """Code of the catalogue's layout of a file in this format."""
        return self.layouts[1] if form == XLSX else self.layouts[0]


@cache
def layouts() -> dict[str, FileLayout]:
    """All layouts by key; ``licence-2015`` is the older layout of ``licence``."""
    result = {}
    for key, row in wording.load("headers").items():
        names = tuple(column[0] for column in row["columns"])
        result[key] = FileLayout(
            key=key,
            dataset=row["dataset"],
            layouts=(row["layouts"][0], row["layouts"][1]),
            names=names,
            ids=tuple(column[1] for column in row["columns"]),
            labels=tuple(column[2] for column in row["columns"]),
            roles=row["roles"],
            expect=row["expect"],
            skip=frozenset(row["skip"]),
            dates=tuple(names.index(name) for name in row["dates"]),
            amounts=tuple(names.index(name) for name in row["amounts"]),
        )
    return result
