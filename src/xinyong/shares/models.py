"""Share links. What is kept of a record is its id, a salt and a hash: the content is read from the ledger each time."""

from __future__ import annotations

from django.db import models


class Share(models.Model):
    """A signed snapshot a subject shows to somebody. Content is never copied, so a repaired record cannot live on in it."""

    token = models.CharField(
        max_length=27, unique=True, help_text="Secret part of the address; opens public facts only."
    )
    entity_id = models.BigIntegerField(help_text="Registry entity it speaks of.")
    chapters = models.JSONField(help_text="Numbers of the report's chapters it covers.")
    records = models.JSONField(default=list, help_text="Ids of the chosen records; empty: all of the chapters.")
    shown_to = models.CharField(max_length=200, blank=True, help_text="For whom and for what, in the subject's words.")
    made_at = models.DateTimeField(help_text="The moment of the snapshot.")
    made_by = models.CharField(max_length=120, help_text="Who made it, as the audit trail says it.")
    reason = models.TextField(
        blank=True, help_text="Request of the subject an officer acted on; empty: the subject itself."
    )
    expires_at = models.DateTimeField(help_text="From then on it shows nothing.")
    statement = models.TextField(help_text="The signed text: subject, scope, times and commitments to the records.")
    signature = models.TextField(help_text="Signature over the statement, ECDSA P-256 with SHA-256, base64.")
    certificate = models.TextField(help_text="Certificate of the signature, PEM.")
    items = models.JSONField(
        help_text="Per record: id, salt and hash. A salt is given out only while the record is public."
    )
    revoked_at = models.DateTimeField(null=True, help_text="When it was taken back.")
    revoked_by = models.CharField(max_length=120, blank=True, help_text="Who took it back.")
    opened = models.IntegerField(default=0, help_text="How often it was opened; by whom is not recorded.")
    last_opened_at = models.DateTimeField(null=True, help_text="When it was last opened.")

    class Meta:
        indexes = [models.Index(fields=["entity_id", "-made_at"], name="shares_share_entity_v1")]

    def __str__(self) -> str:
        return f"{self.pk}"
