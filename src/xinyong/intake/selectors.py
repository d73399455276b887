"""Reads over deliveries for the console: an officer sees the deliveries of the own department."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.findings import FindingKind
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.pages import DeliveryList, DeliveryPage, DeliveryRow, ErrorRow, FieldQuality, Step

PAGE = 20
#: Findings read at a time for a download.
_CHUNK = 2000
ERRORS_PAGE = 50


class DeliveryNotFound(XinyongError):
    """No delivery of this number is visible to the user: absent and hidden look the same."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有批次「{number}」，或您无权查看。请核对批次号。"
    en = "There is no delivery '{number}', or you may not see it. Check the number."


_STATES = {
    "received": ("已接收", "Received", "blue"),
    "reading": ("处理中", "In progress", "blue"),
    "held": ("待放行", "Held", "amber"),
    "committed": ("已入库", "Stored", "green"),
    "partial": ("部分退回", "Partly returned", "amber"),
    "refused": ("整批退回", "Refused", "red"),
    "failed": ("处理失败", "Failed", "red"),
}
_KIND_LABELS = {
    FindingKind.ROW: ("行", "Row"),
    FindingKind.REQUIRED: ("必填", "Required"),
    FindingKind.FORBIDDEN: ("不得填写", "Must be empty"),
    FindingKind.CODE: ("代码", "Code"),
    FindingKind.NAME: ("名称", "Name"),
    FindingKind.DATE: ("日期", "Date"),
    FindingKind.AMOUNT: ("金额", "Amount"),
    FindingKind.LENGTH: ("长度", "Length"),
    FindingKind.VALUE: ("取值", "Value"),
    FindingKind.LOGIC: ("逻辑", "Logic"),
    FindingKind.DUPLICATE: ("重复", "Duplicate"),
    FindingKind.SUBJECT: ("主体", "Subject"),
    FindingKind.PERSON: ("自然人", "Natural person"),
    FindingKind.ROUTE: ("目录", "Catalogue"),
}


def visible(user: User) -> QuerySet[Delivery]:
    """Deliveries the user may see. Raises RightMissing when the role sees none at all."""
    if accounts.may(user, Right.DELIVERY_VIEW_ALL):
        return Delivery.objects.select_related("department")
    accounts.require(user, Right.DELIVERY_VIEW_OWN)
    return Delivery.objects.select_related("department").filter(department=user.department)


def _one(user: User, number: str) -> Delivery:
    found = visible(user).filter(number=number).first()
    if found is None:
        raise DeliveryNotFound(number=number)
    return found


def _state(delivery: Delivery) -> str:
    return "partial" if delivery.state == Delivery.State.COMMITTED and delivery.rejected else delivery.state


def _entry(delivery: Delivery) -> DatasetEntry | BundleEntry:
    return catalogue.entry(delivery.dataset_code, timezone.localdate(delivery.received_at))


def _row(delivery: Delivery, language: str) -> DeliveryRow:
    english = language == "en"
    state = _state(delivery)
    entry = _entry(delivery)
    label_zh, label_en, tone = _STATES[state]
    return DeliveryRow(
        number=delivery.number,
        url=reverse("delivery", args=[delivery.number]),
        dataset=delivery.dataset_code,
        dataset_name=entry.name_en if english else entry.name_zh,
        department=(delivery.department.name_en or delivery.department.name_zh)
        if english
        else delivery.department.name_zh,
        file_name=delivery.file_name,
        received_at=delivery.received_at,
        state=state,
        state_label=label_en if english else label_zh,
        state_tone=tone,
        read=delivery.read,
        accepted=delivery.accepted,
        rejected=delivery.rejected,
        unchanged=delivery.unchanged,
    )


def _in_state(deliveries: QuerySet[Delivery], state: str) -> QuerySet[Delivery]:
    if state == "partial":
        return deliveries.filter(state=Delivery.State.COMMITTED, rejected__gt=0)
    if state == "committed":
        return deliveries.filter(state=Delivery.State.COMMITTED, rejected=0)
    return deliveries.filter(state=state) if state in _STATES else deliveries


