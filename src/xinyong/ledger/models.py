"""The ledger's tables. Created by SQL in the migration: hash partitions by entity, triggers against change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class PayloadField(models.JSONField):
    """A column of type json: the text as it was hashed. psycopg has read it already."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The object."""
        return value if isinstance(value, dict) else super().from_db_value(value, expression, connection)


class Record(models.Model):
    """Head of a record: one decision about one entity, pointing at its newest version. Rebuildable from versions."""

    pk = models.CompositePrimaryKey("entity_id", "record_id")
    entity_id = models.BigIntegerField(help_text="Registry entity; leads every key, so that the store can be sharded.")
    record_id = models.BigIntegerField(help_text="Permanent number of the record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    source_key = models.BinaryField(
        help_text="First 16 bytes of SHA-256 over the business key within dataset and entity."
    )
    version_no = models.IntegerField(help_text="Newest version.")
    content_hash = models.BinaryField(help_text="SHA-256 of the newest version's canonical content.")
    decided_on = models.DateField(null=True, help_text="When the department decided (first clock).")
    delivery_id = models.IntegerField(help_text="Delivery of the newest version; it knows department and time.")

    class Meta:
        managed = False
        db_table = "ledger_record"


class Version(models.Model):
    """What a department said at one time. Never updated, never deleted."""

    pk = models.CompositePrimaryKey("entity_id", "record_id", "version_no")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    version_no = models.IntegerField(help_text="1 for the first, without gaps.")
    version_id = models.BigIntegerField(help_text="Place in the order of all versions; events name ranges of it.")
    edition_id = models.IntegerField(help_text="Catalogue edition it came under.")
    delivery_id = models.IntegerField(help_text="Delivery it came in.")
    source_row = models.IntegerField(help_text="Row of the delivered file.")
    department_id = models.IntegerField(help_text="Department that delivered it.")
    decided_on = models.DateField(null=True, help_text="When the department decided.")
    received_at = models.DateTimeField(help_text="When the delivery was received.")
    recorded_at = models.DateTimeField(help_text="When the version was stored.")
    content_hash = models.BinaryField(help_text="SHA-256 of the canonical content.")
    payload_hash = models.BinaryField(
        null=True, help_text="SHA-256 of the text of the payload; empty: computed when it is logged."
    )
    payload = PayloadField(help_text="Filled fields by code; _raw: text as sent where it differs.")

    class Meta:
        managed = False
        db_table = "ledger_version"


class Event(models.Model):
    """The ordered corridor: written in the transaction of the deed, read by effects each from its own position."""

    id = models.BigIntegerField(primary_key=True, help_text="Order of commit, without gaps; given by the database.")
    kind = models.CharField(max_length=60, help_text="What happened, e.g. versions.appended.")
    delivery_id = models.BigIntegerField(null=True, help_text="The delivery behind it.")
    dataset_id = models.IntegerField(null=True, help_text="The dataset concerned.")
    version_from = models.BigIntegerField(null=True, help_text="First version_id of the event.")
    version_to = models.BigIntegerField(null=True, help_text="Last version_id of the event.")
    recorded_at = models.DateTimeField(help_text="When it was written.")

    class Meta:
        managed = False
        db_table = "ledger_event"
        ordering: ClassVar[list[str]] = ["id"]


class EffectPosition(models.Model):
    """How far an effect has read the corridor."""

    effect = models.CharField(max_length=60, primary_key=True, help_text="Name of the effect.")
    event_id = models.BigIntegerField(default=0, help_text="Last event it has taken in, and all before it.")
    version_id = models.BigIntegerField(
        null=True, help_text="Versions of the next event up to this one are taken in; empty where none is."
    )
    ahead = ArrayField(models.BigIntegerField(), null=True, help_text="Later events it has taken in before their turn.")

    class Meta:
        db_table = "ledger_effect_position"


class Status(models.Model):
    """What happened to a record after it was stored. Never updated, never deleted; undone by the act that answers it."""

    pk = models.CompositePrimaryKey("entity_id", "record_id", "event_id")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    event_id = models.BigIntegerField(help_text="Its event in the corridor, which is its number.")
    version_no = models.IntegerField(help_text="Newest version of the record then.")
    effective_at = models.DateTimeField(help_text="From when it holds (first clock).")
    recorded_at = models.DateTimeField(help_text="When it was recorded (second clock).")
    act = models.CharField(max_length=30, help_text="What was done; an act of datapacks/rules/record-status.yml.")
    cause = models.CharField(max_length=30, help_text="Which of the act's causes; empty where it has none.")
    actor = models.CharField(max_length=120, help_text="Who decided.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    basis = models.TextField(help_text="Document it rests on: number, date, authority.")
    rule = models.CharField(max_length=60, help_text="Version of the rule set it was decided under.")
    answers = models.BigIntegerField(null=True, help_text="The act whose state it ends.")

    class Meta:
        managed = False
        db_table = "ledger_status"


class Archived(models.Model):
    """A payload that left the ledger for the closed archive, sealed; its hash stays here and in its version."""

    version_id = models.BigIntegerField(primary_key=True, help_text="The version whose payload went.")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    version_no = models.IntegerField(help_text="Version of the record.")
    payload_hash = models.BinaryField(help_text="SHA-256 of the payload, as in the leaf of the log.")
    sealed = models.BinaryField(null=True, help_text="The sealed payload; empty once it was destroyed.")
    rule = models.CharField(max_length=30, help_text="Row of retention.yml it went by.")
    run_id = models.BigIntegerField(help_text="Run that moved it.")
    archived_at = models.DateTimeField(help_text="When it was moved.")
    destroy_rule = models.CharField(max_length=30, blank=True, help_text="Row it was destroyed by.")
    destroy_run_id = models.BigIntegerField(null=True, help_text="Run that destroyed it.")
    destroyed_at = models.DateTimeField(null=True, help_text="When it was destroyed.")

    class Meta:
        db_table = "ledger_archive"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["record_id"], name="ledger_archive_record_v1")]

    def __str__(self) -> str:
        return f"{self.record_id}/{self.version_no}"
