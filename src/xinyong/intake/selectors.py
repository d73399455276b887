"""Reads over deliveries for the console: an officer sees the deliveries of the own department."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.correction import draft as correction
from xinyong.intake.correction import selectors as loop
from xinyong.intake.correction.rows import entry_of
from xinyong.intake.models import CorrectedRow, Delivery, StoredFinding
from xinyong.intake.pages import (
    Choice,
    DeliveryList,
    DeliveryPage,
    DeliveryRow,
    ErrorRow,
    FieldQuality,
    LinkedDelivery,
    ListFilter,
    Step,
)
from xinyong.ledger.models import EffectPosition, Event

PAGE = 20
ERRORS_PAGE = 50
#: Rows read at a time for a download.
_CHUNK = 2000


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
_CHANNELS_EN = {
    "command": "Command line",
    "console": "Upload",
    "api": "API",
    "folder": "Watched folder",
    "pull": "Front-end table",
    "correction": "Correction",
    "resolution": "Resolution",
}


def visible(user: User) -> QuerySet[Delivery]:
    """Deliveries the user may see. Raises RightMissing when the role sees none at all."""
    if accounts.may(user, Right.DELIVERY_VIEW_ALL):
        return Delivery.objects.select_related("department")
    accounts.require(user, Right.DELIVERY_VIEW_OWN)
    return Delivery.objects.select_related("department").filter(department=user.department)


def one(user: User, number: str) -> Delivery:
    """The delivery of this number. Raises DeliveryNotFound or RightMissing."""
    found = visible(user).filter(number=number).first()
    if found is None:
        raise DeliveryNotFound(number=number)
    return found


def _state(delivery: Delivery) -> str:
    return "partial" if delivery.state == Delivery.State.COMMITTED and delivery.rejected else delivery.state


def delivery_row(delivery: Delivery, language: str) -> DeliveryRow:
    """One line of a list."""
    english = language == "en"
    state = _state(delivery)
    entry = entry_of(delivery)
    label_zh, label_en, tone = _STATES[state]
    channel = Delivery.Channel(delivery.channel)
    return DeliveryRow(
        number=delivery.number,
        url=reverse("delivery", args=[delivery.number]),
        dataset=delivery.dataset_code,
        dataset_name=entry.name_en if english else entry.name_zh,
        department=(delivery.department.name_en or delivery.department.name_zh)
        if english
        else delivery.department.name_zh,
        file_name=delivery.file_name,
        uploader=delivery.uploader,
        channel_label=_CHANNELS_EN.get(channel.value, channel.value) if english else str(channel.label),
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


def _narrowed(user: User, chosen: ListFilter) -> QuerySet[Delivery]:
    found = visible(user)
    if chosen.dataset:
        found = found.filter(dataset_code=chosen.dataset)
    if chosen.channel:
        found = found.filter(channel=chosen.channel)
    zone = timezone.get_current_timezone()
    if chosen.since:
        found = found.filter(received_at__gte=datetime.combine(chosen.since, time(), zone))
    if chosen.until:
        found = found.filter(received_at__lt=datetime.combine(chosen.until + timedelta(days=1), time(), zone))
    if chosen.mine:
        found = found.filter(uploader=user.username)
    if chosen.number:
        found = found.filter(Q(number__icontains=chosen.number) | Q(file_name__icontains=chosen.number))
    return found


def delivery_list(user: User, chosen: ListFilter, page: int, language: str) -> DeliveryList:
    """A page of the user's deliveries, newest first."""
    english = language == "en"
    everything = _narrowed(user, chosen)
    found = _in_state(everything, chosen.state)
    total = found.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    counts = [("", ("全部", "All")[english], everything.count())]
    counts += [(code, words[english], _in_state(everything, code).count()) for code, words in _STATES.items()]
    rows = found.order_by("-id")[(page - 1) * PAGE : page * PAGE]
    return DeliveryList(
        rows=tuple(delivery_row(item, language) for item in rows),
        total=total,
        page=page,
        pages=pages,
        filter=chosen,
        states=tuple(item for item in counts if item[2] or item[0] in ("", chosen.state)),
        datasets=_datasets(user, english),
        channels=tuple(
            (item.value, _CHANNELS_EN.get(item.value, item.value) if english else str(item.label))
            for item in Delivery.Channel
        ),
    )


