"""Reads over lists and measures for other rooms and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.ledger import selectors as ledger
from xinyong.lists import gate, measures, objects
from xinyong.lists import registry as lists
from xinyong.lists.errors import ListUnknown
from xinyong.lists.models import Joint
from xinyong.publicity import inforce
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """A measure or incentive that may be put before an officer, and the entry it follows from.

    It is advice: whether it is applied is decided by an officer of the executor, with notice and reason.
    """

    measure: measures.Measure
    object: gate.Object

    @property
    def until(self) -> date | None:
        """Last day it can stand; None while the entry has no end by itself."""
        return self.object.until


def measures_for(entity: Entity, executor: str, scene: str, *, on: date | None = None) -> tuple[Applicable, ...]:
    """Which measures and incentives apply for this acting unit in this scene, on a day (default: today).

    ``executor``: slug of the acting department; ``scene``: a code of ``measures.book().scenes``. Only rows whose executor
    is that unit and whose scene is this one are returned, each with the entry behind it; an unknown scene or a unit that
    is no executor gets nothing. Raises DepartmentUnknown.
    """
    day = on or timezone.localdate()
    organ = accounts.department(executor).name_zh
    return applicable(objects.of_entities(registry.members(registry.canonical(entity)), day), organ, scene, day)


def applicable(
    found: tuple[gate.Object, ...], organ: str, scene: str, day: date, profile: str | None = None
) -> tuple[Applicable, ...]:
    """The same over objects already read: no query. ``organ``: full name of the acting unit."""
    book = measures.book()
    roles = book.roles(organ)
    place = profile or inforce.profile()
    rows = [row for row in book.rows.values() if scene in row.scenes and roles & set(row.executors)]
    return tuple(
        Applicable(measure=row, object=item)
        for item in found
        if item.active
        for row in rows
        if gate.advised(gate.Proposal(measure=row, object=item, scene=scene, day=day, profile=place, roles=roles), book)
    )


def serious_lists(entity: Entity, today: date) -> tuple[str, ...]:
    """Serious lists the entity stands on today, by name (LST-54, COM-04)."""
    standing = objects.of_entities(registry.members(registry.canonical(entity)), today)
    configs = (lists.by_code(item.list_code) for item in standing if item.active and item.serious)
    return tuple(dict.fromkeys(config.name_zh for config in configs if config is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One fact of a procedure as an imported record tells it; ``value`` empty: the record does not say."""

    code: str
    zh: str
    en: str
    value: str


def said(record_id: int) -> tuple[Said, ...]:
    """What a stored entry says of its own procedure, the missing facts included. Raises RecordNotFound."""
    newest = ledger.record(record_id)
    payload = newest.versions[-1]["payload"]
    config = lists.of_record(newest.dataset, payload)
    if config is None:
        return ()
    return tuple(
        Said(code=code, zh=words[0], en=words[1], value=str(payload.get(config.record.said.get(code, "")) or ""))
        for code, words in lists.SAID.items()
    )


def visible(user: User, joint_id: int) -> Joint:
    """A piece of work of the own unit, or any for whom all deliveries are open. Raises ListUnknown."""
    accounts.require(user, Right.LIST_VIEW)
    query = Joint.objects.select_related("entity", "department")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        query = query.filter(department=user.department)
    work = query.filter(pk=joint_id).first()
    if work is None:
        raise ListUnknown(name=f"joint {joint_id}")
    return work
