"""The listing procedure as pages show it: the queue, one case with its steps and forms, the configuration of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.lists import actions, measures, procedure, reading, registry, selectors
from xinyong.lists.models import Case, CaseStep
from xinyong.lists.registry import LEVELS, ListConfig
from xinyong.lists.steps import Step
from xinyong.registry import keys
from xinyong.registry import selectors as entities
from xinyong.ui import stated
from xinyong.ui.stated import Control, Form, StepLine

PAGE = 30
_TONES = {"listed": "red", "exit_applied": "amber", "removed": "green", "closed": "green", "annulled": "grey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in a list."""

    number: int
    url: str
    entity_name: str
    list_name: str
    department: str
    state: str
    state_label: str
    tone: str
    favourable: bool
    mark: bool
    imported: bool
    opened_at: datetime
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQueue:
    """Cases with what they can be narrowed by."""

    rows: tuple[CaseRow, ...]
    states: tuple[tuple[str, str, int], ...]
    lists: tuple[tuple[str, str], ...]
    state: str
    list_code: str
    total: int
    page: int
    pages: int
    may_propose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the strip on top: done, current or ahead."""

    number: int
    label: str
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One case."""

    row: CaseRow
    config: ConfigPage
    seen: int
    entity_url: str
    standing_url: str
    record_url: str
    stages: tuple[Stage, ...]
    steps: tuple[StepLine, ...]
    forms: tuple[Form, ...]
    said: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    heard_until: date | None
    listed_on: date | None
    planned_end: date | None
    waits: bool
    trouble: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisLine:
    """One instrument with its level and whether it is confirmed."""

    text: str
    level: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigPage:
    """The configuration of one list in words."""

    code: str
    name: str
    url: str
    kind: str
    kind_label: str
    tone: str
    authority: str
    bases: tuple[BasisLine, ...]
    grounds: tuple[tuple[str, str], ...]
    subjects: str
    mark: str
    procedure: tuple[str, ...]
    procedure_basis: str
    period: str
    period_confirmed: bool
    early: str
    early_confirmed: bool
    named: str
    publication: str
    exit: str
    relief: str
    exits: tuple[str, ...]
    since: date
    until: date | None
    running: bool
    confirmed: bool
    entries_url: str
    digest: str
    measures: tuple[tuple[str, str], ...]


_KIND_WORDS = {
    "adverse": ("严重失信主体名单", "Serious dishonesty list", "red"),
    "state": ("经营异常名录", "Abnormal operation list", "amber"),
    "favourable": ("守信名单和荣誉", "Favourable list", "green"),
    "historic": ("历史名单", "Historic", "grey"),
}
_SUBJECT_WORDS = {
    "enterprise": ("企业", "enterprises"),
    "organisation": ("其他组织", "other organisations"),
    "individual_business": ("个体工商户", "individual businesses"),
}


def config_page(config: ListConfig, language: str) -> ConfigPage:
    """One list in words."""
    english = language == "en"
    way = procedure.procedure_of(config)
    form = config.record
    public = form.dataset not in ("tax-violation", "list-history") and config.kind != "historic"
    today = timezone.localdate()
    return ConfigPage(
        code=config.code,
        name=config.name(language),
        url=reverse("list-config", args=[config.code]),
        kind=config.kind,
        kind_label=_KIND_WORDS[config.kind][english],
        tone=_KIND_WORDS[config.kind][2],
        authority=config.authority_en if english else config.authority_zh,
        bases=tuple(
            BasisLine(text=row.words(language), level=LEVELS[row.level][english], confirmed=row.status == "confirmed")
            for row in config.bases
        ),
        grounds=tuple((row.en if english else row.zh, row.article) for row in config.grounds),
        subjects=(", " if english else "、").join(_SUBJECT_WORDS[kind][english] for kind in config.subjects),
        mark=(config.mark.en if english else config.mark.zh) if config.mark else "",
        procedure=tuple(
            row.label(language)
            for row in way.steps
            if row.right != "system" and row.code not in ("drop", "note", "decide_not", "refuse_early")
        )
        if config.kind != "historic"
        else (),
        procedure_basis=way.source_en if english else way.source,
        period=config.period.en if english else config.period.zh,
        period_confirmed=config.period.status == "confirmed",
        early=(config.early_exit.en if english else config.early_exit.zh) if config.early_exit else "",
        early_confirmed=config.early_exit is None or config.early_exit.status == "confirmed",
        named=config.named_en if english else config.named_zh,
        publication=config.publication_en if english else config.publication_zh,
        exit=config.exit_en if english else config.exit_zh,
        relief=config.relief_en if english else config.relief_zh,
        exits=tuple(row.label(language) for row in procedure.table().exits if row.code in config.exits),
        since=config.effective_from,
        until=config.effective_until,
        running=config.kind != "historic" and config.in_force(today),
        confirmed=config.confirmed,
        entries_url=reverse("public-list", args=[form.dataset]) if public else "",
        digest=config.digest,
        measures=tuple(
            (row.id, row.label(language))
            for row in measures.book().rows.values()
            if config.code in row.lists and row.in_force(today)
        ),
    )


