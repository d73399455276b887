"""A commitment as a record of its dataset: one line with the twenty items, taken in by the one engine like any delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry
from xinyong.commitments import book
from xinyong.commitments.errors import CommitmentUnknown
from xinyong.commitments.models import Commitment
from xinyong.intake import own
from xinyong.intake.models import Delivery
from xinyong.registry import selectors as registry

DATASET = "commitments"
INDIVIDUAL = "individual_business"
NOT_YET, PARTLY, NOT_KEPT = "尚未认定", "部分履行", "全部未履行"


def fields(promise: Commitment, performance: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """The twenty items. ``performance``: item 11; ``facts``: of the step that determined it."""
    entity = registry.canonical(promise.entity)
    unit = promise.department
    unmet = performance in (PARTLY, NOT_KEPT)
    day = str(facts.get("decided_on") or facts.get("checked_on") or facts.get("completed_on") or "")
    determined = performance != NOT_YET
    words = [row.zh for code in facts.get("consequences", ()) if (row := book.book().consequences.get(code))]
    return {
        "CNBM": promise.code or "",
        "CNRMC": entity.name,
        "CNRLB": "个体工商户" if entity.kind == INDIVIDUAL else "法人及非法人组织",
        "CNRDM": entity.credit_code or "",
        "CNLX": book.book().kinds[promise.kind].value,
        "CNSY": promise.matter,
        "CNNR": promise.content,
        "WNZR": promise.liability,
        "CNZCRQ": promise.signed_on.isoformat() if promise.signed_on else "",
        "CNYXQ": promise.valid_until.isoformat() if promise.valid_until else "",
        "CNLXZT": performance,
        "WLXNR": str(facts.get("unmet", "")) if unmet else "",
        "WNZRZJ": "；".join(words) if unmet else "",
        "LXRDRQ": day if determined else "",
        "LXRDDW": unit.name_zh if determined else "",
        "LXRDDWDM": unit.credit_code if determined else "",
        "SLDW": unit.name_zh,
        "SLDWDM": unit.credit_code,
        "GKLX": promise.publicity,
        "BZ": "",
    }


def send(promise: Commitment, values: Mapping[str, str], uploader: str) -> Delivery:
    """Keep the record as a delivery of the accepting department."""
    entry = catalogue.entry(DATASET, timezone.localdate())
    if isinstance(entry, BundleEntry):
        raise CommitmentUnknown(name=DATASET)
    name, origin = f"commitment-{promise.code}-step-{promise.seq}", f"commitment {promise.pk} step {promise.seq}"
    return own.send(entry, values, promise.department, uploader, name=name, origin=origin)
