"""Rows for a download, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def by_key(rows: QuerySet[M], size: int = 500) -> Iterator[M]:
    """All rows in the order of their key, ``size`` at a time.

    Not by a cursor of the server: a download that is broken off would close it in the middle of whatever the connection
    does next, and wait for itself.
    """
    ordered, last = rows.order_by("pk"), 0
    while page := list(ordered.filter(pk__gt=last)[:size]):
        yield from page
        last = page[-1].pk
