"""What the pages of open data show, and what their twins say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinyong.opendata.rows import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """A bulk file. ``url`` is permanent for this very content."""

    format: str
    media_type: str
    url: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCut:
    """The files of one moment with what proves them."""

    name: str
    cut_at: datetime
    rows: int
    files: tuple[OpenFile, ...]
    checkpoint: str
    changes_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataset:
    """A dataset. ``cut`` is None while there is no file, or while it is cut again (``under_way``)."""

    code: str
    url: str
    title: str
    description: str
    provider: str
    update_cycle: str
    update_words: str
    edition: str
    licence_url: str
    licence: str
    cut: OpenCut | None
    under_way: bool
    schema_url: str
    sample_url: str
    changes_url: str
    catalogue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDatasetPage:
    """A dataset with everything about it."""

    dataset: OpenDataset
    columns: tuple[Column, ...]
    sample: tuple[tuple[str, ...], ...]
    older: tuple[OpenCut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoom:
    """The first page of open data."""

    datasets: tuple[OpenDataset, ...]
    licence_url: str
    licence: str
    deletions_url: str
    catalogue_ttl_url: str
    catalogue_jsonld_url: str
    api_url: str
