"""What the pages of sheets show: frozen values in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.publicity.errors import RuleUnknown
from xinyong.publicity.models import SheetAct
from xinyong.publicity.rule_pages import CERTAINTY
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.publicity.sheets import inforce, known, rows
from xinyong.publicity.sheets.rows import SHEETS, SOURCES, Raw, Sheet
from xinyong.publicity.sheets.wording import KEYS, WORDS

_OPTIONS = {
    "unit": ("working_days", "days", "months"),
    "excludes": ("", "expert"),
    "then": ("archive", "destroy", "erase", "keep"),
}
_OPTIONAL = ("extension", "longest", "excludes", "until")
_LONG = ("off", "worked")
_HIDDEN = frozenset({"id", "status", "certainty", "timer", *rows.OURS})
_KINDS = {
    rows.CONFIRM: ("确认", "Confirmed"),
    rows.REPLACE: ("改动", "Changed"),
    rows.TAKE_BACK: ("撤回改动", "Change taken back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """A sheet in the list of sheets."""

    code: str
    label: str
    total: int
    unconfirmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLine:
    """One row. ``next_on``: the day another content begins."""

    id: str
    label: str
    values: tuple[tuple[str, str], ...]
    source: str
    article: str
    certainty: str
    confirmed: bool
    confirmed_by: str
    confirmed_on: str
    revision: int
    next_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormValue:
    """A value an officer may replace."""

    key: str
    label: str
    value: str
    hint: str
    options: tuple[tuple[str, str], ...]
    long: bool
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """What was done to a row. ``may_take_back``: its day has not come and nothing followed."""

    number: int
    row: str
    kind: str
    on: date
    lines: tuple[tuple[str, str, str], ...]
    reason: str
    basis: str
    actor: str
    at: datetime
    may_take_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPage:
    """A sheet with its rows."""

    sheets: tuple[SheetLine, ...]
    code: str
    label: str
    rows: tuple[RowLine, ...]
    shown: str
    replaceable: bool
    acts: tuple[ActLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """A row with its form, its earlier and coming contents and what was done."""

    sheet: str
    sheet_label: str
    row: RowLine
    fields: tuple[FormValue, ...]
    versions: tuple[RowLine, ...]
    acts: tuple[ActLine, ...]


def _text(value: Any, english: bool) -> str:
    if isinstance(value, bool):
        return ("yes" if value else "no") if english else ("是" if value else "否")
    if isinstance(value, (list, tuple)):
        return ("; " if english else "；").join(_text(item, english) for item in value) or "—"
    plain = str(value)
    return WORDS[plain][english] if plain in WORDS else plain or "—"


def _label(key: str, english: bool) -> str:
    return KEYS.get(key, (key, key))[english]


def _line(row: Raw, english: bool, next_on: date | None = None) -> RowLine:
    number = str(row["id"])
    own = "en" if english else "zh"
    text = str(row.get(own) or row.get("title") or row.get("text") or "")
    return RowLine(
        id=rows.base(number),
        label=text,
        values=tuple(
            (_label(key, english), _text(row[key], english))
            for key in (*KEYS, *sorted(set(row) - set(KEYS)))
            if key in row and key not in _HIDDEN and key not in SOURCES and key not in ("zh", "en", "title")
        ),
        source=str(row.get("source_en" if english else "source") or row.get("source") or ""),
        article=str(row.get("article") or ""),
        certainty=CERTAINTY.get(str(row.get("certainty")), ("", ""))[english],
        confirmed=row.get("status") == CONFIRMED,
        confirmed_by=str(row.get("confirmed_by", "")),
        confirmed_on=str(row.get("confirmed_on", "")),
        revision=int(number.partition("~")[2] or 0),
        next_on=next_on,
    )


def _acts(found: Any, english: bool, today: date) -> tuple[ActLine, ...]:
    undone = set(SheetAct.objects.filter(kind=rows.TAKE_BACK).values_list("undoes_id", flat=True))
    newest: set[tuple[str, str]] = set()
    lines = []
    for act in found:
        last = (act.sheet, act.row) not in newest
        newest.add((act.sheet, act.row))
        lines.append(
            ActLine(
                number=act.pk,
                row=act.row,
                kind=_KINDS[act.kind][english],
                on=act.takes_force_on,
                lines=tuple(
                    (_label(key, english), _text(act.before.get(key, ""), english), _text(value, english))
                    for key, value in act.after.items()
                    if key not in _HIDDEN
                ),
                reason=act.reason,
                basis=act.basis,
                actor=act.actor,
                at=act.at,
                may_take_back=last and act.kind == rows.REPLACE and act.takes_force_on > today and act.pk not in undone,
            )
        )
    return tuple(lines)


def _known(code: str) -> Sheet:
    if code not in SHEETS:
        raise RuleUnknown(row=code[:60])
    return SHEETS[code]


def _coming(held: list[Raw], today: date) -> dict[str, date]:
    """Per number, the first day after today another content begins."""
    found: dict[str, date] = {}
    for row in held:
        begins = rows.plain(row).get("from")
        if isinstance(begins, date) and begins > today:
            found.setdefault(rows.base(str(row["id"])), begins)
    return found


def sheets(user: User, language: str) -> tuple[SheetLine, ...]:
    """Every sheet with how many of its rows wait. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    found = []
    for sheet in SHEETS.values():
        held = known.current(sheet.code)
        waits = sum(row.get("status") != CONFIRMED for row in held)
        found.append(SheetLine(code=sheet.code, label=sheet.label(language), total=len(held), unconfirmed=waits))
    return tuple(found)


