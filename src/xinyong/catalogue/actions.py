"""The only writer of datasets and editions."""

from __future__ import annotations

from django.db import transaction

from xinyong.audit import actions as audit
from xinyong.catalogue.digest import entry_content
from xinyong.catalogue.entry import DatasetEntry
from xinyong.catalogue.loader import load_packaged
from xinyong.catalogue.models import Dataset, Edition


def load_editions(*, acting: str) -> int:
    """Register every packaged edition that is not known yet. Returns how many editions are known afterwards."""
    with transaction.atomic():
        for entry in load_packaged().entries.values():
            edition_of(entry, acting=acting)
    return Edition.objects.count()


def edition_of(entry: DatasetEntry, *, acting: str) -> Edition:
    """The stored edition of an entry, made on first use. A changed text under the same number is a new row."""
    found = Edition.objects.filter(digest=entry.digest).select_related("dataset").first()
    if found is not None:
        return found
    dataset, _ = Dataset.objects.get_or_create(code=entry.code)
    made = Edition.objects.create(
        dataset=dataset,
        edition=entry.edition,
        digest=entry.digest,
        content=entry_content(entry),
        name_zh=entry.name_zh,
        name_en=entry.name_en,
    )
    audit.record(
        actor=acting,
        deed="catalogue.edition.loaded",
        target=entry.code,
        detail={"edition": entry.edition, "digest": entry.digest},
    )
    return made
