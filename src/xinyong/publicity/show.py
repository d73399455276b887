"""From a stored record to what a visitor reads: labels, units, dates written out, redaction, the repair clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Disclosure, Field, FieldType, Nature
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import rules
from xinyong.publicity.pages import Chip, Clock, FieldValue, RecordCard, SourceLine
from xinyong.registry import keys
from xinyong.registry.models import Entity
from xinyong.runtime import cryptography
from xinyong.standards import entity_types, industries, redaction
from xinyong.standards.dates import OPEN_ENDED_TEXT

_KINDS = {
    "enterprise": ("企业", "Enterprise"),
    "organisation": ("其他组织", "Organisation"),
    "individual_business": ("个体工商户", "Individual business"),
}
_SEVERITY = {
    "minor": ("轻微", "Minor", "grey"),
    "general": ("一般", "Ordinary", "amber"),
    "serious": ("严重", "Serious", "red"),
}
_ICONS = {
    "registration": "id",
    "administrative": "certificate",
    "honour": "award",
    "serious-list": "shield",
    "abnormal-list": "alert-triangle",
    "commitment": "signature",
}
_LONG = 28
#: Wordings by which departments say "nothing"; they are not shown as if they were a value.
_NOTHING = frozenset({"", "N/A", "NA", "NULL", "无", "暂无", "-", "--", "—", "——", "— —", "/"})
#: Fields of the registration shown in the head of the file, in this order, as far as they are filled.
_HEAD = ("ENTTYPE", "LEREP", "ESTDATE", "REGCAP", "DOM", "REGORG", "INDUSTRYCO")


def name_of(entry: DatasetEntry, language: str) -> str:
    """Name of the dataset."""
    return entry.name_en if language == "en" else entry.name_zh


def tone(entry: DatasetEntry) -> str:
    """Chip tone of a dataset."""
    if entry.nature is Nature.ADVERSE:
        return "amber"
    return "gold" if entry.category == "honour" else "teal" if entry.category == "commitment" else "blue"


def icon(entry: DatasetEntry) -> str:
    """Icon of a dataset."""
    return "gavel" if entry.code == "penalty" else _ICONS.get(entry.category, "database")


def kind_label(kind: str, language: str) -> str:
    """Name of a subject kind."""
    return _KINDS[kind][1 if language == "en" else 0]


def status_label(entity: Entity, language: str) -> str:
    """Registration status, or that the register has not spoken of the entity yet."""
    if entity.status:
        return status_words(entity.status, language)
    if entity.registered:
        return ""
    return "Not yet in the register" if language == "en" else "登记信息未归集"


def status_words(status: str, language: str) -> str:
    """A registration status as delivered, code or words, in words."""
    known = entity_types.registration_status(status)
    if known is None:
        return status
    return known.label_en if language == "en" else known.label


def status_tone(entity: Entity) -> str:
    """Chip tone of the registration status: an unknown wording is never shown as good."""
    status = entity_types.registration_status(entity.status) if entity.status else None
    if status is None:
        return "grey"
    return {"active": "green", "suspended": "amber", "ended": "grey", "ended_by_force": "red"}[status.behaviour.value]


def severity_label(severity: str, language: str) -> tuple[str, str]:
    """Word and tone of a severity; empty for none."""
    known = _SEVERITY.get(severity)
    return (known[1 if language == "en" else 0], known[2]) if known else ("", "")


def field_text(entry: DatasetEntry, code: str, payload: Any, language: str) -> str:
    """One public field in the reader's language; empty when the entry has no such field."""
    if not any(field.code == code for field in entry.fields):
        return ""
    return value(entry.field_by_code(code), _loaded(payload), language) or ""


def short_mark(name: str) -> str:
    """Two characters for the mark of the entity card."""
    core = name.replace("（", "").replace("(", "")
    return core[:2]


def text_of(entry: DatasetEntry, code: str | None, payload: Any) -> str:
    """One public field as text; empty when the field may not be shown or is not filled."""
    if code is None:
        return ""
    field = entry.field_by_code(code)
    shown = value(field, _loaded(payload), "zh")
    return shown or ""


