"""The only writers of accounts, mandates and sessions. Every deed leaves an audit row; none holds a name."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.centre import selectors
from xinyong.centre.errors import MandateRefused
from xinyong.centre.identity.claims import LEGAL_REPRESENTATIVE, Identity
from xinyong.centre.models import Account, Mandate, Session
from xinyong.centre.rules import FirmRight, State
from xinyong.centre.selectors import NAME_CONTEXT, Seat
from xinyong.notices import actions as notices
from xinyong.registry.models import Entity
from xinyong.runtime import cryptography

#: How long an invitation code can be used, and the longest delegation.
INVITATION = timedelta(days=7)
LONGEST_DELEGATION = timedelta(days=366)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PROVIDER = "identity provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session. ``cookie`` is given out once; ``unknown``: codes of firms the registry does not know."""

    cookie: str
    account_id: int
    unknown: tuple[str, ...]


def _refuse(zh: str, en: str) -> MandateRefused:
    return MandateRefused(why_zh=zh, why_en=en)


@transaction.atomic
def know(identity: Identity) -> tuple[Account, tuple[str, ...]]:
    """Bring account and mandates in line with what the provider vouches for now.

    A legal representative the provider no longer names loses the mandate; a new one ends the mandate of the one before.
    Returns the account and the codes of firms that are not in the registry.
    """
    now = timezone.now()
    subject = cryptography.fingerprint(f"{identity.issuer}\n{identity.subject}").hex()
    token = cryptography.protect(NAME_CONTEXT, identity.name) if identity.name else ""
    account, made = Account.objects.get_or_create(
        issuer=identity.issuer, subject=subject, defaults={"name": token, "created_at": now, "signed_in_at": now}
    )
    if not made:
        Account.objects.filter(pk=account.pk).update(name=token, signed_in_at=now)
    entities = {
        entity.credit_code: selectors.firm_of(entity)
        for entity in Entity.objects.filter(credit_code__in=[item.code for item in identity.organisations])
    }
    unknown = tuple(item.code for item in identity.organisations if item.code not in entities)
    led: set[int] = set()
    for item in identity.organisations:
        firm = entities.get(item.code)
        if firm is None:
            continue
        held = Mandate.objects.filter(account=account, entity_id=firm.entity_id, ended_at__isnull=True).first()
        if item.role == LEGAL_REPRESENTATIVE:
            led.add(firm.entity_id)
            notices.watch(firm.entity_id)
            _end_others(account, firm.entity_id, now)
            if held is not None and held.role != LEGAL_REPRESENTATIVE:
                _end(held, now, _PROVIDER, "成为法定代表人", firm.key)
                held = None
        if held is None:
            Mandate.objects.create(
                account=account,
                entity_id=firm.entity_id,
                role=item.role,
                created_at=now,
                began_at=now if item.role == LEGAL_REPRESENTATIVE else None,
            )
            audit.record(
                actor=f"firm:{account.pk}", deed="mandate.vouched", target=firm.key, detail={"role": item.role}
            )
    for mandate in Mandate.objects.filter(account=account, role=LEGAL_REPRESENTATIVE, ended_at__isnull=True):
        if mandate.entity_id not in led:
            _end(mandate, now, _PROVIDER, "认证平台不再认定为法定代表人", _key(mandate))
    return account, unknown


def _key(mandate: Mandate) -> str:
    return selectors.firm_of(Entity.objects.get(pk=mandate.entity_id)).key


def _end_others(account: Account, entity_id: int, now: datetime) -> None:
    others = Mandate.objects.filter(role=LEGAL_REPRESENTATIVE, entity_id=entity_id, ended_at__isnull=True)
    for mandate in others.exclude(account=account):
        _end(mandate, now, _PROVIDER, "法定代表人已变更", _key(mandate))


