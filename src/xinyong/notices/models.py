"""What a firm is told, over which ways, what became of each message, and the documents given out."""

from __future__ import annotations

from django.db import models


class Watch(models.Model):
    """A firm that is told of new records: from the first time somebody signed in for it."""

    entity_id = models.BigIntegerField(primary_key=True, help_text="Registry entity.")
    since = models.DateTimeField(help_text="Records received from then on are told.")


class Notice(models.Model):
    """Something a firm is told. Written in the transaction of what it tells, once per key."""

    entity_id = models.BigIntegerField(help_text="Registry entity it is for.")
    kind = models.CharField(max_length=40, help_text="Kind, a code of datapacks/notices/notices.yml.")
    key = models.CharField(max_length=120, unique=True, help_text="What it tells, so that it is told once.")
    parameters = models.JSONField(default=dict, help_text="What its words are filled with; no personal value.")
    link = models.CharField(max_length=200, blank=True, help_text="Where to go, below /centre/.")
    due_on = models.DateField(null=True, help_text="Last day of what has to be done.")
    created_at = models.DateTimeField(help_text="When it was written.")
    read_at = models.DateTimeField(null=True, help_text="When somebody of the firm first read it.")
    read_by = models.CharField(max_length=60, blank=True, help_text="Account that first read it.")

    class Meta:
        indexes = [models.Index(fields=["entity_id", "-id"], name="notices_notice_entity_v1")]

    def __str__(self) -> str:
        return self.key


class Subscription(models.Model):
    """A way to be told outside the site. Nothing but the confirmation goes there before it is confirmed."""

    class Channel(models.TextChoices):
        EMAIL = "email", "电子邮件"
        WEBHOOK = "webhook", "接口推送"

    entity_id = models.BigIntegerField(db_index=True, help_text="Registry entity whose notices are sent.")
    account = models.CharField(max_length=60, help_text="Account that made it.")
    channel = models.CharField(max_length=10, choices=Channel.choices, help_text="email or webhook.")
    address = models.CharField(max_length=2000, help_text="Address, encrypted; shown masked.")
    secret = models.CharField(
        max_length=400, blank=True, help_text="Key messages of a webhook are signed with, encrypted."
    )
    code = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the confirmation code of an e-mail address."
    )
    tries = models.IntegerField(default=0, help_text="Wrong confirmation codes so far.")
    groups = models.JSONField(default=list, help_text="Groups of notices that are sent.")
    language = models.CharField(max_length=2, default="zh", help_text="zh or en.")
    rhythm = models.CharField(
        max_length=5, default="each", help_text="each: every notice at once; daily: one message a day."
    )
    digested_on = models.DateField(null=True, help_text="Last day a daily message was made for.")
    created_at = models.DateTimeField(help_text="When it was made.")
    confirmed_at = models.DateTimeField(null=True, help_text="When the address was confirmed.")
    ended_at = models.DateTimeField(null=True, help_text="When it was ended.")
    ended_why = models.CharField(max_length=200, blank=True, help_text="Why: by whom, or too many failures.")

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Dispatch(models.Model):
    """A message that has to go out. It waits until it was received; a kill leaves it waiting with the same mark."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        GIVEN_UP = "given_up", "未送达"

    notice = models.ForeignKey(
        Notice, null=True, on_delete=models.PROTECT, help_text="What is told; empty: the confirmation of the address."
    )
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, help_text="Where it goes.")
    mark = models.UUIDField(unique=True, help_text="Message-ID or delivery id: the same on every try.")
    secret = models.CharField(max_length=200, blank=True, help_text="Confirmation code, encrypted, until it was sent.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, help_text="How far it is.")
    attempts = models.IntegerField(default=0, help_text="How often it was tried.")
    next_at = models.DateTimeField(help_text="Not before then.")
    sent_at = models.DateTimeField(null=True, help_text="When the other side took it.")
    receipt = models.CharField(max_length=200, blank=True, help_text="What the other side answered.")
    trouble = models.CharField(max_length=300, blank=True, help_text="Why the last try failed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "subscription"], name="notices_dispatch_once_v1")]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="notices_dispatch_due_v1")
        ]

    def __str__(self) -> str:
        return str(self.mark)


class Gathered(models.Model):
    """A notice that waits for the message of the day of one subscription. It goes when a message has spoken of it.

    A row for each, not a number up to which all were told: numbers are given before the commit, so that a notice may appear
    behind a higher one that was told already.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, help_text="What has to be told.")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, help_text="Whose message of the day it waits for."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "notice"], name="notices_gathered_once_v1")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.notice_id}"


class Document(models.Model):
    """An official paper of a case. Set and signed when first wanted; from then on the same file is given out."""

    number = models.CharField(max_length=22, unique=True, help_text="Number of the document.")
    code = models.CharField(max_length=12, unique=True, help_text="Verification code printed on it.")
    key = models.CharField(max_length=120, unique=True, help_text="Step it goes with, so that it is given out once.")
    template = models.CharField(max_length=40, help_text="Template, a code of datapacks/notices/notices.yml.")
    title = models.CharField(max_length=100, help_text="Title as printed.")
    entity_id = models.BigIntegerField(db_index=True, help_text="Registry entity it is for.")
    case_id = models.BigIntegerField(db_index=True, help_text="Case it belongs to.")
    case_number = models.CharField(max_length=40, help_text="Number of the case.")
    subject_name = models.CharField(max_length=400, help_text="Name of the subject as printed.")
    subject_code = models.CharField(max_length=30, blank=True, help_text="Code of the subject as printed.")
    issuer = models.CharField(max_length=200, help_text="Issuing body as printed.")
    paragraphs = models.JSONField(help_text="What it says.")
    issued_at = models.DateTimeField(help_text="When the step was taken.")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of what it says.")
    document_hash = models.CharField(max_length=64, blank=True, db_index=True, help_text="SHA-256 of the signed PDF.")

    def __str__(self) -> str:
        return self.number
