"""Commitments of entities, each with steps that are only ever added."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from xinyong.accounts.models import Department
from xinyong.intake.models import Delivery
from xinyong.registry.models import Entity


class Commitment(models.Model):
    """What an entity promised to a department. What happened stands in its steps; this is where it is now."""

    code = models.CharField(
        max_length=20, unique=True, null=True, help_text="Code of the commitment, given when it is signed (item 1)."
    )
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="+", help_text="Who promises; never a person."
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", help_text="To whom: the accepting unit (items 17, 18)."
    )
    kind = models.CharField(max_length=20, help_text="A kind of datapacks/commitments/kinds.yml.")
    text_code = models.CharField(max_length=40, help_text="The text, a code of texts.yml.")
    text_version = models.CharField(max_length=20, help_text="Its version.")
    text_digest = models.CharField(max_length=16, help_text="Digest of that version.")
    matter = models.CharField(max_length=512, help_text="Business handled (item 6).")
    content = models.TextField(help_text="What is promised, as it stands to be signed (item 7).")
    liability = models.TextField(help_text="Liability for a breach, as it stands to be signed (item 8).")
    state = models.CharField(max_length=20, help_text="Where it is now: a state of procedure.yml.")
    seq = models.IntegerField(help_text="Number of its last step; who acts names the one they saw.")
    publicity = models.CharField(
        max_length=20, blank=True, help_text="May be public, for a circle, or not (item 19); the promiser's choice."
    )
    opened_at = models.DateTimeField(help_text="When it was offered or chosen.")
    moved_at = models.DateTimeField(help_text="When its last step was taken.")
    signed_on = models.DateField(null=True, help_text="Day it was made (item 9).")
    valid_until = models.DateField(null=True, help_text="Last day it holds (item 10); empty: until it is kept.")
    check_on = models.DateField(null=True, help_text="Day by which it is checked, or the papers have to be there.")
    record_entity_id = models.BigIntegerField(null=True, help_text="Entity under which its record is kept.")
    record_id = models.BigIntegerField(null=True, help_text="Its record in the ledger.")
    reported_by = models.BigIntegerField(null=True, help_text="The delivery whose version of the record was last read.")
    sent = models.ForeignKey(
        Delivery, null=True, on_delete=models.PROTECT, related_name="+", help_text="The delivery being taken in."
    )
    trouble = models.TextField(blank=True, help_text="Why the delivery did not store it.")

    class Meta:
        indexes = [
            models.Index(fields=["department", "state", "check_on"], name="commitments_department_v1"),
            models.Index(fields=["entity", "state"], name="commitments_entity_v1"),
            models.Index(fields=["state", "check_on"], name="commitments_due_v1"),
            models.Index(fields=["sent"], condition=models.Q(sent__isnull=False), name="commitments_sent_v1"),
        ]

    def __str__(self) -> str:
        return self.code or f"commitment {self.pk}"


class CommitmentStep(models.Model):
    """A step as taken. Never updated, never deleted."""

    commitment = models.ForeignKey(
        Commitment, on_delete=models.PROTECT, related_name="steps", help_text="The commitment."
    )
    seq = models.IntegerField(help_text="1 for the first, without gaps.")
    step = models.CharField(max_length=30, help_text="A step of procedure.yml.")
    from_state = models.CharField(max_length=20, blank=True, help_text="State before.")
    to_state = models.CharField(max_length=20, help_text="State after.")
    actor = models.CharField(max_length=60, help_text="Who took it; platform where time or a delivery brought it.")
    at = models.DateTimeField(help_text="When it was recorded.")
    facts = models.JSONField(help_text="What it rests on: documents, dates, service.")
    reason = models.TextField(blank=True, help_text="Why, in the words of whoever took it.")
    event_id = models.BigIntegerField(null=True, help_text="The act it recorded in the ledger.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commitment", "seq"], name="commitments_step_v1")]
        ordering: ClassVar[list[str]] = ["commitment", "seq"]

    def __str__(self) -> str:
        return f"{self.commitment_id}/{self.seq} {self.step}"