def _loaded(payload: Any) -> dict[str, Any]:
    return json.loads(payload) if isinstance(payload, str) else dict(payload)


def _labels(field: Field, stored: Any, language: str) -> str:
    items = stored if isinstance(stored, list) else [stored]
    labels = {item.value: item for item in field.code_list.values} if field.code_list else {}
    words = []
    for item in items:
        known = labels.get(str(item))
        words.append((known.en if language == "en" else known.zh) if known else str(item))
    return ("; " if language == "en" else "；").join(words)


def may_be_shown(field: Field) -> bool:
    """Whether a visitor may see the field at all."""
    return field.publication is Disclosure.PUBLIC and (field.statutory_public or not field.personal)


def value(field: Field, payload: dict[str, Any], language: str) -> str | None:
    """The field as a visitor reads it, or None when it is not public or not filled."""
    if not may_be_shown(field):
        return None
    stored = payload.get(field.code)
    if stored in (None, "", []):
        raw = str(payload.get("_raw", {}).get(field.code, "")).strip()
        return None if raw.upper() in _NOTHING else _redacted(raw)
    if isinstance(stored, str) and stored.startswith(cryptography.TOKEN_PREFIX):
        return None
    if field.type in (FieldType.ENUM, FieldType.ENUM_LIST):
        return _labels(field, stored, language)
    if field.type is FieldType.DATE and field.open_ended and stored == OPEN_ENDED_TEXT:
        return "No end date" if language == "en" else "长期"
    if field.type in (FieldType.MONEY_WAN, FieldType.CAPITAL):
        return _money(str(stored), language)
    lookup = _STANDARD_LABELS.get(field.code)
    label = lookup(str(stored)) if lookup is not None else None
    return label if label is not None else _redacted(str(stored))


def _entity_type(code: str) -> str | None:
    known = entity_types.entity_types().get(code)
    return f"{known.label}（{code}）" if known else None


def _industry(code: str) -> str | None:
    division = industries.industries().get(code.lstrip("ABCDEFGHIJKLMNOPQRST")[:2])
    known = division or industries.section_of(code)
    return f"{known.label}（{code}）" if known else None


#: Exchange fields whose values are codes of published standards (GB/T 4754, enterprise types).
_STANDARD_LABELS: Mapping[str, Callable[[str], str | None]] = {
    "ENTTYPE": _entity_type,
    "INDUSTRYCO": _industry,
    "INDUSTRYPHY": _industry,
}


def _redacted(text: str) -> str:
    # Public text is masked again when shown: a record taken in before a masking rule improved is safe too.
    return redaction.redact(text).text


def _money(stored: str, language: str) -> str:
    amount, _, currency = stored.partition(" ")
    try:
        written = f"{Decimal(amount).normalize():,f}"
    except InvalidOperation:
        return stored
    unit = "×10,000" if language == "en" else "万"
    name = currency or "CNY"
    if language == "en":
        return f"{written} {unit} {name}"
    return f"{written} {unit}元" if name in ("CNY", "156") else f"{written} {unit} {name}"


def fields_of(entry: DatasetEntry, payload: Any, language: str, kind: str) -> tuple[FieldValue, ...]:
    """Every public, filled field in the order of the catalogue.

    An individual business is a person in trade: outside the register itself, its operator's name is not repeated.
    """
    loaded = _loaded(payload)
    raw = loaded.get("_raw", {})
    shown = []
    subject = entry.subject
    # The file's head names the entity; repeating its numbers in every record would bury what the record says.
    named = set() if subject.creates else {subject.code, subject.name, subject.kind, subject.registration_number}
    named.add(None if subject.creates else subject.organisation_code)
    for field in entry.fields:
        if field.code in named or (field.personal and kind == "individual_business" and not subject.creates):
            continue
        text = value(field, loaded, language)
        if text is None:
            continue
        sent = raw.get(field.code)
        sent = _redacted(str(sent)) if sent is not None else ""
        shown.append(
            FieldValue(
                code=field.code,
                label=field.name_en if language == "en" else field.name_zh,
                value=text,
                raw=sent if sent != text else "",
                long=len(text) > _LONG,
            )
        )
    return tuple(shown)


