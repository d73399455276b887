"""Bulk files that were cut, with what proves them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Cut(models.Model):
    """The public records of one dataset at one moment, as files. The row outlives its files."""

    dataset = models.CharField(max_length=60, help_text="Code of the catalogue dataset.")
    edition = models.CharField(max_length=20, help_text="Catalogue edition that names the columns.")
    cut_at = models.DateTimeField(help_text="The moment the data stand for.")
    name = models.CharField(max_length=100, unique=True, help_text="File name without suffix.")
    rows = models.BigIntegerField(help_text="Records in it.")
    csv_bytes = models.BigIntegerField(help_text="Size of the CSV file.")
    csv_sha256 = models.CharField(max_length=64, help_text="SHA-256 of the CSV file.")
    parquet_bytes = models.BigIntegerField(help_text="Size of the Parquet file.")
    parquet_sha256 = models.CharField(max_length=64, help_text="SHA-256 of the Parquet file.")
    checkpoint = models.TextField(blank=True, help_text="Signed checkpoint of the transparency log that covers it.")
    changes_cursor = models.CharField(max_length=80, help_text="Where the feed of changes goes on after it.")
    gone_id = models.BigIntegerField(help_text="Newest entry of the deletion feed then.")
    valid_until = models.DateField(null=True, help_text="Last day on which every record in it is public by its period.")
    kept = models.BooleanField(default=True, help_text="Whether its files are still there.")

    class Meta:
        ordering: ClassVar[list[str]] = ["-cut_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["dataset", "-cut_at"], name="opendata_cut_newest")
        ]

    def __str__(self) -> str:
        return self.name
