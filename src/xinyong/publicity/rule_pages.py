"""What the rule pages show: rows in words, the waiting version, how the ledger would change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.models import Dataset
from xinyong.publicity import actions, inforce, rulebook
from xinyong.publicity.errors import RuleUnknown
from xinyong.publicity.models import RuleAct, RuleDifference, RuleVersion
from xinyong.publicity.rulebook import RulesInvalid
from xinyong.registry.models import Entity
from xinyong.runtime.pages import by_key

PAGE = 50
SECTIONS = {
    "regimes": ("适用哪套规则", "Which rules apply"),
    "severity": ("严重程度认定", "Classes"),
    "periods": ("公示期限", "Periods"),
    "transition": ("新旧衔接", "Transition"),
    "lists": ("名单", "Lists"),
    "lasting": ("长期公示信息", "Lasting items"),
    "ceilings": ("地方上限", "Bounds of the provinces"),
    "holds": ("暂缓停止的部门规定", "Rules that hold a stop back"),
    "linked": ("一并停止的信息", "Items that stop together"),
    "overlays": ("标注", "Marks"),
}
CERTAINTY = {
    "text": ("原文", "Text read"),
    "secondary": ("转述", "Second hand"),
    "fragments": ("片段", "Fragments"),
    "recalled": ("凭记忆", "Recalled"),
    "ours": ("平台自拟", "Our choice"),
}
EFFECTS = {
    "appears": ("重新出现", "Appear", "amber"),
    "vanishes": ("不再公示", "Vanish", "red"),
    "earlier": ("提前结束", "End earlier", "blue"),
    "later": ("推迟结束", "End later", "amber"),
    "other": ("其他日期变化", "Other dates", "grey"),
}
_KEYS = {
    "regime": ("规则体系", "Regime"),
    "channel": ("渠道", "Channel"),
    "scale": ("分级标准", "Scale"),
    "decided_from": ("决定日期自", "Decided from"),
    "decided_until": ("决定日期至", "Decided until"),
    "start": ("起算日", "Clock starts"),
    "zh": ("名称", "Name"),
    "en": ("英文名称", "Name in English"),
    "grade": ("级别", "Class"),
    "any_kinds": ("含任一种类", "Any of the kinds"),
    "all_kinds": ("仅有种类", "No other kinds than"),
    "sectors": ("领域", "Sectors"),
    "list": ("名单", "List"),
    "summary_procedure": ("简易程序", "Summary procedure"),
    "residual": ("兜底", "Residual"),
    "fine_from": ("罚款不低于（万元）", "Fine from (×10,000)"),
    "fine_below": ("罚款低于（万元）", "Fine below (×10,000)"),
    "public": ("是否公示", "Public"),
    "minimum_months": ("最短公示（月）", "Minimum (months)"),
    "maximum_months": ("最长公示（月）", "Maximum (months)"),
    "restriction_prevails": ("限制期更长时从其规定", "A longer restriction prevails"),
    "apply": ("衔接办法", "Applies"),
    "newest": ("最新体系", "Newest regime"),
    "prevails": ("不受地方上限约束", "Above the province's bound"),
    "on_cure": ("改正即移出", "Removed on cure"),
    "kind": ("类别", "Kind"),
    "profile": ("地方方案", "Profile"),
    "months": ("上限（月）", "Bound (months)"),
    "counted_from": ("起算", "Counted from"),
    "longer_while_listed": ("在列期间延长", "Longer while listed"),
    "after": ("期满后", "Afterwards"),
    "ministry": ("部门", "Ministry"),
    "ministry_en": ("部门英文名", "Ministry in English"),
    "effective_from": ("施行日期", "In force from"),
    "effective_until": ("失效日期", "In force until"),
    "kinds": ("信息类别", "Kinds"),
    "state": ("标注", "Mark"),
    "suspends": ("暂停公示", "Suspends"),
    "source": ("依据", "Source"),
    "source_en": ("依据英文名", "Source in English"),
    "article": ("条款", "Article"),
}
_WORDS = {
    "always": ("公示", "always"),
    "never": ("不公示", "never"),
    "when_necessary": ("记录必要后公示", "when found necessary"),
    "decision": ("决定日期", "decision"),
    "publication": ("首次公示日", "first public day"),
    "act_end": ("行为终了日", "end of the act"),
    "earlier_end": ("取较早结束日", "the earlier end"),
    "own_end": ("适用决定时规定", "own end"),
    "archive": ("转档案", "archive"),
    "delete": ("删除", "delete"),
    "no_query": ("停止查询", "no query"),
    "minor": ("轻微", "minor"),
    "general": ("一般", "general"),
    "serious": ("严重", "serious"),
    "warning": ("仅警告", "warning only"),
    "lower": ("较低处罚", "lower"),
    "ordinary": ("普通", "ordinary"),
    "heavy": ("较重处罚", "heavy"),
    "specific": ("特定严重", "specific serious"),
    "credit-site": ("信用网站", "credit site"),
    "gsxt": ("国家企业信用信息公示系统", "national enterprise system"),
    "abnormal": ("经营异常名录", "abnormal list"),
    "court": ("失信被执行人", "judgment defaulters"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
}
_HIDDEN = frozenset({"id", "section", "certainty", "status", "revision", "confirmed_by", "confirmed_on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a row in words."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule in a list."""

    id: str
    values: tuple[Value, ...]
    source: str
    article: str
    certainty: str
    confirmed: bool
    confirmed_by: str
    confirmed_on: date | None
    revision: int
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSection:
    """Rules of one matter."""

    code: str
    title: str
    rows: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many records of a dataset a waiting version treats otherwise, by effect in the order of EFFECTS."""

    dataset: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One record in the list of differences."""

    record: int
    subject: str
    dataset: str
    effect: str
    tone: str
    old: str
    new: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row a waiting version changes, with what it says now."""

    id: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The version that is written, compared or scheduled. ``percent``: of the comparison; ``wrong``: why it is no book yet."""

    label: str
    state: str
    changes: tuple[Change, ...]
    wrong: tuple[str, ...]
    percent: int
    seen: int
    digest: str
    tallies: tuple[Tally, ...]
    totals: tuple[int, ...]
    takes_force_on: date | None
    rows: tuple[DifferenceRow, ...] = ()
    total: int = 0
    page: int = 1
    pages: int = 1
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """The rules in force. ``recomputing``: percent of the windows computed by them; None when all are."""

    label: str
    since: date | None
    put_by: str
    profile: str
    sections: tuple[RuleSection, ...]
    shown: str
    unconfirmed: int
    total: int
    recomputing: int | None
    release: bool
    waiting: Waiting | None
    acts: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One value an officer may change. ``options``: the words it may have, with their labels."""

    key: str
    label: str
    value: str
    hint: str
    options: tuple[tuple[str, str], ...]
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """One rule with its form and what was done to it."""

    row: RuleRow
    section: str
    fields: tuple[FormField, ...]
    acts: tuple[dict[str, Any], ...]


def _pick(pair: tuple[str, ...], english: bool) -> str:
    return pair[1 if english else 0]


def _text(value: Any, english: bool) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return ("; " if english else "；").join(_text(item, english) for item in value)
    plain = str(value).lower() if isinstance(value, bool) else str(value)
    return _pick(_WORDS[plain], english) if plain in _WORDS else plain


def _row(book: rulebook.Rulebook, name: str, changed: bool, english: bool) -> RuleRow:
    row, raw = book.rows[name], book.raw[name]
    return RuleRow(
        id=name,
        values=tuple(
            Value(key=key, label=_pick(_KEYS.get(key, (key, key)), english), text=_text(value, english))
            for key, value in ((key, raw[key]) for key in (*_KEYS, *sorted(set(raw) - set(_KEYS))) if key in raw)
            if key not in _HIDDEN
            and key not in rulebook.SOURCES
            and not ((key == "zh" and english) or (key == "en" and not english))
        ),
        source=row.source_en if english else row.source,
        article=row.article,
        certainty=_pick(CERTAINTY[row.certainty], english),
        confirmed=row.status == rulebook.CONFIRMED,
        confirmed_by=row.confirmed_by,
        confirmed_on=row.confirmed_on,
        revision=row.revision,
        waiting=changed,
    )


def rule_list(user: User, shown: str, language: str) -> RuleList:
    """The rules in force; ``shown``: open (not confirmed), or all. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    english = language == "en"
    book = inforce.book()
    version = RuleVersion.objects.filter(state="in_force").first()
    draft = actions.waiting()
    changed = set(draft.changes) if draft is not None else set()
    sections = []
    for code, title in SECTIONS.items():
        rows = tuple(
            _row(book, row.id, row.id in changed, english)
            for row in getattr(book, code)
            if shown == "all" or row.status != rulebook.CONFIRMED
        )
        if rows:
            sections.append(RuleSection(code=code, title=_pick(title, english), rows=rows))
    return RuleList(
        label=book.version,
        since=version.takes_force_on if version else None,
        put_by=(
            ""
            if version is None
            else version.put_by
            if version.put_by != "release"
            else _pick(("软件发布", "the release"), english)
        ),
        profile=_pick((book.profiles[inforce.profile()].zh, book.profiles[inforce.profile()].en), english),
        sections=tuple(sections),
        shown=shown,
        unconfirmed=len(book.unconfirmed()),
        total=len(book.rows),
        recomputing=_percent(version) if version is not None else None,
        release=actions.release_differs(),
        waiting=_waiting(draft, english) if draft is not None else None,
        acts=_acts(RuleAct.objects.order_by("-id")[:20], english),
    )


