"""Cases, their steps, limits, files and receipts, and tips of the public."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from xinyong.accounts.models import Department


class Case(models.Model):
    """An objection, an application for repair, or a withdrawal. Written by steps.py only, under the lock of its row."""

    class Kind(models.TextChoices):
        OBJECTION = "objection", "异议"
        REPAIR = "repair", "信用修复"
        WITHDRAWAL = "withdrawal", "撤下"

    kind = models.CharField(max_length=12, choices=Kind.choices, help_text="What kind of case.")
    state = models.CharField(max_length=20, help_text="State by datapacks/rules/remedies.yml.")
    entity_id = models.BigIntegerField(help_text="Registry entity the record is about.")
    record_id = models.BigIntegerField(help_text="The ledger's record.")
    version_no = models.IntegerField(help_text="Newest version of the record when the case was opened.")
    dataset_code = models.CharField(max_length=60, help_text="Dataset of the record.")
    field = models.CharField(max_length=60, blank=True, help_text="Field objected to; empty: the whole record.")
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The unit the record came from, which determined it.",
    )
    market = models.BooleanField(default=False, help_text="Limits of market regulation hold.")
    listed = models.BooleanField(default=False, help_text="The record is an entry of a list.")
    ground = models.CharField(max_length=30, blank=True, help_text="Ground of an objection; cause of a withdrawal.")
    statement = models.TextField(blank=True, help_text="What the applicant says.")
    wanted = models.TextField(blank=True, help_text="What it should say, in the applicant's words.")
    answer = models.TextField(blank=True, help_text="What the deciding unit answered.")
    basis = models.TextField(blank=True, help_text="Document the decision rests on: number, date, authority.")
    gaps = models.JSONField(default=list, blank=True, help_text="What has to be added: codes and words, told once.")
    gaps_told = models.BooleanField(default=False, help_text="The one list of gaps was told.")
    checks = models.JSONField(default=dict, blank=True, help_text="Conditions an officer found met or failing.")
    remedy = models.CharField(max_length=30, blank=True, help_text="What is done on the record.")
    outcome = models.CharField(max_length=20, blank=True, help_text="What the case came to.")
    account_id = models.BigIntegerField(null=True, help_text="Account that applied; empty: nobody did.")
    acting_name = models.TextField(blank=True, help_text="Token of the acting person's name; never the name.")
    signed_at = models.DateTimeField(null=True, help_text="When the commitment was signed.")
    signed_text = models.CharField(max_length=20, blank=True, help_text="Version of the text that was signed.")
    suspended = models.BooleanField(default=False, help_text="Display is stopped until the provider answers.")
    marks = models.BooleanField(default=False, help_text="The mark of the objection stands because of this case.")
    reviewed = models.BooleanField(default=False, help_text="Review was asked for.")
    assignee = models.CharField(max_length=60, blank=True, help_text="Officer who works on it.")
    revision = models.IntegerField(
        default=0, help_text="Number of the last step; two officers never take the same one."
    )
    opened_at = models.DateTimeField(help_text="When it was opened or drafted.")
    closed_at = models.DateTimeField(null=True, help_text="When it was over.")
    due_on = models.DateField(null=True, help_text="Last day of the nearest limit; empty: none runs.")
    paused_on = models.DateField(null=True, help_text="Since when the clock has stopped.")
    escalated = models.BooleanField(default=False, help_text="That the nearest limit passed was told.")
    barred_until = models.DateField(null=True, help_text="Last day no new application is taken after deceit.")
    profile = models.CharField(max_length=20, help_text="Whose local rules it is decided under.")
    rules = models.CharField(max_length=60, help_text="Version of the rules it is decided under.")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on", "id"], condition=Q(escalated=False, due_on__isnull=False), name="remedies_overdue_v1"
            ),
            models.Index(
                fields=["department", "due_on", "id"], condition=Q(closed_at__isnull=True), name="remedies_queue_v1"
            ),
            models.Index(fields=["entity_id", "-id"], name="remedies_entity_v1"),
            models.Index(fields=["record_id"], name="remedies_record_v1"),
            models.Index(fields=["id"], condition=Q(state__in=["granted", "withdrawn"]), name="remedies_stopping_v1"),
        ]
        constraints = [
            # Who asks twice for the same is led to the case that is open.
            models.UniqueConstraint(
                fields=["record_id", "field"],
                condition=Q(kind="objection", closed_at__isnull=True),
                name="remedies_one_objection_v1",
            ),
            models.UniqueConstraint(
                fields=["record_id"], condition=Q(kind="repair", closed_at__isnull=True), name="remedies_one_repair_v1"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")), name="remedies_closed_v1"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number people speak of: kind, day, serial."""
        from xinyong.remedies.numbers import case_number

        return case_number(self.kind, self.opened_at, self.pk)


