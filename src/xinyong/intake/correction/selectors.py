"""Reads of the correction loop: the error table with what became of each row, the draft, the form of one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.db import connection
from django.db.models import Min, Sum
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue.entry import BundleEntry, DatasetEntry, Field
from xinyong.errors import XinyongError
from xinyong.intake.checks.report import HIDDEN, is_private
from xinyong.intake.correction import draft as correction
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.findings import FindingKind
from xinyong.intake.models import CorrectedRow, CorrectionEdit, Delivery, DraftRow, GivenUpRow, StoredFinding
from xinyong.intake.pages import Cell, Choice, Draft, ErrorRow, FieldQuality, HoldView, Left, RowForm
from xinyong.intake.release import rules as release
from xinyong.runtime import sql
from xinyong.standards import calendar, dates

KIND_LABELS = {
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
#: What became of a returned row: Chinese, English, tone.
FATES = {
    "open": ("待修正", "To correct", "amber"),
    "draft": ("已改待发送", "Edited, not sent", "blue"),
    "sent": ("已发送", "Sent", "blue"),
    "again": ("再次退回", "Returned again", "red"),
    "corrected": ("已更正", "Corrected", "green"),
    "given_up": ("不再报送", "Given up", "grey"),
    "closed": ("须在来源系统处理", "Settle at the source", "grey"),
}
#: Rows whose decision dates are looked at for the days that are left.
_DATED = 2_000
#: Deliveries the department's figures are drawn from.
HISTORY = 10
_LONG = 40


def fate_counts(delivery: Delivery) -> dict[str, int]:
    """Returned rows by what became of them."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("intake", "correction_counts"), {"delivery": delivery.pk})
        return dict(cursor.fetchall())


def shown_counts(counts: dict[str, int], english: bool) -> tuple[Choice, ...]:
    """The counts for the page, in the order of work."""
    return tuple((fate, FATES[fate][english], counts[fate]) for fate in FATES if counts.get(fate))


