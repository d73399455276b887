"""Reads of retention: rules, runs, the report line by line, named readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.ledger import selectors as ledger
from xinyong.publicity import inforce
from xinyong.publicity.models import ArchiveReader, RetentionLine, RetentionRun
from xinyong.publicity.retention import actions, rules
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.registry import keys

_TARGETS = {rules.RECORD: ("记录", "Record"), rules.ARCHIVED: ("档案内容", "Content of the archive")}
_THEN = {
    rules.ARCHIVE: ("移入封闭档案", "Moves to the closed archive"),
    rules.DESTROY: ("销毁", "Destroyed"),
    rules.ERASE: ("删除", "Erased"),
    rules.KEEP: ("保留", "Kept"),
}
_STARTS = {
    "publicity_end": ("停止公示起", "after its publicity"),
    "repair": ("修复起", "after repair"),
    "archived": ("归档起", "in the archive"),
    "closed": ("办结起", "after it was closed"),
    "ended": ("终止起", "after it ended"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule in words."""

    id: str
    label: str
    words: str
    source: str
    article: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of retention."""

    rules: tuple[RuleLine, ...]
    profile: str
    runs: tuple[RetentionRun, ...]
    readers: tuple[ArchiveReader, ...]
    may_read: bool


def page(user: User, language: str) -> Page:
    """Rules of today, the newest runs, who may read the archive. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    english = language == "en"
    profile = inforce.profile()
    found = []
    for row in rules.in_force(timezone.localdate(), profile):
        unit = f"{row.months} months" if english else f"{row.months} 个月"
        start, then = _STARTS[row.starts][english], _THEN[row.then][english]
        words = f"{unit} {start}: {then}" if english else f"{start}满 {unit}，{then}"
        found.append(
            RuleLine(
                id=row.id,
                label=row.label(language),
                words=words,
                source=row.source_en if english else row.source,
                article=row.article,
                confirmed=row.status == CONFIRMED,
            )
        )
    return Page(
        rules=tuple(found),
        profile=profile,
        runs=tuple(RetentionRun.objects.select_related("plan").order_by("-pk")[:20]),
        readers=tuple(
            ArchiveReader.objects.filter(ended_at=None, until__gte=timezone.localdate()).order_by("username")
        ),
        may_read=actions.may_read(user),
    )


def target_label(target: str, language: str) -> str:
    """What kind of thing, in the reader's language."""
    words = _TARGETS.get(target)
    if words is None and target in actions.targets:
        words = (actions.targets[target].zh, actions.targets[target].en)
    return words[language == "en"] if words else target


def run(user: User, run_id: int) -> RetentionRun | None:
    """A plan or a run. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    return RetentionRun.objects.filter(pk=run_id).first()


def lines(run_id: int, offset: int, limit: int) -> tuple[list[RetentionLine], int]:
    """A page of the report with its length."""
    found = RetentionLine.objects.filter(run=run_id).order_by("pk")
    return list(found[offset : offset + limit]), found.count()


def report(run_id: int) -> Iterator[dict[str, Any]]:
    """The whole report: what, of which dataset, by which rule and article, when, who ran it."""
    for line in RetentionLine.objects.filter(run=run_id).select_related("run").order_by("pk").iterator(2_000):
        yield {
            "target": line.target,
            "key": keys.record_key(line.key) if line.target == rules.RECORD else str(line.key),
            "dataset": line.dataset,
            "rule": line.rule,
            "article": line.article,
            "ended_on": str(line.ended_on),
            "outcome": line.outcome,
            "why": line.why,
            "pieces": line.pieces,
            "at": line.at.isoformat(),
            "actor": line.run.actor,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A version as the archive holds it; ``fields`` empty where it was destroyed."""

    number: int
    archived_at: datetime
    rule: str
    destroyed_at: datetime | None
    destroy_rule: str
    fields: tuple[tuple[str, str], ...]


def readable(found: Sequence[tuple[Any, dict[str, Any] | None]], language: str) -> list[Kept]:
    """What an officer is shown: fields by their names; personal values stay masked here too."""
    shown = []
    for row, payload in found:
        fields: tuple[tuple[str, str], ...] = ()
        if payload is not None:
            history = ledger.record(row.record_id)
            version = {**history.versions[row.version_no - 1], "payload": payload}
            fields = tuple(
                (((language == "en" and field.name_en) or field.name_zh) if field is not None else code, text)
                for field, code, text in ledger.shown_fields(version)
            )
        shown.append(
            Kept(
                number=row.version_no, archived_at=row.archived_at, rule=row.rule, destroyed_at=row.destroyed_at,
                destroy_rule=row.destroy_rule, fields=fields,
            )
        )  # fmt: skip
    return shown
