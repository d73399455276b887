"""Cases of the desk: one returned row, what officers said about it, and what was decided."""

from __future__ import annotations

from django.db import models

from xinyong.accounts.models import Department
from xinyong.intake.models import Delivery
from xinyong.registry.models import Entity


class OpenedDelivery(models.Model):
    """A delivery whose returned rows have been looked through for cases."""

    delivery = models.OneToOneField(
        Delivery, primary_key=True, on_delete=models.PROTECT, help_text="The delivery; each is looked through once."
    )
    cases = models.IntegerField(help_text="Cases it opened.")
    at = models.DateTimeField(help_text="When.")


class Case(models.Model):
    """A returned row that may be one of several entities. Its cells stay in the delivered file and are read from there."""

    class State(models.TextChoices):
        OPEN = "open", "待认定"
        SECOND = "second", "待第二人"
        DISPUTED = "disputed", "意见不一"
        ASKED = "asked", "待部门答复"
        DECIDED = "decided", "已认定"
        STORED = "stored", "已入库"
        RETURNED = "returned", "退回部门"
        CORRECTED = "corrected", "部门已更正"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, help_text="The delivery that returned the row.")
    row = models.IntegerField(help_text="Row of that delivery.")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, help_text="Who delivered it.")
    dataset_code = models.CharField(max_length=60, help_text="What it was delivered for.")
    reason = models.CharField(max_length=60, help_text="Code of the finding that returned it.")
    name = models.CharField(max_length=400, blank=True, help_text="The name as written.")
    name_key = models.CharField(max_length=400, blank=True, db_collation="C", help_text="Its matching key.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, help_text="How far it is.")
    opened_at = models.DateTimeField(help_text="When the row was returned.")
    question = models.TextField(blank=True, help_text="What the department was asked.")
    asked_by = models.CharField(max_length=60, blank=True, help_text="Who asked.")
    answer = models.TextField(blank=True, help_text="What the department answered.")
    answered_by = models.CharField(max_length=60, blank=True, help_text="Who answered.")
    entity = models.ForeignKey(Entity, null=True, on_delete=models.PROTECT, help_text="The entity decided.")
    decided_at = models.DateTimeField(null=True, help_text="When the decision was complete.")
    sent = models.ForeignKey(
        Delivery, null=True, on_delete=models.PROTECT, related_name="+", help_text="The delivery that sent it again."
    )
    trouble = models.TextField(blank=True, help_text="Why sending it again did not store it.")
    closed_in = models.ForeignKey(
        Delivery,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The correction in which the department answered the row itself.",
    )
    closed_row = models.IntegerField(null=True, help_text="Row of that correction.")
    closed_why = models.TextField(blank=True, help_text="Why the department gave the row up.")
    closed_at = models.DateTimeField(null=True, help_text="When the department's own deed ended the case.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "row"], name="desk_case_v1")]
        indexes = [
            models.Index(fields=["state", "opened_at", "id"], name="desk_case_queue_v1"),
            models.Index(fields=["department", "name_key"], name="desk_case_name_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}:{self.row}"


class Opinion(models.Model):
    """What one officer said about a case. The second officer does not see the first one's."""

    class Choice(models.TextChoices):
        ENTITY = "entity", "是该主体"
        NONE = "none", "都不是，退回部门"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    officer = models.CharField(max_length=60, help_text="Who said it.")
    choice = models.CharField(max_length=10, choices=Choice.choices, help_text="What was said.")
    entity = models.ForeignKey(Entity, null=True, on_delete=models.PROTECT, help_text="Which entity.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    at = models.DateTimeField(help_text="When.")
    withdrawn_at = models.DateTimeField(null=True, help_text="When the officer took it back; empty: it counts.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "officer"], condition=models.Q(withdrawn_at__isnull=True), name="desk_opinion_v1"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.officer} {self.choice}"


class Decision(models.Model):
    """The record of a decision: what was looked at, who decided, by which rule. Kept when it is taken back."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    at = models.DateTimeField(help_text="When it was complete.")
    officers = models.JSONField(help_text="Who decided, in the order they spoke.")
    choice = models.CharField(max_length=10, help_text="entity or none.")
    entity = models.ForeignKey(Entity, null=True, on_delete=models.PROTECT, help_text="Which entity.")
    reasons = models.JSONField(help_text="The officers' reasons.")
    evidence = models.JSONField(help_text="What the row said: field and value, personal values masked.")
    candidates = models.JSONField(help_text="The candidates shown: public id, code, name, grounds in words.")
    undone_by = models.CharField(max_length=60, blank=True, help_text="Who took it back; empty: it stands.")
    undone_at = models.DateTimeField(null=True, help_text="When it was taken back.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.choice}"
