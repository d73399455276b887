"""The read model of one question: may this record be shown today?"""

from __future__ import annotations

from django.db import models


class Window(models.Model):
    """From when to when a record is public. No row: not public. Rebuildable from the ledger at any time."""

    pk = models.CompositePrimaryKey("entity_id", "record_id")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    decided_on = models.DateField(null=True, help_text="Decision date, for the order of lists.")
    public_from = models.DateField(help_text="First day shown.")
    public_until = models.DateField(null=True, help_text="Last day shown; empty: for good.")
    earliest_repair = models.DateField(null=True, help_text="First day repair may be granted; adverse records only.")
    severity = models.CharField(max_length=10, blank=True, help_text="minor, general or serious; adverse records only.")
    rule = models.CharField(max_length=60, help_text="Rule version the dates were computed under.")

    class Meta:
        managed = False
        db_table = "publicity_window"


class Gone(models.Model):
    """A record that stopped being public: that, and when. Written by triggers of the windows and at the end of each day."""

    id = models.BigAutoField(primary_key=True, help_text="Place in the deletion feed; in order of commit.")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    cause = models.CharField(max_length=10, help_text="act: by a deed or a new version; expiry: its last day is over.")
    at = models.DateTimeField(help_text="From when it is not public any more.")

    class Meta:
        managed = False
        db_table = "publicity_gone"