def _datasets(user: User, english: bool) -> tuple[tuple[str, str], ...]:
    codes = visible(user).order_by("dataset_code").values_list("dataset_code", flat=True).distinct()
    today = timezone.localdate()
    found = []
    for code in codes:
        try:
            entry = catalogue.entry(code, today)
            found.append((code, entry.name_en if english else entry.name_zh))
        except XinyongError:
            found.append((code, code))
    return tuple(found)


def listed(user: User, chosen: ListFilter, language: str) -> Iterator[DeliveryRow]:
    """Every delivery of a list, for its download."""
    found = _in_state(_narrowed(user, chosen), chosen.state).order_by("-id")
    page = list(found[:_CHUNK])
    while page:
        yield from (delivery_row(delivery, language) for delivery in page)
        page = list(found.filter(id__lt=page[-1].pk)[:_CHUNK])


def error_rows(user: User, number: str, language: str = "zh") -> Iterator[ErrorRow]:
    """All findings of a delivery in the order of the file, streamed, for the downloads."""
    delivery = one(user, number)
    labels = loop.labels_of(delivery, language == "en")
    findings = StoredFinding.objects.filter(delivery=delivery).order_by("row", "id")
    # Page by page, not by a cursor of the server: a download that is broken off would close it in the middle of
    # whatever the connection does next, and wait for itself.
    last = (-1, 0)
    while page := list(findings.filter(Q(row__gt=last[0]) | Q(row=last[0], id__gt=last[1]))[:_CHUNK]):
        yield from (loop.plain_row(finding, labels, language == "en") for finding in page)
        last = (page[-1].row, page[-1].pk)


def delivery_page(user: User, number: str, kind: str, show: str, page: int, language: str) -> DeliveryPage:
    """Everything the delivery page shows. Raises DeliveryNotFound or RightMissing."""
    english = language == "en"
    delivery = one(user, number)
    entry = entry_of(delivery)
    may_correct = accounts.may(user, Right.DELIVERY_SUBMIT) and correction.editable(delivery)
    findings = StoredFinding.objects.filter(delivery=delivery)
    counts = loop.fate_counts(delivery)
    open_fates = ("open", "draft", "again")
    open_rows = loop.rows_of_fate(delivery, open_fates) if any(counts.get(fate) for fate in open_fates) else []
    show = show if show in loop.FATES and counts.get(show) else ""
    if show:
        findings = findings.filter(row__in=loop.rows_of_fate(delivery, (show,)))
    by_kind = dict(findings.values_list("kind").annotate(total=Count("id")).order_by("kind"))
    kinds: list[Choice] = [("", ("全部", "All")[english], sum(by_kind.values()))]
    kinds += [(str(code), words[english], by_kind[code]) for code, words in loop.KIND_LABELS.items() if code in by_kind]
    kind = kind if kind in by_kind else ""
    chosen = findings.filter(kind=kind) if kind else findings
    total = by_kind.get(kind, 0) if kind else sum(by_kind.values())
    pages = max(1, math.ceil(total / ERRORS_PAGE))
    page = min(max(1, page), pages)
    errors = list(chosen.order_by("row", "id")[(page - 1) * ERRORS_PAGE : page * ERRORS_PAGE])
    fixable = loop.fixable(delivery, kind) if may_correct else 0
    read, rejected = delivery.read, delivery.rejected
    settled = counts.get("corrected", 0) + counts.get("given_up", 0)
    deliveries, history = loop.history(delivery, entry, english)
    recent = visible(user).filter(dataset_code=delivery.dataset_code).exclude(pk=delivery.pk).order_by("-id")[:5]
    failure = delivery.failure.get("message_en" if english else "message_zh", "")
    draft = loop.draft_of(delivery)
    average, average_rows, on_time_average = _averages(delivery)
    return DeliveryPage(
        row=delivery_row(delivery, language),
        sha256=delivery.sha256,
        size_bytes=delivery.size_bytes,
        encoding=delivery.encoding,
        layout=delivery.layout,
        edition=delivery.edition,
        uploader=delivery.uploader,
        deadline_note=_deadline_note(entry, english),
        deadline_left=loop.days_left(delivery, entry, open_rows),
        oldest_decision=delivery.oldest_decision,
        late_rows=delivery.late_rows,
        notes=tuple(str(pair[english]) for pair in delivery.notes),
        failure=failure,
        failure_advice=_advice(delivery, english) if failure else "",
        steps=_steps(delivery, entry, len(open_rows), english),
        accept_percent=_share(read - rejected, read),
        average_percent=average,
        average_rows=average_rows,
        on_time_percent=_share(delivery.accepted - delivery.late_rows, delivery.accepted)
        if delivery.accepted
        else None,
        on_time_average=on_time_average,
        fixable=fixable,
        manual=max(0, len(open_rows) - fixable - draft.ready),
        warnings=delivery.warnings,
        back_flow=delivery.back_flow,
        counts=loop.shown_counts(counts, english),
        open_rows=len(open_rows),
        settled_rows=settled,
        kinds=tuple(kinds),
        kind=kind,
        show=show,
        errors=loop.error_lines(delivery, errors, may_correct=may_correct, english=english),
        errors_total=total,
        page=page,
        pages=pages,
        quality=_quality(delivery, entry, read, english),
        history=history,
        history_deliveries=deliveries,
        recent=tuple(delivery_row(item, language) for item in recent),
        parent=delivery_row(delivery.parent, language) if delivery.parent else None,
        corrections=_corrections(delivery, language),
        draft=draft,
        may_correct=may_correct,
        hold=loop.hold_view(delivery, user, english),
        released_by=delivery.released_by,
        released_at=delivery.released_at,
        release_note=delivery.release_note,
        seconds=delivery.seconds,
    )