def _percent(version: RuleVersion) -> int | None:
    """How far the windows are computed by a version in force."""
    if version.work_to is not None and version.done_to >= version.work_to:
        return None
    return math.floor(100 * version.done_to / version.work_to) if version.work_to else 0


def _acts(found: Any, english: bool) -> tuple[dict[str, Any], ...]:
    words = {
        "confirmed": ("确认", "Confirmed"),
        "replaced": ("改动", "Changed"),
        "taken_back": ("撤回改动", "Change taken back"),
        "compared": ("与数据比较", "Compared"),
        "put_in_force": ("定期生效", "Put in force"),
        "dropped": ("放弃", "Given up"),
    }
    return tuple(
        {
            "row": act.row,
            "kind": _pick(words[act.kind], english),
            "actor": act.actor,
            "at": act.at,
            "reason": act.reason,
            "basis": act.basis,
        }
        for act in found
    )


def _waiting(draft: RuleVersion, english: bool) -> Waiting:
    book = inforce.book()
    wrong: tuple[str, ...] = ()
    try:
        actions.candidate(draft)
    except RulesInvalid as error:
        wrong = tuple(item.en if english else item.zh for item in error.mistakes)
    changes = []
    for name, values in draft.changes.items():
        held = book.raw.get(name, {})
        lines = tuple(
            (_pick(_KEYS.get(key, (key, key)), english), _text(held.get(key), english), _text(value, english))
            for key, value in values.items()
            if key not in _HIDDEN and value != held.get(key)
        )
        changes.append(Change(id=name, lines=lines))
    names = {code: (entry.name_en if english else entry.name_zh) for code, entry in _entries().items()}
    tallies = tuple(
        Tally(dataset=names.get(code, code), counts=tuple(counts.get(effect, 0) for effect in EFFECTS))
        for code, counts in sorted(draft.comparison.items())
        if code != "seen"
    )
    return Waiting(
        label=draft.label,
        state=draft.state,
        changes=tuple(changes),
        wrong=wrong,
        percent=_percent(draft) or (100 if draft.state == "compared" else 0),
        seen=draft.comparison.get("seen", 0),
        digest=draft.compared_digest,
        tallies=tallies,
        totals=tuple(sum(tally.counts[at] for tally in tallies) for at in range(len(EFFECTS))),
        takes_force_on=draft.takes_force_on,
    )