def config_pages(language: str) -> tuple[ConfigPage, ...]:
    """Every list: those that are run first, history last."""
    rank = {kind: place for place, kind in enumerate(registry.KINDS)}
    rows = sorted(registry.registry().values(), key=lambda row: (rank[row.kind], row.effective_from, row.code))
    return tuple(config_page(row, language) for row in rows)


def _row(case: Case, language: str) -> CaseRow:
    config = registry.by_code(case.list_code)
    state = procedure.table().states[case.state]
    favourable = config is not None and config.kind == "favourable"
    tone = "green" if favourable and state.listed else _TONES.get(case.state, "amber" if not state.over else "grey")
    return CaseRow(
        number=case.pk,
        url=reverse("list-case", args=[case.pk]),
        entity_name=case.entity.name or case.entity.credit_code or keys.public_key(case.entity.pk),
        list_name=config.name(language) if config else case.list_code,
        department=case.department.name_zh,
        state=case.state,
        state_label=state.label(language),
        tone=tone,
        favourable=favourable,
        mark=case.variant == Case.Variant.MARK,
        imported=case.origin == Case.Origin.IMPORTED,
        opened_at=case.opened_at,
        moved_at=case.moved_at,
    )


def queue(user: User, state: str, list_code: str, page: int, language: str) -> CaseQueue:
    """Cases of the own department (all for the platform), the last moved first."""
    accounts.require(user, Right.LIST_VIEW)
    mine = Case.objects.select_related("entity", "department")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        mine = mine.filter(department=user.department)
    if registry.by_code(list_code) is not None:
        mine = mine.filter(list_code=list_code)
    else:
        list_code = ""
    counted = dict(mine.values_list("state").annotate(Count("pk")).order_by())
    states = procedure.table().states
    state = state if state in states else ""
    chosen = mine.filter(state=state) if state else mine
    total = chosen.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    rows = chosen.order_by("-moved_at", "-pk")[(page - 1) * PAGE : page * PAGE]
    return CaseQueue(
        rows=tuple(_row(case, language) for case in rows),
        states=(
            ("", "All" if language == "en" else "全部", sum(counted.values())),
            *((code, row.label(language), counted[code]) for code, row in states.items() if counted.get(code)),
        ),
        lists=tuple((row.code, row.name(language)) for row in registry.registry().values() if row.kind != "historic"),
        state=state,
        list_code=list_code,
        total=total,
        page=page,
        pages=pages,
        may_propose=accounts.may(user, Right.LIST_PROPOSE) and user.department is not None,
    )


def lists_of(user: User, language: str) -> tuple[tuple[str, str], ...]:
    """Lists the officer's department decides on today."""
    organ = user.department.name_zh if user.department else ""
    today = timezone.localdate()
    return tuple(
        (row.code, row.name(language))
        for row in registry.registry().values()
        if row.kind != "historic" and row.in_force(today) and row.decided_by(organ)
    )


def controls(step: Step, config: ListConfig, typed: Mapping[str, Any], language: str) -> tuple[Control, ...]:
    """The form of a step with what was typed."""
    return stated.controls(step, procedure.table().facts, lambda fact: fact.choices(config), typed, language)


#: Steps that lead on; others stand folded below them.
_MAIN = frozenset(
    {
        "serve_notice",
        "display",
        "answer",
        "lapse",
        "hold_hearing",
        "decide",
        "serve_decision",
        "publish",
        "exit",
        "announce",
    }
)


def case_page(user: User, number: int, language: str, typed: Mapping[str, Any] | None = None) -> CasePage:
    """One case with the forms of what can be done now. ``typed``: {step: facts} of a form that was refused."""
    case = actions.visible(user, number)
    config = reading.config_of(case.list_code)
    context = reading.context_of(case, config, user.username)
    own = user.department_id == case.department_id
    said = selectors.said(case.record_id) if case.record_id and case.origin == Case.Origin.IMPORTED else ()
    english = language == "en"
    entity = entities.canonical(case.entity)
    state = procedure.table().states[case.state]
    return CasePage(
        row=_row(case, language),
        config=config_page(config, language),
        seen=case.seq,
        entity_url=reverse("entity", args=[entities.address_key(entity)]),
        standing_url=reverse("standing", args=[entities.own_key(entity)]),
        record_url=reverse("ledger-record", args=[case.record_id]) if case.record_id else "",
        stages=_stages(case, config, language),
        steps=tuple(_line(step, config, language) for step in CaseStep.objects.filter(case=case).order_by("-seq")),
        forms=tuple(
            _form(step, config, context, (typed or {}).get(step.code, {}), language)
            for step in procedure.next_steps(config, case.state)
            if own and _may(user, step) and not ("imported_only" in step.guards and not context.imported)
        ),
        said=tuple((item.en if english else item.zh, item.value) for item in said if item.value),
        missing=tuple(item.en if english else item.zh for item in said if not item.value),
        heard_until=procedure.window_end(context) if case.state in ("noticed", "stated", "hearing") else None,
        listed_on=case.listed_on,
        planned_end=case.planned_end if state.listed else None,
        waits=state.waits,
        trouble=case.trouble,
        own=own,
    )


