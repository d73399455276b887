"""Commitments of the demonstration city in every state, to the department whose officers it signs in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.commitments import actions, book, selectors
from xinyong.commitments.actions import Signer
from xinyong.commitments.models import Commitment
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity

DEPARTMENT = "market-regulation"
_PUBLIC = "可向社会公开"


def _signer(entity: Entity) -> Signer:
    return Signer(
        entity_ids=tuple(registry.members(entity)),
        entity_id=entity.pk,
        actor="firm:0",
        rights=frozenset({"begin", "sign"}),
        role="法定代表人（负责人、经营者）",
    )


def make(firms: Sequence[str]) -> int:
    """Offer, sign and check; nothing when there are any. ``firms``: codes of those somebody signs in for. Returns how many."""
    if Commitment.objects.exists():
        return 0
    clerk, chief = (User.objects.get(username=name) for name in ("demo-reporter", "demo-supervisor"))
    ruled_out = [row.code for row in book.book().excluded]
    today = timezone.localdate()
    ago = (today - timedelta(days=1)).isoformat()

    def offer(entity: Entity, text: str, **facts: Any) -> Commitment:
        known = book.book().text(text, today)
        matter = known.matter if known is not None else ""
        return actions.offer(
            clerk,
            text,
            entity,
            facts={"matter": matter, "ruled_out": ruled_out, **facts},
            reason="申请人选择告知承诺。",
        )

    def sign(promise: Commitment) -> Commitment:
        return actions.sign(_signer(promise.entity), promise.pk, seen=promise.seq, publicity=_PUBLIC)

    def take(promise: Commitment, step: str, user: User = clerk, **facts: Any) -> Commitment:
        return actions.take(user, promise.pk, step, seen=promise.seq, facts=facts, reason="依法办理。")

    papers = {
        "matter": "食品经营许可延续（容缺受理）",
        "papers": "经营场所平面图\n从业人员健康证明",
        "how": "在线补交，或者到窗口补交",
    }
    for code in firms:
        entity = registry.found(code)
        if entity is None or selectors.unclean(entity, today):
            continue
        offer(entity, "food-permit")
        sign(actions.begin(_signer(entity), "honest-business", DEPARTMENT))
        sign(offer(entity, "minor-papers", complete_by=(today + timedelta(days=9)).isoformat(), **papers))
    others = [entity for entity in _others(firms) if not selectors.unclean(entity, today)][:6]
    for place, entity in enumerate(others):
        promise = sign(offer(entity, "food-permit" if place != 1 else "premises-proof"))
        if place in (2, 3, 4):
            promise = take(
                promise, "suspect", facts="现场核查，未见承诺的冷藏设备。", evidence="现场核查笔录（演示）",
                notice_document="演示告知〔2026〕1号", served_on=(today - timedelta(days=9)).isoformat(),
                service_proof="送达回证（演示）", answer_by=ago if place != 2 else (today + timedelta(days=5)).isoformat(),
            )  # fmt: skip
        if place == 3:
            take(
                promise, "order", order_document="演示责改〔2026〕1号", fix_by=(today + timedelta(days=10)).isoformat()
            )
        if place == 4:
            take(
                promise, "find_broken", chief, decided_on=today.isoformat(), document="演示诺认〔2026〕1号",
                facts="现场核查，未见承诺的冷藏设备。", extent="部分履行", unmet="未按承诺配备冷藏设备。",
                consequences=["fix", "record", "no-more"], relief="可以自收到之日起六十日内申请行政复议。",
            )  # fmt: skip
        if place == 5:
            take(promise, "find_kept", checked_on=today.isoformat(), checked_how="现场核查，符合承诺的条件。")
    return Commitment.objects.count()


def _others(firms: Sequence[str]) -> list[Entity]:
    found = Entity.objects.filter(
        registered=True, credit_code__isnull=False, kind="enterprise", canonical_id__isnull=True
    ).exclude(name="")
    return list(found.exclude(credit_code__in=list(firms)).order_by("pk")[40:80])
