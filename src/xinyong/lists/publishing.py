"""An entry and its removal as a record of its dataset: one line, taken in by the one engine like any delivery."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.accounts.models import Department
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry
from xinyong.errors import XinyongError
from xinyong.intake import actions as intake
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.record import lines
from xinyong.lists import procedure
from xinyong.lists.errors import ListUnknown
from xinyong.lists.models import Case
from xinyong.lists.registry import ListConfig
from xinyong.lists.steps import Context
from xinyong.registry import selectors as registry
from xinyong.runtime import sql


def values(
    config: ListConfig, context: Context, department: Department, subject: tuple[str, str], listed_on: date
) -> dict[str, str]:
    """Everything an entry of the list may be written with, by the closed names of ``registry.VALUES``."""
    decision, notice = context.last("decide") or {}, context.last("serve_notice") or {}
    heard = context.last("answer", "hold_hearing") or {}
    proposal = context.last("propose") or {}
    leaving = context.last("exit") or {}
    ground = config.ground(str(proposal.get("ground", "")))
    end = procedure.planned_end(config, listed_on, decision.get("months"))
    exit_on = str(leaving.get("exit_on", ""))
    words = {row.code: row.zh for row in procedure.table().exits}
    bases = [config.basis(code) for code in decision.get("basis", ())]
    return {
        "subject_code": subject[0],
        "subject_name": subject[1],
        "list_code": config.code,
        "list_name": config.name_zh,
        "ground_code": ground.code if ground else "",
        "ground_text": ground.zh if ground else "",
        "facts": str(decision.get("facts") or proposal.get("facts", "")),
        "basis_text": "；".join(row.words() for row in bases if row is not None),
        "organ_name": department.name_zh,
        "organ_code": department.credit_code,
        "document": str(decision.get("document", "")),
        "listed_on": listed_on.isoformat(),
        "planned_end": end.isoformat() if end else "",
        "measures_told": str(decision.get("measures_told", "")),
        "exit_terms": str(decision.get("exit_terms", "")),
        "relief": str(decision.get("relief", "")),
        "notice_on": str(notice.get("served_on", "")),
        "notice_proof": str(notice.get("service_proof", "")),
        "heard": str(heard.get("answer", "")),
        "exit_on": exit_on,
        "exit_eve": (date.fromisoformat(exit_on) - timedelta(days=1)).isoformat() if exit_on else "",
        "exit_text": words.get(str(leaving.get("exit_ground", "")), ""),
        "exit_document": str(leaving.get("exit_document", "")),
    }


def record(config: ListConfig, known: Mapping[str, str], *, leaving: bool) -> dict[str, str]:
    """Fields of the record: those of the entry, with those of the removal when it leaves."""
    form = {**config.record.entry, **(config.record.exit if leaving else {})}
    return {
        field: text
        for field, name in form.items()
        if (text := name[1:] if name.startswith("=") else known.get(name, ""))
    }


def send(
    case: Case, config: ListConfig, fields: Mapping[str, Any], uploader: str, step: int, parent: Delivery | None = None
) -> Delivery:
    """Keep the record as a delivery of the deciding department; the caller's transaction knows its number."""
    entry = catalogue.entry(config.record.dataset, timezone.localdate())
    if isinstance(entry, BundleEntry):
        raise ListUnknown(name=config.record.dataset)
    with tempfile.TemporaryDirectory(prefix="xinyong-lists-") as folder:
        path = Path(folder) / "entry.jsonl"
        path.write_bytes(lines.line(entry, fields))
        return intake.receive(
            path,
            dataset=entry.code,
            department=case.department,
            uploader=uploader,
            channel=Delivery.Channel.CONSOLE,
            parent=parent,
            file_name=f"list-{case.list_code}-case-{case.pk}-step-{step}.jsonl",
            origin=f"lists case {case.pk} step {step}",
            announce=False,
        )


def take_in(delivery: Delivery) -> None:
    """Take it in now; where somebody else is at it or it is refused, the state of the delivery tells."""
    with contextlib.suppress(XinyongError):
        intake.process(delivery)


def record_of(case: Case, delivery: Delivery) -> tuple[int, int] | None:
    """(entity, record) the delivery wrote; None where it wrote no version."""
    members = list(registry.members(registry.canonical(case.entity)))
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("lists", "record_of_delivery"), {"entities": members, "delivery": delivery.pk})
        row = cursor.fetchone()
    return (int(row[1]), int(row[0])) if row else None


def trouble_of(delivery: Delivery) -> str:
    """Why a delivery stored nothing, in words."""
    found = StoredFinding.objects.filter(delivery=delivery, severity="error").order_by("id").first()
    failure: dict[str, Any] = delivery.failure or {}
    if found is not None:
        return f"{found.field}：{found.reason_zh}" if found.field else found.reason_zh
    return str(failure.get("message_zh", "")) or delivery.get_state_display()
