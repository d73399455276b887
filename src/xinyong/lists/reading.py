"""A case as the guards of the procedure see it. Reads only, so every page and task may use it; the writers stay in actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from xinyong.lists import objects, registry
from xinyong.lists.errors import ListUnknown
from xinyong.lists.models import Case, CaseStep
from xinyong.lists.registry import ListConfig
from xinyong.lists.steps import Context
from xinyong.publicity import inforce
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.ui.stated import Done


def config_of(code: str) -> ListConfig:
    """The list of this code. Raises ListUnknown."""
    found = registry.by_code(code)
    if found is None:
        raise ListUnknown(name=code)
    return found


def context_of(case: Case, config: ListConfig, actor: str, facts: Mapping[str, Any] | None = None) -> Context:
    """What the guards may know of a case."""
    return Context(
        config=config,
        state=case.state,
        today=timezone.localdate(),
        profile=inforce.profile(),
        actor=actor,
        organ=case.department.name_zh,
        entity_kind=case.entity.kind,
        history=history(case),
        facts=facts or {},
        listed_on=case.listed_on,
        planned_end=case.planned_end,
        imported=case.origin == Case.Origin.IMPORTED,
        has_record=case.record_id is not None,
        adverse=_adverse(case.entity) if config.kind == "favourable" else (),
    )


def history(case: Case) -> tuple[Done, ...]:
    """The steps of a case, oldest first."""
    rows = CaseStep.objects.filter(case_id=case.pk).order_by("seq") if case.pk else ()
    return tuple(Done(step=row.step, facts=row.facts, actor=row.actor) for row in rows)


def _adverse(entity: Entity) -> tuple[str, ...]:
    """Serious lists the entity stands on today (LST-54)."""
    members = entities.members(entities.canonical(entity))
    standing = objects.of_entities(members, timezone.localdate())
    return tuple(dict.fromkeys(config_of(item.list_code).name_zh for item in standing if item.active and item.serious))
