"""Datasets and the editions of their entries under which this installation has taken records."""

from __future__ import annotations

from django.db import models


class Dataset(models.Model):
    """A dataset, over all its editions. Its number stands in every record, so it is small and never reused."""

    code = models.CharField(max_length=60, unique=True, help_text="Dataset code, e.g. penalty.")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Edition(models.Model):
    """One edition of an entry, kept with its whole text: a record names the row, so its rules stay known for good."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, help_text="The dataset.")
    edition = models.CharField(max_length=20, help_text="Edition of the entry.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the entry's canonical content.")
    content = models.JSONField(help_text="The entry's canonical content, code lists included.")
    name_zh = models.CharField(max_length=200, help_text="Chinese name.")
    name_en = models.CharField(max_length=200, help_text="English name.")
    loaded_at = models.DateTimeField(auto_now_add=True, help_text="When this edition was first loaded here.")

    class Meta:
        ordering = ["dataset", "id"]

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.edition}"
