"""Reads of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from xinyong.feedback.models import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFigure:
    """How a page was judged."""

    path: str
    helpful: int
    unhelpful: int


def waiting() -> QuerySet[Answer]:
    """Answers somebody should read: unhelpful, or with words, and not dealt with."""
    return Answer.objects.filter(handled_at__isnull=True).filter(Q(helpful=False) | ~Q(words="")).order_by("-pk")


def handled() -> QuerySet[Answer]:
    """Answers that were dealt with, newest first."""
    return Answer.objects.filter(handled_at__isnull=False).order_by("-handled_at")


def figures(limit: int = 20) -> tuple[PageFigure, ...]:
    """Pages with the most unhelpful answers."""
    rows = (
        Answer.objects.values("path")
        .annotate(yes=Count("pk", filter=Q(helpful=True)), no=Count("pk", filter=Q(helpful=False)))
        .order_by("-no", "-yes", "path")[:limit]
    )
    return tuple(PageFigure(path=row["path"], helpful=row["yes"], unhelpful=row["no"]) for row in rows)