def _entries() -> dict[str, Any]:
    return {entry.code: entry for entry in catalogue.packaged().entries.values()}


def waiting_page(user: User, effect: str, page: int, language: str) -> Waiting | None:
    """The waiting version with a page of its differences; None when none waits. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    draft, english = actions.waiting(), language == "en"
    if draft is None:
        return None
    found = RuleDifference.objects.filter(version=draft)
    if effect in EFFECTS:
        found = found.filter(effect=effect)
    # Counts come from the comparison, never from counting the list again.
    base = _waiting(draft, english)
    total = base.totals[list(EFFECTS).index(effect)] if effect in EFFECTS else sum(base.totals)
    pages = max(1, math.ceil(total / PAGE))
    page = min(page, pages)
    rows = list(found.order_by("id")[(page - 1) * PAGE : page * PAGE])
    return Waiting(
        **{name: getattr(base, name) for name in Waiting.__dataclass_fields__ if name not in _PAGED},
        rows=_difference_rows(rows, english),
        total=total,
        page=page,
        pages=pages,
        effect=effect if effect in EFFECTS else "",
    )


_PAGED = ("rows", "total", "page", "pages", "effect")


def _days(first: date | None, last: date | None, english: bool) -> str:
    if first is None:
        return "not public" if english else "不公示"
    return f"{first} – {last or ('no end' if english else '长期')}"


def _difference_rows(rows: list[RuleDifference], english: bool) -> tuple[DifferenceRow, ...]:
    names = dict(
        Entity.objects.filter(Q(pk__in={row.entity_id for row in rows})).values_list("pk", "name").order_by("pk")
    )
    codes = dict(Dataset.objects.values_list("pk", "code"))
    entries = _entries()

    def dataset(number: int) -> str:
        entry = entries.get(codes.get(number, ""))
        return str(entry.name_en if english else entry.name_zh) if entry is not None else codes.get(number, "")

    return tuple(
        DifferenceRow(
            record=row.record_id,
            subject=names.get(row.entity_id) or str(row.entity_id),
            dataset=dataset(row.dataset_id),
            effect=_pick(EFFECTS[row.effect], english),
            tone=EFFECTS[row.effect][2],
            old=_days(row.old_from, row.old_until, english),
            new=_days(row.new_from, row.new_until, english),
            rule=row.new_rule or row.old_rule,
        )
        for row in rows
    )


def differences_for_export(user: User) -> Iterator[dict[str, Any]]:
    """Every difference of the waiting version, page by page. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    codes = dict(Dataset.objects.values_list("pk", "code"))
    for row in by_key(RuleDifference.objects.filter(version__state__in=actions.WAITING)):
        yield {
            "record": row.record_id,
            "entity": row.entity_id,
            "dataset": codes.get(row.dataset_id, ""),
            "effect": row.effect,
            "public_from_now": row.old_from or "",
            "public_until_now": row.old_until or "",
            "public_from_then": row.new_from or "",
            "public_until_then": row.new_until or "",
            "rule_now": row.old_rule,
            "rule_then": row.new_rule,
        }


