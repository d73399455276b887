"""Commitments as pages show them: the desk's queue, one commitment with its forms, the catalogue of what can be promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.commitments import actions, letters, procedure, selectors
from xinyong.commitments import book as books
from xinyong.commitments.models import Commitment, CommitmentStep
from xinyong.commitments.procedure import Context, Step
from xinyong.desk.home import Task
from xinyong.lists import joint_pages
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.ui import stated
from xinyong.ui.stated import Control, Form, StepLine

PAGE = 30
#: Shown in the desk's order of urgency.
_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A commitment in a list. ``late``: its check or its papers are past their day."""

    number: int
    code: str
    entity_name: str
    kind: str
    matter: str
    department: str
    state: str
    state_label: str
    tone: str
    signed_on: date | None
    valid_until: date | None
    check_on: date | None
    late: bool
    publicity: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Commitments of a department with what they can be narrowed by."""

    rows: tuple[Row, ...]
    states: tuple[tuple[str, str, int], ...]
    state: str
    total: int
    page: int
    pages: int
    late: int
    may_offer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentPage:
    """One commitment. ``letter``: number of its letter; ``public_url``: where its record is shown, when it is."""

    row: Row
    seen: int
    title: str
    content: tuple[str, ...]
    liability: str
    entity_url: str
    standing_url: str
    record_url: str
    public_url: str
    letter: str
    letter_code: str
    steps: tuple[StepLine, ...]
    forms: tuple[Form, ...]
    waits: bool
    trouble: str
    own: bool
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A text of the catalogue."""

    code: str
    version: str
    title: str
    matter: str
    organs: str
    since: date
    term: str
    check: str
    content: tuple[str, ...]
    liability: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPage:
    """A kind with its texts."""

    code: str
    label: str
    about: str
    begun_by: str
    clean: bool
    basis: str
    confirmed: bool
    texts: tuple[TextLine, ...]


def row(promise: Commitment, language: str) -> Row:
    """A commitment as a line."""
    state = procedure.table().states[promise.state]
    today = timezone.localdate()
    waiting = promise.state in ("completing", "check_due", "in_force")
    return Row(
        number=promise.pk,
        code=promise.code or "",
        entity_name=promise.entity.name or promise.entity.credit_code or keys.public_key(promise.entity.pk),
        kind=books.book().kinds[promise.kind].label(language),
        matter=promise.matter,
        department=promise.department.name_en or promise.department.name_zh
        if language == "en"
        else promise.department.name_zh,
        state=promise.state,
        state_label=state.label(language),
        tone=state.tone,
        signed_on=promise.signed_on,
        valid_until=promise.valid_until,
        check_on=promise.check_on if waiting else None,
        late=waiting and promise.check_on is not None and promise.check_on < today,
        publicity=promise.publicity,
        moved_at=promise.moved_at,
    )


def queue(user: User, state: str, page: int, language: str) -> Queue:
    """Commitments to the own department (all for the platform): what is due first."""
    accounts.require(user, Right.COMMITMENT_VIEW)
    mine = Commitment.objects.select_related("entity", "department")
    if not accounts.may(user, Right.DELIVERY_VIEW_ALL):
        mine = mine.filter(department=user.department)
    counted = dict(mine.values_list("state").annotate(Count("pk")).order_by())
    states = procedure.table().states
    state = state if state in states else ""
    chosen = mine.filter(state=state) if state else mine
    total = chosen.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    found = chosen.order_by(F("check_on").asc(nulls_last=True), "-moved_at", "-pk")[(page - 1) * PAGE : page * PAGE]
    return Queue(
        rows=tuple(row(promise, language) for promise in found),
        states=(
            ("", "All" if language == "en" else "全部", sum(counted.values())),
            *((code, item.label(language), counted[code]) for code, item in states.items() if counted.get(code)),
        ),
        state=state,
        total=total,
        page=page,
        pages=pages,
        late=mine.filter(state__in=["completing", "check_due"], check_on__lt=timezone.localdate()).count(),
        may_offer=accounts.may(user, Right.COMMITMENT_HANDLE) and user.department is not None,
    )


