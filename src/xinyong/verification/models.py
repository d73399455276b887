"""How far journals were taken into the audit trail."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class JournalPosition(models.Model):
    """A journal of the fast door and how much of it stands in the audit trail."""

    name = models.CharField(max_length=80, primary_key=True, help_text="Name of the file; never used twice.")
    place = models.BigIntegerField(default=0, db_default=0, help_text="Bytes of it that were taken in.")
    blocks = models.BigIntegerField(default=0, db_default=0, help_text="Blocks among them.")
    first_seen_at = models.DateTimeField(auto_now_add=True, db_default=Now(), help_text="When it was first seen.")

    class Meta:
        db_table = "verification_journal"
