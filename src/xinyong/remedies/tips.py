"""Tips of the public as officers read them: the platform all, a unit those forwarded to it."""

from __future__ import annotations

import math

from django.db.models import F, QuerySet
from django.urls import reverse

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.registry import keys
from xinyong.remedies import lines, officers
from xinyong.remedies.desk_pages import TipLine
from xinyong.remedies.models import Tip
from xinyong.runtime import cryptography
from xinyong.standards import redaction

PAGE = 20
_TIPS = {
    "new": ("待查看", "To be looked at", "amber"),
    "forwarded": ("已转来源单位", "Forwarded to the unit", "blue"),
    "done": ("已处理", "Dealt with", "green"),
    "set_aside": ("不作处理", "Set aside", "grey"),
}


def _tips(user: User) -> QuerySet[Tip]:
    accounts.require(user, Right.REMEDY_VIEW)
    found = Tip.objects.select_related("department")
    if accounts.may(user, Right.REMEDY_PLATFORM):
        return found
    return found.filter(department=user.department_id).exclude(state=Tip.State.NEW)


def waiting_tips(user: User) -> int:
    """Tips that wait for this officer."""
    if not accounts.may(user, Right.REMEDY_VIEW):
        return 0
    state = Tip.State.NEW if accounts.may(user, Right.REMEDY_PLATFORM) else Tip.State.FORWARDED
    return _tips(user).filter(state=state).count()


def tips(user: User, page: int, language: str) -> tuple[tuple[TipLine, ...], int, int, int]:
    """(tips, page, pages, total), the open ones first, then the newest."""
    english = language == "en"
    found = _tips(user)
    total = found.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    listed = list(found.order_by(F("handled_at").desc(nulls_first=True), "-pk")[(page - 1) * PAGE : page * PAGE])
    said = lines.records_of([(item.entity_id, item.record_id) for item in listed], language)
    names = lines.names_of(item.entity_id for item in listed)
    may_read = accounts.may(user, Right.REMEDY_PLATFORM)
    return (
        tuple(
            TipLine(
                number=item.pk,
                record_key=keys.record_key(item.record_id),
                record_url=reverse("ledger-record", args=[item.record_id]),
                title=said[item.record_id].title if item.record_id in said else "",
                entity_name=names.get(item.entity_id, ""),
                department=(english and item.department.name_en) or item.department.name_zh,
                text=redaction.redact(item.text).text,
                contact=cryptography.reveal(officers.CONTACT_CONTEXT, item.contact)
                if item.contact and may_read
                else "",
                state=item.state,
                state_label=_TIPS[item.state][english],
                state_tone=_TIPS[item.state][2],
                at=item.at,
                reply=item.reply,
                handled_by=item.handled_by,
                open=item.state == Tip.State.NEW or (item.state == Tip.State.FORWARDED),
            )
            for item in listed
        ),
        page,
        pages,
        total,
    )
