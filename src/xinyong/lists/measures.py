"""Measures and incentives as data (``datapacks/measures``): every row with target, means, executor, basis, degree. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from xinyong.lists import registry
from xinyong.lists.errors import ListsInvalid

#: national, local (a supplement of one profile), incentive, historic (memoranda: read only).
KINDS = ("national", "local", "incentive", "historic")
#: Groups of measures: reduces rights, manages, others' own choice; 0 for incentives.
GROUPS = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """One instrument a measure rests on."""

    title: str
    title_en: str
    article: str
    level: str
    certainty: str
    status: str

    def words(self, language: str = "zh") -> str:
        """Title with article."""
        if language == "en":
            return f"{self.title_en} {self.article}".strip()
        return f"《{self.title}》{self.article}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Degree:
    """How far it goes: months at least and at most, None for as long as the entry stands."""

    least: int | None
    most: int | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureList:
    """Where rows come from. ``profile``: the only place a local supplement counts; ``digest``: this very text."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    version: str
    profile: str
    effective_from: date
    effective_until: date | None
    basis_title: str
    basis_article: str
    basis_level: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One row. ``lists``, ``datasets``: what it follows from, narrowed by ``grounds``, ``words``, ``penalty_kinds``."""

    id: str
    kind: str
    group: int
    zh: str
    en: str
    target_zh: str
    target_en: str
    means_zh: str
    means_en: str
    lists: tuple[str, ...]
    datasets: tuple[str, ...]
    executors: tuple[str, ...]
    scenes: tuple[str, ...]
    bases: tuple[Basis, ...]
    degree: Degree
    soft: bool
    effective_from: date
    effective_until: date | None
    certainty: str
    status: str
    source: MeasureList
    grounds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    penalty_kinds: tuple[str, ...] = ()

    def in_force(self, day: date) -> bool:
        """Whether row and list hold on a day."""
        return all(
            item.effective_from <= day and (item.effective_until is None or day <= item.effective_until)
            for item in (self, self.source)
        )

    def label(self, language: str = "zh") -> str:
        """What is done."""
        return self.en if language == "en" else self.zh

    @property
    def confirmed(self) -> bool:
        """Whether the operator's legal office, or the text itself, has confirmed the row and all it rests on."""
        return self.status == "confirmed" and all(row.status == "confirmed" for row in self.bases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """Who may carry measures out; ``organs``: words by which a department is told to be one."""

    code: str
    zh: str
    en: str
    organs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A scene, or a reason not to apply (``of``: not_applicable or waived)."""

    code: str
    zh: str
    en: str
    of: str = ""

    def label(self, language: str = "zh") -> str:
        """In words."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All measures of this release."""

    lists: Mapping[str, MeasureList]
    rows: Mapping[str, Measure]
    executors: Mapping[str, Executor]
    scenes: Mapping[str, Named]
    reasons: Mapping[str, Named]
    strict_profiles: frozenset[str]
    strict_lists: frozenset[str]
    strict_grounds: frozenset[str]
    final_months: int

    def roles(self, organ: str) -> frozenset[str]:
        """Executors a department of this name is."""
        return frozenset(
            row.code for row in self.executors.values() if organ and any(word in organ for word in row.organs)
        )

    def executor_words(self, codes: tuple[str, ...], language: str = "zh") -> str:
        """Executors in words."""
        names = [self.executors[code].en if language == "en" else self.executors[code].zh for code in codes]
        return (", " if language == "en" else "、").join(names)

    def scene_words(self, codes: tuple[str, ...], language: str = "zh") -> str:
        """Scenes in words."""
        return (", " if language == "en" else "、").join(self.scenes[code].label(language) for code in codes)


@cache
def book() -> Book:
    """The packaged measures. Raises ListsInvalid with every mistake."""
    folder = resources.files("xinyong.datapacks") / "measures"
    texts = {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda item: item.name)
        if file.name.endswith(".yml")
    }
    return load(texts, frozenset(registry.registry()))


