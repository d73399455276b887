"""May this record be shown today, by which rules, and what happened at the turn of each day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Window(models.Model):
    """From when to when a record is public. No row: not public. Rebuildable from the ledger at any time."""

    pk = models.CompositePrimaryKey("entity_id", "record_id")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    decided_on = models.DateField(null=True, help_text="Decision date, for the order of lists.")
    public_from = models.DateField(help_text="First day shown.")
    public_until = models.DateField(null=True, help_text="Last day shown; empty: for good.")
    earliest_repair = models.DateField(null=True, help_text="First day repair may be granted; adverse records only.")
    severity = models.CharField(max_length=10, blank=True, help_text="minor, general or serious; adverse records only.")
    rule = models.CharField(max_length=60, help_text="Rule version the dates were computed under.")

    class Meta:
        managed = False
        db_table = "publicity_window"


class Tally(models.Model):
    """How many windows of a dataset and month of decision have the same span. Triggers of the windows write it."""

    pk = models.CompositePrimaryKey("dataset_id", "month", "public_from", "public_until")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    month = models.DateField(help_text="First day of the month of the decision; 0001-01-01: no decision date.")
    public_from = models.DateField(help_text="First day shown.")
    public_until = models.DateField(help_text="Last day shown; 9999-12-31: for good.")
    records = models.BigIntegerField(help_text="Windows with these days.")

    class Meta:
        managed = False
        db_table = "publicity_tally"


class RuleVersion(models.Model):
    """A version of the rules of publicity: the whole content, who put it in force, and how far its windows are.

    One is in force; at most one waits. Before the first officer's deed none is stored, and the packaged rules hold.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Being written"
        COMPARING = "comparing", "Being compared with the ledger"
        COMPARED = "compared", "Compared, may be put in force"
        SCHEDULED = "scheduled", "Takes force on its day"
        IN_FORCE = "in_force", "In force"
        REPLACED = "replaced", "Was in force"
        DROPPED = "dropped", "Given up"

    label = models.CharField(max_length=40, help_text="Name of the version; records carry it.")
    state = models.CharField(max_length=10, choices=State, help_text="Where it stands.")
    base_digest = models.CharField(max_length=64, help_text="Packaged rules it rests on.")
    changes = models.JSONField(default=dict, help_text="Values officers set, by row; over all versions so far.")
    content = models.JSONField(null=True, help_text="The whole rules, once in force; as they were.")
    takes_force_on = models.DateField(null=True, help_text="First day it counts.")
    reason = models.TextField(blank=True, help_text="Why, in the words of whoever put it in force.")
    actor = models.CharField(max_length=120, help_text="Who began it, or confirmed.")
    made_at = models.DateTimeField(help_text="When it was begun.")
    put_by = models.CharField(max_length=120, blank=True, help_text="Who put it in force.")
    put_at = models.DateTimeField(null=True, help_text="When it was put in force.")
    compared_digest = models.CharField(max_length=64, blank=True, help_text="Content that was compared.")
    compared_with = models.BigIntegerField(null=True, help_text="Version it was compared with; empty: the packaged.")
    comparison = models.JSONField(default=dict, help_text="Counts of the comparison by dataset and effect.")
    done_to = models.BigIntegerField(default=0, help_text="Last version_id compared, or recomputed once in force.")
    work_to = models.BigIntegerField(null=True, help_text="Version_id at which that work ends; empty: not begun.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="in_force"), name="publicity_one_in_force_v1"
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=["draft", "comparing", "compared", "scheduled"]),
                name="publicity_one_waiting_v1",
            ),
        ]


class RuleAct(models.Model):
    """What an officer did to a rule. Never changed, never deleted; taken back by another act."""

    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, help_text="Version it belongs to.")
    row = models.CharField(max_length=30, help_text="Number of the rule; empty for the version as a whole.")
    kind = models.CharField(
        max_length=20, help_text="confirmed, replaced, taken_back, compared, put_in_force, dropped."
    )
    before = models.JSONField(default=dict, help_text="Values before.")
    after = models.JSONField(default=dict, help_text="Values after.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    basis = models.TextField(blank=True, help_text="Document it rests on: number, date, authority.")
    actor = models.CharField(max_length=120, help_text="Who decided.")
    at = models.DateTimeField(help_text="When.")


class SheetAct(models.Model):
    """What an officer did to a row of another rule file. Never changed, never deleted; taken back by another act."""

    sheet = models.CharField(max_length=30, help_text="Which file of rules.")
    row = models.CharField(max_length=200, help_text="Number of the row in the file.")
    kind = models.CharField(max_length=12, help_text="confirmed, replaced or taken_back.")
    takes_force_on = models.DateField(help_text="First day it counts.")
    before = models.JSONField(default=dict, help_text="Values before.")
    after = models.JSONField(default=dict, help_text="Values after.")
    comparison = models.JSONField(default=list, help_text="What the officer saw it would do.")
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, help_text="The act it takes back.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    basis = models.TextField(blank=True, help_text="Document it rests on: number, date, authority.")
    actor = models.CharField(max_length=120, help_text="Who decided.")
    at = models.DateTimeField(help_text="When.")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sheet", "row", "id"], name="publicity_sheetact_v1")
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row} {self.kind}"


