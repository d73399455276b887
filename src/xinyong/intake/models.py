"""Deliveries and what was found in them."""

from __future__ import annotations

from django.db import models

from xinyong.accounts.models import Department


class Delivery(models.Model):
    """One file a department delivered. The row exists from receipt on; its rows enter the ledger all at once or not."""

    class State(models.TextChoices):
        RECEIVED = "received", "已接收"
        READING = "reading", "处理中"
        HELD = "held", "待放行"
        COMMITTED = "committed", "已入库"
        REFUSED = "refused", "整批退回"
        FAILED = "failed", "处理失败"

    class Channel(models.TextChoices):
        COMMAND = "command", "命令行"
        CONSOLE = "console", "网页上传"
        API = "api", "接口"
        FOLDER = "folder", "监控文件夹"
        PULL = "pull", "前置库抽取"
        CORRECTION = "correction", "更正"
        RESOLUTION = "resolution", "主体认定"

    number = models.CharField(max_length=40, unique=True, help_text="Number of the delivery: department, date, serial.")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, help_text="Who delivered it.")
    dataset_code = models.CharField(max_length=60, help_text="Dataset or bundle it was delivered for.")
    edition = models.CharField(max_length=20, blank=True, help_text="Edition of the entry it was read under.")
    layout = models.CharField(max_length=40, blank=True, help_text="Layout its header was recognised as.")
    channel = models.CharField(
        max_length=20, choices=Channel.choices, default=Channel.COMMAND, help_text="Which way it came in."
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="corrections",
        help_text="The delivery whose returned rows this one sends again, corrected.",
    )
    uploader = models.CharField(max_length=60, help_text="User or command that delivered it.")
    file_name = models.CharField(max_length=255, help_text="Name of the file as delivered.")
    sha256 = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the file as delivered.")
    size_bytes = models.BigIntegerField(help_text="Size of the file as delivered, bytes.")
    encoding = models.CharField(max_length=20, blank=True, help_text="Text encoding found.")
    read_under = models.CharField(
        max_length=64, blank=True, help_text="Hash of all that decided how it was read: entry, lists, keys, program."
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.RECEIVED, help_text="How far it is.")
    received_at = models.DateTimeField(help_text="When it was received.")
    hold = models.JSONField(default=list, help_text="Why it waits for a named person, [code, zh, en] triples.")
    released_by = models.CharField(
        max_length=60, blank=True, help_text="Who let it enter the ledger; not the uploader."
    )
    released_at = models.DateTimeField(null=True, help_text="When it was released.")
    release_note = models.TextField(blank=True, help_text="Why it was released in spite of what it was held for.")
    committed_at = models.DateTimeField(null=True, help_text="When its rows entered the ledger.")
    seconds = models.FloatField(null=True, help_text="Time from start of reading to commit, seconds.")
    attempts = models.IntegerField(default=0, help_text="How often reading was started; more than 1 after a crash.")
    tries = models.IntegerField(
        default=0, help_text="Starts without a result since it was received or a person asked for another."
    )
    retry_at = models.DateTimeField(
        null=True, help_text="When a worker tries it again after a technical failure; empty: only when a person asks."
    )
    taken_at = models.DateTimeField(null=True, help_text="When the newest try began.")
    worker = models.CharField(max_length=120, blank=True, help_text="Machine and process of the newest try.")
    heartbeat_at = models.DateTimeField(null=True, help_text="When that process last gave a sign of life.")
    progress = models.JSONField(
        default=dict, help_text="How far the try is: phase, read, position (0-1), rate, remaining seconds."
    )
    origin = models.CharField(
        max_length=400, blank=True, help_text="Where exactly it was found, so that a restart takes it once only."
    )
    read = models.IntegerField(default=0, help_text="Rows read.")
    accepted = models.IntegerField(default=0, help_text="Rows stored as a new version.")
    rejected = models.IntegerField(default=0, help_text="Rows sent back.")
    unchanged = models.IntegerField(default=0, help_text="Rows equal to what the ledger already held.")
    back_flow = models.IntegerField(
        default=0, help_text="Of the unchanged rows: copies of records that another department had delivered."
    )
    warnings = models.IntegerField(default=0, help_text="Remarks on accepted rows.")
    entities_created = models.IntegerField(default=0, help_text="Entities first named by this delivery.")
    late_rows = models.IntegerField(default=0, help_text="Accepted rows later than the shortest deadline of the entry.")
    oldest_decision = models.DateField(null=True, help_text="Oldest decision date among the accepted rows.")
    notes = models.JSONField(default=list, help_text="Remarks on the whole delivery, [zh, en] pairs.")
    failure = models.JSONField(
        default=dict, help_text="Why the whole delivery was refused, or why the newest try failed."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["department", "-id"], name="intake_delivery_dept_v1"),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["received", "reading", "failed"]),
                name="intake_delivery_open_v1",
            ),
            models.Index(
                fields=["department", "-taken_at"],
                condition=models.Q(taken_at__isnull=False),
                name="intake_delivery_taken_v1",
            ),
            models.Index(fields=["origin"], condition=~models.Q(origin=""), name="intake_delivery_origin_v1"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(read=models.F("accepted") + models.F("rejected") + models.F("unchanged")),
                name="intake_delivery_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.number


class DeliveryProfile(models.Model):
    """What a delivery looked like as a whole: the next ones of its dataset and department are compared with it."""

    delivery = models.OneToOneField(
        Delivery, primary_key=True, on_delete=models.PROTECT, related_name="profile", help_text="The delivery."
    )
    rows = models.IntegerField(help_text="Rows read.")
    rejected = models.IntegerField(help_text="Rows sent back before entities were looked up.")
    fill = models.JSONField(default=dict, help_text="Field code to the share of rows in which it is filled.")
    values = models.JSONField(default=dict, help_text="Code-list field to the number of rows per value; no free text.")
    unknown = models.JSONField(default=dict, help_text="Code-list field to the share of filled cells not in the list.")


class Duty(models.Model):
    """That a department delivers a dataset, and how often where that differs from the catalogue."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, help_text="Who delivers.")
    dataset_code = models.CharField(max_length=60, help_text="Dataset or bundle to be delivered.")
    cycle = models.CharField(
        max_length=20,
        blank=True,
        help_text="Rhythm of this department; empty: the update cycle of the catalogue entry.",
    )
    since = models.DateField(help_text="First day from which deliveries are expected.")
    until = models.DateField(null=True, help_text="Last day on which deliveries are expected; empty: open.")
    reason = models.TextField(blank=True, help_text="Why it is so: document, agreement, end of a task.")

    class Meta:
        ordering = ["department", "dataset_code"]
        constraints = [models.UniqueConstraint(fields=["department", "dataset_code"], name="intake_duty_one_v1")]

    def __str__(self) -> str:
        return f"{self.department} {self.dataset_code}"


class ZeroDeclaration(models.Model):
    """A named person says that a department has nothing to deliver for a period (零报送). It never ends a record."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, help_text="Who has nothing to deliver.")
    dataset_code = models.CharField(max_length=60, help_text="Dataset or bundle.")
    from_day = models.DateField(help_text="First day of the period without decisions.")
    to_day = models.DateField(help_text="Last day of the period without decisions.")
    declared_by = models.CharField(max_length=60, help_text="Who declared it.")
    declared_at = models.DateTimeField(help_text="When it was declared.")
    note = models.TextField(blank=True, help_text="What the declaration rests on.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["department", "dataset_code", "-to_day"], name="intake_zero_v1")]

    def __str__(self) -> str:
        return f"{self.department} {self.dataset_code} {self.from_day}–{self.to_day}"


class StoredFinding(models.Model):
    """A remark on one row of a delivery; see :class:`xinyong.intake.findings.Finding`."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, help_text="The delivery.")
    row = models.IntegerField(help_text="Row number the department sees.")
    kind = models.CharField(max_length=20, help_text="Group of the remark.")
    code = models.CharField(max_length=60, help_text="What exactly was found.")
    severity = models.CharField(max_length=10, help_text="error or warning.")
    field = models.CharField(max_length=60, blank=True, help_text="Field of the entry.")
    column = models.CharField(max_length=200, blank=True, help_text="Column of the file.")
    value = models.TextField(blank=True, help_text="The cell as sent, shortened; never a personal number.")
    reason_zh = models.TextField(help_text="Why, Chinese.")
    reason_en = models.TextField(help_text="Why, English.")
    suggestion_zh = models.TextField(blank=True, help_text="What to do, Chinese.")
    suggestion_en = models.TextField(blank=True, help_text="What to do, English.")
    fix = models.TextField(blank=True, help_text="The value to use instead, when exactly one explains the mistake.")

    class Meta:
        db_table = "intake_finding"
        indexes = [models.Index(fields=["delivery", "kind", "row"], name="intake_finding_v1")]


class ReleaseRule(models.Model):
    """When the rows of a delivery may enter the ledger. Of the rows in force the most exact one governs, then the newest."""

    class GoodRows(models.TextChoices):
        AT_ONCE = "at_once", "正确的行立即入库"
        ON_RELEASE = "on_release", "有退回行时，正确的行待人员放行"
        WHOLE = "whole", "整批无误方可入库"

    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, help_text="Whose deliveries; empty: every department's."
    )
    dataset_code = models.CharField(
        max_length=60, blank=True, help_text="Dataset or bundle; empty: all of that department."
    )
    good_rows = models.CharField(
        max_length=20,
        choices=GoodRows.choices,
        default=GoodRows.AT_ONCE,
        help_text="What becomes of the good rows of a delivery that has wrong ones.",
    )
    four_eyes = models.BooleanField(
        default=False, help_text="Every delivery waits for a second person; the uploader cannot release it."
    )
    effective_from = models.DateField(help_text="First day it governs; a later row replaces it from its own day on.")
    reason = models.CharField(max_length=400, help_text="Why it is so: the department's rule or order.")
    set_by = models.CharField(max_length=120, help_text="Who laid it down.")
    set_at = models.DateTimeField(auto_now_add=True, help_text="When it was laid down.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.department_id or '*'} {self.dataset_code or '*'} {self.good_rows}"


class CorrectionEdit(models.Model):
    """One cell of a returned row set to another value, in the draft of a delivery. The delivered file is never edited."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="edits", help_text="The delivery whose row is corrected."
    )
    row = models.IntegerField(help_text="Row number of that delivery.")
    column = models.CharField(
        max_length=200, blank=True, help_text="Column of the file; empty: the row is sent again as it stands."
    )
    old_value = models.TextField(blank=True, help_text="The cell before, as a finding may show it.")
    new_value = models.TextField(blank=True, help_text="The cell after; a protected token where the field is personal.")
    finding = models.ForeignKey(
        StoredFinding,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # a held delivery is checked anew when it is released, and its findings with it
        help_text="The finding whose suggestion was accepted.",
    )
    act = models.UUIDField(help_text="Edits of one act are undone together.")
    made_by = models.CharField(max_length=60, help_text="Who made it.")
    made_at = models.DateTimeField(help_text="When it was made.")
    undone_by = models.CharField(max_length=60, blank=True, help_text="Who took it back.")
    undone_at = models.DateTimeField(null=True, help_text="When it was taken back.")
    sent_in = models.ForeignKey(
        Delivery, null=True, on_delete=models.PROTECT, related_name="+", help_text="The correction it was sent in."
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["delivery", "row"],
                condition=models.Q(undone_at__isnull=True, sent_in__isnull=True),
                name="intake_edit_open_v1",
            ),
            models.Index(fields=["delivery", "act"], name="intake_edit_act_v1"),
        ]


