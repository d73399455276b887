"""The only writers of notices, subscriptions and what became of them."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.notices import guard, texts
from xinyong.notices.errors import NotDelivered, SubscriptionRefused
from xinyong.notices.models import Dispatch, Gathered, Notice, Subscription, Watch
from xinyong.runtime import config, cryptography, prepared, sql

ADDRESS, SECRET, CODE = "notices:address", "notices:secret", "notices:code"
MOST_SUBSCRIPTIONS, MOST_TRIES = 10, 10
_EMAIL = re.compile(r"[^@\s<>\"',;:\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Something a firm is told, once per ``key``. ``parameters``: what fills the words of its kind."""

    kind: str
    key: str
    entity_id: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    due_on: date | None = None


def announce(
    *,
    kind: str,
    key: str,
    entity_id: int,
    parameters: Mapping[str, Any] | None = None,
    link: str = "",
    due_on: date | None = None,
) -> None:
    """Tell a firm something, in the caller's transaction, once per key, with a message for each way it subscribed."""
    announce_all(
        [Announced(kind=kind, key=key, entity_id=entity_id, parameters=parameters or {}, link=link, due_on=due_on)]
    )


def announce_all(notices: Sequence[Announced]) -> None:
    """The same for many at once, in one statement."""
    if not notices:
        return
    kinds = texts.packaged().kinds
    rows = [
        {
            "entity_id": one.entity_id,
            "kind": one.kind,
            "key": one.key,
            "parameters": one.parameters,
            "link": one.link,
            "due_on": one.due_on,
            "group": kinds[one.kind].group,
        }
        for one in notices
    ]
    prepared.run(
        sql.statement("notices", "announce"),
        {"rows": json.dumps(rows, ensure_ascii=False, default=str), "now": timezone.now()},
    )


def watch(entity_id: int) -> None:
    """Tell this firm of records received from now on; safe to repeat."""
    Watch.objects.get_or_create(entity_id=entity_id, defaults={"since": timezone.now()})


def read(entity_ids: Sequence[int], notice_ids: Iterable[int], *, acting: str) -> int:
    """Mark notices of a firm as read; how many were new."""
    return Notice.objects.filter(entity_id__in=entity_ids, pk__in=list(notice_ids), read_at__isnull=True).update(
        read_at=timezone.now(), read_by=acting
    )


def _refuse(zh: str, en: str) -> SubscriptionRefused:
    return SubscriptionRefused(why_zh=zh, why_en=en)


@transaction.atomic
def subscribe(
    *,
    entity_id: int,
    target: str,
    channel: str,
    address: str,
    groups: Iterable[str],
    language: str,
    acting: str,
    rhythm: str = "each",
) -> tuple[Subscription, str]:
    """Make a way to be told, of each notice at once or of all of a day together (``rhythm``: each, daily); returns it and, for a webhook, the key its messages are signed with, shown once.

    Only the confirmation goes there before it is confirmed. Raises SubscriptionRefused.
    """
    address = address.strip()
    chosen = sorted({group for group in groups if group in texts.packaged().groups})
    if not chosen:
        raise _refuse("请至少选择一类通知", "choose at least one group of notices")
    if channel == Subscription.Channel.EMAIL:
        if len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
            raise _refuse(
                "电子邮件地址的格式不对，例如 name@example.com", "this is no e-mail address, such as name@example.com"
            )
        if not config.get("XINYONG_SMTP_URL"):
            raise _refuse(
                "平台没有接入邮件服务器，请改用接口推送或站内通知",
                "no mail server is connected; use a webhook, or read in the site",
            )
    elif channel == Subscription.Channel.WEBHOOK:
        try:
            guard.checked(address)
        except NotDelivered as error:
            raise _refuse(str(error.data["why"]), str(error.data["why"])) from error
    else:
        raise _refuse("请选择通知方式", "choose a way to be told")
    living = Subscription.objects.filter(entity_id=entity_id, ended_at__isnull=True)
    if living.count() >= MOST_SUBSCRIPTIONS:
        raise _refuse(
            f"最多 {MOST_SUBSCRIPTIONS} 个接收地址，请先停用不用的",
            f"{MOST_SUBSCRIPTIONS} addresses at most; end one first",
        )
    now = timezone.now()
    key = secrets.token_urlsafe(32) if channel == Subscription.Channel.WEBHOOK else ""
    code = f"{secrets.randbelow(10**8):08d}" if channel == Subscription.Channel.EMAIL else ""
    made = Subscription.objects.create(
        entity_id=entity_id,
        account=acting,
        channel=channel,
        address=cryptography.protect(ADDRESS, address),
        secret=cryptography.protect(SECRET, key) if key else "",
        code=_digest(code) if code else "",
        groups=chosen,
        language="en" if language == "en" else "zh",
        rhythm="daily" if rhythm == "daily" else "each",
        created_at=now,
    )
    Dispatch.objects.create(
        subscription=made,
        mark=uuid.uuid4(),
        next_at=now,
        secret=cryptography.protect(CODE, code) if code else "",
    )
    audit.record(
        actor=acting, deed="subscription.made", target=target, detail={"subscription": made.pk, "channel": channel}
    )
    return made, key


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def confirm(entity_ids: Sequence[int], subscription_id: int, code: str, *, acting: str) -> None:
    """Confirm an e-mail address by the code that was sent there. Ten wrong codes end it. Raises SubscriptionRefused."""
    with transaction.atomic():
        held = (
            Subscription.objects.select_for_update()
            .filter(pk=subscription_id, entity_id__in=entity_ids, ended_at__isnull=True)
            .first()
        )
        if held is None or held.channel != Subscription.Channel.EMAIL or held.confirmed_at is not None:
            raise _refuse("没有等待确认的这个地址", "no such address waits to be confirmed")
        if held.code == _digest("".join(code.split())):
            held.confirmed_at, held.code = timezone.now(), ""
            held.save(update_fields=["confirmed_at", "code"])
            audit.record(actor=acting, deed="subscription.confirmed", target=f"subscription:{held.pk}")
            return
        held.tries += 1
        held.save(update_fields=["tries"])
        if held.tries >= MOST_TRIES:
            end(held, timezone.now(), "确认码多次输错，已停用 / stopped after too many wrong codes")
    raise _refuse(
        "确认码不对，请核对邮件；收不到时可以停用后重新添加",
        "the code is wrong; check the message, or end it and add it again",
    )


@transaction.atomic
def unsubscribe(entity_ids: Sequence[int], subscription_id: int, *, acting: str) -> None:
    """End a way to be told; what still waits for it is given up. Raises SubscriptionRefused."""
    held = Subscription.objects.select_for_update().filter(pk=subscription_id, entity_id__in=entity_ids).first()
    if held is None or held.ended_at is not None:
        raise _refuse("没有这个接收地址，或它已经停用", "there is no such address, or it has ended")
    end(held, timezone.now(), acting)
    audit.record(actor=acting, deed="subscription.ended", target=f"subscription:{held.pk}")


def end(held: Subscription, now: datetime, why: str) -> None:
    """Stop a subscription and what waits for it."""
    held.ended_at, held.ended_why = now, why
    held.save(update_fields=["ended_at", "ended_why"])
    Gathered.objects.filter(subscription=held).delete()
    Dispatch.objects.filter(subscription=held, state=Dispatch.State.WAITING).update(
        state=Dispatch.State.GIVEN_UP, trouble="subscription ended", secret=""
    )
