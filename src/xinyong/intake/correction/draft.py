"""The correction draft of a delivery: suggestions accepted, cells edited, undone, rows given up, and the draft sent.

Nothing is edited in place. A draft is a list of edits beside the delivery; sending it makes a delivery of its own that
answers the returned rows and goes through the one engine. Each deed takes the acting user and writes its audit row.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.checks.report import is_private, shown
from xinyong.intake.correction import check as correction_check
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.models import CorrectionEdit, Delivery, DraftRow, GivenUpRow, StoredFinding
from xinyong.intake.reading import ROW
from xinyong.runtime import cryptography, sql

#: An edit may be taken back for so long, and only until it is sent.
UNDO = timedelta(hours=24)
#: Rows checked at a time when many suggestions are accepted at once.
_CHUNK = 20_000
_CELL = 1_000_000


class CorrectionRefused(XinyongError):
    """This row or cell cannot be corrected here."""

    code = ErrorCode.CORRECTION_REFUSED
    status = 409
    exit_code = 1
    zh = "批次 {number} 第 {row} 行不能在线修正：{why_zh}"
    en = "Row {row} of delivery {number} cannot be corrected here: {why_en}"


class DraftEmpty(XinyongError):
    """There is nothing in the draft that could be sent."""

    code = ErrorCode.CORRECTION_REFUSED
    status = 409
    exit_code = 1
    zh = "批次 {number} 没有可以发送的修正：{why_zh}"
    en = "Delivery {number} has no correction to send: {why_en}"


class UndoOver(XinyongError):
    """The edit was sent, or is older than it can be taken back."""

    code = ErrorCode.CORRECTION_REFUSED
    status = 409
    exit_code = 1
    zh = "没有可以撤销的修改：修改已发送、已撤销，或已超过 24 小时。如需改动，请再修改该单元格；已发送的，请另作更正报送。"
    en = (
        "There is no edit to undo: it was sent, undone already, or is older than 24 hours. Edit the cell again; after "
        "sending, deliver a further correction."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a deed did: edits made or taken back, rows touched, and the errors left on them."""

    edits: int
    rows: int
    errors_left: int
    act: str = ""


def editable(delivery: Delivery) -> bool:
    """Whether a draft may be made: rows were judged, and the delivery is neither refused nor still on its way."""
    return delivery.state in (Delivery.State.COMMITTED, Delivery.State.HELD)


def _opened(delivery: Delivery, user: User) -> Delivery:
    """The delivery, locked against a second draft deed; the right is asked for here."""
    accounts.require(user, Right.DELIVERY_SUBMIT)
    locked = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if not editable(locked):
        raise CorrectionRefused(
            number=locked.number,
            row="—",
            why_zh="批次尚未处理完毕或已整批退回。",
            why_en="the delivery is not finished, or was refused as a whole.",
        )
    return locked


def _open_row(delivery: Delivery, row: int) -> None:
    """Raise CorrectionRefused where the row has no finding, is settled, or speaks of a natural person."""
    codes = set(StoredFinding.objects.filter(delivery=delivery, row=row).values_list("code", flat=True))
    why = None
    if not codes:
        why = ("这一行没有退回，也没有提醒。", "it was not sent back and has no remark.")
    elif codes & set(correction_rows.CLOSED_CODES):
        why = (
            "此行涉及自然人信息，平台不保留、不显示其内容，请在来源系统处理。",
            "it speaks of a natural person; nothing of it is kept or shown. Settle it at its source.",
        )
    elif GivenUpRow.objects.filter(delivery=delivery, row=row, undone_at=None).exists():
        why = ("这一行已登记为不再报送；如需修正，请先恢复。", "it was given up; take it up again first.")
    if why is not None:
        raise CorrectionRefused(number=delivery.number, row=row, why_zh=why[0], why_en=why[1])


def column_of(delivery: Delivery, header: Sequence[str], column: str, field: str) -> str | None:
    """The one column of the file a finding speaks of; None where it speaks of several or of none."""
    if column in header:
        return column
    named = [name for name, item in correction_rows.fields_of(delivery, header).items() if item.code == field]
    return named[0] if len(named) == 1 else None


@transaction.atomic
def accept(delivery: Delivery, finding_id: int, user: User) -> Done:
    """Take over the suggested value of one finding."""
    locked = _opened(delivery, user)
    finding = StoredFinding.objects.filter(pk=finding_id, delivery=locked).first()
    if finding is None or not finding.fix:
        raise CorrectionRefused(
            number=locked.number,
            row=finding.row if finding else "—",
            why_zh="没有可以采纳的建议值。",
            why_en="there is no suggested value to take over.",
        )
    rows = correction_rows.kept(locked)
    column = column_of(locked, rows.header, finding.column, finding.field)
    if column is None:
        raise CorrectionRefused(
            number=locked.number,
            row=finding.row,
            why_zh="建议涉及几列，请逐列修改。",
            why_en="the suggestion is about several columns; edit them one by one.",
        )
    return _write(locked, finding.row, {column: finding.fix}, user, finding)


