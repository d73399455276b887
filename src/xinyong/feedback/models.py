"""Answers to the strip under every page."""

from __future__ import annotations

from django.db import models


class Answer(models.Model):
    """One answer. Neither address nor cookie nor session of the visitor is kept, and of the time only the day."""

    path = models.CharField(max_length=200, help_text="Path of the page, without query.")
    helpful = models.BooleanField(help_text="Whether it helped.")
    words = models.CharField(
        max_length=500, blank=True, help_text="What the visitor missed; personal numbers are masked."
    )
    on = models.DateField(help_text="Day of the answer.")
    handled_by = models.CharField(max_length=120, blank=True, help_text="Officer who dealt with it.")
    handled_at = models.DateTimeField(null=True, help_text="When it was dealt with.")
    note = models.CharField(max_length=500, blank=True, help_text="What was done.")

    class Meta:
        indexes = [models.Index(fields=["on"], name="feedback_answer_day_v1")]

    def __str__(self) -> str:
        return f"{self.pk}"
