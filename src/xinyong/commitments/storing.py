"""A commitment as a record of its dataset: one line with the twenty items, taken in by the one engine like any delivery."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry
from xinyong.commitments import book
from xinyong.commitments.errors import CommitmentUnknown
from xinyong.commitments.models import Commitment
from xinyong.errors import XinyongError
from xinyong.intake import actions as intake
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.record import lines
from xinyong.registry import selectors as registry
from xinyong.runtime import sql

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
    """Keep the record as a delivery of the accepting department; the caller's transaction knows its number."""
    entry = catalogue.entry(DATASET, timezone.localdate())
    if isinstance(entry, BundleEntry):
        raise CommitmentUnknown(name=DATASET)
    with tempfile.TemporaryDirectory(prefix="xinyong-commitments-") as folder:
        path = Path(folder) / "commitment.jsonl"
        path.write_bytes(lines.line(entry, values))
        return intake.receive(
            path,
            dataset=DATASET,
            department=promise.department,
            uploader=uploader,
            channel=Delivery.Channel.CONSOLE,
            file_name=f"commitment-{promise.code}-step-{promise.seq}.jsonl",
            origin=f"commitment {promise.pk} step {promise.seq}",
            announce=False,
        )


def take_in(delivery: Delivery) -> None:
    """Take it in now; where somebody else is at it or it is refused, the state of the delivery tells."""
    with contextlib.suppress(XinyongError):
        intake.process(delivery)


def record_of(promise: Commitment, delivery: Delivery) -> tuple[int, int] | None:
    """(entity, record) the delivery wrote; None where it wrote no version."""
    members = list(registry.members(registry.canonical(promise.entity)))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("commitments", "record_of_delivery"), {"entities": members, "delivery": delivery.pk}
        )
        row = cursor.fetchone()
    return (int(row[1]), int(row[0])) if row else None


def trouble_of(delivery: Delivery) -> str:
    """Why a delivery stored nothing, in words."""
    found = StoredFinding.objects.filter(delivery=delivery, severity="error").order_by("id").first()
    failure: dict[str, Any] = delivery.failure or {}
    if found is not None:
        return f"{found.field}：{found.reason_zh}" if found.field else found.reason_zh
    return str(failure.get("message_zh", "")) or delivery.get_state_display()