def load(texts: Mapping[str, str], known_lists: frozenset[str]) -> Book:
    """Measures from the texts of their files. Raises ListsInvalid with every mistake."""
    words = yaml.safe_load(texts["_vocabulary.yml"])
    executors = {row["code"]: Executor(**{**row, "organs": tuple(row["organs"])}) for row in words["executors"]}
    scenes = {row["code"]: Named(**row) for row in words["scenes"]}
    mistakes: list[registry.Mistake] = []
    lists: dict[str, MeasureList] = {}
    rows: dict[str, Measure] = {}
    for name, text in texts.items():
        if name.startswith("_"):
            continue
        raw = yaml.safe_load(text)
        source = _list(raw, hashlib.sha256(text.encode()).hexdigest()[:16])
        lists[source.code] = source
        mistakes += _list_mistakes(source, name)
        for item in raw["rows"]:
            where = f"{name}/{item.get('id', '?')}"
            try:
                row = _row(item, source)
            except (TypeError, KeyError) as error:
                mistakes.append((where, f"项目不全或者多余：{error}", str(error)))
                continue
            mistakes += _row_mistakes(row, where, known_lists, executors, scenes)
            if row.id in rows:
                mistakes.append((where, "编号重复", "given twice"))
            rows[row.id] = row
    if mistakes:
        raise ListsInvalid(
            mistakes_zh="；".join(f"{where}：{zh}" for where, zh, _ in mistakes),
            mistakes_en="; ".join(f"{where}: {en}" for where, _, en in mistakes),
        )
    return Book(
        lists=MappingProxyType(lists),
        rows=MappingProxyType(rows),
        executors=MappingProxyType(executors),
        scenes=MappingProxyType(scenes),
        reasons=MappingProxyType({row["code"]: Named(**row) for row in words["reasons"]}),
        strict_profiles=frozenset(words["strict"]["profiles"]),
        strict_lists=frozenset(words["strict"]["lists"]),
        strict_grounds=frozenset(words["strict"]["grounds"]),
        final_months=int(words["final"]["months"]),
    )


def _list(raw: Mapping[str, Any], digest: str) -> MeasureList:
    basis = raw["basis"] or {}
    return MeasureList(
        code=raw["code"],
        kind=raw["kind"],
        name_zh=raw["name_zh"],
        name_en=raw["name_en"],
        version=str(raw["version"]),
        profile=raw.get("profile", ""),
        effective_from=raw["effective_from"],
        effective_until=raw["effective_until"],
        basis_title=basis.get("title", ""),
        basis_article=basis.get("article", ""),
        basis_level=basis.get("level", ""),
        digest=digest,
    )


def _row(raw: Mapping[str, Any], source: MeasureList) -> Measure:
    plural = ("lists", "datasets", "executors", "scenes", "grounds", "words", "penalty_kinds")
    return Measure(
        **{
            **raw,
            **{key: tuple(map(str, raw[key])) for key in plural if key in raw},
            "bases": tuple(Basis(**row) for row in raw["bases"]),
            "degree": Degree(**raw["degree"]),
            "source": source,
        }
    )


def _list_mistakes(source: MeasureList, name: str) -> Iterator[registry.Mistake]:
    if source.kind not in KINDS:
        yield name, "kind 不对", "kind is not known"
    if source.kind == "local" and (source.basis_level != "local-regulation" or not source.profile):
        yield (
            name,
            "地方补充清单须有地方性法规依据和适用地区（MEA-01）",
            ("a local supplement needs a local regulation and a place (MEA-01)"),
        )


def _row_mistakes(
    row: Measure,
    where: str,
    known: frozenset[str],
    executors: Mapping[str, Executor],
    scenes: Mapping[str, Named],
) -> Iterator[registry.Mistake]:
    if not row.bases:
        yield where, "没有依据的措施不能列入（MEA-02）", "a measure without a basis cannot be listed (MEA-02)"
    if (
        row.group not in GROUPS
        or row.kind not in ("measure", "incentive")
        or (row.kind == "incentive") != (row.group == 0)
    ):
        yield where, "kind 与 group 不符", "kind and group do not fit"
    unknown = (set(row.lists) - known) | (set(row.executors) - set(executors)) | (set(row.scenes) - set(scenes))
    if unknown:
        yield where, f"没有 {sorted(unknown)}", f"there is no {sorted(unknown)}"
    if not row.executors or not row.scenes:
        yield where, "没有实施主体或者场景（MEA-06）", "no executor or scene (MEA-06)"
    if row.source.kind != "historic" and not (row.lists or row.datasets):
        yield where, "没有对象", "it follows from nothing"
    if any(base.level not in registry.LEVELS for base in row.bases):
        yield where, "依据层级不对", "the level of a basis is not known"
    if row.certainty not in registry.CERTAINTIES or row.status not in registry.STATUSES:
        yield where, "certainty 或 status 不对", "certainty or status is not known"
    if row.status == "confirmed" and row.certainty in ("recalled", "fragments", "ours"):
        yield where, f"{row.certainty} 的条目须待确认", f"{row.certainty} is to be confirmed"
    if (row.degree.least is None) != (row.degree.most is None):
        yield where, "程度的上下限须同时写明", "a degree has both bounds or none"
