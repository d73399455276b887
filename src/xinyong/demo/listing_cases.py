"""Cases of the listing procedure in the demonstration city, one in each of the stages an officer meets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.lists import actions, registry
from xinyong.lists.models import Case
from xinyong.registry.models import Entity

LIST = "market-serious"
#: How far each case comes.
_STEPS = ("serve_notice", "lapse", "decide", "serve_decision", "publish")
_DECIDES = frozenset({"decide", "publish"})


def make() -> int:
    """Propose, tell, decide; nothing when there are any. Returns how many."""
    config = registry.by_code(LIST)
    if config is None or Case.objects.filter(list_code=LIST).count() > len(_STEPS):
        return 0
    clerk, chief = (User.objects.get(username=name) for name in ("demo-reporter", "demo-supervisor"))
    today = timezone.localdate()

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    facts: dict[str, dict[str, Any]] = {
        "serve_notice": {
            "notice_document": "演示列告〔2026〕1号", "served_on": ago(40), "service_method": "direct",
            "service_proof": "送达回证（演示）", "told": ["facts", "basis", "measures", "exit", "rights"],
        },
        "lapse": {},
        "decide": {
            "decided_on": ago(20), "document": "演示列字〔2026〕1号", "facts": "处罚决定认定的事实，情节严重。",
            "basis": [row.id for row in config.bases], "measures_told": "列入期间实施管理措施", "exit_terms": config.exit_zh,
            "relief": config.relief_zh, "signed_post": "局长",
        },
        "serve_decision": {"served_on": ago(15), "service_method": "mail", "service_proof": "EMS 1000（演示）"},
        "publish": {"listed_on": ago(10)},
    }  # fmt: skip
    if config.needs_consent(today - timedelta(days=20)):
        facts["decide"]["consent_document"] = "演示同意〔2026〕1号"
    for place, entity in enumerate(_entities(len(_STEPS) + 1)):
        if Case.objects.filter(list_code=LIST, entity=entity).exists():
            continue
        ground = config.grounds[place % len(config.grounds)]
        case = actions.propose(
            clerk, LIST, entity,
            facts={"ground": ground.code, "facts": "处罚决定认定的事实，情节严重。", "evidence": "处罚决定书（演示）"},
            reason="提请列入。",
        )  # fmt: skip
        for step in _STEPS[:place]:
            case = actions.take(
                chief if step in _DECIDES else clerk,
                case.pk,
                step,
                seen=case.seq,
                facts=facts[step],
                reason="依法办理。",
            )
    return Case.objects.count()


def _entities(count: int) -> list[Entity]:
    found = Entity.objects.filter(
        registered=True, credit_code__isnull=False, kind="enterprise", canonical_id__isnull=True
    ).exclude(name="")
    return list(found.order_by("pk")[100 : 100 + count])
