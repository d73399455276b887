"""An entry and its removal as a record of its dataset: one line, taken in by the one engine like any delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from xinyong.accounts.models import Department
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry
from xinyong.intake import own
from xinyong.intake.models import Delivery
from xinyong.lists import procedure
from xinyong.lists.errors import ListUnknown
from xinyong.lists.models import Case
from xinyong.lists.registry import ListConfig
from xinyong.lists.steps import Context


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


def send(case: Case, config: ListConfig, fields: Mapping[str, Any], uploader: str, step: int) -> Delivery:
    """Keep the record as a delivery of the deciding department."""
    entry = catalogue.entry(config.record.dataset, timezone.localdate())
    if isinstance(entry, BundleEntry):
        raise ListUnknown(name=config.record.dataset)
    name = f"list-{case.list_code}-case-{case.pk}-step-{step}"
    return own.send(entry, fields, case.department, uploader, name=name, origin=f"lists case {case.pk} step {step}")