def home_tasks(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    """Checks and papers of the own department by their day, for the first page of the console."""
    if not accounts.may(user, Right.COMMITMENT_HANDLE) or user.department is None:
        return
    today = timezone.localdate()
    words = {
        "completing": ("容缺材料待补齐", "Papers to be completed"),
        "check_due": ("承诺待核查", "Check of a commitment"),
    }
    due = Commitment.objects.select_related("entity").filter(
        department=user.department, state__in=list(words), check_on__lte=today + timedelta(days=7)
    )
    for promise in due.order_by("check_on", "pk")[:_LINES]:
        day = promise.check_on or today
        group = "overdue" if day < today else "today" if day == today else "week"
        yield (
            group,
            Task(
                title=words[promise.state][english],
                note=" · ".join(filter(None, (promise.entity.name, promise.matter))),
                when=str(day),
                url=reverse("commitment", args=[promise.pk]),
            ),
        )


def controls(step: Step, typed: Mapping[str, Any], language: str) -> tuple[Control, ...]:
    """The form of a step with what was typed."""
    return stated.controls(step, procedure.table().facts, procedure.choices, typed, language)


#: Steps that lead on; others stand folded below them.
_MAIN = frozenset({"complete", "find_kept", "clear", "find_kept_late", "find_broken", "carry_out"})
#: Guards that no typed fact changes: they say beforehand why a step has to wait.
_BEFOREHAND = ("completion_over", "fix_over", "check_planned")


def _form(step: Step, context: Context, typed: Mapping[str, Any], language: str) -> Form:
    why = None
    for name in _BEFOREHAND:
        if name in step.guards:
            why = why or procedure.GUARDS[name](context)
    if "heard" in step.guards and context.last("state") is None:
        why = why or procedure.GUARDS["heard"](context)
    if step.another and any(done.actor == context.actor for done in context.history if done.step == "suspect"):
        why = why or ("您提出了存疑，须由另一名工作人员认定", "you raised the doubt; another officer decides")
    suggested = {"facts": (context.last("suspect") or {}).get("facts", "")} if step.code == "find_broken" else {}
    return Form(
        step=step.code,
        label=step.label(language),
        controls=controls(step, {**suggested, **typed}, language),
        refusal=(why[1] if language == "en" else why[0]) if why else "",
        main=step.code in _MAIN,
    )


def _line(step: CommitmentStep, language: str) -> StepLine:
    table, english = procedure.table(), language == "en"
    own = {"performance": ("报送的履行状态", "Reported"), "delivery": ("批次", "Delivery")}
    known = table.steps.get(step.step)
    firm = step.actor.startswith("firm:")
    return StepLine(
        seq=step.seq,
        label=known.label(language) if known else step.step,
        state=table.states[step.to_state].label(language),
        actor=("The firm" if english else "承诺人") if firm else step.actor,
        at=step.at,
        reason=step.reason,
        facts=stated.in_words(step.facts, table.facts, procedure.choices, language, own),
    )


def commitment_page(
    promise: Commitment,
    rights: frozenset[str],
    actor: str,
    language: str,
    *,
    own: bool,
    typed: Mapping[str, Mapping[str, Any]] | None = None,
) -> CommitmentPage:
    """One commitment with the forms of what somebody with these rights can do now. ``typed``: of a form that was refused."""
    context = selectors.context_of(promise, actor)
    text = selectors.text_of(promise)
    entity = registry.canonical(promise.entity)
    letter = letters.of(promise)
    shown = next(
        (item.shown for item in selectors.reported([promise.record_entity_id]) if item.record_id == promise.record_id),
        False,
    ) if promise.record_entity_id else False  # fmt: skip
    return CommitmentPage(
        row=row(promise, language),
        seen=promise.seq,
        title=text.title_en if language == "en" else text.title,
        content=tuple(promise.content.splitlines()),
        liability=promise.liability,
        entity_url=reverse("entity", args=[registry.address_key(entity)]),
        standing_url=reverse("standing", args=[registry.own_key(entity)]),
        record_url=reverse("ledger-record", args=[promise.record_id]) if promise.record_id else "",
        public_url=reverse("record-page", args=[keys.record_key(promise.record_id)])
        if shown and promise.record_id
        else "",
        letter=letter.number if letter is not None else "",
        letter_code=letter.code if letter is not None else "",
        steps=tuple(
            _line(step, language) for step in CommitmentStep.objects.filter(commitment=promise).order_by("-seq")
        ),
        forms=tuple(
            _form(step, context, (typed or {}).get(step.code, {}), language)
            for step in procedure.next_steps(promise.kind, promise.state, rights)
            if own
        ),
        waits=promise.sent_id is not None,
        trouble=promise.trouble,
        own=own,
        version=f"{text.code} v{text.version} · {text.digest}",
    )


def page_for(
    user: User, number: int, language: str, typed: Mapping[str, Mapping[str, Any]] | None = None
) -> CommitmentPage:
    """One commitment as an officer sees it. Raises CommitmentUnknown, RightMissing."""
    promise = actions.visible(user, number)
    rights = frozenset(
        name
        for name, right in (("handle", Right.COMMITMENT_HANDLE), ("decide", Right.COMMITMENT_DECIDE))
        if accounts.may(user, right)
    )
    own = user.department_id == promise.department_id
    return commitment_page(promise, rights, user.username, language, own=own, typed=typed)


def texts_of(user: User, language: str) -> tuple[tuple[str, str], ...]:
    """Texts the officer's department may offer today: code and title."""
    organ = user.department.name_zh if user.department else ""
    today = timezone.localdate()
    return tuple(
        (text.code, text.title_en if language == "en" else text.title)
        for text in books.book().texts
        if text.in_force(today) and text.offered_by(organ) and books.book().kinds[text.kind].begun_by == "department"
    )


def free_texts(language: str) -> tuple[TextLine, ...]:
    """Texts a firm may choose of its own accord today."""
    today = timezone.localdate()
    return tuple(
        text_line(text, language)
        for text in books.book().texts
        if text.in_force(today) and books.book().kinds[text.kind].begun_by == "firm"
    )


def units() -> list[Department]:
    """Departments a firm can make a commitment to: those with a credit code."""
    return list(Department.objects.exclude(credit_code="").order_by("name_zh"))


def text_line(text: books.Text, language: str) -> TextLine:
    """A text as it is published, with words in the place of what is filled in later."""
    english = language == "en"
    shown = {name: f"（{name}）" for name in books.PLACEHOLDERS}
    content, liability = books.filled(
        text, {**shown, "department": "受理单位", "matter": "所办事项", "papers": "材料名称", "complete_by": "补齐期限"}
    )
    term = text.term_months
    return TextLine(
        code=text.code,
        version=text.version,
        title=text.title_en if english else text.title,
        matter=text.matter,
        organs=("、".join(text.organs)) or ("any department" if english else "各部门"),
        since=text.effective_from,
        term=(f"{term} months" if english else f"{term} 个月") if term else ("until kept" if english else "至履行完毕"),
        check=(
            (f"within {text.check_days} days" if english else f"{text.check_days} 日内核查")
            if text.check_days is not None
            else (f"papers within {text.completion_days} days" if english else f"{text.completion_days} 日内补齐")
            if text.completion_days is not None
            else ("exempt from a check" if english else "免予核查")
        ),
        content=content,
        liability=liability,
        digest=text.digest,
    )


def catalogue(language: str) -> tuple[KindPage, ...]:
    """Every kind with the texts that are signed today (COM-06)."""
    english, today = language == "en", timezone.localdate()
    return tuple(
        KindPage(
            code=kind.code,
            label=kind.label(language),
            about=kind.about_en if english else kind.about_zh,
            begun_by=kind.begun_by,
            clean=kind.clean,
            basis=f"{kind.source_en if english else kind.source} · {kind.article}",
            confirmed=kind.status == "confirmed",
            texts=tuple(
                text_line(text, language)
                for text in books.book().texts
                if text.kind == kind.code and text.in_force(today)
            ),
        )
        for kind in books.book().kinds.values()
    )


def standing_lines(entity: Entity, language: str) -> joint_pages.MoreLines:
    """Commitments that hold or were found broken, for the standing of an entity."""
    english = language == "en"
    states = procedure.table().states
    today = timezone.localdate().isoformat()
    own = selectors.of_entity(entity)
    held = {promise.code for promise in own}
    lines = [
        joint_pages.MoreLine(
            what=f"{books.book().kinds[promise.kind].label(language)} {promise.code or ''}".strip(),
            why=promise.matter,
            state=states[promise.state].label(language),
            tone=states[promise.state].tone,
            since=promise.signed_on,
            until=promise.valid_until,
            ends=_ends(promise, english),
            url=reverse("commitment", args=[promise.pk]),
        )
        for promise in own
        if states[promise.state].live or states[promise.state].broken
    ]
    lines += [
        joint_pages.MoreLine(
            what=f"{row.kind} {row.code}",
            why=row.matter,
            state=row.performance,
            tone="green" if row.performance == "全部履行" else "amber",
            since=date.fromisoformat(row.made_on) if row.made_on else None,
            until=date.fromisoformat(row.valid_until) if row.valid_until else None,
            ends="The end of its term" if english else "有效期满",
            url=reverse("ledger-record", args=[row.record_id]),
        )
        for row in selectors.reported(registry.members(entity))
        if row.code not in held and not row.hidden and (not row.valid_until or row.valid_until >= today)
    ]
    return joint_pages.MoreLines(
        code="commitments", title="Commitments" if english else "信用承诺", lines=tuple(lines[:100])
    )


def _ends(promise: Commitment, english: bool) -> str:
    if procedure.table().states[promise.state].broken:
        return "Repair by the unit that found it" if english else "由认定单位准予修复"
    return "Kept, taken back, or the end of its term" if english else "履行、撤回，或者有效期满"
