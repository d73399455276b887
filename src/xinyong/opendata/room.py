"""Builds the pages of open data from catalogue, cuts and rules."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from xinyong.catalogue.entry import DatasetEntry
from xinyong.catalogue.public import cycle_labels
from xinyong.opendata import selectors
from xinyong.opendata.models import Cut
from xinyong.opendata.pages import OpenCut, OpenDataset, OpenDatasetPage, OpenFile, OpenRoom
from xinyong.opendata.rows import columns
from xinyong.publicity import gone
from xinyong.ui import twins

CSV_MEDIA = "text/csv"
PARQUET_MEDIA = "application/vnd.apache.parquet"
MEDIA = {"csv": CSV_MEDIA, "parquet": PARQUET_MEDIA}


def _words(language: str, zh: str, en: str) -> str:
    return en if language == "en" and en else zh


def _licence(language: str) -> tuple[str, str]:
    rule = gone.rule_set()["licence"]
    return str(rule["url"]), str(rule["en" if language == "en" else "zh"])


def cut_page(cut: Cut) -> OpenCut:
    """A cut as its page shows it."""
    changes = reverse("open-data-changes", args=[cut.dataset])
    return OpenCut(
        name=cut.name,
        cut_at=cut.cut_at,
        rows=cut.rows,
        files=(
            OpenFile(
                format="CSV",
                media_type=CSV_MEDIA,
                url=reverse("open-data-file", args=[cut.dataset, cut.name, "csv"]),
                bytes=cut.csv_bytes,
                sha256=cut.csv_sha256,
            ),
            OpenFile(
                format="Parquet",
                media_type=PARQUET_MEDIA,
                url=reverse("open-data-file", args=[cut.dataset, cut.name, "parquet"]),
                bytes=cut.parquet_bytes,
                sha256=cut.parquet_sha256,
            ),
        ),
        checkpoint=cut.checkpoint,
        changes_url=f"{changes}?after={cut.changes_cursor}",
    )


def dataset(entry: DatasetEntry, language: str) -> OpenDataset:
    """A dataset for the list."""
    last = selectors.newest(entry.code)
    clean = last is not None and last.kept and selectors.is_clean(last)
    url, words = _licence(language)
    return OpenDataset(
        code=entry.code,
        url=reverse("open-data-set", args=[entry.code]),
        title=_words(language, entry.name_zh, entry.name_en),
        description=_words(language, entry.coverage_zh, entry.coverage_en),
        provider=_words(language, entry.provider_zh, entry.provider_en),
        update_cycle=entry.update_cycle,
        update_words=str(cycle_labels.get(entry.update_cycle, entry.update_cycle)),
        edition=entry.edition,
        licence_url=url,
        licence=words,
        cut=cut_page(last) if last is not None and clean else None,
        under_way=last is not None and not clean,
        schema_url=reverse("open-data-schema", args=[entry.code]),
        sample_url=reverse("open-data-sample", args=[entry.code]),
        changes_url=reverse("open-data-changes", args=[entry.code]),
        catalogue_url=reverse("catalogue-entry", args=[entry.code]),
    )


def page(entry: DatasetEntry, language: str) -> OpenDatasetPage:
    """A dataset with columns, sample and older files."""
    shown = dataset(entry, language)
    older = [
        cut_page(item) for item in selectors.given_out(entry.code) if shown.cut is None or item.name != shown.cut.name
    ]
    return OpenDatasetPage(
        dataset=shown,
        columns=columns(entry),
        sample=tuple(tuple(_text(cell) for cell in row) for row in selectors.sample(entry)),
        older=tuple(older),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(twins.plain(value))


def room(language: str) -> OpenRoom:
    """Every open dataset."""
    url, words = _licence(language)
    return OpenRoom(
        datasets=tuple(dataset(entry, language) for entry in selectors.open_entries()),
        licence_url=url,
        licence=words,
        deletions_url=reverse("open-data-deletions"),
        catalogue_ttl_url=reverse("open-data-dcat-ttl"),
        catalogue_jsonld_url=reverse("open-data-dcat-jsonld"),
        api_url=reverse("api-reference"),
    )


_SCHEMA_TYPES = {"string": "string", "date": "date", "datetime": "datetime", "integer": "integer", "number": "number"}


def table_schema(entry: DatasetEntry) -> dict[str, Any]:
    """The columns as a Frictionless Table Schema."""
    named = {item.code: item for item in entry.fields}
    found = []
    for item in columns(entry):
        field: dict[str, Any] = {
            "name": item.code,
            "type": _SCHEMA_TYPES[item.type],
            "title": item.name_zh,
            "title_en": item.name_en,
        }
        if item.note:
            field["description"] = item.note
        source = named.get(item.code)
        if source is not None and source.code_list is not None:
            field["code_list"] = item.code_list
            field["values"] = [{"zh": known.zh, "en": known.en} for known in source.code_list.values]
        if item.code == "_id":
            field["constraints"] = {"required": True, "unique": True}
        found.append(field)
    return {
        "name": entry.code,
        "title": entry.name_zh,
        "title_en": entry.name_en,
        "edition": entry.edition,
        "primaryKey": "_id",
        "missingValues": [""],
        "fields": found,
    }
