"""Answers kept for requests that carry an idempotency key."""

from __future__ import annotations

from django.db import models

from xinyong.accounts.models import ApiClient


class KeyedRequest(models.Model):
    """A request with an ``Idempotency-Key``. Without an answer it is being worked on, or its process was killed."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, help_text="Who sent it.")
    key = models.CharField(max_length=255, help_text="The key, as the client chose it.")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 over address and body.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it first came.")
    expires_at = models.DateTimeField(db_index=True, help_text="Until when the answer is kept.")
    status = models.IntegerField(null=True, help_text="HTTP status of the answer.")
    body = models.TextField(blank=True, help_text="The answer as sent.")
    headers = models.JSONField(default=dict, help_text="Headers of the answer that are sent again.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="api_keyed_request_v1")]
