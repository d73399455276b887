"""Sharing, taking back, and counting what was opened.

Two ways lead here: the subject itself (the face that knows the subject has checked the account), and an officer who acts
on the subject's request and says on which.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.publicity import show
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import codes, signing
from xinyong.reports.chapters import CHAPTERS
from xinyong.runtime import config
from xinyong.shares import rules, selectors
from xinyong.shares.errors import ShareRefused
from xinyong.shares.models import Share
from xinyong.shares.selectors import Scope

_WORDS = 200


def share(entity: Entity, scope: Scope, *, days: int, shown_to: str, actor: str, reason: str = "") -> Share:
    """Make the signed snapshot and its link, for the subject's own account ``actor``. Raises ShareRefused.

    The caller has checked that ``actor`` may act for the entity; ``shown_to`` says for whom and for what.
    """
    limits = selectors.limits()
    if not 1 <= days <= limits.longest:
        raise ShareRefused(
            why_zh=f"有效期应为 1 至 {limits.longest} 天", why_en=f"the link may work for 1 to {limits.longest} days"
        )
    if not scope.chapters or not scope.chapters <= set(range(1, len(CHAPTERS) + 1)):
        raise ShareRefused(why_zh="没有选择要分享的章节", why_en="no chapter was chosen")
    now = timezone.now()
    found = selectors.facts(selectors.parts(entity, scope, timezone.localdate(now), "zh"))
    missing = sorted(scope.records - set(found))
    if missing:
        raise ShareRefused(
            why_zh=f"所选章节中没有正在公示的信息 {'、'.join(missing[:5])}",
            why_en=f"the chosen chapters hold no public record {', '.join(missing[:5])}",
        )
    if len(found) > limits.records:
        raise ShareRefused(
            why_zh=f"所选章节超过 {limits.records} 条信息，请减少章节或逐条选择",
            why_en=f"the chosen chapters hold more than {limits.records} records: choose fewer chapters, or single records",
        )
    items = rules.items(found.values())
    expires = now + timedelta(days=days)
    statement = rules.signed_text(
        issuer=str(config.get("XINYONG_OPERATOR")),
        subject={
            "name": entity.name or registry.address_key(entity),
            "code": registry.address_key(entity),
            "status": show.status_label(entity, "zh"),
        },
        chapters=sorted(scope.chapters),
        chosen=bool(scope.records),
        made_at=timezone.localtime(now).isoformat(timespec="seconds"),
        expires_at=timezone.localtime(expires).isoformat(timespec="seconds"),
        committed=rules.commitments(items),
    )
    sealed = signing.provider().sign_text(statement)
    with transaction.atomic():
        made = Share.objects.create(
            token=codes.new_token(),
            entity_id=entity.pk,
            chapters=sorted(scope.chapters),
            records=sorted(scope.records),
            shown_to=shown_to.strip()[:_WORDS],
            made_at=now,
            made_by=actor,
            reason=reason.strip(),
            expires_at=expires,
            statement=statement,
            signature=sealed.signature,
            certificate=sealed.certificate,
            items=[{"key": item.key, "salt": item.salt, "hash": item.commitment} for item in items],
        )
        audit.record(
            actor=actor,
            deed="share.made",
            target=registry.address_key(entity),
            purpose=made.shown_to,
            detail={"share": made.pk, "chapters": made.chapters, "days": days, "reason": made.reason},
        )
    return made


def share_on_request(user: User, entity: Entity, scope: Scope, *, days: int, shown_to: str, reason: str) -> Share:
    """An officer shares because the subject asked; ``reason`` says who asked how. Raises RightMissing, ShareRefused."""
    accounts.require(user, Right.SUBJECT_SERVE)
    if not reason.strip():
        raise ShareRefused(why_zh="没有写明主体的申请", why_en="the request of the subject is not named")
    return share(entity, scope, days=days, shown_to=shown_to, actor=user.username, reason=reason)


def revoke(number: int, *, actor: str, entity: Entity | None = None, reason: str = "") -> Share:
    """Take a link back; ``entity``: only if it is a link of this subject. Raises ShareRefused."""
    with transaction.atomic():
        held = Share.objects.select_for_update().filter(pk=number).first()
        if held is None or (entity is not None and held.entity_id not in registry.members(entity)):
            raise ShareRefused(why_zh="没有这个分享", why_en="there is no such share")
        if held.revoked_at is not None:
            raise ShareRefused(why_zh="已经撤回", why_en="it was taken back already")
        held.revoked_at, held.revoked_by = timezone.now(), actor
        held.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(
            actor=actor,
            deed="share.revoked",
            target=str(_subject(held)),
            purpose=reason.strip()[:200],
            detail={"share": held.pk},
        )
    return held


def revoke_on_request(user: User, number: int, *, reason: str) -> Share:
    """An officer takes a link back because the subject asked. Raises RightMissing, ShareRefused."""
    accounts.require(user, Right.SUBJECT_SERVE)
    if not reason.strip():
        raise ShareRefused(why_zh="没有写明主体的申请", why_en="the request of the subject is not named")
    return revoke(number, actor=user.username, reason=reason)


def count_opening(made: Share) -> None:
    """One more time opened. Nothing is kept of who opened it."""
    Share.objects.filter(pk=made.pk).update(opened=F("opened") + 1, last_opened_at=timezone.now())


def _subject(held: Share) -> str:
    entity = selectors.entity_of(held)
    return registry.address_key(entity) if entity is not None else str(held.entity_id)