def rule_page(user: User, name: str, language: str, typed: dict[str, str] | None = None) -> RulePage:
    """One rule with its form. Raises RightMissing, RuleUnknown."""
    accounts.require(user, Right.RULES_DECIDE)
    english = language == "en"
    book = inforce.book()
    if name not in book.rows:
        raise RuleUnknown(row=name)
    draft = actions.waiting()
    held = {**book.raw[name], **(draft.changes.get(name, {}) if draft is not None else {})}
    section = book.section_of(name)
    fields = [
        form_field(
            section, key, held.get(key), (typed or {}).get(key), english, _classes(book, held) if key == "grade" else ()
        )
        for key in (*rulebook.EDITABLE[section], *rulebook.SOURCES)
        if key in held or key in ("article",)
    ]
    return RulePage(
        row=_row(book, name, bool(draft and name in draft.changes), english),
        section=_pick(SECTIONS[section], english),
        fields=tuple(fields),
        acts=_acts(RuleAct.objects.filter(row=name).order_by("-id")[:50], english),
    )


def _classes(book: rulebook.Rulebook, held: dict[str, Any]) -> tuple[str, ...]:
    """Classes a line of a scale may give."""
    return tuple(dict.fromkeys(row.grade for row in book.severity if row.scale == held.get("scale")))


def form_field(
    section: str, key: str, held: Any, typed: str | None, english: bool, classes: tuple[str, ...] = ()
) -> FormField:
    """A value as the form shows it."""
    options = classes or rulebook.choices(section, key) or (("true", "false") if isinstance(held, bool) else ())
    value = "; ".join(map(str, held)) if isinstance(held, (list, tuple)) else "" if held is None else str(held)
    if isinstance(held, bool):
        value = value.lower()
    hint = ""
    if isinstance(held, (list, tuple)):
        hint = "Several, separated by ;" if english else "多项用分号隔开"
    elif key.endswith(("_from", "_until")) and not key.startswith("fine"):
        hint = "As 2026-01-31; empty: none" if english else "格式 2026-01-31；空为无"
    return FormField(
        key=key,
        label=_pick(_KEYS.get(key, (key, key)), english),
        value=value if typed is None else typed,
        hint=hint,
        options=tuple((option, _text(option, english)) for option in options),
        empty=held is None,
    )
