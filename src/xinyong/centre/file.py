"""The firm's own file: every record held about it, public or not, and why (Henan regulation art. 40; REF-16)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.urls import reverse

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.centre.errors import FirmPageNotFound
from xinyong.centre.selectors import Firm
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.publicity import clocks, machine, show
from xinyong.publicity.clocks import Judged
from xinyong.publicity.pages import Chip
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.registry import keys
from xinyong.runtime import sql
from xinyong.standards import redaction

PAGE = 20
#: States of publicity and their chips.
_TONES = {"public": "green", "scheduled": "blue", "withdrawn": "red", "masked": "amber"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Whether anybody may see a record today, in words: the state, the reason, the article it rests on."""

    state: str
    label: str
    tone: str
    reason: str
    article: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecord:
    """A record in the list. ``repairable``: an adverse record that is public and may end early on application."""

    key: str
    record_id: int
    entity_id: int
    url: str
    public_url: str
    title: str
    dataset: str
    dataset_name: str
    adverse: bool
    department: str
    decided_on: date | None
    received_at: datetime
    why: Why
    states: tuple[Chip, ...]
    severity: str
    severity_tone: str
    earliest_repair: date | None
    latest_end: date | None
    repairable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Records of a dataset held about the firm, and how many of them are public."""

    code: str
    name: str
    held: int
    public: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """A page of the file."""

    records: tuple[OwnRecord, ...]
    figures: tuple[Figure, ...]
    held: int
    public: int
    total: int
    page: int
    pages: int
    only: str
    dataset: str

    @property
    def hidden(self) -> int:
        """How many are not public."""
        return self.held - self.public


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnField:
    """A field of the own record. ``public``: anybody sees it too; ``masked``: a personal value, hidden also here."""

    code: str
    label: str
    value: str
    raw: str
    public: bool
    masked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the computation of the dates."""

    text: str
    source: str
    article: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecordPage:
    """One record with all its fields, and how its dates came about."""

    record: OwnRecord
    fields: tuple[OwnField, ...]
    steps: tuple[Step, ...]
    delivery: str
    row: int
    version: int
    versions: int


def _rows(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("centre", name), parameters)
        return list(cursor.fetchall())


def own_file(firm: Firm, today: date, language: str, *, only: str = "", dataset: str = "", page: int = 1) -> OwnFile:
    """A page of everything held about the firm. ``only``: public or hidden."""
    only = only if only in ("public", "hidden") else ""
    figures = tuple(
        Figure(code=code, name=_name(code, today, language), held=held, public=public)
        for code, held, public in _rows("figures_of_firm", {"members": list(firm.members), "today": today})
    )
    dataset = dataset if any(figure.code == dataset for figure in figures) else ""
    asked = {"members": list(firm.members), "today": today, "only": only, "code": dataset, "limit": PAGE}
    rows = _rows("records_of_firm", {**asked, "offset": (page - 1) * PAGE})
    if not rows and page > 1:
        page = 1
        rows = _rows("records_of_firm", {**asked, "offset": 0})
    total = int(rows[0][10]) if rows else 0
    return OwnFile(
        records=tuple(_record(row, today, language) for row in rows),
        figures=figures,
        held=sum(figure.held for figure in figures),
        public=sum(figure.public for figure in figures),
        total=total,
        page=page,
        pages=max(1, math.ceil(total / PAGE)),
        only=only,
        dataset=dataset,
    )


def adverse_public(firm: Firm, today: date, language: str) -> tuple[OwnRecord, ...]:
    """Adverse records anybody may see today: what objection and repair are about. At most a hundred, newest first."""
    asked = {"members": list(firm.members), "today": today, "only": "public", "code": "", "limit": 500, "offset": 0}
    found = (_record(row, today, language) for row in _rows("records_of_firm", asked) if _adverse(row))
    return tuple(record for record in found if record.adverse)[:100]


def _adverse(row: tuple[Any, ...]) -> bool:
    return catalogue.text_of(row[3], row[2]).nature is Nature.ADVERSE


def _name(code: str, today: date, language: str) -> str:
    entry = next((item for item in catalogue.packaged().in_force(today) if item.code == code), None)
    return show.name_of(entry, language) if entry is not None else code


def _title(entry: DatasetEntry, payload: Mapping[str, Any], language: str) -> str:
    known = {field.code: field for field in entry.fields}
    codes = (entry.subject.name,) if entry.subject.creates else (entry.number_field, entry.title_field)
    for code in codes:
        field = known.get(code) if code else None
        said = payload.get(code) if code else None
        if field is not None and said and not field.personal:
            return redaction.redact(str(said)).text
    return show.name_of(entry, language)


