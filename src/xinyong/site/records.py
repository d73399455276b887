"""One record: what it says, where it came from, what changed, and where it stands in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection
from django.urls import reverse

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Certainty, DatasetEntry, Disclosure, Nature
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.ledger.selectors import RecordHistory
from xinyong.publicity import clocks, past, show
from xinyong.publicity import selectors as publicity
from xinyong.publicity.pages import FieldValue
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql
from xinyong.site.errors import NoLongerPublic
from xinyong.site.pages import (
    Checkpoint,
    ClockStep,
    FieldChange,
    LegalBasis,
    LogPlace,
    RecordChange,
    RecordPage,
    RelatedRecord,
)
from xinyong.ui.errors import PageNotFound

RELATED = 6


def history_of(key: str, today: date, path: str) -> RecordHistory:
    """The history of a public record.

    Raises NoLongerPublic for one that was public, and PageNotFound alike for a record that never was, for a number
    nobody has and for what is no number: the answer must not tell which of them it is.
    """
    number = keys.record_id(key)
    if number is None or keys.record_key(number) != key:
        raise PageNotFound(path=path)
    try:
        history = ledger.record(number)
    except RecordNotFound:
        raise PageNotFound(path=path) from None
    if publicity.public_record(history.entity_id, number, today) is not None:
        return history
    if past.was_public(history, today):
        raise NoLongerPublic
    raise PageNotFound(path=path)


def record_page(key: str, language: str, today: date, path: str = "") -> RecordPage:
    """The page of a record. Raises NoLongerPublic, PageNotFound."""
    history = history_of(key, today, path)
    row = publicity.public_record(history.entity_id, history.record_id, today)
    if row is None:  # its time ended between the two questions
        raise NoLongerPublic
    entity = registry.canonical(Entity.objects.get(pk=history.entity_id))
    card = show.card(row, language, today)
    newest = history.versions[-1]
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    entity_key = registry.address_key(entity)
    entity_url = reverse("entity", args=[entity_key])
    return RecordPage(
        key=key,
        url=reverse("record-page", args=[key]),
        title=card.title,
        dataset=entry.code,
        dataset_name=show.name_of(entry, language),
        catalogue_url=reverse("catalogue-entry", args=[entry.code]),
        entity_name=entity.name or entity.credit_code or entity_key,
        entity_key=entity_key,
        entity_url=entity_url,
        entity_code=entity.credit_code or "",
        section_url=f"{entity_url}#section-{entry.code}",
        adverse=entry.nature is Nature.ADVERSE,
        states=show.state_chips(history.states(), language),
        card=card,
        fields=show.fields_of(entry, newest["payload"], language, entity.kind),
        basis=tuple(
            LegalBasis(title=item.title, article=item.article, confirmed=item.status is Certainty.CONFIRMED)
            for item in entry.legal_basis
        ),
        history=_log(history, entity.kind, language, today),
        related=_related(entity, history, entry, today),
        log=_place(history, entry),
        recorded_at=newest["recorded_at"],
        steps=_steps(history, language) if card.clock else (),
    )


def _steps(history: RecordHistory, language: str) -> tuple[ClockStep, ...]:
    clock = clocks.of_record(history.entity_id, history.record_id)
    if clock is None:
        return ()
    english = language == "en"
    return tuple(
        ClockStep(
            text=step.text(language),
            source=step.source_en if english else step.source,
            article=step.article,
            confirmed=step.status == CONFIRMED,
        )
        for step in clock.steps
    )


def _public_fields(version: Mapping[str, Any], kind: str, language: str) -> dict[str, FieldValue]:
    entry = catalogue.text_of(version["digest"], version["dataset"])
    return {item.code: item for item in show.fields_of(entry, version["payload"], language, kind)}


def _log(history: RecordHistory, kind: str, language: str, today: date) -> tuple[RecordChange, ...]:
    """Versions and acts, newest first. A version that was not for the public is named and not shown.

    What an adverse record said before it was corrected is not repeated: the correction would be for nothing.
    """
    english, known = language == "en", ledger_rules.rule_set()
    found = []
    before: dict[str, FieldValue] | None = None
    done = [act for _, act in past.acts(history)]
    for version in history.versions:
        clock = past.clock_of_version(version, done)
        public = clock is not None and clock.public_from is not None and clock.public_from <= today
        fields = _public_fields(version, kind, language) if public else None
        entry = catalogue.text_of(version["digest"], version["dataset"])
        repeat = entry.nature is not Nature.ADVERSE
        first = version["version_no"] == 1
        note = "" if public else ("Not for the public" if english else "该版本不公示")
        if first and public:
            note = "First received" if english else "首次入库"
        found.append(
            RecordChange(
                at=version["recorded_at"],
                title=f"Version {version['version_no']}" if english else f"第 {version['version_no']} 版",
                department=str((english and version["department_en"]) or version["department_zh"]),
                delivery=version["delivery"],
                row=version["source_row"],
                changes=_changes(before, fields, repeat=repeat) if before and fields else (),
                note=note,
            )
        )
        before = fields
    for item in history.acts:
        act = known.acts[item["act"]]
        found.append(
            RecordChange(
                at=item["recorded_at"],
                title=act.en if english else act.zh,
                department="",
                delivery="",
                row=None,
                changes=(),
                note=act.source_en if english else act.source,
            )
        )
    return tuple(sorted(found, key=lambda change: change.at, reverse=True))


def _changes(before: dict[str, FieldValue], after: dict[str, FieldValue], *, repeat: bool) -> tuple[FieldChange, ...]:
    changes = []
    for code in dict.fromkeys((*after, *before)):
        old, new = before.get(code), after.get(code)
        if old and new and old.value == new.value:
            continue
        shown = new or old
        if shown is None:
            continue
        changes.append(
            FieldChange(
                label=shown.label,
                kind="added" if old is None else "removed" if new is None else "changed",
                old=old.value if old and repeat else "",
                new=new.value if new else "",
            )
        )
    return tuple(changes)


def _related(entity: Entity, history: RecordHistory, entry: DatasetEntry, today: date) -> tuple[RelatedRecord, ...]:
    found = []
    for number, code, digest, payload, day in publicity.neighbours(
        entity, history.record_id, entry.code, today, RELATED
    ):
        own = catalogue.text_of(digest, code)
        title = show.text_of(own, own.number_field, payload) or show.text_of(own, own.title_field, payload)
        key = keys.record_key(number)
        found.append(RelatedRecord(title=title or key, url=reverse("record-page", args=[key]), decided_on=day))
    return tuple(found)


def provable(entry: DatasetEntry, payload: Mapping[str, Any]) -> bool:
    """Whether the opened leaf tells no more than the page: its hash covers every filled field.

    With one field held back, whoever knows the others could try values for it against the hash.
    """
    if any(name in payload for name in ("_raw", "_redact")):
        return False
    public = {field.code for field in entry.fields if field.publication is Disclosure.PUBLIC and not field.personal}
    return all(name.startswith("_") or name in public for name in payload)


def is_provable(history: RecordHistory) -> bool:
    """Whether the newest version may have a public proof file."""
    newest = history.versions[-1]
    return provable(catalogue.text_of(newest["digest"], newest["dataset"]), newest["payload"])


def _place(history: RecordHistory, entry: DatasetEntry) -> LogPlace | None:
    """The leaf of the newest version and the newest checkpoint; None until it is signed."""
    newest = history.versions[-1]
    signed = checkpoint()
    rows = sql.kept("ledger", "log_leaf_of_version", {"record": history.record_id, "number": newest["version_no"]})
    if signed is None or not rows or rows[0][2] is None:
        return None
    return LogPlace(leaf=int(rows[0][2]), checkpoint=signed, provable=provable(entry, newest["payload"]))


def checkpoint() -> Checkpoint | None:
    """The newest signed state of the transparency log."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", "log_last_range"))
        row = cursor.fetchone()
    if row is None:
        return None
    return Checkpoint(size=row[4] + row[5], root=bytes(row[6]).hex(), signed_at=row[8])
