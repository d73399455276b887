"""Measures and incentives in packed answers: which follow from a record, from when to when; and which of them a client is shown.

What may be advised at all is decided by the gate of the lists (MEA-01 to MEA-11) over its data. A client is shown only rows
whose executor is its department and whose scene is that of its item; a hit without such a row shows nothing beyond the facts
(M2). It is advice: an officer decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from xinyong.ledger import rules as ledger
from xinyong.lists import gate, measures, objects
from xinyong.publicity.rulebook import Rulebook
from xinyong.registry import keys
from xinyong.standards import calendar


@cache
def rows() -> tuple[measures.Measure, ...]:
    """Every row, in an order that only another release changes."""
    return tuple(row for _, row in sorted(measures.book().rows.items()))


@cache
def digest() -> str:
    """Names the measures and lists of this release: the text of their files, the same in every process."""
    found = hashlib.sha256()
    for name in ("measures", "lists"):
        for file in sorted((resources.files("xinyong.datapacks") / name).iterdir(), key=lambda item: item.name):
            if file.name.endswith(".yml"):
                found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


@cache
def datasets() -> frozenset[str]:
    """Datasets whose records measures may follow from."""
    return frozenset(objects.datasets())


@lru_cache(maxsize=4096)
def shown_to(organ: str, scene: str) -> frozenset[int]:
    """Places of the rows whose executor is a department of this name and whose scene this is."""
    roles = measures.book().roles(organ)
    return frozenset(at for at, row in enumerate(rows()) if scene in row.scenes and roles & set(row.executors))


def following(
    record: tuple[Any, ...], acts: Sequence[ledger.Done], first: date, rules: Rulebook, profile: str
) -> Iterator[tuple[int, date, date | None, dict[str, Any]]]:
    """Rows that follow from a record: place, first and last day, and what an answer says of it.

    ``record``: entity, record, dataset, digest, payload, decided on, received on; ``first``: first day it may be told.
    """
    told = (*record, [[done.number, done.act, done.cause, done.effective_at.isoformat()] for done in acts])
    final_on = calendar.same_day_later(record[5] or record[6], measures.book().final_months)
    final_from = max(first, final_on + timedelta(days=1))
    found = objects.of_row(told, first, rules, final_from)
    if found is None or not found.active:
        return
    day = first if found.list_code else final_from
    for at, row in enumerate(rows()):
        if not gate.follows(row, found):
            continue
        start = max(day, row.effective_from, row.source.effective_from)
        asked = gate.Proposal(
            measure=row, object=found, scene=row.scenes[0], day=start, profile=profile, roles=frozenset(row.executors)
        )
        if not gate.advised(asked, measures.book()):
            continue
        ends = [end for end in (found.until, row.effective_until, row.source.effective_until) if end is not None]
        yield at, start, min(ends) if ends else None, _said(row, found, min(ends) if ends else None)


def _said(row: measures.Measure, found: gate.Object, ends_on: date | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.zh,
        "means": row.means_zh,
        "degree": row.degree.zh,
        "basis": [{"title": item.title, "article": item.article, "status": item.status} for item in row.bases],
        "source": row.source.code,
        "object": {
            "record": keys.record_key(found.record_id),
            "dataset": found.dataset,
            "list": found.list_code or None,
            "document": found.document or None,
            "authority": found.authority or None,
            "disputed": found.disputed,
        },
        "ends_on": ends_on.isoformat() if ends_on is not None else None,
    }