def why_of(judged: Judged, entry: DatasetEntry, today: date, language: str) -> Why:
    """Why a record is public or not, in words, with the article."""
    english = language == "en"
    state = judged.state(today)
    known = machine.table().states[state]
    steps = judged.clock.steps
    last = steps[-1] if steps else None
    if not judged.open:
        basis = entry.legal_basis[0] if entry.legal_basis else None
        reason = (
            f"The catalogue keeps '{entry.name_en}' from the public; departments may use it as the law allows."
            if english
            else f"信用信息目录规定“{entry.name_zh}”或其中这一类不向社会公开，只供有权的部门依法使用。"
        )
        article = f"{basis.title} {basis.article}".strip() if basis is not None else ""
        confirmed = False
    else:
        reason = last.text(language) if last is not None else ""
        article = f"{last.source_en if english else last.source} {last.article}".strip() if last is not None else ""
        confirmed = last is not None and last.status == CONFIRMED
    return Why(
        state=state,
        label=known.en if english else known.zh,
        tone=_TONES.get(state, "grey"),
        reason=reason,
        article=article,
        confirmed=confirmed,
    )


def _record(row: tuple[Any, ...], today: date, language: str) -> OwnRecord:
    entity_id, record_id, code, digest, payload, decided_on, received_at, name_zh, name_en, public, _ = row
    entry = catalogue.text_of(digest, code)
    judged = clocks.judged(entity_id, record_id)
    if judged is None:
        raise FirmPageNotFound()
    key = keys.record_key(record_id)
    clock = judged.clock
    severity, severity_tone = show.severity_label(clock.severity, language)
    adverse = entry.nature is Nature.ADVERSE
    return OwnRecord(
        key=key,
        record_id=record_id,
        entity_id=entity_id,
        url=reverse("centre-record", args=[key]),
        public_url=reverse("record-page", args=[key]) if public else "",
        title=_title(entry, ledger.payload_of(payload), language),
        dataset=code,
        dataset_name=show.name_of(entry, language),
        adverse=adverse,
        department=name_en if language == "en" and name_en else name_zh,
        decided_on=decided_on,
        received_at=received_at,
        why=why_of(judged, entry, today, language),
        states=show.state_chips(judged.states, language),
        severity=severity if adverse else "",
        severity_tone=severity_tone,
        earliest_repair=clock.earliest_repair if adverse else None,
        latest_end=clock.latest_end if adverse else None,
        repairable=adverse and bool(public) and clock.repairable,
    )


def record_id_of(firm: Firm, key: str) -> int:
    """The number of a record of the firm. Raises FirmPageNotFound alike for another's, for none and for what is no number."""
    number = keys.record_id(key)
    if number is None or keys.record_key(number) != key:
        raise FirmPageNotFound()
    try:
        history = ledger.record(number)
    except RecordNotFound:
        raise FirmPageNotFound() from None
    if history.entity_id not in firm.members:
        raise FirmPageNotFound()
    return number


def own_record(firm: Firm, key: str, today: date, language: str) -> OwnRecordPage:
    """One record of the firm with every field it holds. Raises FirmPageNotFound."""
    number = record_id_of(firm, key)
    history = ledger.record(number)
    newest = history.versions[-1]
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    english = language == "en"
    visible = {field.code: show.value(field, newest["payload"], language) or "" for field in entry.fields}
    raw = newest["payload"].get("_raw", {})
    fields = []
    for field, code, value in ledger.shown_fields(newest):
        masked = value == ledger.MASK
        public = bool(visible.get(code))
        shown = visible[code] if public else value
        sent = "" if masked else redaction.redact(str(raw.get(code, ""))).text
        fields.append(
            OwnField(
                code=code,
                label=(field.name_en if english else field.name_zh) if field is not None else code,
                value=shown,
                raw=sent if sent != shown else "",
                public=public,
                masked=masked,
            )
        )
    judged = clocks.judged(history.entity_id, number)
    steps = judged.clock.steps if judged is not None else ()
    row = (
        history.entity_id,
        number,
        newest["dataset"],
        newest["digest"],
        newest["payload"],
        newest["decided_on"],
        newest["received_at"],
        newest["department_zh"],
        newest["department_en"],
        judged is not None and machine.table().states[judged.state(today)].shown,
        1,
    )
    return OwnRecordPage(
        record=_record(row, today, language),
        fields=tuple(fields),
        steps=tuple(
            Step(
                text=step.text(language),
                source=step.source_en if english else step.source,
                article=step.article,
                confirmed=step.status == CONFIRMED,
            )
            for step in steps
        ),
        delivery=newest["delivery"],
        row=newest["source_row"],
        version=newest["version_no"],
        versions=len(history.versions),
    )
