"""Departments and the people who work for them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Department(models.Model):
    """A body that delivers or uses records. The slug is what operators type; the credit code names it in law."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Short code used by commands and addresses.")
    name_zh = models.CharField(max_length=200, help_text="Full Chinese name.")
    name_en = models.CharField(max_length=200, blank=True, help_text="English name.")
    credit_code = models.CharField(max_length=18, blank=True, db_index=True, help_text="Unified social credit code.")
    fictitious = models.BooleanField(default=False, help_text="Belongs to the demonstration city.")
    datasets = models.JSONField(
        default=list, blank=True, help_text="Datasets and bundles it delivers through the console; empty: every one."
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name_zh


class Role(models.TextChoices):
    """What a user may do; the rights of each role stand in :mod:`xinyong.accounts.rules`."""

    REPORTER = "reporter", "报送员"
    SUPERVISOR = "supervisor", "审核员"
    OPERATOR = "operator", "平台管理员"
    READER = "reader", "查询员"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser):
    """An official or operator. Users are natural persons: held are a sign-in name, a display name and a role only."""

    username = models.CharField(max_length=60, unique=True, help_text="Sign-in name.")
    display_name = models.CharField(max_length=60, help_text="Name shown in the console.")
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.PROTECT, help_text="Where the user works."
    )
    role = models.CharField(max_length=20, choices=Role.choices, help_text="What the user may do.")
    is_active = models.BooleanField(default=True, help_text="Off: cannot sign in any more.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When the account was made.")

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name", "role"]

    def __str__(self) -> str:
        return self.username


class ApiClient(models.Model):
    """A department's system that writes through the API. It holds its own rights; it is no user and has no role."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Short code; the audit trail says client:SLUG.")
    name = models.CharField(max_length=200, help_text="Name of the system, as its department calls it.")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, help_text="On whose behalf it delivers.")
    rights = models.JSONField(default=list, help_text="Rights it holds, by name.")
    datasets = models.JSONField(default=list, help_text="Datasets and bundles it may deliver, by code.")
    items = models.JSONField(default=list, help_text="Items it may verify entities for, by code; each has one purpose.")
    requests_per_minute = models.PositiveIntegerField(default=600, help_text="Requests allowed in a minute.")
    requests_per_day = models.PositiveIntegerField(default=200_000, help_text="Requests allowed in a day.")
    rows_per_minute = models.PositiveIntegerField(default=100_000, help_text="Rows after which a minute is used up.")
    rows_per_day = models.PositiveIntegerField(default=5_000_000, help_text="Rows after which a day is used up.")
    is_active = models.BooleanField(default=True, help_text="Off: none of its keys opens anything.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was registered.")
    created_by = models.CharField(max_length=120, help_text="Who registered it.")

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class ApiKey(models.Model):
    """One key of a client. Only its digest is held; several are valid at a time, so that keys can be changed in peace."""

    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="keys", help_text="Whose key it is.")
    prefix = models.CharField(max_length=16, unique=True, help_text="Public part, by which people speak of the key.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key; the key itself is shown once only.")
    note = models.CharField(max_length=200, blank=True, help_text="What the key is for.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was made.")
    created_by = models.CharField(max_length=120, help_text="Who made it.")
    expires_at = models.DateTimeField(null=True, help_text="From then on it opens nothing; empty: no end.")
    revoked_at = models.DateTimeField(null=True, help_text="When it was revoked.")
    revoked_by = models.CharField(max_length=120, blank=True, help_text="Who revoked it.")
    last_used_at = models.DateTimeField(null=True, help_text="Last use, to the minute.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.prefix


class ApiSigningKey(models.Model):
    """A key by which a client signs its requests (RFC 9421). Of Ed25519 the public half is held, of HMAC the sealed secret."""

    class Algorithm(models.TextChoices):
        ED25519 = "ed25519", "Ed25519"
        HMAC_SHA256 = "hmac-sha256", "HMAC-SHA256"

    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="signing_keys", help_text="Whose key it is."
    )
    keyid = models.CharField(max_length=40, unique=True, help_text="The keyid parameter of signatures made with it.")
    algorithm = models.CharField(max_length=20, choices=Algorithm.choices, help_text="ed25519 or hmac-sha256.")
    material = models.TextField(help_text="Public key in base64, or the secret encrypted with the platform's key.")
    note = models.CharField(max_length=200, blank=True, help_text="What the key is for.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was registered.")
    created_by = models.CharField(max_length=120, help_text="Who registered it.")
    expires_at = models.DateTimeField(null=True, help_text="From then on it signs nothing; empty: no end.")
    revoked_at = models.DateTimeField(null=True, help_text="When it was revoked.")
    revoked_by = models.CharField(max_length=120, blank=True, help_text="Who revoked it.")
    last_used_at = models.DateTimeField(null=True, help_text="Last use, to the minute.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.keyid


class ApiUsage(models.Model):
    """What a client has used of the present minute and day. A new window overwrites the old one in place."""

    class Window(models.TextChoices):
        MINUTE = "minute", "分钟"
        DAY = "day", "日"

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, help_text="The client.")
    window = models.CharField(max_length=10, choices=Window.choices, help_text="minute or day.")
    starts_at = models.DateTimeField(help_text="When the window began.")
    requests = models.IntegerField(default=0, help_text="Requests in it.")
    rows = models.BigIntegerField(default=0, help_text="Rows in it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "window"], name="accounts_api_usage_window_v1")]