class DraftRow(models.Model):
    """What the checks say about a row with its edits; made anew by every edit, removed when the draft is sent."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="draft_rows", help_text="The delivery whose row is corrected."
    )
    row = models.IntegerField(help_text="Row number of that delivery.")
    errors = models.IntegerField(help_text="Errors that are left.")
    findings = models.JSONField(default=list, help_text="What is still found, as a finding may show it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "row"], name="intake_draft_row_v1")]


class GivenUpRow(models.Model):
    """A returned row that will not be sent again, with the reason. It may be taken up again later."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="given_up", help_text="The delivery of the row."
    )
    row = models.IntegerField(help_text="Row number of that delivery.")
    reason = models.CharField(max_length=400, help_text="Why.")
    made_by = models.CharField(max_length=60, help_text="Who decided it.")
    made_at = models.DateTimeField(help_text="When it was decided.")
    undone_by = models.CharField(max_length=60, blank=True, help_text="Who took it up again.")
    undone_at = models.DateTimeField(null=True, help_text="When it was taken up again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "row"],
                condition=models.Q(undone_at__isnull=True),
                name="intake_given_up_v1",
            )
        ]


class CorrectedRow(models.Model):
    """A row of a correction and the returned row it answers; written in the transaction that commits the correction."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="answers", help_text="The correction."
    )
    row = models.IntegerField(help_text="Row number of the correction.")
    parent = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="answered", help_text="The delivery that was corrected."
    )
    parent_row = models.IntegerField(help_text="Row number there.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "row"], name="intake_corrected_row_v1")]
        indexes = [models.Index(fields=["parent", "parent_row"], name="intake_corrected_parent_v1")]
