"""The first page of the console: what waits for this officer by deadline, how the own unit delivers, the way to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.desk import selectors as desk
from xinyong.desk.models import Case
from xinyong.errors import XinyongError
from xinyong.intake import selectors as intake
from xinyong.intake.correction import selectors as correction
from xinyong.intake.models import Delivery
from xinyong.intake.pages import DeliveryRow
from xinyong.intake.rhythm import selectors as rhythm
from xinyong.intake.rhythm.rules import Silence
from xinyong.registry.models import Act

#: Days one figure is drawn from; the trend compares with as many days before.
WINDOW = 30
#: Lines shown of one kind of task; the rest stands behind the link.
_LINES = 5
#: Lines of what is not urgent yet.
_FEW = 3
#: Deliveries looked at for rows that wait to be corrected, newest first.
_PARTIAL = 8
_GROUPS = (
    ("overdue", "已逾期", "Overdue", "red"),
    ("today", "今天", "Today", "amber"),
    ("week", "七天内", "Within seven days", "blue"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something this officer has to do. ``when``: the deadline or since when it waits, in words."""

    title: str
    note: str
    when: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """Tasks of one deadline."""

    code: str
    label: str
    tone: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A share in percent; None where nothing was delivered. ``change``: points against the days before."""

    label: str
    percent: float | None
    line: str
    change: float | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A dataset the unit delivers: file or single record."""

    name: str
    upload_url: str
    record_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The whole page. ``sees``: the officer has a right to deliveries; without one only the search is offered."""

    unit: str
    sees: bool
    groups: tuple[TaskGroup, ...]
    figures: tuple[Figure, ...]
    ways: tuple[Way, ...]
    recent: tuple[DeliveryRow, ...]
    window: int


#: Rooms above with tasks of their own: (group, task) for an officer, in English or not. They register themselves.
more_tasks: dict[str, Callable[[User, bool], Iterator[tuple[str, Task]]]] = {}


def page(user: User, language: str) -> Home:
    """What the officer sees after signing in. Nobody is refused: without a right the page offers the search only."""
    english = language == "en"
    everything = accounts.may(user, Right.DELIVERY_VIEW_ALL)
    sees = everything or accounts.may(user, Right.DELIVERY_VIEW_OWN)
    department = user.department
    unit = "" if department is None else (department.name_en or department.name_zh) if english else department.name_zh
    if not sees:
        return Home(unit=unit, sees=False, groups=(), figures=(), ways=(), recent=(), window=WINDOW)
    scope = None if everything else (user.department_id or 0)
    rows = rhythm.rows(department_id=scope, today=timezone.localdate(), language=language)
    seen = intake.visible(user)
    return Home(
        unit=unit,
        sees=True,
        groups=_groups(user, rows, seen, everything=everything, english=english),
        figures=(*_shares(seen, english=english), _kept_rhythm(rows, english=english)),
        ways=tuple(_ways(user, seen, english=english)) if accounts.may(user, Right.DELIVERY_SUBMIT) else (),
        recent=tuple(intake.delivery_row(item, language) for item in seen.order_by("-id")[:_LINES]),
        window=WINDOW,
    )


def _groups(
    user: User, rows: list[rhythm.RhythmRow], seen: QuerySet[Delivery], *, everything: bool, english: bool
) -> tuple[TaskGroup, ...]:
    found: dict[str, list[Task]] = {code: [] for code, *_ in _GROUPS}
    for code, task in _rhythm_tasks(rows, everything=everything, english=english):
        found[code].append(task)
    for code, task in (*_deliveries(user, seen, english=english), *_desk_tasks(user, english=english)):
        found[code].append(task)
    for tasks in more_tasks.values():
        for code, task in tasks(user, english):
            found[code].append(task)
    return tuple(
        TaskGroup(code=code, label=en if english else zh, tone=tone, tasks=tuple(found[code]))
        for code, zh, en, tone in _GROUPS
    )


def _rhythm_tasks(rows: list[rhythm.RhythmRow], *, everything: bool, english: bool) -> Iterator[tuple[str, Task]]:
    """What should have been delivered, and what should be within the week; of others' datasets only the overdue."""
    today = timezone.localdate()
    for group, states in (("overdue", (Silence.FAILED, Silence.MISSING)), ("today", (Silence.DUE,)), ("week", ())):
        if group == "week":
            due = () if everything else [
                row for row in rows
                if row.expected is not None and today < row.expected <= today + timedelta(days=7)
                and row.state in (Silence.ON_TIME, Silence.EMPTY)
            ]  # fmt: skip
        else:
            due = [row for row in rows if row.state in states]
        shown = _FEW if group == "week" else _LINES
        for row in due[:shown]:
            label = row.state_label if group != "week" else "Next delivery" if english else "下一次应报"
            when = f"{row.expected:%Y-%m-%d}" if row.expected else ""
            if row.overdue:
                when += f" · {row.overdue} working days late" if english else f" · 逾期 {row.overdue} 个工作日"
            yield (
                group,
                Task(
                    title=row.dataset_name,
                    note=f"{row.department} · {label}" if everything else label,
                    when=when,
                    url=row.newest_url or reverse("rhythm"),
                ),
            )
        if len(due) > shown:
            left = len(due) - shown
            yield group, Task(
                title=f"{left} more in the rhythm of deliveries" if english else f"报送节律中另有 {left} 项",
                note="", when="", url=reverse("rhythm"),
            )  # fmt: skip