_STATE_TONES = {"disputed": "violet"}


def state_chips(states: Iterable[str], language: str) -> tuple[Chip, ...]:
    """What a record is in, in words."""
    known = ledger_rules.rule_set().states
    return tuple(
        Chip(text=known[code].en if language == "en" else known[code].zh, tone=_STATE_TONES.get(code, "blue"))
        for code in sorted(states)
    )


def card(row: Sequence[Any], language: str, today: date, states: Iterable[str] = ()) -> RecordCard:
    """One record of the entity file, from a row of ``public_records_of_entity``."""
    (
        record_id,
        dataset,
        digest,
        edition,
        payload,
        decided_on,
        version_no,
        source_row,
        received_at,
        delivery,
        department_zh,
        department_en,
        public_from,
        public_until,
        earliest_repair,
        severity,
        rule,
        kind,
    ) = row
    entry = catalogue.text_of(digest, dataset)
    english = language == "en"
    title = text_of(entry, entry.number_field, payload) or text_of(entry, entry.title_field, payload)
    if entry.subject.creates:
        title = text_of(entry, entry.subject.name, payload)
    graded = entry.nature is Nature.ADVERSE and severity in _SEVERITY
    clock = None
    if entry.nature is Nature.ADVERSE and public_until is not None:
        clock = repair_clock(public_from, earliest_repair, public_until, today, english=english)
    return RecordCard(
        key=keys.record_key(record_id),
        anchor=f"r{record_id}",
        dataset=dataset,
        title=title or name_of(entry, language),
        tone=tone(entry),
        severity=_SEVERITY[severity][1 if english else 0] if graded else "",
        severity_tone=_SEVERITY[severity][2] if graded else "",
        decided_on=decided_on,
        fields=tuple(
            item for item in fields_of(entry, payload, language, kind) if item.value != title or entry.subject.creates
        ),
        source=SourceLine(
            department=department_en if english and department_en else department_zh,
            delivery=delivery,
            row=source_row,
            received_at=received_at,
            version=version_no,
            edition=edition,
        ),
        clock=clock,
        basis=rules.describe(rule, language) if clock else "",
        states=state_chips(states, language),
    )


def repair_clock(start: date, repair: date | None, end: date, today: date, *, english: bool) -> Clock:
    """The repair clock; positions in percent of the whole period."""
    whole = max(1, (end - start).days)

    def share(day: date) -> int:
        return min(100, max(0, round(100 * (day - start).days / whole)))

    if english:
        sentence = f"Public since {start}; ends by itself on {end}."
        if repair is not None:
            state = "reached" if repair <= today else "not reached yet"
            sentence += f" Shortest period ends on {repair} ({state})."
    else:
        sentence = f"自 {start} 起公示，最迟至 {end} 自动停止公示。"
        if repair is not None:
            sentence += f"最短公示期至 {repair}（{'已满' if repair <= today else '未满'}）。"
    return Clock(
        start=start,
        earliest_repair=repair,
        end=end,
        today=today,
        minimum_percent=share(repair) if repair is not None else 0,
        today_percent=share(today),
        sentence=sentence,
    )


def checked(entry: DatasetEntry, language: str, today: date) -> str:
    """What an empty chapter says: what was looked at, and when."""
    if language == "en":
        return f"Nothing recorded in the period; {entry.name_en} checked on {today}"
    return f"查询期内无相关信息，已核对{entry.name_zh}（{today}）"


def head_facts(facts: Iterable[FieldValue], today: date) -> tuple[FieldValue, ...]:
    """The facts of the entity card."""
    by_code = {fact.code: fact for fact in facts}
    return tuple(by_code[code] for code in _HEAD if code in by_code)


def first_value(facts: Iterable[FieldValue], codes: Sequence[str]) -> str:
    """The first of these fields that is filled."""
    by_code = {fact.code: fact.value for fact in facts}
    return next((by_code[code] for code in codes if code in by_code), "")
