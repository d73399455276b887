"""The audit trail."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One deed or look. Rows are never changed or removed: a trigger refuses both."""

    at = models.DateTimeField(auto_now_add=True, help_text="When it was recorded.")
    actor = models.CharField(max_length=120, help_text="User, API client or command.")
    deed = models.CharField(max_length=80, help_text="What was done, as room.verb.")
    target = models.CharField(max_length=200, help_text="What it was done to.")
    purpose = models.CharField(max_length=200, blank=True, help_text="Why, where the law asks for a purpose.")
    detail = models.JSONField(default=dict, help_text="Facts of the deed; never a secret or a personal number.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["target", "-id"], name="audit_target_v1")]

    def __str__(self) -> str:
        return f"{self.at} {self.actor} {self.deed} {self.target}"
