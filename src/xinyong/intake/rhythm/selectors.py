"""How every department stands with what it delivers: read for the console page and the command."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.errors import XinyongError
from xinyong.intake.rhythm import rules as rhythm
from xinyong.intake.rhythm.rules import Silence
from xinyong.runtime import sql

#: Lines of one page.
PAGE = 30
#: State to its words and tone; the order is that of the page: what needs a hand first.
WORDS: dict[Silence, tuple[str, str, str]] = {
    Silence.FAILED: ("报送未成", "Failed", "red"),
    Silence.MISSING: ("逾期未报", "Missing", "red"),
    Silence.HELD: ("待放行", "Held", "amber"),
    Silence.DUE: ("到期待报", "Due", "amber"),
    Silence.WORKING: ("处理中", "In progress", "blue"),
    Silence.EMPTY: ("零报送", "Nothing to deliver", "green"),
    Silence.ON_TIME: ("按时", "On time", "green"),
    Silence.IRREGULAR: ("不定期", "Irregular", "grey"),
    Silence.ENDED: ("不要求", "Not expected", "grey"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmRow:
    """One department and dataset."""

    department: str
    department_slug: str
    dataset: str
    dataset_name: str
    cycle: str
    state: Silence
    state_label: str
    state_tone: str
    last_good: date | None
    last_number: str
    last_url: str
    last_rows: int
    zero_until: date | None
    zero_by: str
    newest_number: str
    newest_url: str
    expected: date | None
    overdue: int
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmPage:
    """All rows the user may see, those of one state when one is asked for, and how many there are of each."""

    rows: tuple[RhythmRow, ...]
    total: int
    page: int
    pages: int
    department: str
    departments: tuple[tuple[str, str], ...]
    state: str
    states: tuple[tuple[str, str, int], ...]
    empty: int
    missing: int
    failed: int
    on_time: int
    datasets: tuple[tuple[str, str], ...]
    may_declare: bool


def rows(*, department_id: int | None, today: date, language: str) -> list[RhythmRow]:
    """Every department and dataset, or those of one department; what needs a hand first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("intake", "rhythm_facts"), {"department": department_id})
        facts = cursor.fetchall()
    found = [_row(fact, today, english=language == "en") for fact in facts]
    order = list(WORDS)
    return sorted(found, key=lambda row: (order.index(row.state), -row.overdue, row.department_slug, row.dataset))


def _row(fact: tuple[object, ...], today: date, *, english: bool) -> RhythmRow:
    (slug, name_zh, name_en, dataset, duty_cycle, since, until, _named, number, good_day, read, zero_day, zero_by) = (
        fact[:13]
    )
    newest, newest_state = str(fact[13] or ""), str(fact[14] or "")
    cycle, title = _entry(str(dataset), today, english=english)
    cycle = str(duty_cycle or cycle)
    good = good_day if isinstance(good_day, date) else None
    zero = zero_day if isinstance(zero_day, date) else None
    last = max((day for day in (good, zero) if day is not None), default=None)
    assert isinstance(since, date) or since is None
    judged = rhythm.judge(
        rhythm.Facts(
            cycle=cycle,
            since=since or today,
            until=until if isinstance(until, date) else None,
            last_word=last,
            last_empty=last is not None and ((good == last and read == 0) or (zero == last and good != last)),
            newest=newest_state,
        ),
        today,
    )
    words = WORDS[judged.state]
    row = rhythm.cycles().get(cycle)
    named = {"irregular": ("不定期", "irregular"), "other": ("其他", "other")}.get(cycle, (cycle, cycle))
    return RhythmRow(
        department=str((name_en or name_zh) if english else name_zh),
        department_slug=str(slug),
        dataset=str(dataset),
        dataset_name=title,
        cycle=str(row["en" if english else "zh"]) if row else named[1 if english else 0],
        state=judged.state,
        state_label=words[1 if english else 0],
        state_tone=words[2],
        last_good=good,
        last_number=str(number or ""),
        last_url=reverse("delivery", args=[number]) if number else "",
        last_rows=int(str(read or 0)),
        zero_until=zero,
        zero_by=str(zero_by or ""),
        newest_number=newest,
        newest_url=reverse("delivery", args=[newest]) if newest else "",
        expected=judged.expected,
        overdue=judged.overdue,
        provisional=judged.provisional,
    )


def _entry(code: str, today: date, *, english: bool) -> tuple[str, str]:
    """Update cycle and name of a dataset; a bundle has no cycle of its own, a dataset out of force none any more."""
    try:
        entry = catalogue.entry(code, today)
    except XinyongError:
        return "", code
    cycle = entry.update_cycle if isinstance(entry, DatasetEntry) else "irregular"
    return cycle, entry.name_en if english else entry.name_zh


def visible(user: User, language: str) -> list[RhythmRow]:
    """All rows the user may see, for the export. Raises RightMissing for users who see no deliveries."""
    everything = accounts.may(user, Right.DELIVERY_VIEW_ALL)
    if not everything:
        accounts.require(user, Right.DELIVERY_VIEW_OWN)
    scope = None if everything else (user.department_id or 0)
    return rows(department_id=scope, today=timezone.localdate(), language=language)


def page(user: User, state: str, department: str, number: int, language: str) -> RhythmPage:
    """One page of what the user may see, narrowed to a state or department. Raises RightMissing."""
    found = visible(user, language)
    today = timezone.localdate()
    departments = tuple(sorted({(row.department_slug, row.department) for row in found}, key=lambda item: item[1]))
    if department in {slug for slug, _ in departments}:
        found = [row for row in found if row.department_slug == department]
    else:
        department = ""
    index = 1 if language == "en" else 0
    counts = Counter(row.state for row in found)
    chosen = state if state in {item.value for item in WORDS} else ""
    states = [("", ("全部", "All")[index], len(found))]
    states += [(key.value, words[index], counts[key]) for key, words in WORDS.items() if counts[key]]
    listed = [row for row in found if chosen in ("", row.state.value)]
    pages = max(1, math.ceil(len(listed) / PAGE))
    number = min(max(1, number), pages)
    return RhythmPage(
        rows=tuple(listed[(number - 1) * PAGE : number * PAGE]),
        total=len(listed),
        page=number,
        pages=pages,
        department=department,
        departments=departments if len(departments) > 1 else (),
        state=chosen,
        states=tuple(states),
        empty=counts[Silence.EMPTY],
        missing=counts[Silence.MISSING],
        failed=counts[Silence.FAILED],
        on_time=counts[Silence.ON_TIME],
        datasets=tuple(
            (item.code, item.name_en if index else item.name_zh) for item in catalogue.packaged().in_force(today)
        ),
        may_declare=user.department_id is not None and accounts.may(user, Right.DELIVERY_SUBMIT),
    )
