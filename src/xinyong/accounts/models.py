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
