"""Reads over the catalogue: the packaged entries are the catalogue in force."""

from __future__ import annotations

from datetime import date

from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.catalogue.loader import Catalogue, load_packaged


def packaged() -> Catalogue:
    """The catalogue of this release."""
    return load_packaged()


def entry(code: str, on: date) -> DatasetEntry | BundleEntry:
    """The entry or bundle of this code in force on a day. Raises DatasetUnknown or DatasetNotInForce (REF-02)."""
    catalogue = packaged()
    if any(bundle_code == code for bundle_code, _ in catalogue.bundles):
        return catalogue.bundle(code, on)
    return catalogue.entry(code, on)


def text_of(digest: str, code: str) -> DatasetEntry:
    """The edition a record came under; where its text was corrected since, the newest text of that dataset.

    What a record was taken in under stays in the Edition row. Raises DatasetUnknown when the dataset is gone.
    """
    catalogue = packaged()
    try:
        return catalogue.by_digest(digest)
    except KeyError:
        return catalogue.editions(code)[-1]