def rows_of_fate(delivery: Delivery, fates: Sequence[str]) -> list[int]:
    """Row numbers of returned rows with one of these fates."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row FROM intake_fates_v1(%s) WHERE fate = ANY(%s)", [delivery.pk, list(fates)])
        return [row for (row,) in cursor.fetchall()]


def labels_of(delivery: Delivery, english: bool) -> dict[str, str]:
    """Field code to name, for files whose header consists of field codes."""
    entry = correction_rows.entry_of(delivery)
    if isinstance(entry, BundleEntry):
        return {}
    return {item.code: item.name_en if english else item.name_zh for item in entry.fields}


def plain_row(finding: StoredFinding, labels: dict[str, str], english: bool) -> ErrorRow:
    """A finding as a line, without what became of its row."""
    named = finding.column if finding.column not in ("", finding.field) else labels.get(finding.field, finding.column)
    return ErrorRow(
        id=finding.pk,
        row=finding.row,
        field=finding.field,
        column=named,
        value=finding.value,
        kind=finding.kind,
        kind_label=KIND_LABELS[FindingKind(finding.kind)][english],
        severity=finding.severity,
        reason=finding.reason_en if english else finding.reason_zh,
        suggestion=finding.suggestion_en if english else finding.suggestion_zh,
        fix=finding.fix,
    )


def error_lines(
    delivery: Delivery, findings: Sequence[StoredFinding], *, may_correct: bool, english: bool
) -> tuple[ErrorRow, ...]:
    """Lines of the error table with the state of their rows and what may be done."""
    labels = labels_of(delivery, english)
    rows = sorted({finding.row for finding in findings})
    fates = _fates(delivery, rows)
    drafts = {draft.row: draft for draft in DraftRow.objects.filter(delivery=delivery, row__in=rows)}
    edits = _edits(delivery, rows)
    given = dict(
        GivenUpRow.objects.filter(delivery=delivery, row__in=rows, undone_at=None).values_list("row", "reason")
    )
    sent = _sent(delivery, rows)
    header: tuple[str, ...] = ()
    if may_correct and findings:
        try:
            header = correction_rows.kept(delivery).header
        except XinyongError:
            may_correct = False
    lines = []
    for place, finding in enumerate(findings):
        fate, answer = fates.get(finding.row, ("", ""))
        draft = drafts.get(finding.row)
        if not fate:  # an accepted row with a remark
            fate, answer = ("draft", "") if draft else ("", sent.get(finding.row, ""))
        column = correction.column_of(delivery, header, finding.column, finding.field) if header else None
        edited = edits.get((finding.row, column or ""))
        editable = may_correct and fate in ("", "open", "draft") and finding.code not in correction_rows.CLOSED_CODES
        line = plain_row(finding, labels, english)
        label = FATES[fate] if fate else ("", "", "")
        last = place + 1 == len(findings) or findings[place + 1].row != finding.row
        lines.append(
            replace(
                line,
                fate=fate,
                fate_label=label[english],
                fate_tone=label[2],
                answer_number=answer,
                given_reason=given.get(finding.row, ""),
                edited=edited.new if edited else None,
                acceptable=editable and bool(finding.fix) and column is not None and edited is None,
                editable=editable,
                undoable=editable and any(edit.undoable for (row, _), edit in edits.items() if row == finding.row),
                drafted=draft is not None,
                left=_left(draft.findings, labels, english) if draft and last else (),
                last=last,
            )
        )
    return tuple(lines)


def _fates(delivery: Delivery, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fate.row, fate.fate, coalesce(answer.number, '') FROM intake_fates_v1(%s) AS fate "
            "LEFT JOIN intake_delivery AS answer ON answer.id = fate.answer_id WHERE fate.row = ANY(%s)",
            [delivery.pk, list(rows)],
        )
        return {row: (fate, number) for row, fate, number in cursor.fetchall()}


class _Edit:
    """The newest open edit of a cell, as the page may show it."""

    def __init__(self, new: str, undoable: bool) -> None:
        self.new, self.undoable = new, undoable


def _edits(delivery: Delivery, rows: Sequence[int]) -> dict[tuple[int, str], _Edit]:
    fields: dict[str, Field] = {}
    after = timezone.now() - correction.UNDO
    found: dict[tuple[int, str], _Edit] = {}
    open_ones = CorrectionEdit.objects.filter(delivery=delivery, row__in=rows, undone_at=None, sent_in=None)
    for edit in open_ones.order_by("id"):
        if not fields:
            fields = correction_rows.fields_of(delivery, correction_rows.kept(delivery).header)
        private = edit.column in fields and is_private(fields[edit.column])
        new = HIDDEN if private and edit.new_value else correction._plain(edit.column, edit.new_value)
        found[(edit.row, edit.column)] = _Edit(
            correction_rows.masked(fields.get(edit.column), new)[:200], edit.made_at >= after
        )
    return found


def _sent(delivery: Delivery, rows: Sequence[int]) -> dict[int, str]:
    """Rows of accepted records that a correction answers."""
    found = CorrectedRow.objects.filter(parent=delivery, parent_row__in=rows).order_by("id")
    return dict(found.values_list("parent_row", "delivery__number"))


def _left(findings: list[dict[str, str]], labels: dict[str, str], english: bool) -> tuple[Left, ...]:
    language = "en" if english else "zh"
    return tuple(
        Left(
            column=labels.get(item["field"], item["column"]) if item["column"] == item["field"] else item["column"],
            reason=item[f"reason_{language}"],
            suggestion=item[f"suggestion_{language}"],
            severity=item["severity"],
        )
        for item in findings
    )


def draft_of(delivery: Delivery) -> Draft:
    """The draft in figures."""
    edits = CorrectionEdit.objects.filter(delivery=delivery, undone_at=None, sent_in=None)
    rows = DraftRow.objects.filter(delivery=delivery)
    total, ready = rows.count(), rows.filter(errors=0).count()
    return Draft(
        edits=edits.count(),
        rows=total,
        ready=ready,
        wrong=rows.aggregate(sum=Sum("errors"))["sum"] or 0,
        undoable=edits.filter(made_at__gte=timezone.now() - correction.UNDO).count(),
        oldest=edits.aggregate(oldest=Min("made_at"))["oldest"],
        refused=CorrectionEdit.objects.filter(delivery=delivery, undone_at=None, sent_in__state=Delivery.State.REFUSED)
        .values("row")
        .distinct()
        .count(),
    )


def fixable(delivery: Delivery, kind: str) -> int:
    """Suggestions that accepting all of a kind (or of all kinds) would take over now."""
    open_rows = set(rows_of_fate(delivery, ("open", "draft")))
    found = StoredFinding.objects.filter(delivery=delivery, severity="error").exclude(fix="")
    if kind:
        found = found.filter(kind=kind)
    edited = set(
        CorrectionEdit.objects.filter(delivery=delivery, undone_at=None, sent_in=None)
        .exclude(column="")
        .values_list("row", "column")
    )
    return sum(row in open_rows and (row, column) not in edited for row, column in found.values_list("row", "column"))


def days_left(delivery: Delivery, entry: DatasetEntry | BundleEntry, open_rows: Sequence[int]) -> int | None:
    """Working days until the shortest deadline of the oldest open row ends; negative once it is over. None: unknown."""
    if isinstance(entry, BundleEntry) or not entry.deadlines or entry.decided_on is None or not open_rows:
        return None
    try:
        kept = correction_rows.kept(delivery)
        fields = correction_rows.fields_of(delivery, kept.header)
    except XinyongError:
        return None
    column = next((name for name, field in fields.items() if field.code == entry.decided_on), None)
    if column is None:
        return None
    texts = kept.rows(open_rows[:_DATED])[column].to_list()
    days = [reading.day for text in texts if (reading := dates.parse(text)).day is not None]
    if not days:
        return None
    allowed = min(item.working_days for item in entry.deadlines)
    today = timezone.localdate()
    try:
        official = calendar.official()
        end: date = official.add_working_days(min(day for day in days if day is not None), allowed).day
        if end >= today:
            return official.working_days_between(today, end)
        return -official.working_days_between(end, today)
    except calendar.CalendarUnknown:
        return None


def history(
    delivery: Delivery, entry: DatasetEntry | BundleEntry, english: bool
) -> tuple[int, tuple[FieldQuality, ...]]:
    """Fields of the department's last deliveries of this dataset: rows without an error of all rows. Worst first."""
    if isinstance(entry, BundleEntry):
        return 0, ()
    last = list(
        Delivery.objects.filter(
            department=delivery.department_id, dataset_code=delivery.dataset_code, read__gt=0, parent=None
        )
        .order_by("-id")
        .values_list("pk", "read")[:HISTORY]
    )
    total = sum(read for _, read in last)
    if not total:
        return 0, ()
    numbers = [pk for pk, _ in last]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT field, count(DISTINCT (delivery_id, row)) FROM intake_finding "
            "WHERE delivery_id = ANY(%s) AND severity = 'error' AND field <> '' GROUP BY field",
            [numbers],
        )
        wrong: dict[str, int] = dict(cursor.fetchall())
    filled = _filled(numbers)
    chosen = [item for item in entry.fields if item.required or item.code in wrong]
    chosen.sort(key=lambda item: -wrong.get(item.code, 0))
    return len(last), tuple(
        quality(item, wrong.get(item.code, 0), total, english, filled.get(item.code)) for item in chosen[:8]
    )


