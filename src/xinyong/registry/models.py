"""Market entities: what they are called and by which numbers they are known."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Substr


class Entity(models.Model):
    """A market entity. Its facts live in the ledger; here stands only what is needed to find it and name it."""

    kind = models.CharField(max_length=20, help_text="enterprise, organisation or individual_business.")
    credit_code = models.CharField(
        max_length=18, null=True, help_text="Unified social credit code; empty where none was ever issued."
    )
    name = models.CharField(
        max_length=400, blank=True, help_text="Present name. An individual business may have none by law."
    )
    name_key = models.CharField(
        max_length=400, blank=True, db_collation="C", help_text="Normalised name, for matching only."
    )
    status = models.CharField(max_length=40, blank=True, help_text="Registration status as last delivered.")
    place = models.CharField(max_length=100, blank=True, help_text="Where it is registered, in words.")
    registered = models.BooleanField(
        default=False, help_text="Known from a registration delivery, not only named by another department."
    )
    first_delivery_id = models.BigIntegerField(help_text="The delivery that first named it.")
    created_at = models.DateTimeField(help_text="When it entered the registry.")
    merged_into_id = models.BigIntegerField(
        null=True,
        help_text="The entry this one was merged into by an act in force; its evidence stays under its own id.",
    )
    canonical_id = models.BigIntegerField(
        null=True, help_text="The entry that speaks for this one: the end of the chain of merges; empty: itself."
    )

    class Meta:
        indexes = [
            models.Index(Substr("credit_code", 9, 9), name="registry_entity_orgcode_v1"),
            models.Index(
                fields=["canonical_id"],
                name="registry_entity_members_v1",
                condition=models.Q(canonical_id__isnull=False),
            ),
            models.Index(
                fields=["merged_into_id"],
                name="registry_entity_merged_v1",
                condition=models.Q(merged_into_id__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["credit_code"], name="registry_entity_code_v1"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["enterprise", "organisation", "individual_business"]),
                name="registry_entity_is_market_entity",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.credit_code or str(self.pk)


class Identifier(models.Model):
    """A number an entity is known by. A number leads to one entity at a time; who held it before: FormerHolder.

    That the entity is there is looked at once a statement, by a trigger, and so for names.
    """

    class Type:
        """The kinds code refers to; the whole open list is datapacks/registry/identifier-types.yml."""

        CREDIT_CODE = "credit_code"
        REGISTRATION_NUMBER = "registration_number"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, db_constraint=False, help_text="Whose number it is.")
    type = models.CharField(max_length=30, help_text="What kind of number it is; a code of identifier-types.yml.")
    value = models.CharField(max_length=50, help_text="The number, normalised.")
    issuer = models.CharField(max_length=200, db_default="", help_text="Who issued it, where the source says so.")
    valid_from = models.DateField(null=True, help_text="From when it leads to this entity; empty: not known, always.")
    valid_until = models.DateField(null=True, help_text="Last day it was in force; it still leads here afterwards.")
    first_delivery_id = models.BigIntegerField(help_text="The delivery that first gave it; 0: an act of an officer.")
    source_row = models.IntegerField(null=True, help_text="Row of that delivery.")
    act_id = models.BigIntegerField(null=True, help_text="The act that entered or moved it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "type"], name="registry_identifier_v2")]

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class Name(models.Model):
    """A name an entity has or had: when it was stored, and from when to when the register says it was borne."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", "登记名称"
        FORMER = "former", "曾用名"
        REPORTED = "reported", "部门报送名称"
        SHORT = "short", "简称"
        ENGLISH = "english", "英文名称"

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, db_constraint=False, db_index=False, help_text="Whose name it is."
    )
    name = models.CharField(max_length=400, help_text="As delivered.")
    name_key = models.CharField(max_length=400, db_collation="C", help_text="Normalised name, for matching only.")
    kind = models.CharField(
        max_length=20, choices=Kind.choices, help_text="Registered, former, reported, short, English."
    )
    first_delivery_id = models.BigIntegerField(help_text="The delivery that first gave it.")
    since = models.DateTimeField(help_text="When it was first stored.")
    until = models.DateTimeField(null=True, help_text="When another registered name took its place.")
    valid_from = models.DateField(null=True, help_text="First day the entity bore it, by the register's change record.")
    valid_until = models.DateField(null=True, help_text="Last day the entity bore it, by the register's change record.")
    source_row = models.IntegerField(null=True, help_text="Row of the delivery that gave it.")
    from_change = models.BooleanField(db_default=False, help_text="Known only from a change record.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="registry_name_v1")]
        indexes = [models.Index(fields=["name_key"], name="registry_name_key_v1")]

    def __str__(self) -> str:
        return self.name


class Act(models.Model):
    """A deed on the registry by a named officer: merge, split, succession, a number entered or moved. Never removed.

    A deed that needs a second person is proposed first and changes nothing until another officer confirms it.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", "归并"
        SPLIT = "split", "拆分"
        SUCCESSION = "succession", "登记承继"
        SUCCESSION_REVOKED = "succession_revoked", "撤销承继"
        NUMBER = "number", "登记号码"
        NUMBER_MOVED = "number_moved", "号码改属"
        RULE = "rule", "名称认定规则"
        RULE_REVOKED = "rule_revoked", "撤销规则"
        ENTITY = "entity", "登记新主体"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待复核"
        IN_FORCE = "in_force", "有效"
        REFUSED = "refused", "复核不同意"
        UNDONE = "undone", "已撤销"

    kind = models.CharField(max_length=20, choices=Kind.choices, help_text="What was done.")
    state = models.CharField(max_length=10, choices=State.choices, help_text="Whether it stands.")
    entity_id = models.BigIntegerField(
        help_text="The entry acted on: of a merge, the one merged into another; 0 until a proposed one is made."
    )
    other_id = models.BigIntegerField(null=True, help_text="The other entry: of a merge, the one that speaks for both.")
    undoes_id = models.BigIntegerField(null=True, help_text="The act this one takes back.")
    actor = models.CharField(max_length=60, help_text="Who did or proposed it.")
    second = models.CharField(max_length=60, blank=True, help_text="Who confirmed or refused it; never the actor.")
    reason = models.TextField(help_text="Why, in the officer's words.")
    evidence = models.TextField(help_text="What it rests on: document, number, date, authority.")
    detail = models.JSONField(default=dict, help_text="Facts of the deed, codes and dates; never a person's data.")
    at = models.DateTimeField(help_text="When it was done or proposed.")
    decided_at = models.DateTimeField(null=True, help_text="When the second person spoke.")
    event_id = models.BigIntegerField(
        null=True,
        unique=True,
        editable=False,
        help_text="Its place in the corridor once it stands; given by the database at the commit.",
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["entity_id"], name="registry_act_entity_v1"),
            models.Index(fields=["other_id"], name="registry_act_other_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class FormerHolder(models.Model):
    """Whose number it was before it led to another entity: the past of the crosswalk."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, help_text="Who held it.")
    type = models.CharField(max_length=30, help_text="What kind of number it is.")
    value = models.CharField(max_length=50, help_text="The number, normalised.")
    valid_from = models.DateField(null=True, help_text="From when it led here; empty: from the beginning.")
    valid_until = models.DateField(help_text="Last day it led here.")
    act_id = models.BigIntegerField(help_text="The act that moved it on.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "value", "valid_until"], name="registry_former_holder_v1")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.value} until {self.valid_until}"


class Succession(models.Model):
    """One entity follows another: merger, division, 个转企, change of code. Delivered by the register or entered by act."""

    kind = models.CharField(max_length=30, help_text="A code of succession-kinds.yml.")
    predecessor = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", help_text="Who was before.")
    successor = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", help_text="Who followed.")
    effective_on = models.DateField(null=True, help_text="From when, by the document.")
    basis = models.TextField(blank=True, help_text="Document, number, authority.")
    act_id = models.BigIntegerField(null=True, help_text="The act that entered it; empty: delivered.")
    delivery_id = models.BigIntegerField(null=True, help_text="The delivery that gave it; empty: entered by act.")
    source_row = models.IntegerField(null=True, help_text="Row of that delivery.")
    source_entity_id = models.BigIntegerField(null=True, help_text="Entity of the ledger record it was read from.")
    source_record_id = models.BigIntegerField(null=True, help_text="The ledger record it was read from.")
    revoked_by = models.BigIntegerField(null=True, help_text="The act that took it back; empty: it stands.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "predecessor", "successor"],
                condition=models.Q(revoked_by__isnull=True),
                name="registry_succession_v1",
            ),
            models.CheckConstraint(
                condition=~models.Q(predecessor=models.F("successor")), name="registry_succession_of_two_v1"
            ),
        ]
        indexes = [
            models.Index(fields=["source_entity_id", "source_record_id"], name="registry_succession_src_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.predecessor_id} → {self.successor_id}"


class Relation(models.Model):
    """A dated relation between two market entities. Natural persons are never a side of one."""

    kind = models.CharField(max_length=30, help_text="A code of relation-kinds.yml.")
    holder = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", help_text="Parent or investor.")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", help_text="Branch or investee.")
    share = models.DecimalField(
        max_digits=9, decimal_places=6, null=True, help_text="Share of the subscribed capital in percent."
    )
    amount = models.DecimalField(
        max_digits=24, decimal_places=6, null=True, help_text="Subscribed amount in units of 10 000 yuan."
    )
    valid_from = models.DateField(null=True, help_text="From when, by the source.")
    valid_until = models.DateField(null=True, help_text="Until when, by the source; empty: it stands.")
    delivery_id = models.BigIntegerField(help_text="The delivery that gave it.")
    source_row = models.IntegerField(help_text="Row of that delivery.")
    source_entity_id = models.BigIntegerField(help_text="Entity of the ledger record it was read from.")
    source_record_id = models.BigIntegerField(help_text="The ledger record it was read from.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_entity_id", "source_record_id", "kind"], name="registry_relation_v1"
            ),
            models.CheckConstraint(condition=~models.Q(holder=models.F("entity")), name="registry_relation_of_two_v1"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.holder_id} → {self.entity_id}"


class NamingRule(models.Model):
    """For a time, one department's rows without any number under one written name mean one entity: decided by a person."""

    department_id = models.BigIntegerField(help_text="Whose rows.")
    name_key = models.CharField(max_length=400, db_collation="C", help_text="Matching key of the written name.")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, help_text="Whom it means.")
    valid_from = models.DateField(help_text="First day it is applied.")
    valid_until = models.DateField(help_text="Last day it is applied.")
    act_id = models.BigIntegerField(help_text="The act that made it.")
    revoked_by = models.BigIntegerField(null=True, help_text="The act that took it back; empty: it stands.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department_id", "name_key"],
                condition=models.Q(revoked_by__isnull=True),
                name="registry_naming_rule_v1",
            )
        ]

    def __str__(self) -> str:
        return f"{self.department_id} {self.name_key}"