def _share(part: int, whole: int) -> float:
    exact = 100 * part / whole if whole else 0.0
    return min(round(exact, 1), 99.9) if part < whole else 100.0 if whole else 0.0


def _averages(delivery: Delivery) -> tuple[float | None, int, float | None]:
    """Share of good rows and of rows in time over the department's last deliveries of this dataset."""
    last = (
        Delivery.objects.filter(
            department=delivery.department_id,
            dataset_code=delivery.dataset_code,
            state=Delivery.State.COMMITTED,
            parent=None,
        )
        .exclude(pk=delivery.pk)
        .order_by("-id")[: loop.HISTORY]
    )
    sums = Delivery.objects.filter(pk__in=[item.pk for item in last]).aggregate(
        read=Sum("read"), rejected=Sum("rejected"), accepted=Sum("accepted"), late=Sum("late_rows")
    )
    read, accepted = sums["read"] or 0, sums["accepted"] or 0
    return (
        _share(read - sums["rejected"], read) if read else None,
        read,
        _share(accepted - sums["late"], accepted) if accepted else None,
    )


def _corrections(delivery: Delivery, language: str) -> tuple[LinkedDelivery, ...]:
    answered = dict(
        CorrectedRow.objects.filter(parent=delivery).values_list("delivery").annotate(rows=Count("id")).order_by()
    )
    children = Delivery.objects.filter(parent=delivery).select_related("department").order_by("-id")[:20]
    return tuple(
        LinkedDelivery(row=delivery_row(item, language), answered=answered.get(item.pk, 0)) for item in children
    )


def _advice(delivery: Delivery, english: bool) -> str:
    if delivery.state == Delivery.State.FAILED:
        return (
            "The machinery failed; the content was not judged. The file is kept and will be tried again."
            if english
            else "这是系统故障，不是内容问题。原文件已保存，故障排除后会继续处理，无需重新报送。"
        )
    return (
        "Nothing of this delivery was stored. Correct the file and deliver it again."
        if english
        else "本批次未入库任何一行。请按上述原因改正文件后重新报送。"
    )