def _may(user: User, step: Step) -> bool:
    return accounts.may(user, Right.LIST_PROPOSE if step.right == "propose" else Right.LIST_DECIDE)


def _form(step: Step, config: ListConfig, context: Any, typed: Mapping[str, Any], language: str) -> Form:
    # Guards that no typed fact can change say beforehand why a step has to wait.
    why = None
    for name in ("window_over", "no_adverse", "lawful", "has_record"):
        if name in step.guards:
            why = why or procedure.GUARDS[name](context)
    if step.another and any(done.actor == context.actor for done in context.history if done.step == "propose"):
        why = why or ("您提出了本件，须由另一名工作人员决定", "you proposed it; another officer decides")
    return Form(
        step=step.code,
        label=step.label(language),
        controls=controls(step, config, {**_suggested(step, context), **typed}, language),
        refusal=(why[1] if language == "en" else why[0]) if why else "",
        main=step.code in _MAIN,
    )


def _suggested(step: Step, context: Any) -> dict[str, Any]:
    """What the case and the configuration say already; the officer may change it."""
    proposal = context.last("propose") or {}
    if step.code != "decide":
        return {}
    return {
        "facts": proposal.get("facts", ""),
        "exit_terms": context.config.exit_zh,
        "relief": context.config.relief_zh,
        "basis": [row.id for row in context.config.bases],
        "months": str(context.config.period.least or "") if context.config.period.ends == "decision" else "",
    }


def _line(step: CaseStep, config: ListConfig, language: str) -> StepLine:
    row = procedure.procedure_of(config).step(step.step)
    table, english = procedure.table(), language == "en"
    own = {
        "delivery": ("批次", "Delivery"),
        "row": ("行", "Row"),
        "planned_end": ("期限届满", "End of period"),
    }
    adopted = "Taken over" if english else "接续办理"
    return StepLine(
        seq=step.seq,
        label=row.label(language) if row else adopted,
        state=table.states[step.to_state].label(language),
        actor=step.actor,
        at=step.at,
        reason=step.reason,
        facts=stated.in_words(step.facts, table.facts, lambda fact: fact.choices(config), language, own),
    )


_STAGES = {
    "adverse": (
        ("propose", "拟列入", "Proposed"),
        ("serve_notice", "事先告知", "Notice"),
        ("heard", "陈述申辩", "Hearing"),
        ("decide", "决定", "Decision"),
        ("stored", "列入公示", "Listed"),
        ("exit_stored", "移出公告", "Removed"),
    ),
    "favourable": (
        ("propose", "拟认定", "Proposed"),
        ("display", "认定前公示", "Shown"),
        ("heard", "异议核查", "Objections"),
        ("decide", "认定", "Determined"),
        ("stored", "列入公示", "Listed"),
        ("exit_stored", "移出公告", "Removed"),
    ),
}
_STAGE_OF_STATE = {
    "proposed": 1, "noticed": 2, "stated": 2, "hearing": 2, "heard": 3, "decided": 4, "served": 4, "publishing": 4,
    "listed": 5, "exit_applied": 5, "removing": 5, "removed": 6, "closed": 6,
}  # fmt: skip


def _stages(case: Case, config: ListConfig, language: str) -> tuple[Stage, ...]:
    times: dict[str, datetime] = {}
    for step in CaseStep.objects.filter(case=case).order_by("seq"):
        code = "heard" if step.to_state == "heard" else "exit_stored" if step.step == "expire" else step.step
        times[code] = step.at
    reached = _STAGE_OF_STATE.get(case.state, 0)
    stages: tuple[tuple[str, str, str], ...] = _STAGES[config.procedure]
    if case.state == "annulled":
        # What did not come before the annulment does not come any more.
        stages = (*(stage for stage in stages if stage[0] in times), ("annul", "撤销", "Annulled"))
    rows = []
    for number, (code, zh, en) in enumerate(stages, start=1):
        done = code in times and number <= max(reached, 1) if reached else code in times
        current = reached and number == reached + 1
        rows.append(
            Stage(
                number=number,
                label=en if language == "en" else zh,
                state="done" if done else "current" if current else "",
                note=f"{timezone.localtime(times[code]):%Y-%m-%d %H:%M:%S}" if code in times else "",
            )
        )
    return tuple(rows)
