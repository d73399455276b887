"""To whom the firm opened what is not public, for what, until when; and who looked, under which authority."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources

import yaml
from django.db import transaction
from django.utils import timezone

from xinyong.accounts import client_selectors
from xinyong.audit import actions as audit
from xinyong.audit import selectors as trail
from xinyong.centre.errors import AuthorisationRefused, FirmPageNotFound
from xinyong.centre.models import Authorisation
from xinyong.centre.selectors import Firm, Seat
from xinyong.notices import actions as notices
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.standards.credit_code_diagnosis import diagnose

PAGE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A purpose or a part of the file."""

    code: str
    zh: str
    en: str

    def text(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be authorised."""

    purposes: Mapping[str, Word]
    scopes: Mapping[str, Word]
    longest: timedelta


@cache
def choices() -> Choices:
    """The packaged lists."""
    text = (resources.files("xinyong.datapacks") / "identity" / "authorisations.yml").read_text("utf-8")
    loaded = yaml.safe_load(text)
    return Choices(
        purposes={row["code"]: Word(**row) for row in loaded["purposes"]},
        scopes={row["code"]: Word(**row) for row in loaded["scopes"]},
        longest=timedelta(days=int(loaded["longest_days"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRow:
    """An authorisation as listed. ``state``: coming, active, expired or revoked; ``used``: queries that named it."""

    id: int
    number: str
    institution: str
    institution_code: str
    purpose: str
    scope: str
    valid_from: date
    valid_until: date
    state: str
    used: int
    revoked_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRow:
    """A query about the firm: when, who, for what, under which item or number, what was given."""

    at: datetime
    who: str
    department: str
    purpose: str
    item: str
    reference: str
    outcome: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """A page of queries, newest first."""

    rows: tuple[QueryRow, ...]
    total: int
    page: int
    pages: int


def _refuse(zh: str, en: str) -> AuthorisationRefused:
    return AuthorisationRefused(why_zh=zh, why_en=en)


@transaction.atomic
def grant(
    seat: Seat,
    *,
    institution: str,
    institution_code: str,
    purpose: str,
    scope: Iterable[str],
    valid_from: date | None,
    valid_until: date | None,
    agreed: bool,
) -> Authorisation:
    """Open parts of the file to an institution. Raises FirmRightMissing, AuthorisationRefused with everything to correct."""
    seat.require_lead()
    known, today, problems = choices(), timezone.localdate(), []
    name, code = institution.strip(), diagnose(institution_code)
    parts = sorted({part for part in scope if part in known.scopes})
    if not 2 <= len(name) <= 200:
        problems.append(("请填写机构全称", "give the full name of the institution"))
    if not code.valid:
        problems.append((f"机构代码有误：{code.message_zh or '请填写'}", f"code of the institution: {code.message_en}"))
    if purpose not in known.purposes:
        problems.append(("请选择用途", "choose a purpose"))
    if not parts:
        problems.append(("请至少选择一项授权范围", "choose at least one part of the file"))
    if valid_from is None or valid_until is None:
        problems.append(("请填写起止日期", "give the first and the last day"))
    elif not today <= valid_from <= valid_until <= valid_from + known.longest:
        problems.append(
            (
                f"期限须从今天或以后开始，最长 {known.longest.days} 天，不能长期授权",
                f"the term begins today or later and lasts {known.longest.days} days at most; none is for good",
            )
        )
    if not agreed:
        problems.append(("请确认授权内容", "confirm what is authorised"))
    if problems or valid_from is None or valid_until is None or code.normalised is None:
        raise _refuse("；".join(zh for zh, _ in problems), "; ".join(en for _, en in problems))
    now = timezone.now()
    made = Authorisation.objects.create(
        number=f"SQ-{timezone.localtime(now):%Y%m%d}-{secrets.token_hex(4).upper()}",
        entity_id=seat.firm.entity_id,
        institution=name,
        institution_code=code.normalised,
        purpose=purpose,
        scope=parts,
        valid_from=valid_from,
        valid_until=valid_until,
        granted_at=now,
        granted_by_id=seat.account_id,
    )
    audit.record(
        actor=seat.actor,
        deed="authorisation.granted",
        target=seat.firm.key,
        purpose=known.purposes[purpose].zh,
        detail={
            "number": made.number,
            "institution": made.institution_code,
            "scope": parts,
            "from": str(valid_from),
            "until": str(valid_until),
        },
    )
    notices.announce(
        kind="authorisation-granted",
        key=f"authorisation:{made.number}:granted",
        entity_id=made.entity_id,
        parameters={"institution": name, "number": made.number, "until": valid_until},
        link="authorisations",
    )
    return made


@transaction.atomic
def revoke(seat: Seat, number: str, *, why: str) -> Authorisation:
    """End an authorisation at once. Raises FirmRightMissing, FirmPageNotFound, AuthorisationRefused when it is over."""
    seat.require_lead()
    held = Authorisation.objects.select_for_update().filter(number=number, entity_id__in=seat.firm.members).first()
    if held is None:
        raise FirmPageNotFound()
    if held.revoked_at is not None or held.valid_until < timezone.localdate():
        raise _refuse("这项授权已经结束", "this authorisation has ended already")
    held.revoked_at, held.revoked_why = timezone.now(), why.strip()[:200]
    held.save(update_fields=["revoked_at", "revoked_why"])
    audit.record(actor=seat.actor, deed="authorisation.revoked", target=seat.firm.key, detail={"number": held.number})
    notices.announce(
        kind="authorisation-ended",
        key=f"authorisation:{held.number}:ended",
        entity_id=held.entity_id,
        parameters={"institution": held.institution, "number": held.number},
        link="authorisations",
    )
    return held


def in_force(number: str, institution_code: str, today: date) -> Authorisation | None:
    """The authorisation of this number, when it opens something to this institution on this day."""
    return Authorisation.objects.filter(
        number=number,
        institution_code=institution_code,
        valid_from__lte=today,
        valid_until__gte=today,
        revoked_at__isnull=True,
    ).first()


def _state(held: Authorisation, today: date) -> str:
    if held.revoked_at is not None:
        return "revoked"
    if held.valid_until < today:
        return "expired"
    return "coming" if held.valid_from > today else "active"


def of_firm(firm: Firm, language: str) -> tuple[AuthorisationRow, ...]:
    """Authorisations of the firm, newest first, those that still open something before the others."""
    known, today = choices(), timezone.localdate()
    found = list(Authorisation.objects.filter(entity_id__in=firm.members).order_by("-pk")[:200])
    used = trail.references(targets(firm), [held.number for held in found])
    separator = "; " if language == "en" else "、"
    rows = [
        AuthorisationRow(
            id=held.pk,
            number=held.number,
            institution=held.institution,
            institution_code=held.institution_code,
            purpose=known.purposes[held.purpose].text(language) if held.purpose in known.purposes else held.purpose,
            scope=separator.join(
                known.scopes[part].text(language) if part in known.scopes else part for part in held.scope
            ),
            valid_from=held.valid_from,
            valid_until=held.valid_until,
            state=_state(held, today),
            used=used.get(held.number, 0),
            revoked_why=held.revoked_why,
        )
        for held in found
    ]
    return tuple(sorted(rows, key=lambda row: row.state not in ("active", "coming")))


def targets(firm: Firm) -> list[str]:
    """Under which names the audit trail speaks of the firm: those of every entry it consists of."""
    return [firm.key, *(registry.address_key(item) for item in Entity.objects.filter(pk__in=firm.members[1:]))]


def queries(firm: Firm, page: int, language: str, *, reference: str = "") -> Queries:
    """Who looked at what is not public, or asked for a report or a verification, and why; nothing is left out (REF-16)."""
    entries, total = trail.page_of_queries(targets(firm), reference, (page - 1) * PAGE, PAGE)
    clients = client_selectors.names()
    rows = []
    for entry in entries:
        kind, _, slug = entry.actor.partition(":")
        name, department_zh, department_en = clients.get(slug, ("", "", "")) if kind == "client" else ("", "", "")
        detail = entry.detail
        rows.append(
            QueryRow(
                at=entry.at,
                who=name or entry.actor,
                department=department_en if language == "en" and department_en else department_zh,
                purpose=entry.purpose,
                item=str(detail.get("item", "")),
                reference=str(detail.get("case", "") or detail.get("number", "")),
                outcome=str(detail.get("outcome", "")),
                what=entry.deed,
            )
        )
    return Queries(rows=tuple(rows), total=total, page=page, pages=max(1, math.ceil(total / PAGE)))