def _deadline_note(entry: DatasetEntry | BundleEntry, english: bool) -> str:
    if isinstance(entry, BundleEntry) or not entry.deadlines:
        return ""
    shortest = min(entry.deadlines, key=lambda item: item.working_days)
    if english:
        return f"{shortest.working_days} working days from the decision"
    return f"自作出决定之日起 {shortest.working_days} 个工作日"


def _steps(delivery: Delivery, entry: DatasetEntry | BundleEntry, open_rows: int, english: bool) -> tuple[Step, ...]:
    received = timezone.localtime(delivery.received_at)
    state = Delivery.State
    held, done = delivery.state == state.HELD, delivery.state == state.COMMITTED
    stopped = delivery.state in (state.REFUSED, state.FAILED)
    checked = done or held
    read, rejected = delivery.read, delivery.rejected
    unreadable = (
        StoredFinding.objects.filter(delivery=delivery, severity="error", kind="row").values("row").distinct().count()
    )
    committed = timezone.localtime(delivery.committed_at) if delivery.committed_at else None
    words = (
        ("Uploaded", "Format", "Rules", "Entities", "Review, storing", "Publication, sharing")
        if english
        else ("上传", "格式校验", "业务校验", "主体匹配", "审核入库", "公示与共享")
    )
    first = "failed" if stopped else "current" if delivery.state == state.READING else "done" if checked else "todo"
    passed = f"{read - unreadable:,} / {read:,} rows" if english else f"{read - unreadable:,} / {read:,} 行"
    good = read - rejected
    rules = f"{good:,} passed · {open_rows:,} to correct" if english else f"{good:,} 通过 · {open_rows:,} 待修正"
    created = f"{delivery.entities_created:,} new" if english else f"新建主体 {delivery.entities_created:,} 个"
    turn = ("待放行", "waits for release")[english] if held else f"{committed:%H:%M:%S}" if committed else ""
    effects = _effects(delivery) if done else None
    spread = {None: "", True: ("已处理", "done")[english], False: ("处理中", "in progress")[english]}[effects]
    if done and not spread:
        spread = ("没有新版本", "no new version")[english]
    return (
        Step(title=words[0], note=f"{received:%H:%M:%S}", state="done"),
        Step(title=words[1], note=passed if checked else "", state=first),
        Step(
            title=words[2],
            note=rules if checked else "",
            state=("current" if open_rows else "done") if checked else "todo",
        ),
        Step(title=words[3], note=created if done else "", state="done" if done else "todo"),
        Step(title=words[4], note=turn, state="done" if done else "current" if held else "todo"),
        Step(title=words[5], note=spread, state="todo" if not done else "current" if effects is False else "done"),
    )


def _effects(delivery: Delivery) -> bool | None:
    """Whether every effect has read the events of this delivery; None where it has none."""
    last = Event.objects.filter(delivery_id=delivery.pk).order_by("-id").values_list("id", flat=True).first()
    if last is None:
        return None
    return not EffectPosition.objects.filter(event_id__lt=last).exists()


def _quality(
    delivery: Delivery, entry: DatasetEntry | BundleEntry, read: int, english: bool
) -> tuple[FieldQuality, ...]:
    if not read or isinstance(entry, BundleEntry):
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
    return tuple(loop.quality(item, wrong.get(item.code, 0), read, english) for item in chosen[:6])


def stale() -> int:
    """Deliveries that have been waiting or in progress for more than an hour."""
    before = timezone.now() - timedelta(hours=1)
    states = [Delivery.State.RECEIVED, Delivery.State.READING]
    return Delivery.objects.filter(state__in=states, received_at__lt=before).count()


def failed() -> list[tuple[str, str]]:
    """Deliveries that failed for technical reasons, newest first: number and reason. Their files are kept."""
    found = Delivery.objects.filter(state=Delivery.State.FAILED).order_by("-id").values_list("number", "failure")
    return [(number, str((failure or {}).get("message_zh", ""))[:160]) for number, failure in found[:1000]]
