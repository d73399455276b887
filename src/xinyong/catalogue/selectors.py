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
