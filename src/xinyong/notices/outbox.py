"""Sends what waits. A message is leased, sent, then marked: a kill before the mark brings it back under the same id.

So nothing is lost. A webhook can drop what it has seen by ``Xinyong-Delivery``, a mailbox by ``Message-ID``; in the site a
notice is one row however often anything is killed.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from xinyong.notices import actions, digest, texts, ways
from xinyong.notices.errors import NotDelivered
from xinyong.notices.models import Dispatch, Subscription
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import config, cryptography, sql

log = logging.getLogger("xinyong.notices")

#: How long a worker may take for one message; a killed one's comes back after it.
LEASE = timedelta(minutes=2)
#: Pauses between tries; after the last one the message is given up.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))
#: Messages given up in a row after which an address is stopped.
PATIENCE = 3


def work(limit: int = 1000) -> dict[str, int]:
    """Send what is due now, at most ``limit`` messages; how many were sent, failed and were given up."""
    digest.make()
    done = {"sent": 0, "failed": 0, "given_up": 0}
    for _ in range(limit):
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("notices", "claim"), {"now": now, "until": now + LEASE})
            row = cursor.fetchone()
        if row is None:
            break
        done[_send(Dispatch.objects.select_related("notice", "subscription").get(pk=row[0]))] += 1
    return done


def _send(held: Dispatch) -> str:
    subscription = held.subscription
    if subscription.ended_at is not None:
        Dispatch.objects.filter(pk=held.pk).update(
            state=Dispatch.State.GIVEN_UP, trouble="subscription ended", secret=""
        )
        return "given_up"
    try:
        receipt = _deliver(held, subscription)
    except NotDelivered as error:
        return _failed(held, subscription, str(error.data["why"]))
    now = timezone.now()
    Dispatch.objects.filter(pk=held.pk).update(
        state=Dispatch.State.SENT, sent_at=now, receipt=receipt, trouble="", secret=""
    )
    if held.notice is None and subscription.channel == Subscription.Channel.WEBHOOK:
        Subscription.objects.filter(pk=subscription.pk, confirmed_at__isnull=True).update(confirmed_at=now)
    return "sent"


def _deliver(held: Dispatch, subscription: Subscription) -> str:
    address = cryptography.reveal(actions.ADDRESS, subscription.address)
    language, notice = subscription.language, held.notice
    firm = registry.canonical(Entity.objects.get(pk=subscription.entity_id))
    name = firm.name or registry.address_key(firm)
    if notice is None:
        code = cryptography.reveal(actions.CODE, held.secret) if held.secret else ""
        title, body = texts.words("subscription-confirm", {"code": code}, language)
    else:
        title, body = texts.words(notice.kind, notice.parameters, language)
    if subscription.channel == Subscription.Channel.WEBHOOK:
        content = {
            "delivery": str(held.mark),
            "type": notice.kind if notice is not None else "subscription-confirm",
            "entity": registry.address_key(firm),
            "title": title,
            "due_on": str(notice.due_on) if notice is not None and notice.due_on else None,
            "created_at": (notice.created_at if notice is not None else subscription.created_at).isoformat(),
            "data": {key: value for key, value in notice.parameters.items() if key in _PASSED_ON} if notice else {},
        }
        return ways.post(address, cryptography.reveal(actions.SECRET, subscription.secret), str(held.mark), content)
    return ways.mail(
        ways.Letter(
            mark=str(held.mark), to=address, title=f"[{_site(language)}] {title}", language=language,
            body=_letter(name, title, body, notice.link if notice is not None else "notices", notice is None or notice.kind == digest.KIND, language),
        )
    )  # fmt: skip


#: Facts a program gets beside the title; reasons are read in the site, after signing in.
_PASSED_ON = ("number", "act", "case_kind", "state", "record", "dataset", "count", "day", "items")


def _site(language: str) -> str:
    return str(config.get("XINYONG_SITE_NAME_EN" if language == "en" else "XINYONG_SITE_NAME"))


def _letter(name: str, title: str, body: str, link: str, whole: bool, language: str) -> str:
    """The letter says what happened and where to read on; reasons stay behind the sign-in."""
    base = str(config.get("XINYONG_PUBLIC_URL")) or f"http://127.0.0.1:{config.get('XINYONG_PORT')}"
    address = f"{base.rstrip('/')}{'/en' if language == 'en' else ''}/centre/{link}"
    if language == "en":
        rest = body if whole else "Sign in to the enterprise centre to read the details:"
        foot = (
            "Sent automatically; do not answer. Ways to be told are changed under 'Notices' in the enterprise centre."
        )
    else:
        rest = body if whole else "详情请登录企业中心查看："
        foot = "本邮件自动发出，请勿回复。接收方式在企业中心“变动提醒”页更改或停用。"
    return f"{name}\n\n{title}\n\n{rest}\n{address}\n\n{foot}\n"


def _failed(held: Dispatch, subscription: Subscription, why: str) -> str:
    over = held.attempts > len(BACKOFF)
    now: datetime = timezone.now()
    Dispatch.objects.filter(pk=held.pk).update(
        trouble=why[:300],
        state=Dispatch.State.GIVEN_UP if over else Dispatch.State.WAITING,
        next_at=now if over else now + BACKOFF[held.attempts - 1],
    )
    log.warning("message %s was not delivered (try %s): %s", held.mark, held.attempts, why)
    if not over:
        return "failed"
    newest = list(
        Dispatch.objects.filter(subscription=subscription)
        .exclude(state=Dispatch.State.WAITING)
        .order_by("-pk")
        .values_list("state", flat=True)[:PATIENCE]
    )
    if held.notice is None or (len(newest) == PATIENCE and set(newest) == {Dispatch.State.GIVEN_UP}):
        actions.end(subscription, now, "多次未送达，已停用 / stopped after repeated failures")
    return "given_up"
