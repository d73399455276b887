"""Market entities: what they are called and by which numbers they are known."""

from __future__ import annotations

from django.db import models


class Entity(models.Model):
    """A market entity. Its facts live in the ledger; here stands only what is needed to find it and name it."""

    kind = models.CharField(max_length=20, help_text="enterprise, organisation or individual_business.")
    credit_code = models.CharField(
        max_length=18, null=True, unique=True, help_text="Unified social credit code; empty where none was ever issued."
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

    class Meta:
        indexes = [models.Index(fields=["name_key"], name="registry_entity_name_v1")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["enterprise", "organisation", "individual_business"]),
                name="registry_entity_is_market_entity",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.credit_code or str(self.pk)


class Identifier(models.Model):
    """A number an entity is known by. A number belongs to one entity."""

    class Type(models.TextChoices):
        CREDIT_CODE = "credit_code", "统一社会信用代码"
        REGISTRATION_NUMBER = "registration_number", "工商注册号"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, help_text="Whose number it is.")
    type = models.CharField(max_length=30, choices=Type.choices, help_text="What kind of number it is.")
    value = models.CharField(max_length=50, help_text="The number, normalised.")
    first_delivery_id = models.BigIntegerField(help_text="The delivery that first gave it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "value"], name="registry_identifier_v1")]

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class Name(models.Model):
    """A name an entity has or had, with the time it was first and last delivered."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", "登记名称"
        FORMER = "former", "曾用名"
        REPORTED = "reported", "部门报送名称"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, help_text="Whose name it is.")
    name = models.CharField(max_length=400, help_text="As delivered.")
    name_key = models.CharField(max_length=400, db_collation="C", help_text="Normalised name, for matching only.")
    kind = models.CharField(max_length=20, choices=Kind.choices, help_text="Registered, former, or only reported.")
    first_delivery_id = models.BigIntegerField(help_text="The delivery that first gave it.")
    since = models.DateTimeField(help_text="When it was first stored.")
    until = models.DateTimeField(null=True, help_text="When another registered name took its place.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="registry_name_v1")]
        indexes = [models.Index(fields=["name_key"], name="registry_name_key_v1")]

    def __str__(self) -> str:
        return self.name