def _filled(numbers: Sequence[int]) -> dict[str, float]:
    """Share of rows in which each field is filled, over these deliveries, from their profiles."""
    from xinyong.intake.models import DeliveryProfile

    sums: dict[str, float] = {}
    rows = 0
    for profile in DeliveryProfile.objects.filter(delivery__in=numbers):
        rows += profile.rows
        for field, share in profile.fill.items():
            sums[field] = sums.get(field, 0.0) + float(share) * profile.rows
    return {field: 100 * value / rows for field, value in sums.items()} if rows else {}


def quality(item: Field, errors: int, rows: int, english: bool, filled: float | None = None) -> FieldQuality:
    """One bar."""
    return FieldQuality(
        label=item.name_en if english else item.name_zh,
        good=rows - errors,
        rows=rows,
        percent=_percent(rows - errors, rows),
        errors=errors,
        filled=None if filled is None else round(filled, 1),
    )


def _percent(part: int, whole: int) -> float:
    """A share that says 100 only when nothing is missing."""
    exact = 100 * part / whole if whole else 0.0
    return min(round(exact, 1), 99.9) if part < whole else 100.0


def hold_view(delivery: Delivery, user: User, english: bool) -> HoldView | None:
    """Why a held delivery waits, and for whom."""
    if delivery.state != Delivery.State.HELD:
        return None
    refusal = release.refusal(delivery, user)
    four = bool(release.codes(delivery.hold) - {release.GOOD_ROWS})
    turn = (
        ("等待上传人以外、有放行权限的人员复核", "Waiting for an officer other than the uploader who may release")
        if four
        else ("等待本部门人员确认", "Waiting for an officer of the department")
    )
    may_discard = accounts.may(user, Right.DELIVERY_RELEASE) and delivery.uploader != user.username
    return HoldView(
        reasons=tuple(str(reason[2 if english else 1]) for reason in delivery.hold),
        turn=turn[english],
        refusal=refusal[english] if refusal else "",
        good=delivery.accepted + delivery.unchanged,
        may_discard=may_discard,
        note_needed=True,
    )


