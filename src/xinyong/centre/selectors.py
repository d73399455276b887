"""Reads over the people of a firm: who is signed in, for whom, and who may do what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from xinyong.centre import rules
from xinyong.centre.errors import FirmRightMissing
from xinyong.centre.identity.claims import LEGAL_REPRESENTATIVE
from xinyong.centre.models import Account, Mandate, Session
from xinyong.centre.rules import FirmRight, State
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.remedies.applicant import ALL_RIGHTS, Applicant, ApplicantRight
from xinyong.runtime import config, cryptography

NAME_CONTEXT = "centre:name"
LONGEST = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A firm somebody acts for. ``key``: its part of addresses; ``members``: entity ids whose records are its own."""

    entity_id: int
    key: str
    name: str
    code: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person, signed in and acting for one firm. ``name`` is masked. Every page and every deed of the centre takes one."""

    account_id: int
    name: str
    mandate_id: int
    role: str
    rights: frozenset[str]
    firm: Firm

    @property
    def actor(self) -> str:
        """How the audit trail calls the person."""
        return f"firm:{self.account_id}"

    @property
    def leads(self) -> bool:
        """Whether the person is the legal representative."""
        return self.role == LEGAL_REPRESENTATIVE

    def may(self, right: FirmRight) -> bool:
        """Whether the person may do this for the firm."""
        return rules.may(self.role, self.rights, right)

    def require(self, right: FirmRight) -> None:
        """Raise FirmRightMissing, in words, unless the person may."""
        if not self.may(right):
            raise FirmRightMissing(right_zh=rules.WORDS[right][0], right_en=rules.WORDS[right][1])

    def require_lead(self) -> None:
        """Raise FirmRightMissing unless the person is the legal representative."""
        if not self.leads:
            raise FirmRightMissing(right_zh=rules.MANAGE[0], right_en=rules.MANAGE[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRow:
    """A mandate as the pages list it."""

    id: int
    firm_name: str
    firm_key: str
    name: str
    role: str
    rights: frozenset[str]
    state: State
    since: datetime
    until: str
    invited_until: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A signed-in person; ``seat`` is None while no firm can be acted for."""

    session_id: int
    account_id: int
    name: str
    seat: Seat | None


def digest(text: str) -> str:
    """What is kept of a cookie or an invitation code."""
    return hashlib.sha256(text.encode()).hexdigest()


def shown_name(token: str) -> str:
    """The masked form of an encrypted name."""
    return rules.masked(cryptography.reveal(NAME_CONTEXT, token)) if token else ""


def state_of(mandate: Mandate, now: datetime) -> State:
    """How a mandate stands."""
    return rules.state(
        rules.Facts(
            role=mandate.role,
            taken=mandate.account_id is not None,
            rights=mandate.rights,
            invited_until=mandate.invited_until,
            valid_until=mandate.valid_until,
            ended=mandate.ended_at is not None,
        ),
        now,
        timezone.localdate(now),
    )


def firm_of(entity: Entity) -> Firm:
    """The firm of a registry entry, under the entry that speaks for it."""
    entity = registry.canonical(entity)
    key = registry.address_key(entity)
    return Firm(
        entity_id=entity.pk,
        key=key,
        name=entity.name or key,
        code=entity.credit_code or "",
        members=registry.members(entity),
    )


def _seat(account: Account, mandate: Mandate) -> Seat:
    return Seat(
        account_id=account.pk,
        name=shown_name(account.name),
        mandate_id=mandate.pk,
        role=mandate.role,
        rights=frozenset(mandate.rights),
        firm=firm_of(Entity.objects.get(pk=mandate.entity_id)),
    )


def idle() -> timedelta:
    """How long a session lasts without activity."""
    return timedelta(minutes=max(1, int(config.get("XINYONG_CENTRE_IDLE_MINUTES"))))


def visit(cookie: str, now: datetime) -> Visit | None:
    """Who is signed in under this cookie. A right taken away, or a delegation over, counts from the next request on."""
    if not cookie or len(cookie) > 100:
        return None
    session = Session.objects.select_related("account", "mandate").filter(digest=digest(cookie)).first()
    if session is None or session.created_at + LONGEST <= now or session.seen_at + idle() <= now:
        return None
    mandate = session.mandate
    usable = mandate is not None and mandate.account_id == session.account_id and state_of(mandate, now) is State.ACTIVE
    return Visit(
        session_id=session.pk,
        account_id=session.account_id,
        name=shown_name(session.account.name),
        seat=_seat(session.account, mandate) if usable and mandate is not None else None,
    )


def active_mandates(account_id: int, now: datetime) -> list[Mandate]:
    """For which firms a person may act now, the legal representative's first."""
    found = Mandate.objects.filter(account_id=account_id, ended_at__isnull=True).order_by("-role", "pk")
    return [mandate for mandate in found if state_of(mandate, now) is State.ACTIVE]


def _row(mandate: Mandate, entity: Entity, now: datetime) -> MandateRow:
    token = (mandate.account.name if mandate.account is not None else "") or mandate.name
    return MandateRow(
        id=mandate.pk,
        firm_name=entity.name or registry.address_key(entity),
        firm_key=registry.address_key(entity),
        name=shown_name(token),
        role=mandate.role,
        rights=frozenset(mandate.rights),
        state=state_of(mandate, now),
        since=mandate.began_at or mandate.created_at,
        until=str(mandate.valid_until or ""),
        invited_until=mandate.invited_until,
        ended_why=mandate.ended_why,
    )


def mandates_of_account(account_id: int) -> list[MandateRow]:
    """Everything a person was ever given, newest first: for the switcher and the page of somebody without a firm."""
    now = timezone.now()
    found = list(Mandate.objects.select_related("account").filter(account_id=account_id).order_by("-pk")[:100])
    entities = Entity.objects.in_bulk([mandate.entity_id for mandate in found])
    return [_row(mandate, entities[mandate.entity_id], now) for mandate in found]


def mandates_of_firm(firm: Firm) -> list[MandateRow]:
    """Everybody who acts or acted for the firm, newest first."""
    now = timezone.now()
    found = list(Mandate.objects.select_related("account").filter(entity_id__in=firm.members).order_by("-pk")[:200])
    entities = Entity.objects.in_bulk(list(firm.members))
    return [_row(mandate, entities[mandate.entity_id], now) for mandate in found]


def firm_names(entity_ids: list[int]) -> dict[int, str]:
    """Names by entity id, for the switcher."""
    return {
        pk: entity.name or registry.address_key(entity) for pk, entity in Entity.objects.in_bulk(entity_ids).items()
    }


def applicant(seat: Seat) -> Applicant:
    """The person as the room of remedies knows an applicant; the name leaves this call as a token of that room."""
    account = Account.objects.get(pk=seat.account_id)
    name = cryptography.reveal(NAME_CONTEXT, account.name) if account.name else ""
    rights = ALL_RIGHTS if seat.leads else frozenset(ApplicantRight(right) for right in seat.rights)
    return Applicant.acting(entity_id=seat.firm.entity_id, account_id=seat.account_id, name=name, rights=rights)