def _end(mandate: Mandate, now: datetime, by: str, why: str, target: str) -> None:
    mandate.ended_at, mandate.ended_by, mandate.ended_why = now, by, why[:200]
    mandate.invitation = ""
    mandate.save(update_fields=["ended_at", "ended_by", "ended_why", "invitation"])
    if mandate.role == Mandate.Role.DELEGATE:
        notices.announce(
            kind="delegate-ended",
            key=f"mandate:{mandate.pk}:ended",
            entity_id=mandate.entity_id,
            parameters={"why": why[:200]},
            link="delegates",
        )
    audit.record(actor=by, deed="mandate.ended", target=target, detail={"mandate": mandate.pk, "why": why[:200]})


@transaction.atomic
def sign_in(identity: Identity) -> SignedIn:
    """Open a session for somebody the provider vouches for, at the one firm where there is only one."""
    account, unknown = know(identity)
    now = timezone.now()
    Session.objects.filter(created_at__lt=now - selectors.LONGEST).delete()
    usable = selectors.active_mandates(account.pk, now)
    cookie = secrets.token_urlsafe(32)
    Session.objects.create(
        digest=selectors.digest(cookie),
        account=account,
        mandate=usable[0] if usable else None,
        created_at=now,
        seen_at=now,
    )
    audit.record(
        actor=f"firm:{account.pk}",
        deed="firm.sign-in",
        target=f"firm:{account.pk}",
        detail={"firms": len(usable), "unknown": list(unknown)},
    )
    return SignedIn(cookie=cookie, account_id=account.pk, unknown=unknown)


def seen(session_id: int, now: datetime) -> None:
    """Note activity, at most once a minute."""
    Session.objects.filter(pk=session_id, seen_at__lt=now - timedelta(minutes=1)).update(seen_at=now)


@transaction.atomic
def sign_out(cookie: str) -> None:
    """End a session; the cookie opens nothing any more."""
    session = Session.objects.filter(digest=selectors.digest(cookie)).first()
    if session is not None:
        audit.record(actor=f"firm:{session.account_id}", deed="firm.sign-out", target=f"firm:{session.account_id}")
        session.delete()


def act_for(session_id: int, account_id: int, mandate_id: int) -> None:
    """Act for another firm from now on. Raises MandateRefused for a mandate that is not the person's, or not usable."""
    usable = {mandate.pk for mandate in selectors.active_mandates(account_id, timezone.now())}
    if mandate_id not in usable:
        raise _refuse("您现在不能代表这家企业办理", "you cannot act for this firm now")
    Session.objects.filter(pk=session_id, account_id=account_id).update(mandate_id=mandate_id)


def _rights(wanted: Iterable[str]) -> list[str]:
    rights = sorted({FirmRight(right).value for right in wanted if right in FirmRight.__members__.values()})
    if not rights:
        raise _refuse("请至少选择一项权限（填报、提交、签署）", "choose at least one right: fill in, submit, sign")
    return rights


def _term(until: date | None, today: date) -> date:
    if until is None:
        raise _refuse("请填写截止日期，格式为 2027-01-31", "give the last day, in the form 2027-01-31")
    if not today <= until <= today + LONGEST_DELEGATION:
        raise _refuse(
            f"截止日期须在今天（{today}）至 {today + LONGEST_DELEGATION} 之间",
            f"the last day must be between today ({today}) and {today + LONGEST_DELEGATION}",
        )
    return until


@transaction.atomic
def invite(seat: Seat, *, name: str, rights: Iterable[str], until: date | None) -> str:
    """Make an invitation for a delegate; returns its code, which is shown once. Raises FirmRightMissing, MandateRefused."""
    seat.require_lead()
    now = timezone.now()
    name = name.strip()
    if not 2 <= len(name) <= 60:
        raise _refuse("请填写经办人姓名（2 至 60 个字）", "give the name of the delegate, 2 to 60 characters")
    term, chosen = _term(until, timezone.localdate(now)), _rights(rights)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    mandate = Mandate.objects.create(
        entity_id=seat.firm.entity_id,
        role=Mandate.Role.DELEGATE,
        rights=chosen,
        name=cryptography.protect(NAME_CONTEXT, name),
        invitation=selectors.digest(code),
        invited_until=now + INVITATION,
        valid_until=term,
        granted_by_id=seat.account_id,
        created_at=now,
    )
    audit.record(
        actor=seat.actor,
        deed="mandate.invited",
        target=seat.firm.key,
        detail={"mandate": mandate.pk, "rights": chosen, "until": str(term)},
    )
    notices.announce(
        kind="delegate-invited",
        key=f"mandate:{mandate.pk}:invited",
        entity_id=seat.firm.entity_id,
        parameters={"until": term},
        link="delegates",
    )
    return "-".join(code[start : start + 4] for start in range(0, 16, 4))