def row_form(delivery: Delivery, row: int, english: bool) -> RowForm:
    """The form of one row with its draft applied. Raises RowsGone."""
    kept = correction_rows.kept(delivery)
    fields = correction_rows.fields_of(delivery, kept.header)
    stored = list(StoredFinding.objects.filter(delivery=delivery, row=row).order_by("id"))
    labels = labels_of(delivery, english)
    closed = {finding.code for finding in stored} & set(correction_rows.CLOSED_CODES)
    draft = DraftRow.objects.filter(delivery=delivery, row=row).first()
    given = GivenUpRow.objects.filter(delivery=delivery, row=row, undone_at=None).first()
    current = (
        _left(draft.findings, labels, english)
        if draft
        else tuple(
            Left(column=plain.column, reason=plain.reason, suggestion=plain.suggestion, severity=plain.severity)
            for plain in (plain_row(finding, labels, english) for finding in stored)
        )
    )
    frame = correction.corrected(delivery, kept, [row])
    values = frame.row(0, named=True) if frame.height else {}
    wrong: list[Cell] = []
    other: list[Cell] = []
    said = draft.findings if draft else [_said(finding) for finding in stored]
    language = "en" if english else "zh"
    for place, column in enumerate(kept.header):
        field = fields.get(column)
        about = [
            item
            for item in said
            if column in item["column"].split("、")
            or item["column"] == column
            or (field and item["field"] == field.code)
        ]
        shown = correction_rows.masked(field, values.get(column))
        cell = Cell(
            name=f"c{place}",
            column=column,
            label=(field.name_en if english else field.name_zh) if field else column,
            value=shown,
            wrong="；".join(dict.fromkeys(item[f"reason_{language}"] for item in about)),
            suggestion="；".join(dict.fromkeys(filter(None, (item[f"suggestion_{language}"] for item in about)))),
            fix=next((item["fix"] for item in about if item["fix"]), ""),
            long=len(shown) > _LONG or "\n" in shown,
            personal=field is not None and is_private(field),
            required=bool(field and field.required),
            options=_options(field, english),
        )
        (wrong if about else other).append(cell)
    return RowForm(
        number=delivery.number,
        row=row,
        wrong=tuple(wrong),
        other=tuple(other),
        findings=current,
        drafted=draft is not None,
        closed=(
            (
                "This row speaks of a natural person; nothing of it is kept or shown. Settle it at its source."
                if english
                else "此行涉及自然人信息，平台不保留、不显示其内容。请在来源系统处理。"
            )
            if closed
            else ""
        ),
        given_up=given.reason if given else "",
    )


def _said(finding: StoredFinding) -> dict[str, str]:
    return {
        "column": finding.column,
        "field": finding.field,
        "reason_zh": finding.reason_zh,
        "reason_en": finding.reason_en,
        "suggestion_zh": finding.suggestion_zh,
        "suggestion_en": finding.suggestion_en,
        "fix": finding.fix,
        "severity": finding.severity,
    }


def _options(field: Field | None, english: bool) -> tuple[tuple[str, str], ...]:
    """Permitted values with their names, for the list beside the input; long lists stay in the catalogue."""
    if field is None or field.code_list is None or len(field.code_list.values) > 200:
        return ()
    return tuple((item.value, item.en if english else item.zh) for item in field.code_list.values)


def waiting(user: User) -> int:
    """Held deliveries this user may decide about: the count in the menu."""
    if not accounts.may(user, Right.DELIVERY_RELEASE):
        return 0
    held = Delivery.objects.filter(state=Delivery.State.HELD)
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        held = held.filter(department=user.department_id)
    return held.exclude(uploader=user.username).count()