def _deliveries(user: User, seen: QuerySet[Delivery], *, english: bool) -> Iterator[tuple[str, Task]]:
    """Deliveries that wait for this officer, that failed, or whose returned rows wait to be corrected."""
    waiting = correction.waiting(user)
    if waiting:
        first = seen.filter(state=Delivery.State.HELD).exclude(uploader=user.username).order_by("received_at").first()
        yield (
            "today",
            Task(
                title=f"{waiting} deliveries wait for your release" if english else f"{waiting} 批等待您放行",
                note=first.number if first else "",
                when=_since(first.received_at, english=english) if first else "",
                url=f"{reverse('deliveries')}?state=held",
            ),
        )
    if not accounts.may(user, Right.DELIVERY_SUBMIT):
        return
    for item in seen.filter(state=Delivery.State.FAILED).order_by("-id")[:_LINES]:
        yield (
            "overdue",
            Task(
                title=f"Delivery {item.number} failed" if english else f"批次 {item.number} 处理失败",
                note=item.file_name,
                when=_since(item.received_at, english=english),
                url=reverse("delivery", args=[item.number]),
            ),
        )
    if user.department_id is None:
        return
    partial = seen.filter(state=Delivery.State.COMMITTED, rejected__gt=0, parent=None).order_by("-id")[:_PARTIAL]
    waiting_rows = []
    for item in partial:
        counts = correction.fate_counts(item)
        left = sum(counts.get(fate, 0) for fate in ("open", "draft", "again"))
        if left:
            waiting_rows.append((item, left))
    for item, left in waiting_rows[:_FEW]:
        yield (
            "week",
            Task(
                title=f"Correct {left:,} returned rows" if english else f"修正 {left:,} 行退回数据",
                note=item.number,
                when=_since(item.received_at, english=english),
                url=reverse("delivery", args=[item.number]),
            ),
        )
    if len(waiting_rows) > _FEW:
        more = len(waiting_rows) - _FEW
        yield "week", Task(
            title=f"{more} more deliveries with rows to correct" if english else f"另有 {more} 批有待修正的行",
            note="", when="", url=f"{reverse('deliveries')}?state=partial",
        )  # fmt: skip


