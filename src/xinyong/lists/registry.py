"""The lists there are, as data (``datapacks/lists``): one file a list, loaded whole or refused with every mistake. Pure.

A list without a basis of the right level cannot be loaded, and what is not loaded cannot list anybody.
"""

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

from xinyong.lists.errors import ListsInvalid

SUBJECTS = ("enterprise", "organisation", "individual_business")
#: adverse: serious dishonesty; state: abnormal operation; favourable: red lists, honours; historic: kept, never run.
KINDS = ("adverse", "state", "favourable", "historic")
#: The four fields of 国办发〔2020〕49号, sixth item (LST-01).
FIELDS = ("health", "market-order", "refusal-of-duty", "national-defence")
LEVELS = {
    "law": ("法律", "law"),
    "regulation": ("行政法规", "administrative regulation"),
    "central-policy": ("党中央、国务院政策文件", "central policy"),
    "ministry-rule": ("部门规章", "ministry rule"),
    "judicial-interpretation": ("司法解释", "judicial interpretation"),
    "local-regulation": ("地方性法规", "local regulation"),
    "normative": ("规范性文件", "normative document"),
}
#: Levels a list of dishonest entities may rest on (LST-02); a normative document alone never carries one.
CARRYING = frozenset(LEVELS) - {"normative"}
CERTAINTIES = ("text", "secondary", "fragments", "recalled", "ours")
STATUSES = ("confirmed", "to_be_confirmed")
PERIOD_ENDS = ("fixed", "decision", "cured")
WINDOWS = ("hearing", "order", "display")
#: What a field of the published record may be filled with, beside a fixed text (``=text``).
VALUES = frozenset(
    {
        "subject_code",
        "subject_name",
        "list_code",
        "list_name",
        "ground_code",
        "ground_text",
        "facts",
        "basis_text",
        "organ_name",
        "organ_code",
        "document",
        "listed_on",
        "planned_end",
        "measures_told",
        "exit_terms",
        "relief",
        "notice_on",
        "notice_proof",
        "heard",
        "exit_on",
        "exit_eve",
        "exit_text",
        "exit_document",
    }
)
#: Facts of a procedure that are looked for in an imported record (``record.said``).
SAID = {
    "decided": ("决定文号", "Number of the decision"),
    "decided_on": ("决定（列入）日期", "Day of the decision"),
    "basis": ("列入依据", "Basis"),
    "notice": ("事先告知送达日期", "Day the notice was served"),
    "proof": ("送达凭证", "Proof of service"),
    "heard": ("陈述申辩情况", "Whether the entity was heard"),
    "measures": ("提示的管理措施", "Measures announced"),
    "exit_terms": ("移出条件和程序", "Terms of exit"),
    "relief": ("救济途径", "Relief"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """One instrument a list rests on."""

    id: str
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
class Ground:
    """One case in which an entity may be listed."""

    code: str
    zh: str
    en: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How long an entry stands. ``ends``: fixed, by the decision between ``least`` and ``most`` months, or when cured."""

    least: int | None
    most: int | None
    ends: str
    zh: str
    en: str
    certainty: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyExit:
    """When an entry may end before its period, on application."""

    after_months: int
    zh: str
    en: str
    certainty: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the list is for kinds of subjects that are marked and not listed (LST-24)."""

    kinds: tuple[str, ...]
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordForm:
    """How an entry is written as a record of its dataset, and which of its fields say what about the procedure.

    ``left``, ``planned``: fields with the day of removal and the planned end; ``select``: the field that tells this list from
    others of the same dataset.
    """

    dataset: str
    entry: Mapping[str, str]
    exit: Mapping[str, str]
    said: Mapping[str, str]
    left: str = ""
    planned: str = ""
    select: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """One list. ``digest`` names this very text of its configuration; every case keeps it."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    field: str
    effective_from: date
    effective_until: date | None
    authority_zh: str
    authority_en: str
    organs: tuple[str, ...]
    bases: tuple[Basis, ...]
    grounds: tuple[Ground, ...]
    subjects: tuple[str, ...]
    mark: Mark | None
    procedure: str
    window: str
    consent: bool
    consent_until: date | None
    period: Period
    early_exit: EarlyExit | None
    named_zh: str
    named_en: str
    publication_zh: str
    publication_en: str
    exit_zh: str
    exit_en: str
    relief_zh: str
    relief_en: str
    exits: tuple[str, ...]
    record: RecordForm
    history: str
    digest: str

    def in_force(self, day: date) -> bool:
        """Whether the list existed on that day."""
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)

    def name(self, language: str = "zh") -> str:
        """Its name."""
        return self.name_en if language == "en" else self.name_zh

    def basis(self, code: str) -> Basis | None:
        """The basis of this id."""
        return next((row for row in self.bases if row.id == code), None)

    def ground(self, code: str) -> Ground | None:
        """The ground of this code."""
        return next((row for row in self.grounds if row.code == code), None)

    def marks(self, kind: str) -> bool:
        """Whether entities of this kind are marked instead of listed."""
        return self.mark is not None and kind in self.mark.kinds

    def decided_by(self, organ: str) -> bool:
        """Whether an organ of this name decides on the list; without words any department may."""
        return not self.organs or any(word in organ for word in self.organs)

    def needs_consent(self, day: date) -> bool:
        """Whether the upper level has to agree to a decision of that day."""
        return self.consent and (self.consent_until is None or day <= self.consent_until)

    @property
    def confirmed(self) -> bool:
        """Whether everything this list rests on has been confirmed."""
        rows: list[Basis | Period | EarlyExit] = [*self.bases, self.period]
        if self.early_exit is not None:
            rows.append(self.early_exit)
        return all(row.status == "confirmed" for row in rows)


_KEYS = frozenset(
    {
        "code",
        "kind",
        "name_zh",
        "name_en",
        "field",
        "effective_from",
        "effective_until",
        "authority_zh",
        "authority_en",
        "organs",
        "bases",
        "grounds",
        "subjects",
        "mark",
        "procedure",
        "window",
        "consent_until",
        "period",
        "early_exit",
        "named_zh",
        "named_en",
        "publication_zh",
        "publication_en",
        "exit_zh",
        "exit_en",
        "relief_zh",
        "relief_en",
        "exits",
        "record",
        "history",
    }
)
_OPTIONAL = frozenset(("mark", "consent_until", "early_exit", "history"))
#: (where, Chinese, English)
Mistake = tuple[str, str, str]


@cache
def registry() -> Mapping[str, ListConfig]:
    """The lists of this release by code. Raises ListsInvalid with every mistake."""
    folder = resources.files("xinyong.datapacks") / "lists"
    texts = {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda item: item.name)
        if file.name.endswith(".yml") and not file.name.startswith("_")
    }
    return load(texts)


def load(texts: Mapping[str, str]) -> Mapping[str, ListConfig]:
    """Lists from the texts of their files, by name of file. Raises ListsInvalid with every mistake of every file."""
    found: dict[str, ListConfig] = {}
    mistakes: list[Mistake] = []
    for name, text in texts.items():
        try:
            raw = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mistakes.append((name, f"不是合法的 YAML：{error}", f"not YAML: {error}"))
            continue
        problems = list(_mistakes(raw, name))
        mistakes += problems
        if problems:
            continue
        config = _config(raw, hashlib.sha256(text.encode()).hexdigest()[:16])
        if config.code in found:
            mistakes.append((name, f"名单 {config.code} 出现两次", f"list {config.code} is given twice"))
        found[config.code] = config
    if mistakes:
        raise ListsInvalid(
            mistakes_zh="；".join(f"{where}：{zh}" for where, zh, _ in mistakes),
            mistakes_en="; ".join(f"{where}: {en}" for where, _, en in mistakes),
        )
    return MappingProxyType(found)


def _mistakes(raw: Any, name: str) -> Iterator[Mistake]:
    if not isinstance(raw, dict):
        yield name, "须为键值", "must be a mapping"
        return
    missing, unknown = _KEYS - _OPTIONAL - set(raw), set(raw) - _KEYS
    for key in sorted(missing, key=str):
        yield name, f"缺少 {key}", f"{key} is missing"
    for key in sorted(unknown, key=str):
        yield name, f"没有 {key} 这一项", f"there is no key {key}"
    if missing or unknown:
        return
    if raw["code"] != name.removesuffix(".yml"):
        yield name, "代码须与文件名相同", "the code must be the name of the file"
    for key, allowed in (("kind", KINDS), ("window", WINDOWS), ("procedure", ("adverse", "favourable"))):
        if raw[key] not in allowed:
            yield f"{name}/{key}", f"须为 {'、'.join(allowed)} 之一", f"must be one of {', '.join(allowed)}"
    if not isinstance(raw["effective_from"], date):
        yield f"{name}/effective_from", "须为日期", "must be a date"
    yield from _basis_mistakes(raw, name)
    yield from _subject_mistakes(raw, name)
    yield from _period_mistakes(raw, name)
    yield from _record_mistakes(raw, name)
    for key in ("authority_zh", "exit_zh", "relief_zh", "named_zh", "publication_zh"):
        if not str(raw[key] or "").strip():
            yield (
                f"{name}/{key}",
                "不能为空：名单须连同认定机关、移出条件和救济途径一并公布（LST-05、LST-06）",
                ("must not be empty: a list is published with its authority, terms of exit and relief"),
            )
    if not raw["grounds"]:
        yield f"{name}/grounds", "没有列入情形", "no ground of entry"
    if not raw["exits"]:
        yield f"{name}/exits", "没有移出原因", "no ground of exit"


def _basis_mistakes(raw: Mapping[str, Any], name: str) -> Iterator[Mistake]:
    rows = raw["bases"] or []
    if not rows:
        yield f"{name}/bases", "没有依据的名单不能设立（LST-02、LST-09）", "a list without a basis cannot be created"
        return
    for number, row in enumerate(rows, start=1):
        where = f"{name}/bases/{number}"
        try:
            basis = Basis(**row)
        except TypeError as error:
            yield where, f"项目不全：{error}", str(error)
            continue
        if basis.level not in LEVELS or basis.certainty not in CERTAINTIES or basis.status not in STATUSES:
            yield where, "level、certainty 或 status 不对", "level, certainty or status is not known"
        if basis.status == "confirmed" and basis.certainty in ("recalled", "fragments", "ours"):
            yield where, f"{basis.certainty} 的依据须待确认", f"{basis.certainty} is to be confirmed"
        if not basis.title.strip():
            yield where, "没有名称", "it has no title"
    levels = {row.get("level") for row in rows if isinstance(row, dict)}
    if raw["kind"] in ("adverse", "state") and not levels & CARRYING:
        yield f"{name}/bases", "规范性文件不能单独作为设列依据（LST-02）", "a normative document alone carries no list"
    if raw["kind"] == "adverse" and raw["field"] not in FIELDS:
        yield (
            f"{name}/field",
            "严重失信主体名单只限四个领域（LST-01）",
            "only the four fields of LST-01 may have such a list",
        )


def _subject_mistakes(raw: Mapping[str, Any], name: str) -> Iterator[Mistake]:
    wrong = [item for item in raw["subjects"] if item not in SUBJECTS]
    if wrong or not raw["subjects"]:
        yield (
            f"{name}/subjects",
            f"只能是市场主体，不能有 {wrong}（REF-01）",
            f"market entities only, not {wrong} (REF-01)",
        )
    mark = raw.get("mark")
    if mark and not set(mark["kinds"]) <= set(raw["subjects"]):
        yield f"{name}/mark", "标记的种类不在名单的主体之内", "marks kinds the list does not take"


def _period_mistakes(raw: Mapping[str, Any], name: str) -> Iterator[Mistake]:
    for key, kind in (("period", Period), ("early_exit", EarlyExit)):
        row = raw.get(key)
        if row is None:
            continue
        try:
            made = kind(**row)
        except TypeError as error:
            yield f"{name}/{key}", f"项目不全：{error}", str(error)
            continue
        if made.certainty not in CERTAINTIES or made.status not in STATUSES:
            yield f"{name}/{key}", "certainty 或 status 不对", "certainty or status is not known"
        if isinstance(made, Period):
            bounded = made.least is not None and made.most is not None
            if (
                made.ends not in PERIOD_ENDS
                or (made.ends != "cured") != bounded
                or (made.least is not None and made.most is not None and made.least > made.most)
            ):
                yield f"{name}/{key}", "期限不成立", "the period cannot be"


def _record_mistakes(raw: Mapping[str, Any], name: str) -> Iterator[Mistake]:
    try:
        form = RecordForm(**raw["record"])
    except TypeError as error:
        yield f"{name}/record", f"项目不全：{error}", str(error)
        return
    for part in (form.entry, form.exit):
        for field, value in part.items():
            if value not in VALUES and not str(value).startswith("="):
                yield f"{name}/record/{field}", f"没有取值 {value}", f"no such value: {value}"
    for fact in form.said:
        if fact not in SAID:
            yield f"{name}/record/said/{fact}", "没有这一事实", "no such fact"
    if raw["kind"] == "historic" and (form.entry or form.exit or not raw.get("history")):
        yield f"{name}/record", "历史名单不能办理列入或移出", "a historic list lists and removes nobody"


def _config(raw: Mapping[str, Any], digest: str) -> ListConfig:
    rest = {
        key: value
        for key, value in raw.items()
        if key not in ("bases", "grounds", "mark", "period", "early_exit", "record", "consent_until", "history")
    }
    form = RecordForm(**raw["record"])
    return ListConfig(
        **{**rest, "organs": tuple(raw["organs"]), "subjects": tuple(raw["subjects"]), "exits": tuple(raw["exits"])},
        bases=tuple(Basis(**row) for row in raw["bases"]),
        grounds=tuple(Ground(**{**row, "code": str(row["code"])}) for row in raw["grounds"]),
        mark=Mark(**{**raw["mark"], "kinds": tuple(raw["mark"]["kinds"])}) if raw.get("mark") else None,
        consent="consent_until" in raw,
        consent_until=raw.get("consent_until"),
        period=Period(**raw["period"]),
        early_exit=EarlyExit(**raw["early_exit"]) if raw.get("early_exit") else None,
        record=RecordForm(
            **{
                **raw["record"],
                "entry": MappingProxyType(dict(form.entry)),
                "exit": MappingProxyType(dict(form.exit)),
                "said": MappingProxyType(dict(form.said)),
            }
        ),
        history=str(raw.get("history", "")),
        digest=digest,
    )


def by_code(code: str) -> ListConfig | None:
    """The list of this code."""
    return registry().get(code)


def of_record(dataset: str, payload: Mapping[str, Any]) -> ListConfig | None:
    """The list a stored record is an entry of; None when it is none."""
    for config in registry().values():
        form = config.record
        if form.dataset != dataset:
            continue
        if not form.select:
            return config
        wanted = config.history or form.entry.get(form.select, "")
        wanted = config.code if wanted == "list_code" else wanted.removeprefix("=")
        if payload.get(form.select) == wanted:
            return config
    return None


def datasets(*, historic: bool = False) -> frozenset[str]:
    """Datasets whose records may be entries of a list."""
    return frozenset(item.record.dataset for item in registry().values() if historic or item.kind != "historic")