def delivery_list(user: User, state: str, page: int, language: str) -> DeliveryList:
    """A page of the user's deliveries, newest first."""
    everything = visible(user)
    chosen = _in_state(everything, state)
    total = chosen.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    index = 1 if language == "en" else 0
    counts = [("", ("全部", "All")[index], everything.count())]
    counts += [(code, words[index], _in_state(everything, code).count()) for code, words in _STATES.items()]
    rows = chosen.order_by("-id")[(page - 1) * PAGE : page * PAGE]
    return DeliveryList(
        rows=tuple(_row(item, language) for item in rows),
        total=total,
        page=page,
        pages=pages,
        state=state if state in _STATES else "",
        states=tuple(item for item in counts if item[2] or item[0] in ("", state)),
    )


def _labels(delivery: Delivery, language: str) -> dict[str, str]:
    """Field code to name, for files whose header consists of field codes."""
    entry = _entry(delivery)
    if isinstance(entry, BundleEntry):
        return {}
    return {item.code: item.name_en if language == "en" else item.name_zh for item in entry.fields}


def _error_row(finding: StoredFinding, labels: dict[str, str], language: str) -> ErrorRow:
    english = language == "en"
    named = finding.column if finding.column not in ("", finding.field) else labels.get(finding.field, finding.column)
    return ErrorRow(
        row=finding.row,
        field=finding.field,
        column=named,
        value=finding.value,
        kind=finding.kind,
        kind_label=_KIND_LABELS[FindingKind(finding.kind)][1 if english else 0],
        severity=finding.severity,
        reason=finding.reason_en if english else finding.reason_zh,
        suggestion=finding.suggestion_en if english else finding.suggestion_zh,
        fix=finding.fix,
    )


def error_rows(user: User, number: str, language: str = "zh") -> Iterator[ErrorRow]:
    """All findings of a delivery in the order of the file, streamed, for the downloads."""
    delivery = _one(user, number)
    labels = _labels(delivery, language)
    findings = StoredFinding.objects.filter(delivery=delivery).order_by("row", "id")
    # Page by page, not by a cursor of the server: a download that is broken off would close it in the middle of
    # whatever the connection does next, and wait for itself.
    last = (-1, 0)
    while page := list(findings.filter(Q(row__gt=last[0]) | Q(row=last[0], id__gt=last[1]))[:_CHUNK]):
        yield from (_error_row(finding, labels, language) for finding in page)
        last = (page[-1].row, page[-1].pk)


def delivery_page(user: User, number: str, kind: str, page: int, language: str) -> DeliveryPage:
    """Everything the delivery page shows. Raises DeliveryNotFound or RightMissing."""
    english = language == "en"
    delivery = _one(user, number)
    labels = _labels(delivery, language)
    findings = StoredFinding.objects.filter(delivery=delivery)
    counts = dict(findings.values_list("kind").annotate(total=Count("id")).order_by("kind"))
    everything = sum(counts.values())
    index = 1 if english else 0
    kinds = [("", ("全部", "All")[index], everything)]
    kinds += [(str(code), words[index], counts[code]) for code, words in _KIND_LABELS.items() if code in counts]
    kind = kind if kind in counts else ""
    chosen = findings.filter(kind=kind) if kind else findings
    total = counts.get(kind, everything) if kind else everything
    pages = max(1, math.ceil(total / ERRORS_PAGE))
    page = min(max(1, page), pages)
    errors = chosen.order_by("row", "id")[(page - 1) * ERRORS_PAGE : page * ERRORS_PAGE]
    fixable = findings.filter(severity="error").exclude(fix="").values("row").distinct().count()
    good = delivery.accepted + delivery.unchanged
    entry = _entry(delivery)
    recent = visible(user).filter(dataset_code=delivery.dataset_code).exclude(pk=delivery.pk).order_by("-id")[:5]
    failure = delivery.failure.get("message_en" if english else "message_zh", "")
    return DeliveryPage(
        row=_row(delivery, language),
        sha256=delivery.sha256,
        size_bytes=delivery.size_bytes,
        encoding=delivery.encoding,
        layout=delivery.layout,
        edition=delivery.edition,
        uploader=delivery.uploader,
        deadline_note=_deadline_note(entry, english),
        oldest_decision=delivery.oldest_decision,
        late_rows=delivery.late_rows,
        notes=tuple(str(pair[index]) for pair in delivery.notes),
        failure=failure,
        failure_advice=(
            (
                "Nothing of this delivery was stored. Correct the file and deliver it again."
                if english
                else "本批次未入库任何一行。请按上述原因改正文件后重新报送。"
            )
            if failure
            else ""
        ),
        steps=_steps(delivery, english),
        accept_percent=round(100 * good / delivery.read, 1) if delivery.read else 0.0,
        fixable=fixable,
        manual=max(0, delivery.rejected - fixable),
        warnings=delivery.warnings,
        kinds=tuple(kinds),
        kind=kind,
        errors=tuple(_error_row(item, labels, language) for item in errors),
        errors_total=total,
        page=page,
        pages=pages,
        quality=_quality(delivery, entry, english),
        recent=tuple(_row(item, language) for item in recent),
        seconds=delivery.seconds,
    )


