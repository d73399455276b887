"""The entity file: which chapters a tab shows, the overview, the drawings, and the proof of what is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from django.urls import reverse

from xinyong.catalogue.entry import DatasetEntry
from xinyong.publicity import selectors as publicity
from xinyong.publicity.pages import EntityFile, RecordCard, Section
from xinyong.registry import lists
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity, Relation
from xinyong.reports import codes
from xinyong.site import drawing, records
from xinyong.site.pages import EntityPage, Graph, GraphNode, RepairStep, Snapshot, Tab, Tile, Timeline
from xinyong.standards import entity_types

OVERVIEW = "overview"
#: Tabs in the order of the official report: class of the catalogue, Chinese, English.
TABS = (
    ("registration", "登记注册", "Registration"),
    ("administrative", "行政管理", "Administrative"),
    ("honour", "诚实守信", "Good faith"),
    ("serious-list", "严重失信名单", "Serious lists"),
    ("abnormal-list", "经营异常", "Abnormal"),
    ("commitment", "信用承诺", "Commitments"),
    ("evaluation", "信用评价", "Evaluation"),
    ("judicial", "司法执行", "Judicial"),
)
RELATIONS = "relations"
#: Classes always there, because a reader asks for them; others when the catalogue has something of them.
_ALWAYS = {"registration", "administrative", "honour", "serious-list", "abnormal-list", "commitment"}
_TONES = {
    "registration": "grey",
    "administrative": "blue",
    "penalty": "red",
    "honour": "gold",
    "serious-list": "red",
    "abnormal-list": "amber",
    "commitment": "teal",
    "judicial": "violet",
}
#: Records of a chapter shown on the overview; its tab has all of them.
_RECENT = 3
_LINKS = 20


def entity_page(key: str, tab: str, pages: dict[str, int], asked: str, language: str, today: date) -> EntityPage | None:
    """The page, or None when there is no such entity. Raises registry.selectors.Moved."""
    known = {code for code, _, _ in TABS} | {OVERVIEW, RELATIONS}
    if tab not in known:
        tab = OVERVIEW

    def limit(entry: DatasetEntry) -> int:
        if tab == OVERVIEW:
            return _RECENT
        return publicity.PAGE if entry.category == tab else int(entry.category == "registration")

    file = publicity.entity_file(key, pages, language, today, limit)
    if file is None:
        return None
    entity = registry.by_key(key)
    assert entity is not None  # the file was just made of it
    english = language == "en"
    members = list(registry.members(entity))
    others = [item for item in file.sections if item.category != "registration"]
    adverse = [item for item in others if item.adverse and item.total]
    serious = [item for item in adverse if item.category in ("serious-list", "judicial")]
    shown = adverse if tab == OVERVIEW else [item for item in file.sections if item.category == tab]
    cards = [card for section in adverse for card in section.records]
    return EntityPage(
        file=file,
        tab=tab,
        title=next((en if english else zh for code, zh, en in TABS if code == tab), ""),
        tabs=_tabs(file, tab, english=english),
        tiles=_tiles(file, today, english=english),
        sections=tuple(shown),
        recent=tuple(item for item in others if item.total and not item.adverse) if tab == OVERVIEW else (),
        empty=tuple(item for item in others if not item.total) if tab == OVERVIEW else (),
        serious=tuple(card for item in serious for card in item.records[:1]),
        serious_total=sum(item.total for item in serious),
        serious_url=_tab_url(file, serious[0].category) if serious else "",
        adverse_total=sum(item.total for item in adverse),
        disputed=sum(1 for card in cards if any(state.tone == "violet" for state in card.states)),
        ended=_ended(entity),
        individual=entity.kind == "individual_business",
        timeline=_timeline(file, members, today, english=english),
        graph=_graph(entity, language, today),
        snapshot=_snapshot(file, members, asked, today),
        checkpoint=records.checkpoint(),
        repair=_repair(cards, today, english=english),
    )


def tab_of(dataset: str, today: date) -> str:
    """The tab that holds a dataset."""
    from xinyong.catalogue import selectors as catalogue

    entry = next((item for item in catalogue.packaged().in_force(today) if item.code == dataset), None)
    return entry.category if entry is not None else OVERVIEW


def _tab_url(file: EntityFile, code: str) -> str:
    return file.url if code == OVERVIEW else f"{file.url}?tab={code}"


def _tabs(file: EntityFile, current: str, *, english: bool) -> tuple[Tab, ...]:
    totals: dict[str, int] = {}
    for section in file.sections:
        totals[section.category] = totals.get(section.category, 0) + section.total
    found: list[tuple[str, str, str, int | None]] = [(OVERVIEW, "概览", "Overview", None)]
    found += [
        (code, zh, en, None if code == "registration" else totals.get(code, 0))
        for code, zh, en in TABS
        if code in _ALWAYS or totals.get(code)
    ]
    if file.links_total:
        found.append((RELATIONS, "关联关系", "Relations", file.links_total))
    return tuple(
        Tab(code=code, title=en if english else zh, total=total, url=_tab_url(file, code), current=code == current)
        for code, zh, en, total in found
    )


def _tiles(file: EntityFile, today: date, *, english: bool) -> tuple[Tile, ...]:
    def of(category: str, *, adverse: bool | None = None) -> list[Section]:
        return [
            item for item in file.sections if item.category == category and (adverse is None or item.adverse is adverse)
        ]

    wanted = (
        ("行政许可", "Licences", "license", "blue", "administrative", of("administrative", adverse=False)),
        ("行政处罚", "Penalties", "gavel", "amber", "administrative", of("administrative", adverse=True)),
        ("诚实守信", "Good faith", "award", "gold", "honour", of("honour")),
        ("严重失信名单", "Serious lists", "shield", "red", "serious-list", of("serious-list")),
        ("经营异常", "Abnormal", "alert-triangle", "amber", "abnormal-list", of("abnormal-list")),
        ("信用承诺", "Commitments", "signature", "teal", "commitment", of("commitment")),
    )
    return tuple(
        Tile(
            title=en if english else zh,
            icon=icon,
            tone=tone if sum(item.total for item in sections) else "green",
            total=sum(item.total for item in sections),
            line=_line(sections, today, english=english),
            url=_tab_url(file, category) + (f"#section-{sections[0].code}" if sections else ""),
        )
        for zh, en, icon, tone, category, sections in wanted
    )


def _line(sections: list[Section], today: date, *, english: bool) -> str:
    newest = max((item.newest for item in sections if item.newest), default=None)
    cards = [card for item in sections for card in item.records if card.clock]
    ready = sum(
        1 for card in cards if card.clock and card.clock.earliest_repair and card.clock.earliest_repair <= today
    )
    if ready and sum(item.total for item in sections) == len(cards):
        return f"{ready} past the minimum" if english else f"{ready} 条已满最短公示期"
    if newest is not None:
        return f"Latest {newest}" if english else f"最近 {newest}"
    return f"Checked {today}" if english else f"已核对 {today}"


def _ended(entity: Entity) -> str:
    """``ended`` or ``ended_by_force`` for an entity that is no more, else empty."""
    status = entity_types.registration_status(entity.status) if entity.status else None
    return status.behaviour.value if status is not None and status.behaviour.value.startswith("ended") else ""


def _timeline(file: EntityFile, members: list[int], today: date, *, english: bool) -> Timeline:
    counts: dict[str, dict[date, int]] = {}
    for code, month, number in publicity.months_of_entity(members, today):
        counts.setdefault(code, {})[month] = number
    titles = {code: (en if english else zh) for code, zh, en in TABS}
    groups: dict[str, tuple[str, str, dict[date, int]]] = {}
    for section in file.sections:
        group = "penalty" if section.code == "penalty" else section.category
        title = section.title if group == "penalty" else titles.get(group, section.title)
        if group == "penalty":
            title = "Penalties" if english else "行政处罚"
        elif group == "administrative":
            title = "Licences" if english else "行政许可"
        _, _, held = groups.setdefault(group, (title, _TONES.get(group, "grey"), {}))
        for month, number in counts.get(section.code, {}).items():
            held[month] = held.get(month, 0) + number
    return drawing.timeline(list(groups.values()), today)


def _graph(entity: Entity, language: str, today: date) -> Graph:
    english = language == "en"
    left: list[GraphNode] = []
    right: list[GraphNode] = []
    kinds = [kind for kind in lists.relation_kinds().values() if kind.public]
    found = registry.relations_by_side(entity, [kind.code for kind in kinds], limit=_LINKS)
    for kind in kinds:
        for held in (True, False):
            words = (kind.en, kind.holder_en) if english else (kind.zh, kind.holder_zh)
            rows, _ = found.get((kind.code, held), ([], 0))
            side = right if held else left
            side += [_node(row, words[0 if held else 1], today, held=held) for row in rows]
    total = sum(number for _, number in found.values())
    return drawing.graph(entity.name or registry.address_key(entity), left, right, total)


def _node(row: Relation, words: str, today: date, *, held: bool) -> GraphNode:
    other = registry.canonical(row.entity if held else row.holder)
    key = registry.address_key(other)
    ended = row.valid_until is not None and row.valid_until < today
    dates = " – ".join(str(day) for day in (row.valid_from, row.valid_until) if day)
    return GraphNode(
        name=other.name or key,
        url=reverse("entity", args=[key]),
        words=words,
        share=f"{row.share.normalize():f}%" if row.share is not None else "",
        note=dates,
        lines=(),
        x=0,
        y=0,
        edge=(0, 0, 0, 0),
        dashed=ended or row.kind == "branch",
    )


def _snapshot(file: EntityFile, members: list[int], asked: str, today: date) -> Snapshot:
    """A code for what the file says now. Recomputed each time, so nothing of an earlier moment has to be kept."""
    held = publicity.fingerprint_of_records(members, today)
    whole = hashlib.sha256("\n".join(("xinyong-file-1", file.key, file.name, file.status, held)).encode()).digest()
    code = codes.code_of(whole)
    typed = codes.normalise(asked) if asked else None
    return Snapshot(
        code=codes.grouped(code),
        sha256=whole.hex(),
        records_sha256=held,
        url=f"{file.url}?snapshot={code}",
        asked=codes.grouped(typed) if typed else "",
        same=(typed == code) if typed else None,
    )


def _repair(cards: Iterable[RecordCard], today: date, *, english: bool) -> tuple[RepairStep, ...]:
    """How the first adverse record that may be repaired gets there; empty without one."""
    clocks = [card.clock for card in cards if card.clock and card.clock.earliest_repair]
    if not clocks:
        return ()
    first = min(clock.earliest_repair for clock in clocks if clock.earliest_repair)
    met = first <= today
    words = (
        ("确认义务已履行", "罚款缴清、整改完成等，由作出决定的机关确认"),
        ("最短公示期已满", f"{first}，{'已满' if met else '未满'}"),
        ("作出信用承诺并提交申请", "由主体本人或其经办人提出，免费"),
        ("作出决定的机关审核", "不同意的要写明理由"),
        ("停止公示、共享和使用", "结果同步到所有接收过本记录的单位"),
    )
    if english:
        words = (
            ("The obligations are met", "Fine paid, defect put right: the deciding organ confirms it"),
            ("The shortest period is over", f"{first}, {'reached' if met else 'not reached yet'}"),
            ("Commitment and application", "By the entity itself, free of charge"),
            ("The deciding organ examines it", "A refusal names its reasons"),
            ("Publication, sharing and use end", "Everyone who received the record is told"),
        )
    return tuple(
        RepairStep(title=title, line=line, met=number == 1 and met) for number, (title, line) in enumerate(words)
    )
