"""Reads over commitments for other rooms and the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.commitments import book as books
from xinyong.commitments import procedure, storing
from xinyong.commitments.errors import CommitmentUnknown
from xinyong.commitments.models import Commitment, CommitmentStep
from xinyong.commitments.procedure import Context, Done
from xinyong.ledger import rules as ledger
from xinyong.ledger.selectors import payload_of
from xinyong.lists import selectors as lists
from xinyong.publicity.clocks import acts_of
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A commitment as the ledger holds it, whoever delivered it. ``hidden``: taken back, ended or withdrawn."""

    record_id: int
    code: str
    kind: str
    matter: str
    made_on: str
    valid_until: str
    performance: str
    unit: str
    shown: bool
    hidden: bool


def reported(entity_ids: Iterable[int]) -> tuple[Reported, ...]:
    """Commitment records of these entities, the newest first, at most five hundred."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("commitments", "records_of_entities"),
            {"entities": list(entity_ids), "today": timezone.localdate()},
        )
        rows = list(cursor.fetchall())
    made = []
    for record_id, raw, _delivery, unit, shown, acts in rows:
        payload = payload_of(raw)
        states = ledger.open_states(acts_of(json.loads(acts) if isinstance(acts, str) else acts))
        hidden = ledger.hidden(states)
        made.append(
            Reported(
                record_id=record_id,
                code=str(payload.get("CNBM", "")),
                kind=str(payload.get("CNLX", "")),
                matter=str(payload.get("CNSY", "")),
                made_on=str(payload.get("CNZCRQ", "")),
                valid_until=str(payload.get("CNYXQ", "") or ""),
                performance=str(payload.get("CNLXZT", "")),
                unit=str(payload.get("SLDW", "") or unit),
                shown=bool(shown) and not hidden,
                hidden=hidden,
            )
        )
    return tuple(made)


def unclean(entity: Entity, today: date) -> tuple[str, ...]:
    """What stands against a notification-commitment of this entity (COM-04, COM-13), in words; nothing: it may sign."""
    members = registry.members(registry.canonical(entity))
    against = [f"在列：{name}" for name in lists.serious_lists(entity, today)]
    broken = [code for code, state in procedure.table().states.items() if state.broken]
    own = {
        promise.code: promise.matter
        for promise in Commitment.objects.filter(entity_id__in=members, state__in=broken).order_by("pk")
    }
    against += [f"违诺未修复：{matter}" for matter in own.values()]
    against += [
        f"违诺未修复：{row.matter}"
        for row in reported(members)
        if row.performance in (storing.PARTLY, storing.NOT_KEPT)
        and not row.hidden
        and row.code not in own
        and (not row.valid_until or row.valid_until >= today.isoformat())
    ]
    return tuple(dict.fromkeys(against))


def history(promise: Commitment) -> tuple[Done, ...]:
    """The steps of a commitment, oldest first."""
    rows = CommitmentStep.objects.filter(commitment_id=promise.pk).order_by("seq") if promise.pk else ()
    return tuple(Done(step=row.step, facts=row.facts, actor=row.actor) for row in rows)


def text_of(promise: Commitment) -> books.Text:
    """The version of the text it was offered with. Raises CommitmentUnknown where a release dropped it."""
    text = books.book().version_of(promise.text_code, promise.text_version)
    if text is None:
        raise CommitmentUnknown(name=f"{promise.text_code} {promise.text_version}")
    return text


def context_of(promise: Commitment, actor: str, facts: dict[str, Any] | None = None) -> Context:
    """What the guards may know of a commitment."""
    kind, today = books.book().kinds[promise.kind], timezone.localdate()
    return Context(
        text=text_of(promise),
        kind=kind,
        state=promise.state,
        today=today,
        organ=promise.department.name_zh,
        actor=actor,
        history=history(promise),
        facts=facts or {},
        unclean=unclean(promise.entity, today) if kind.clean and promise.state in ("", "offered") else (),
        valid_until=promise.valid_until,
        check_on=promise.check_on,
    )


def of_entity(entity: Entity) -> list[Commitment]:
    """Commitments handled here of the entity, the last moved first."""
    members = registry.members(registry.canonical(entity))
    return list(
        Commitment.objects.select_related("entity", "department")
        .filter(entity_id__in=members)
        .order_by("-moved_at", "-pk")[:300]
    )


def of_firm(entity_ids: Iterable[int], number: int) -> Commitment:
    """One commitment of a firm. Raises CommitmentUnknown alike for another's and for none."""
    found = (
        Commitment.objects.select_related("entity", "department")
        .filter(pk=number, entity_id__in=list(entity_ids))
        .first()
    )
    if found is None:
        raise CommitmentUnknown(name=str(number))
    return found


def to_sign(entity_ids: Iterable[int]) -> list[Commitment]:
    """What waits for a signature of the firm."""
    return list(
        Commitment.objects.select_related("department")
        .filter(entity_id__in=list(entity_ids), state="offered")
        .order_by("pk")
    )


def awaiting_papers(entity_ids: Iterable[int]) -> list[Commitment]:
    """Matters accepted with papers missing that wait for them, the first due first."""
    return list(
        Commitment.objects.select_related("department")
        .filter(entity_id__in=list(entity_ids), state="completing")
        .order_by("check_on", "pk")
    )