def _deadline_note(entry: DatasetEntry | BundleEntry, english: bool) -> str:
    if isinstance(entry, BundleEntry) or not entry.deadlines:
        return ""
    shortest = min(entry.deadlines, key=lambda item: item.working_days)
    if english:
        return f"{shortest.working_days} working days from the decision"
    return f"自作出决定之日起 {shortest.working_days} 个工作日"


def _steps(delivery: Delivery, english: bool) -> tuple[Step, ...]:
    received = timezone.localtime(delivery.received_at)
    done = delivery.state == Delivery.State.COMMITTED
    refused = delivery.state == Delivery.State.REFUSED
    working = delivery.state == Delivery.State.READING
    stage = "done" if done else "failed" if refused else "current" if working else "todo"
    after = "done" if done else "todo"
    committed = timezone.localtime(delivery.committed_at) if delivery.committed_at else None
    words = (
        ("Received", "Checked", "Tied to entities", "Stored")
        if english
        else ("接收", "格式与业务校验", "主体匹配", "入库")
    )
    read = f"{delivery.read:,} rows" if english else f"{delivery.read:,} 行"
    created = f"{delivery.entities_created:,} new" if english else f"新建主体 {delivery.entities_created:,} 个"
    return (
        Step(title=words[0], note=f"{received:%H:%M:%S}", state="done"),
        Step(title=words[1], note=read if done else "", state=stage),
        Step(title=words[2], note=created if done else "", state=after),
        Step(title=words[3], note=f"{committed:%H:%M:%S}" if committed else "", state=after),
    )


def _quality(delivery: Delivery, entry: DatasetEntry | BundleEntry, english: bool) -> tuple[FieldQuality, ...]:
    if not delivery.read or isinstance(entry, BundleEntry):
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT field, count(DISTINCT row) FROM intake_finding "
            "WHERE delivery_id = %s AND severity = 'error' AND field <> '' GROUP BY field",
            [delivery.pk],
        )
        wrong: dict[str, int] = dict(cursor.fetchall())
    chosen: list[Any] = [item for item in entry.fields if item.required or item.code in wrong]
    chosen.sort(key=lambda item: -wrong.get(item.code, 0))
    return tuple(
        FieldQuality(
            label=item.name_en if english else item.name_zh,
            percent=round(100 * (1 - wrong.get(item.code, 0) / delivery.read), 1),
            errors=wrong.get(item.code, 0),
        )
        for item in chosen[:6]
    )


def stale() -> int:
    """Deliveries that have been waiting or in progress for more than an hour."""
    before = timezone.now() - timedelta(hours=1)
    states = [Delivery.State.RECEIVED, Delivery.State.READING]
    return Delivery.objects.filter(state__in=states, received_at__lt=before).count()