def sheet_page(user: User, code: str, shown: str, language: str) -> SheetPage:
    """The rows of a sheet: those that wait, or all. Raises RightMissing, RuleUnknown."""
    lines, sheet, english = sheets(user, language), _known(code), language == "en"
    today = timezone.localdate()
    coming = _coming(list(inforce.rows(code)), today)
    held = [row for row in known.current(code, today) if shown == "all" or row.get("status") != CONFIRMED]
    return SheetPage(
        sheets=lines,
        code=code,
        label=sheet.label(language),
        rows=tuple(_line(row, english, coming.get(rows.base(str(row["id"])))) for row in held),
        shown=shown,
        replaceable=bool(sheet.editable),
        acts=_acts(SheetAct.objects.filter(sheet=code).order_by("-pk")[:20], english, today),
    )


def row_page(user: User, code: str, row: str, language: str, typed: dict[str, str] | None = None) -> RowPage:
    """One row with its form. Raises RightMissing, RuleUnknown."""
    accounts.require(user, Right.RULES_DECIDE)
    sheet, english, today = _known(code), language == "en", timezone.localdate()
    held = [item for item in inforce.rows(code) if rows.base(str(item["id"])) == row]
    now = next((item for item in known.current(code, today) if rows.base(str(item["id"])) == row), None)
    if now is None:
        raise RuleUnknown(row=row[:60])
    said = typed or {}
    fields = tuple(
        FormValue(
            key=key,
            label=_label(key, english),
            value=said.get(key, _typed(held[-1].get(key))),
            hint=_hint(key, english),
            options=tuple((option, _text(option, english)) for option in _OPTIONS.get(key, ())),
            long=key in _LONG,
            required=key not in _OPTIONAL,
        )
        for key in sheet.editable
        if key in held[-1] or key in _OPTIONAL
    )
    return RowPage(
        sheet=code,
        sheet_label=sheet.label(language),
        row=_line(now, english, _coming(held, today).get(row)),
        fields=fields,
        versions=tuple(_line(item, english) for item in held) if len(held) > 1 else (),
        acts=_acts(SheetAct.objects.filter(sheet=code, row=row).order_by("-pk")[:50], english, today),
    )


def _typed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def _hint(key: str, english: bool) -> str:
    if key in _LONG:
        return "As 2027-01-01 New Year; 2027-01-02" if english else "写作 2027-01-01 元旦; 2027-01-02，用分号隔开"
    if key in ("regimes", "lists"):
        return "Several, separated by ;" if english else "多项用分号隔开"
    if key == "until":
        return "As 2026-01-31; empty: none" if english else "格式 2026-01-31；空为无"
    return ""


def read_value(held: Raw, key: str, text: str) -> Any:
    """What was typed for a key, as the file would hold it. ValueError for what is no such value."""
    text = text.strip()
    if key in ("length", "extension", "longest", "months"):
        return int(text or "0")
    if key in ("regimes", "lists"):
        return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]
    if key == "until":
        return date.fromisoformat(text).isoformat() if text else ""
    if key in _OPTIONS and text not in _OPTIONS[key]:
        raise ValueError(text)
    return text
