"""The special report (专用信用报告, 信用代证): what is held of an entity in chosen fields and a period.

It takes the place of certificates of no violation (rule RPT-05), so it also holds what is too small to be public (RPT-06)
and is made for the subject alone. It says of each matter: found, nothing found, or not collected here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.publicity import held
from xinyong.registry.models import Entity
from xinyong.reports import selectors
from xinyong.reports.chapters import Item, Subject

NOTES = (
    "本报告依主体本人申请出具，只交给主体本人；由其决定向谁出示。出具、核验均不收取任何费用。",
    "本报告包括依法不向社会公示的轻微失信信息；已修复、已撤销的信息，以及公示期满依法不再使用的信息，不在其中。",
    "注明“未归集”的事项，平台没有该类信息，本报告对其不作证明。",
    "本报告只说明所列领域和期间内各部门已归集到平台的信息，不作评分或评价。对信息有异议的，可以随时提出异议申诉，免费办理。",
    "本报告以电子签名版本为准，打印件凭核验码核对。",
)
#: Records of the whole report; beyond it the wish has to be narrowed, because a report of this kind must be whole.
LARGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A kind of record that is looked for; without datasets it is not collected here."""

    code: str
    zh: str
    en: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of government. ``words``: parts of the names of its organs; without words it takes what is left."""

    code: str
    zh: str
    en: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """``datapacks/rules/special-report.yml``."""

    version: str
    source: str
    source_en: str
    article: str
    status: str
    years: int
    longest_years: int
    matters: tuple[Matter, ...]
    never_public: bool
    ended: bool
    fields: tuple[Field, ...]

    def field_of(self, authority: str) -> str:
        """The field of an organ, by its name."""
        return next(
            (field.code for field in self.fields if not field.words or any(word in authority for word in field.words)),
            self.fields[-1].code,
        )


@cache
def rules() -> Rules:
    """The rules as packaged."""
    text = (resources.files("xinyong.datapacks") / "rules" / "special-report.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any]) -> Rules:
    """Rules from their file. The last field has no words, so that every organ belongs somewhere."""
    matters = tuple(Matter(**{**row, "datasets": tuple(row["datasets"])}) for row in loaded["matters"])
    fields = tuple(Field(**{**row, "words": tuple(row["words"])}) for row in loaded["fields"])
    if not fields or fields[-1].words or any(not field.words for field in fields[:-1]):
        raise ValueError("special-report.yml: the last field, and only it, has no words")
    return Rules(**{**loaded, "matters": matters, "fields": fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report covers: fields by code (empty: all of them) and decisions from a day to a day, both included."""

    fields: tuple[str, ...]
    first: date
    last: date

    def as_json(self) -> dict[str, Any]:
        """As it is stored and printed."""
        return {"fields": list(self.fields), "first": self.first.isoformat(), "last": self.last.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scope:
        """A stored scope."""
        return cls(
            fields=tuple(value["fields"]),
            first=date.fromisoformat(value["first"]),
            last=date.fromisoformat(value["last"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A matter in the report. ``collected`` false: the platform does not hold this kind and proves nothing about it."""

    title: str
    collected: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The facts of a special report. ``table``: a row a field: its name, then a count a collected matter."""

    subject: Subject
    scope: Scope
    fields: tuple[str, ...]
    matters: tuple[Found, ...]
    table: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def total(self) -> int:
        """Records in it."""
        return sum(len(matter.items) for matter in self.matters)

    def digest(self) -> str:
        """SHA-256 over all facts. Equal digests mean: the report would say the same again."""
        facts = {**asdict(self), "scope": self.scope.as_json()}
        text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"xinyong-special-report-1\n" + text.encode()).hexdigest()


class TooMany(Exception):
    """The scope holds more records than a report prints."""


def content(entity: Entity, scope: Scope, today: date) -> Content:
    """What the report says on this day. Raises TooMany."""
    book = rules()
    wanted = [field for field in book.fields if not scope.fields or field.code in scope.fields]
    codes = {field.code for field in wanted}
    datasets = [dataset for matter in book.matters for dataset in matter.datasets]
    rows = held.held_records(entity, datasets, scope.first, scope.last, today, LARGEST + 1)
    if len(rows) > LARGEST:
        raise TooMany
    kept = [
        (row, field)
        for row in rows
        if (field := book.field_of(row.authority)) in codes
        and (book.ended or not row.ended)
        and (book.never_public or not row.never_public)
    ]
    collected = [matter for matter in book.matters if matter.datasets]
    return Content(
        subject=selectors.subject(entity),
        scope=scope,
        fields=tuple(field.zh for field in wanted),
        matters=tuple(
            Found(
                title=matter.zh,
                collected=bool(matter.datasets),
                items=tuple(
                    item
                    for row, _ in kept
                    if row.dataset in matter.datasets
                    for item in selectors.items(row.entry, (row.card,))
                ),
            )
            for matter in book.matters
        ),
        table=tuple(
            (
                field.zh,
                tuple(
                    sum(1 for row, code in kept if code == field.code and row.dataset in matter.datasets)
                    for matter in collected
                ),
            )
            for field in wanted
        ),
    )


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; the last of February for the 29th where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def ordered(codes: Iterable[str]) -> tuple[str, ...]:
    """Chosen fields in the order of the rules, each once; unknown ones at the end, to be refused by name."""
    chosen = set(codes)
    known = tuple(field.code for field in rules().fields if field.code in chosen)
    return known + tuple(sorted(chosen - set(known)))


def scope_words(scope: Scope, language: str) -> str:
    """The fields of a scope in words."""
    book = rules()
    if not scope.fields:
        return "All fields" if language == "en" else "全部领域"
    names = [field.en if language == "en" else field.zh for field in book.fields if field.code in scope.fields]
    return (", " if language == "en" else "、").join(names)


def printed(content: Content, frame: Mapping[str, Any]) -> dict[str, Any]:
    """What the template reads."""
    book = rules()
    return {
        **frame,
        "subject": asdict(content.subject),
        "fields": list(content.fields),
        "all_fields": not content.scope.fields,
        "first": content.scope.first.isoformat(),
        "last": content.scope.last.isoformat(),
        "matters": [asdict(matter) for matter in content.matters],
        "heads": [matter.title for matter in content.matters if matter.collected],
        "table": [[name, *counts] for name, counts in content.table],
        "total": content.total,
        "basis": book.source,
        "notes": list(NOTES),
        "empty_value": "— —",
    }


def _digest(entity: Entity, scope: dict[str, Any], today: date) -> str:
    try:
        return content(entity, Scope.from_json(scope), today).digest()
    except TooMany:
        return ""


selectors.DIGESTS["special"] = _digest