@transaction.atomic
def edit(delivery: Delivery, row: int, values: Mapping[str, str], user: User) -> Done:
    """Set cells of a row; unchanged ones are passed over. With nothing changed the row is sent again as it stands."""
    return _write(_opened(delivery, user), row, values, user, None)


def _write(delivery: Delivery, row: int, values: Mapping[str, str], user: User, finding: StoredFinding | None) -> Done:
    _open_row(delivery, row)
    rows = correction_rows.kept(delivery)
    unknown = [column for column in values if column not in rows.header]
    if unknown or any(len(value) > _CELL for value in values.values()):
        raise CorrectionRefused(
            number=delivery.number,
            row=row,
            why_zh=f"文件中没有这一列：{'、'.join(unknown)[:200]}" if unknown else "内容过长。",
            why_en=f"the file has no column {', '.join(unknown)[:200]}" if unknown else "the text is too long.",
        )
    fields = correction_rows.fields_of(delivery, rows.header)
    now = timezone.now()
    before = corrected(delivery, rows, [row])
    cells = before.row(0, named=True) if before.height else {}
    act = uuid.uuid4()
    made = []
    for column, value in values.items():
        text = value.replace("\x00", "").replace("\r\n", "\n")
        old = cells.get(column) or ""
        if text == old or (text == correction_rows.masked(fields.get(column), old) and text != ""):
            continue
        made.append((column, old, text))
    for column, old, text in made or [("", "", "")]:
        field = fields.get(column)
        private = field is not None and is_private(field)
        CorrectionEdit.objects.create(
            delivery=delivery,
            row=row,
            column=column,
            old_value=shown(field, old),
            new_value=_kept(column, text, private=private),
            finding=finding,
            act=act,
            made_by=user.username,
            made_at=now,
        )
    left = _recheck(delivery, rows, [row])
    audit.record(
        actor=user.username,
        deed="correction.accepted" if finding else "correction.edited",
        target=delivery.number,
        detail={"row": row, "columns": [column for column, _, _ in made]},
    )
    return Done(edits=max(1, len(made)), rows=1, errors_left=left, act=str(act))


def _kept(column: str, text: str, *, private: bool) -> str:
    """The text as an edit keeps it; one that looks like a token is protected as well, so that it can be told from one."""
    if text and (private or text.startswith(cryptography.TOKEN_PREFIX)):
        return cryptography.protect(_context(column), text)
    return text


def _context(column: str) -> str:
    return f"draft:{column}"


@transaction.atomic
def accept_all(delivery: Delivery, kind: str, user: User) -> Done:
    """Take over every suggestion of the returned rows, or of one kind; cells edited already keep their edit."""
    locked = _opened(delivery, user)
    rows = correction_rows.kept(locked)
    said = list(
        StoredFinding.objects.filter(delivery=locked, severity="error")
        .exclude(fix="")
        .values_list("column", "field")
        .distinct()
    )
    targets = [
        (column, field, target)
        for column, field in said
        if (target := column_of(locked, rows.header, column, field)) is not None
    ]
    act = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("intake", "correction_accept_all"),
            {
                "delivery": locked.pk,
                "kind": kind,
                "act": act,
                "actor": user.username,
                "now": timezone.now(),
                "said": [column for column, _, _ in targets],
                "field": [field for _, field, _ in targets],
                "column": [target for _, _, target in targets],
            },
        )
    touched = sorted(set(CorrectionEdit.objects.filter(delivery=locked, act=act).values_list("row", flat=True)))
    if not touched:
        return Done(edits=0, rows=0, errors_left=0)
    left = _recheck(locked, rows, touched)
    made = CorrectionEdit.objects.filter(delivery=locked, act=act).count()
    audit.record(
        actor=user.username,
        deed="correction.accepted-all",
        target=locked.number,
        detail={"kind": kind, "edits": made, "rows": len(touched)},
    )
    return Done(edits=made, rows=len(touched), errors_left=left, act=str(act))


@transaction.atomic
def undo(delivery: Delivery, user: User, *, row: int | None = None, act: str = "") -> Done:
    """Take back the newest act on a row, one act as a whole, or (neither given) the whole draft."""
    locked = _opened(delivery, user)
    edits = CorrectionEdit.objects.filter(
        delivery=locked, undone_at=None, sent_in=None, made_at__gte=timezone.now() - UNDO
    )
    if row is not None:
        newest = edits.filter(row=row).order_by("-id").first()
        if newest is None:
            raise UndoOver()
        edits = edits.filter(row=row, act=newest.act)
    elif act:
        edits = edits.filter(act=uuid.UUID(act))
    touched = sorted(set(edits.values_list("row", flat=True)))
    if not touched:
        raise UndoOver()
    taken = edits.update(undone_at=timezone.now(), undone_by=user.username)
    left = _recheck(locked, correction_rows.kept(locked), touched)
    audit.record(
        actor=user.username,
        deed="correction.undone",
        target=locked.number,
        detail={"edits": taken, "rows": len(touched)},
    )
    return Done(edits=taken, rows=len(touched), errors_left=left)


