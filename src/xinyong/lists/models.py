"""Cases of the listing procedure and pieces of joint work, each with steps that are only ever added."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from xinyong.accounts.models import Department
from xinyong.intake.models import Delivery
from xinyong.registry.models import Entity


class Case(models.Model):
    """One entity and one list, from the proposal to the end. What happened stands in its steps; this is where it is now."""

    class Origin(models.TextChoices):
        OWN = "own", "本平台办理"
        IMPORTED = "imported", "外部报送"

    class Variant(models.TextChoices):
        LIST = "list", "列入名单"
        MARK = "mark", "标记状态"

    list_code = models.CharField(max_length=40, help_text="The list, a code of datapacks/lists.")
    list_digest = models.CharField(max_length=16, help_text="The text of its configuration when the case was opened.")
    rules = models.CharField(max_length=20, help_text="Version of the procedures when it was opened.")
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="+", help_text="Whom it is about; never a person."
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", help_text="The organ that decides."
    )
    origin = models.CharField(
        max_length=10, choices=Origin.choices, help_text="Run here, or taken over from an imported record."
    )
    variant = models.CharField(
        max_length=10, choices=Variant.choices, help_text="Listed, or marked where the list marks this kind of entity."
    )
    state = models.CharField(max_length=20, help_text="Where it is now: a state of the procedures.")
    seq = models.IntegerField(help_text="Number of its last step; who decides names the one they saw.")
    opened_at = models.DateTimeField(help_text="When it was opened.")
    opened_by = models.CharField(max_length=60, help_text="Who opened it.")
    moved_at = models.DateTimeField(help_text="When its last step was taken.")
    listed_on = models.DateField(null=True, help_text="Day of the entry.")
    planned_end = models.DateField(null=True, help_text="Last day of its period; empty: until it is removed.")
    record_entity_id = models.BigIntegerField(null=True, help_text="Entity under which the record is kept.")
    record_id = models.BigIntegerField(null=True, help_text="The entry in the ledger.")
    sent = models.ForeignKey(
        Delivery, null=True, on_delete=models.PROTECT, related_name="+", help_text="The delivery being taken in."
    )
    trouble = models.TextField(blank=True, help_text="Why the delivery did not store it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record_id"], name="lists_case_record_v1", condition=models.Q(record_id__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["state", "moved_at"], name="lists_case_state_v1"),
            models.Index(fields=["department", "state"], name="lists_case_department_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.list_code} {self.pk}"


class CaseStep(models.Model):
    """A step as taken. Never updated, never deleted."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps", help_text="The case.")
    seq = models.IntegerField(help_text="1 for the first, without gaps.")
    step = models.CharField(max_length=30, help_text="A step of the procedures.")
    from_state = models.CharField(max_length=20, blank=True, help_text="State before.")
    to_state = models.CharField(max_length=20, help_text="State after.")
    actor = models.CharField(max_length=60, help_text="Who took it; platform where it follows from a deed before.")
    at = models.DateTimeField(help_text="When it was recorded.")
    facts = models.JSONField(help_text="Facts it rests on: documents, dates, service, basis.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    event_id = models.BigIntegerField(null=True, help_text="The act it recorded in the ledger.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="lists_case_step_v1")]
        ordering: ClassVar[list[str]] = ["case", "seq"]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.step}"


class Joint(models.Model):
    """One measure or incentive put before one unit for one matter: decided, carried out, fed back, lifted."""

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="+", help_text="Whom it is about; never a person."
    )
    record_entity_id = models.BigIntegerField(help_text="Entity under which the record behind it is kept.")
    record_id = models.BigIntegerField(help_text="The entry or decision it follows from.")
    list_code = models.CharField(max_length=40, blank=True, help_text="The list of that entry; empty: a decision.")
    measure = models.CharField(max_length=20, help_text="The row of the measures.")
    measure_digest = models.CharField(max_length=16, help_text="The text of its list when it was decided.")
    favourable = models.BooleanField(help_text="An incentive.")
    scene = models.CharField(max_length=30, help_text="Where it was asked for.")
    matter = models.CharField(max_length=200, help_text="The matter at hand, as the unit calls it.")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", help_text="The executor.")
    state = models.CharField(max_length=20, help_text="Where it is now: a state of joint.yml.")
    seq = models.IntegerField(help_text="Number of its last message.")
    opened_at = models.DateTimeField(help_text="When it was decided.")
    moved_at = models.DateTimeField(help_text="When its last message came.")
    until = models.DateField(null=True, help_text="Last day it can stand; empty: as long as the entry does.")
    due_on = models.DateField(null=True, help_text="Last day for the next message of the executor.")
    reminders = models.IntegerField(default=0, help_text="Reminders sent for it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record_id", "measure", "department", "matter"],
                name="lists_joint_once_v1",
                condition=models.Q(state__in=["applied", "executed", "lift_due"]),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="lists_joint_due_v1"),
            models.Index(fields=["entity", "state"], name="lists_joint_entity_v1"),
            models.Index(fields=["department", "state"], name="lists_joint_department_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.pk}"


class JointStep(models.Model):
    """One message of joint work (M2 to M6, reminders). Never updated, never deleted."""

    joint = models.ForeignKey(Joint, on_delete=models.PROTECT, related_name="steps", help_text="The piece of work.")
    seq = models.IntegerField(help_text="1 for the first, without gaps.")
    message = models.CharField(max_length=20, help_text="M3, M4, M5, M6, reminder or escalation.")
    to_state = models.CharField(max_length=20, help_text="State after.")
    actor = models.CharField(max_length=60, help_text="Who sent it; platform for M5 and reminders.")
    at = models.DateTimeField(help_text="When it was recorded.")
    facts = models.JSONField(help_text="What the message carries.")
    reason = models.TextField(blank=True, help_text="Why, in the officer's words.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["joint", "seq"], name="lists_joint_step_v1")]
        ordering: ClassVar[list[str]] = ["joint", "seq"]

    def __str__(self) -> str:
        return f"{self.joint_id}/{self.seq} {self.message}"