@transaction.atomic
def accept(account_id: int, code: str) -> Mandate:
    """Take up an invitation. Raises MandateRefused; a wrong, used and lapsed code get the same answer."""
    now = timezone.now()
    plain = "".join(code.split()).replace("-", "").upper()
    mandate = (
        Mandate.objects.select_for_update()
        .filter(invitation=selectors.digest(plain), account__isnull=True, ended_at__isnull=True)
        .first()
        if len(plain) == 16
        else None
    )
    if mandate is None or selectors.state_of(mandate, now) is not State.INVITED:
        audit.record(actor=f"firm:{account_id}", deed="mandate.refused", target=f"firm:{account_id}")
        raise _refuse(
            "邀请码不正确、已被使用或已过期，请向法定代表人核对或请其重新邀请",
            "the invitation code is wrong, used or no longer valid; check it, or ask for a new invitation",
        )
    held = Mandate.objects.filter(account_id=account_id, entity_id=mandate.entity_id, ended_at__isnull=True).first()
    key = _key(mandate)
    if held is not None:
        if held.role == LEGAL_REPRESENTATIVE:
            raise _refuse(
                "您是这家企业的法定代表人，不需要邀请", "you are the legal representative of this firm already"
            )
        _end(held, now, f"firm:{account_id}", "由新的授权代替", key)
    mandate.account_id, mandate.began_at, mandate.invitation = account_id, now, ""
    mandate.save(update_fields=["account", "began_at", "invitation"])
    notices.announce(
        kind="delegate-joined", key=f"mandate:{mandate.pk}:joined", entity_id=mandate.entity_id, link="delegates"
    )
    audit.record(actor=f"firm:{account_id}", deed="mandate.accepted", target=key, detail={"mandate": mandate.pk})
    return mandate


def _of_firm(seat: Seat, mandate_id: int) -> Mandate:
    found = (
        Mandate.objects.select_for_update()
        .filter(pk=mandate_id, entity_id__in=seat.firm.members, ended_at__isnull=True, role=Mandate.Role.DELEGATE)
        .first()
    )
    if found is None:
        raise _refuse("没有这项授权，或它已经结束", "there is no such delegation, or it has ended")
    return found


@transaction.atomic
def change(seat: Seat, mandate_id: int, *, rights: Iterable[str], until: date | None) -> None:
    """Give a delegate other rights or another end; also answers somebody whom the provider named as delegate."""
    seat.require_lead()
    mandate = _of_firm(seat, mandate_id)
    now = timezone.now()
    mandate.rights, mandate.valid_until = _rights(rights), _term(until, timezone.localdate(now))
    mandate.granted_by_id = seat.account_id
    if mandate.account_id is not None and mandate.began_at is None:
        mandate.began_at = now
    mandate.save(update_fields=["rights", "valid_until", "granted_by", "began_at"])
    audit.record(
        actor=seat.actor,
        deed="mandate.changed",
        target=seat.firm.key,
        detail={"mandate": mandate.pk, "rights": mandate.rights, "until": str(mandate.valid_until)},
    )


@transaction.atomic
def revoke(seat: Seat, mandate_id: int, *, why: str) -> None:
    """End a delegation or an invitation at once: the next request of the delegate finds it ended."""
    seat.require_lead()
    _end(_of_firm(seat, mandate_id), timezone.now(), seat.actor, why.strip() or "法定代表人撤销", seat.firm.key)
