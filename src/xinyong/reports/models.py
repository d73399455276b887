"""Issued reports: their numbers and hashes. The documents themselves are not kept."""

from __future__ import annotations

from django.db import models


class Report(models.Model):
    """A report that was issued.

    The platform keeps hashes, not the document: what is repaired or expired tomorrow must not live on in a copy of ours.
    """

    class Kind(models.TextChoices):
        STANDARD = "standard", "公共信用信息报告"
        SPECIAL = "special", "专用信用报告"

    number = models.CharField(max_length=22, unique=True, help_text="Report number: local time and eight characters.")
    code = models.CharField(max_length=12, unique=True, help_text="Verification code printed on the report.")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.STANDARD, help_text="standard or special.")
    scope = models.JSONField(default=dict, help_text="Fields and period of a special report; empty otherwise.")
    entity_id = models.BigIntegerField(help_text="Registry entity it speaks of.")
    subject_name = models.CharField(max_length=400, help_text="Name of the subject as printed, to compare.")
    subject_code = models.CharField(max_length=30, blank=True, help_text="Code of the subject as printed, to compare.")
    issuer = models.CharField(max_length=200, help_text="Issuing body as printed.")
    issued_at = models.DateTimeField(help_text="When it was made; it speaks of this moment only.")
    content_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the facts printed; of a standard report chapters one to nine."
    )
    document_hash = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the signed PDF.")
    pages = models.IntegerField(help_text="Pages of the PDF.")
    revoked_at = models.DateTimeField(null=True, help_text="When the issuer declared it void.")
    revoked_by = models.CharField(max_length=60, blank=True, help_text="Officer who declared it void.")
    revoked_reason = models.TextField(blank=True, help_text="Why it was declared void.")

    class Meta:
        indexes = [models.Index(fields=["entity_id", "-issued_at"], name="reports_report_entity_v1")]

    def __str__(self) -> str:
        return self.number