class Assignment(models.Model):
    """Which entity a person decided for a row, read by the engine when the row is sent again as it was."""

    sha256 = models.CharField(max_length=64, help_text="The file of the delivery that sends the row again.")
    parent_id = models.BigIntegerField(help_text="The delivery that returned the row.")
    row = models.IntegerField(help_text="Row number in that file.")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, help_text="The entity decided.")
    case_id = models.BigIntegerField(help_text="The case of the desk.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sha256", "parent_id", "row"], name="registry_assignment_v1")]

    def __str__(self) -> str:
        return f"{self.parent_id}:{self.row} → {self.entity_id}"


class Link(models.Model):
    """How a row without a credit code was tied to its entity: the record of a decision the rules made by themselves."""

    delivery_id = models.BigIntegerField(help_text="The delivery.")
    row = models.IntegerField(help_text="Row of it.")
    entity_id = models.BigIntegerField(help_text="The entity it was tied to.")
    rule = models.CharField(
        max_length=30, help_text="A kind of number, name (exact and unique in the register), rule or decided."
    )
    value = models.CharField(max_length=400, help_text="The number or name the rule went by.")
    reference = models.BigIntegerField(null=True, help_text="The naming rule or the case behind it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery_id", "row"], name="registry_link_v1")]

    def __str__(self) -> str:
        return f"{self.delivery_id}:{self.row} → {self.entity_id}"


from xinyong.registry.search_models import SearchGram, SearchName, SearchState  # noqa: E402, F401  (a room's tables)


class PendingLink(models.Model):
    """A record that names another entity not known yet; it is read again once that code leads somewhere."""

    entity_id = models.BigIntegerField(help_text="Entity of the ledger record.")
    record_id = models.BigIntegerField(help_text="The ledger record.")
    code = models.CharField(max_length=64, db_index=True, help_text="The code of the other entity as written.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity_id", "record_id"], name="registry_pending_link_v1")]

    def __str__(self) -> str:
        return self.code