def _desk_tasks(user: User, *, english: bool) -> Iterator[tuple[str, Task]]:
    """Cases to decide, questions the department was asked, acts that wait for a second person."""
    cases = desk.waiting(user)
    if cases:
        yield "week", Task(
            title=f"{cases:,} rows whose entity is to be decided" if english else f"{cases:,} 件主体认定",
            note="", when="", url=reverse("desk"),
        )  # fmt: skip
    if user.department_id is not None:
        asked = desk.visible(user).filter(state=Case.State.ASKED, answer="").count()
        if asked:
            yield "today", Task(
                title=f"{asked:,} questions wait for an answer" if english else f"{asked:,} 件主体认定待本部门答复",
                note="", when="", url=f"{reverse('desk')}?state=asked",
            )  # fmt: skip
    if accounts.may(user, Right.REGISTRY_ACT):
        acts = Act.objects.filter(state=Act.State.PROPOSED).exclude(actor=user.username).count()
        if acts:
            yield "today", Task(
                title=f"{acts:,} acts of the register wait for a second person" if english else f"{acts:,} 件登记办理待您复核",
                note="", when="", url=reverse("registry-acts"),
            )  # fmt: skip


def _since(at: datetime, *, english: bool) -> str:
    text = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
    return f"since {text}" if english else f"自 {text}"


def _shares(seen: QuerySet[Delivery], *, english: bool) -> tuple[Figure, Figure]:
    """Good rows of all rows, and accepted rows within their deadline, with the change against the days before."""
    day = timezone.make_aware(datetime.combine(timezone.localdate(), time()))
    middle, first = day - timedelta(days=WINDOW - 1), day - timedelta(days=2 * WINDOW - 1)
    now, before = Q(received_at__gte=middle), Q(received_at__lt=middle)
    sums = seen.filter(state=Delivery.State.COMMITTED, received_at__gte=first).aggregate(
        **{
            f"{name}_{part}": Sum(name, filter=window, default=0)
            for name in ("read", "rejected", "accepted", "late_rows")
            for part, window in (("now", now), ("before", before))
        }
    )
    url = f"{reverse('deliveries')}?since={middle:%Y-%m-%d}"

    def figure(zh: str, en: str, whole: str, wrong: str, line_zh: str, line_en: str) -> Figure:
        percent, earlier = (
            100 * (sums[f"{whole}_{part}"] - sums[f"{wrong}_{part}"]) / sums[f"{whole}_{part}"]
            if sums[f"{whole}_{part}"]
            else None
            for part in ("now", "before")
        )
        good, total = sums[f"{whole}_now"] - sums[f"{wrong}_now"], sums[f"{whole}_now"]
        return Figure(
            label=en if english else zh,
            percent=percent,
            line=(line_en if english else line_zh).format(good=f"{good:,}", total=f"{total:,}"),
            change=percent - earlier if percent is not None and earlier is not None else None,
            url=url,
        )

    return (
        figure("通过率", "Rows without error", "read", "rejected", "{total} 行中 {good} 行无误", "{good} of {total} rows"),
        figure(
            "按时报送率", "Delivered in time", "accepted", "late_rows", "入库 {total} 行中 {good} 行未超期限",
            "{good} of {total} stored rows",
        ),
    )  # fmt: skip


def _kept_rhythm(rows: list[rhythm.RhythmRow], *, english: bool) -> Figure:
    """Datasets whose rhythm is kept today, of all that have one."""
    judged = [row for row in rows if row.state not in (Silence.IRREGULAR, Silence.ENDED)]
    late = sum(row.state in (Silence.MISSING, Silence.FAILED) for row in judged)
    total = len(judged)
    return Figure(
        label="Rhythm kept" if english else "节律到位率",
        percent=100 * (total - late) / total if total else None,
        line=f"{total - late} of {total} datasets" if english else f"{total} 项资源中 {total - late} 项没有逾期或失败",
        change=None,
        url=reverse("rhythm"),
    )


def _ways(user: User, seen: QuerySet[Delivery], *, english: bool) -> Iterator[Way]:
    """The datasets this officer's unit delivered last, for an upload by one click."""
    if user.department_id is None:
        return
    today = timezone.localdate()
    last = seen.filter(parent=None).order_by("-id").values_list("dataset_code", flat=True)[:200]
    for code in list(dict.fromkeys(last))[:_LINES]:
        try:
            entry = catalogue.entry(code, today)
        except XinyongError:
            continue  # no longer in force: nothing of it is taken any more
        yield Way(
            name=entry.name_en if english else entry.name_zh,
            upload_url=reverse("upload", args=[code]),
            record_url=reverse("record", args=[code]) if isinstance(entry, DatasetEntry) else "",
        )