class Step(models.Model):
    """One thing that happened to a case. Never changed or removed: a trigger refuses both."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    number = models.IntegerField(help_text="1 for the first, without gaps.")
    act = models.CharField(max_length=20, help_text="What was done; an act of remedies.yml.")
    party = models.CharField(max_length=10, help_text="applicant, platform, provider or system.")
    actor = models.CharField(max_length=120, help_text="Who: user name, account number, or system.")
    reason = models.TextField(blank=True, help_text="Why, in the actor's words.")
    state_before = models.CharField(max_length=20, help_text="State before.")
    state_after = models.CharField(max_length=20, help_text="State after.")
    at = models.DateTimeField(help_text="When.")
    event_id = models.BigIntegerField(null=True, help_text="The act on the record, recorded with it.")
    detail = models.JSONField(default=dict, help_text="Facts of the step: remedy, gaps, checks, limits.")

    class Meta:
        ordering: ClassVar[list[str]] = ["case_id", "number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="remedies_step_v1")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number} {self.act}"


class Limit(models.Model):
    """A limit that runs or ran for a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    timer = models.CharField(max_length=30, help_text="Which limit; a timer of timers.yml.")
    row = models.CharField(max_length=30, help_text="Its row: profile, length, article.")
    starts_on = models.DateField(help_text="Day it began; not counted.")
    due_on = models.DateField(help_text="Last day.")
    extended = models.BooleanField(default=False, help_text="It was lengthened, which happens once.")
    spans = models.JSONField(default=list, blank=True, help_text="Days that do not count: pairs, both ends included.")
    ended_on = models.DateField(null=True, help_text="Day it was met or fell away; empty: it runs.")
    met = models.BooleanField(null=True, help_text="What it asked for was done, in time or late; empty: it fell away.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "timer"], condition=Q(ended_on__isnull=True), name="remedies_limit_v1"
            )
        ]
        indexes = [models.Index(fields=["ended_on", "timer"], name="remedies_limit_ended_v1")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.timer} {self.due_on}"


class CaseFile(models.Model):
    """A file of a case, sealed with the key of personal values: what firms hand in names people."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    kind = models.CharField(max_length=20, help_text="proof, commitment, evidence or other.")
    side = models.CharField(max_length=10, help_text="applicant, provider or platform.")
    name = models.CharField(max_length=200, help_text="File name as sent.")
    media_type = models.CharField(max_length=60, help_text="By its bytes, never by its name.")
    size = models.IntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    content = models.BinaryField(help_text="The sealed content.")
    at = models.DateTimeField(help_text="When it was handed in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "digest"], name="remedies_file_v1")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}"


class Receipt(models.Model):
    """A channel says that the record is no longer shown, shared or used there."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, help_text="The case.")
    channel = models.CharField(max_length=20, help_text="Which channel of remedies.yml.")
    at = models.DateTimeField(help_text="When it answered.")
    proof = models.CharField(max_length=200, help_text="What was looked at.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "channel"], name="remedies_receipt_v1")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.channel}"


class Tip(models.Model):
    """What anybody tells about a public record. It is no objection: nothing is marked, nobody is asked who they are."""

    class State(models.TextChoices):
        NEW = "new", "待查看"
        FORWARDED = "forwarded", "已转来源单位"
        DONE = "done", "已处理"
        SET_ASIDE = "set_aside", "不作处理"

    number = models.CharField(
        max_length=24, unique=True, help_text="Number told to whoever gave it, who asks with it; it cannot be guessed."
    )
    record_id = models.BigIntegerField(help_text="The public record.")
    entity_id = models.BigIntegerField(help_text="Whom it is about.")
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", help_text="The unit the record came from."
    )
    text = models.TextField(help_text="What was told; personal numbers are masked when it is taken in.")
    contact = models.TextField(blank=True, help_text="Token of how to answer, where it was given.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW, help_text="How far it is.")
    at = models.DateTimeField(help_text="When it came.")
    rule = models.CharField(
        max_length=30, blank=True, help_text="Row of timers.yml its limit comes from; empty: none ran."
    )
    due_on = models.DateField(null=True, help_text="Last day to deal with it; empty: no limit ran when it came.")
    reply = models.TextField(blank=True, help_text="What was found, in the officer's words.")
    handled_by = models.CharField(max_length=60, blank=True, help_text="Who dealt with it.")
    handled_at = models.DateTimeField(null=True, help_text="When.")

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="remedies_tip_v1")]

    def __str__(self) -> str:
        return self.number