@transaction.atomic
def give_up(delivery: Delivery, row: int, reason: str, user: User) -> None:
    """Settle a returned row without sending it again. Its open edits are taken back."""
    locked = _opened(delivery, user)
    if not reason.strip() or not StoredFinding.objects.filter(delivery=locked, row=row, severity="error").exists():
        raise CorrectionRefused(
            number=locked.number,
            row=row,
            why_zh="请写明不再报送的理由；只有退回的行可以登记为不再报送。",
            why_en="say why it is not sent again; only returned rows can be given up.",
        )
    now = timezone.now()
    CorrectionEdit.objects.filter(delivery=locked, row=row, undone_at=None, sent_in=None).update(
        undone_at=now, undone_by=user.username
    )
    DraftRow.objects.filter(delivery=locked, row=row).delete()
    GivenUpRow.objects.get_or_create(
        delivery=locked,
        row=row,
        undone_at=None,
        defaults={"reason": reason.strip()[:400], "made_by": user.username, "made_at": now},
    )
    audit.record(
        actor=user.username,
        deed="correction.given-up",
        target=locked.number,
        purpose=reason.strip()[:200],
        detail={"row": row},
    )


@transaction.atomic
def take_up(delivery: Delivery, row: int, user: User) -> None:
    """Open a row again that was given up."""
    locked = _opened(delivery, user)
    if not GivenUpRow.objects.filter(delivery=locked, row=row, undone_at=None).update(
        undone_at=timezone.now(), undone_by=user.username
    ):
        raise UndoOver()
    audit.record(actor=user.username, deed="correction.taken-up", target=locked.number, detail={"row": row})


def corrected(delivery: Delivery, rows: correction_rows.KeptRows, numbers: Sequence[int]) -> pl.DataFrame:
    """Rows with the open edits of the draft applied, in the columns of the file."""
    frame = rows.rows(numbers)
    return apply(frame, open_edits(delivery, numbers))


def open_edits(delivery: Delivery, numbers: Sequence[int] | None = None) -> dict[tuple[int, str], str]:
    """The values that count, by row and column; an empty column stands for a row that is sent as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("intake", "correction_open_edits"),
            {"delivery": delivery.pk, "every": numbers is None, "rows": list(numbers or [])},
        )
        return {(row, column): _plain(column, value) for _, row, column, value in cursor.fetchall()}


def _plain(column: str, value: str) -> str:
    if value.startswith(cryptography.TOKEN_PREFIX):
        return cryptography.reveal(_context(column), value)
    return value


def apply(frame: pl.DataFrame, edits: Mapping[tuple[int, str], str]) -> pl.DataFrame:
    """A frame with edits set; an empty text empties the cell."""
    by_column: dict[str, dict[int, str]] = {}
    for (row, column), value in edits.items():
        if column:
            by_column.setdefault(column, {})[row] = value
    numbers = frame[ROW].to_list()
    for column, values in by_column.items():
        if column in frame.columns and any(number in values for number in numbers):
            cells = frame[column].to_list()
            cells = [
                values[number] or None if number in values else cell
                for number, cell in zip(numbers, cells, strict=True)
            ]
            frame = frame.with_columns(pl.Series(column, cells, dtype=pl.String))
    return frame


def _recheck(delivery: Delivery, rows: correction_rows.KeptRows, numbers: Sequence[int]) -> int:
    """Judge rows with their edits anew and keep what was found; rows without an edit leave the draft. Errors left."""
    left = 0
    for start in range(0, len(numbers), _CHUNK):
        part = list(numbers[start : start + _CHUNK])
        edits = open_edits(delivery, part)
        drafted = {row for row, _ in edits}
        DraftRow.objects.filter(delivery=delivery, row__in=part).delete()
        found = correction_check.check(delivery, apply(rows.rows(sorted(drafted)), edits)) if drafted else {}
        DraftRow.objects.bulk_create(
            [
                DraftRow(
                    delivery=delivery,
                    row=row,
                    errors=correction_check.errors(findings),
                    findings=[correction_check.as_json(finding) for finding in findings],
                )
                for row, findings in found.items()
            ],
            batch_size=2000,
        )
        left += sum(correction_check.errors(findings) for findings in found.values())
    return left
