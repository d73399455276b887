"""Reads of the API: a client sees its own department's deliveries through the API, and nothing else."""

from __future__ import annotations

import math
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.accounts.selectors import RightMissing
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.catalogue.errors import DatasetNotInForce, DatasetUnknown
from xinyong.errors import ErrorCode
from xinyong.intake.api.schemas import (
    DatasetOut,
    DeliveriesOut,
    DeliveryOut,
    FindingOut,
    FindingsOut,
    NoteOut,
    StoredRecord,
    schema_name,
)
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.selectors import DeliveryNotFound
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql

PAGE = 20
FINDINGS_PAGE = 200
#: Remarks in the answer to a single record; a record has far fewer fields.
FINDINGS_LIMIT = 200


class DatasetNotAllowed(RightMissing):
    """The client may deliver, but not this dataset."""

    code = ErrorCode.RIGHT_MISSING
    zh = "该接口客户端不可报送「{dataset}」。可报送：{allowed}。如需增加，请联系平台管理员。"
    en = "This API client may not deliver '{dataset}'. It may deliver: {allowed}. The platform operator can add it."


def entry_for(caller: Caller, dataset: str) -> DatasetEntry | BundleEntry:
    """The entry in force today. Raises DatasetUnknown, DatasetNotInForce, DatasetNotAllowed."""
    entry = catalogue.entry(dataset, timezone.localdate())
    if dataset not in caller.datasets:
        raise DatasetNotAllowed(dataset=dataset, allowed=", ".join(sorted(caller.datasets)) or "-")
    return entry


def visible(caller: Caller) -> QuerySet[Delivery]:
    """Deliveries the client may see. Raises RightMissing."""
    caller.require(Right.DELIVERY_VIEW_OWN)
    return Delivery.objects.filter(department_id=caller.department_id, channel=Delivery.Channel.API)


def delivery(caller: Caller, number: str) -> Delivery:
    """One delivery. Raises DeliveryNotFound: another department's and none at all look the same."""
    found = visible(caller).filter(number=number).first() if "\0" not in number else None
    if found is None:
        raise DeliveryNotFound(number=number[:80])
    return found


def receipt(delivery: Delivery) -> DeliveryOut:
    """The delivery as the API tells it."""
    url = reverse("api:get_delivery", args=[delivery.number])
    return DeliveryOut(
        number=delivery.number,
        dataset=delivery.dataset_code,
        state=delivery.state,
        channel=delivery.channel,
        uploader=delivery.uploader,
        file_name=delivery.file_name,
        sha256=delivery.sha256,
        size_bytes=delivery.size_bytes,
        received_at=delivery.received_at,
        committed_at=delivery.committed_at,
        edition=delivery.edition,
        layout=delivery.layout,
        read=delivery.read,
        accepted=delivery.accepted,
        rejected=delivery.rejected,
        unchanged=delivery.unchanged,
        warnings=delivery.warnings,
        entities_created=delivery.entities_created,
        late_rows=delivery.late_rows,
        oldest_decision=delivery.oldest_decision,
        notes=[NoteOut(zh=str(zh), en=str(en)) for zh, en in delivery.notes],
        hold=[NoteOut(zh=str(item[1]), en=str(item[2])) for item in delivery.hold],
        failure=delivery.failure or None,
        url=url,
        findings_url=f"{url}/findings",
    )


def deliveries(caller: Caller, dataset: str, state: str, page: int) -> DeliveriesOut:
    """A page of deliveries, newest first; ``dataset`` and ``state`` narrow it when given."""
    chosen = visible(caller)
    if dataset:
        chosen = chosen.filter(dataset_code=dataset)
    if state:
        chosen = chosen.filter(state=state)
    total = chosen.count()
    rows = chosen.order_by("-id")[(page - 1) * PAGE : page * PAGE]
    return DeliveriesOut(
        total=total, page=page, pages=max(1, math.ceil(total / PAGE)), deliveries=[receipt(item) for item in rows]
    )


def _finding(item: StoredFinding) -> FindingOut:
    return FindingOut(**{name: getattr(item, name) for name in FindingOut.model_fields})


def findings(delivery: Delivery, page: int) -> FindingsOut:
    """A page of a delivery's findings."""
    chosen = StoredFinding.objects.filter(delivery=delivery).order_by("row", "id")
    total = chosen.count()
    rows = chosen[(page - 1) * FINDINGS_PAGE : page * FINDINGS_PAGE]
    return FindingsOut(
        delivery=delivery.number,
        total=total,
        page=page,
        pages=max(1, math.ceil(total / FINDINGS_PAGE)),
        findings=[_finding(item) for item in rows],
    )


def few_findings(delivery: Delivery) -> list[FindingOut]:
    """The findings of a delivery of one record."""
    chosen = StoredFinding.objects.filter(delivery=delivery).order_by("row", "id")[:FINDINGS_LIMIT]
    return [_finding(item) for item in chosen]


def stored(delivery: Delivery) -> StoredRecord | None:
    """The record a delivery of one row stored; None when it stored none."""
    if not delivery.accepted:
        return None
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("intake", "record_of_delivery"), {"delivery": delivery.pk})
        row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        return None
    entity = Entity.objects.get(pk=row[0])
    return StoredRecord(
        record_id=row[1],
        version=row[2],
        content_hash=bytes(row[3]).hex(),
        entity_url=reverse("entity", args=[registry.address_key(entity)]),
    )


def datasets(caller: Caller) -> list[DatasetOut]:
    """Datasets the client may deliver today."""
    found = []
    for code in sorted(caller.datasets):
        try:
            entry = catalogue.entry(code, timezone.localdate())
        except (DatasetUnknown, DatasetNotInForce):
            continue
        single = isinstance(entry, DatasetEntry)
        found.append(
            DatasetOut(
                code=code,
                edition=entry.edition,
                name_zh=entry.name_zh,
                name_en=entry.name_en,
                record_schema=f"{reverse('api:openapi-json')}#/components/schemas/{schema_name(code)}"
                if single
                else None,
                records_url=reverse("api:send_record", args=[code]) if single else None,
                deliveries_url=reverse("api:send_delivery", args=[code]),
            )
        )
    return found