class RuleDifference(models.Model):
    """One record a waiting version would treat otherwise. Written anew with each comparison."""

    version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, help_text="The waiting version.")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    effect = models.CharField(max_length=12, help_text="appears, vanishes, earlier, later, other.")
    old_from = models.DateField(null=True, help_text="First public day now; empty: not public.")
    old_until = models.DateField(null=True, help_text="Last public day now.")
    new_from = models.DateField(null=True, help_text="First public day then; empty: not public.")
    new_until = models.DateField(null=True, help_text="Last public day then.")
    old_rule = models.CharField(max_length=60, blank=True, help_text="Rules behind the dates now.")
    new_rule = models.CharField(max_length=60, blank=True, help_text="Rules behind the dates then.")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["version", "effect", "id"], name="publicity_difference_v1")
        ]


class Turn(models.Model):
    """The turn of one day: what ended the evening before and what began, once and for all who count or feed on it."""

    day = models.DateField(primary_key=True, help_text="The day that began, in China.")
    ended = models.BigIntegerField(help_text="Records whose last public day was the day before.")
    began = models.BigIntegerField(help_text="Records whose first public day this is, known before.")
    by_dataset = models.JSONField(default=dict, help_text="The same by dataset: [ended, began].")
    taken_at = models.DateTimeField(help_text="When it was taken; later than midnight after a pause.")
    told_at = models.DateTimeField(null=True, help_text="When the rooms had been told; empty: not yet.")


class Gone(models.Model):
    """A record that stopped being public: that, and when. Written by triggers of the windows and at the end of each day."""

    id = models.BigAutoField(primary_key=True, help_text="Place in the deletion feed; in order of commit.")
    entity_id = models.BigIntegerField(help_text="Registry entity.")
    record_id = models.BigIntegerField(help_text="Record.")
    dataset_id = models.IntegerField(help_text="Catalogue dataset.")
    cause = models.CharField(max_length=10, help_text="act: by a deed or a new version; expiry: its last day is over.")
    at = models.DateTimeField(help_text="From when it is not public any more.")

    class Meta:
        managed = False
        db_table = "publicity_gone"


class RetentionRun(models.Model):
    """One run of retention: a plan that changes nothing, or the run that carried a plan out."""

    day = models.DateField(help_text="Day the rules were asked for.")
    actor = models.CharField(max_length=120, help_text="Who ran it.")
    profile = models.CharField(max_length=20, help_text="Whose local rules it went by.")
    plan = models.OneToOneField("self", on_delete=models.PROTECT, null=True, help_text="Carried out; empty: a plan.")
    reason = models.TextField(blank=True, help_text="Why it was carried out, in the officer's words.")
    begun_at = models.DateTimeField(help_text="When it was begun.")
    done_at = models.DateTimeField(null=True, help_text="When it was done; empty: it was interrupted, and goes on.")
    counts = models.JSONField(default=dict, help_text="By rule: planned, went, kept.")
    cut = models.BooleanField(default=False, help_text="There was more than one run takes.")

    def __str__(self) -> str:
        return f"retention {self.pk}"


class RetentionLine(models.Model):
    """What a run planned or did with one thing, and why. Never changed, never deleted."""

    run = models.ForeignKey(RetentionRun, on_delete=models.PROTECT, help_text="The run.")
    rule = models.CharField(max_length=30, help_text="Row of retention.yml.")
    article = models.CharField(max_length=100, help_text="Its article.")
    target = models.CharField(max_length=30, help_text="What kind of thing.")
    key = models.BigIntegerField(help_text="Record, version or row.")
    entity_id = models.BigIntegerField(null=True, help_text="Registry entity, of a record.")
    dataset = models.CharField(max_length=60, help_text="Dataset, or the table it lies in.")
    ended_on = models.DateField(help_text="Day its time began to run.")
    outcome = models.CharField(max_length=10, help_text="planned, went or kept.")
    why = models.TextField(blank=True, help_text="Why it was kept.")
    pieces = models.IntegerField(default=0, help_text="Versions or values that went.")
    at = models.DateTimeField(help_text="When.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "target", "key"], name="publicity_retention_line_v1")
        ]


class ArchiveReader(models.Model):
    """An officer who may read the closed archive, by name, for a time."""

    username = models.CharField(max_length=60, help_text="The officer.")
    reason = models.TextField(help_text="Why, with the document.")
    until = models.DateField(help_text="Last day.")
    named_by = models.CharField(max_length=120, help_text="Who named them.")
    named_at = models.DateTimeField(help_text="When.")
    ended_at = models.DateTimeField(null=True, help_text="When it was ended before its day.")
    ended_by = models.CharField(max_length=120, blank=True, help_text="By whom.")
