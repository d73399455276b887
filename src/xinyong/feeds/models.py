"""Who is told what, and what has to go out."""

from __future__ import annotations

from django.db import models

from xinyong.accounts.models import ApiClient


class Feed(models.Model):
    """A system's address that is told. Nothing but the confirmation goes there before it answered that."""

    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="feeds", help_text="The system; its items say which datasets."
    )
    address = models.CharField(max_length=2000, help_text="Address, encrypted.")
    secret = models.CharField(max_length=400, help_text="Key messages are signed with, encrypted.")
    kinds = models.JSONField(default=list, help_text="Kinds of messages that are sent.")
    created_at = models.DateTimeField(help_text="When it was made.")
    created_by = models.CharField(max_length=60, help_text="Who made it.")
    confirmed_at = models.DateTimeField(null=True, help_text="When the address answered the confirmation.")
    ended_at = models.DateTimeField(null=True, help_text="When it was ended.")
    ended_why = models.CharField(max_length=200, blank=True, help_text="Why: by whom, or too many failures.")

    def __str__(self) -> str:
        return f"feed {self.pk}"


class FeedMessage(models.Model):
    """A message that goes out at least once, under the same id on every try. It names things and holds no content."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        DROPPED = "dropped", "不再发送"
        GIVEN_UP = "given_up", "未送达"

    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="messages", help_text="Where it goes.")
    key = models.CharField(max_length=60, help_text="What it tells, so that it is told once.")
    mark = models.UUIDField(unique=True, help_text="Delivery id: the same on every try.")
    kind = models.CharField(max_length=20, help_text="Kind of message.")
    entity_id = models.BigIntegerField(null=True, help_text="Registry entity.")
    record_id = models.BigIntegerField(null=True, help_text="Record.")
    data = models.JSONField(default=dict, help_text="Numbers and codes beside them.")
    created_at = models.DateTimeField(help_text="When it was written.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, help_text="How far it is.")
    attempts = models.IntegerField(default=0, help_text="How often it was tried.")
    next_at = models.DateTimeField(help_text="Not before then.")
    sent_at = models.DateTimeField(null=True, help_text="When the other side took it.")
    receipt = models.CharField(max_length=200, blank=True, help_text="What the other side answered.")
    trouble = models.CharField(max_length=300, blank=True, help_text="Why the last try failed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "key"], name="feeds_message_once_v1")]
        indexes = [
            models.Index(fields=["next_at"], name="feeds_message_due_v1", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mark}"


class Place(models.Model):
    """How far a source of messages has been read."""

    source = models.CharField(max_length=20, primary_key=True, help_text="events, gone or joint.")
    seen = models.BigIntegerField(default=0, help_text="Number of the last one taken in.")

    def __str__(self) -> str:
        return self.source
