"""The gate every measure passes before it may be applied: MEA-01 to MEA-11, each a function over plain values. Pure.

Nothing here knows a score, a grade or a risk class, and nothing can be given one: the values below are all there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from xinyong.lists.measures import Book, Measure

#: Levels MEA-02 takes for a national row; a local row rests on its local regulation.
NATIONAL = frozenset({"law", "regulation", "central-policy"})
BY_LAW = frozenset({"law", "regulation"})
#: What a notice has to say (MEA-05).
NOTICE_PARTS = frozenset({"basis", "reason", "relief"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """What a measure follows from: an entry of a list, or a final decision.

    ``serious``: an entry of a serious list; ``favourable``: of a red list; ``active``: stands on the day asked about;
    ``final``: cannot be appealed any more, or a list entry; ``minor``: class minor, or the first, corrected at once;
    ``until``: last day it can stand.
    """

    entity_id: int
    record_id: int
    dataset: str
    list_code: str = ""
    ground: str = ""
    text: str = ""
    kinds: tuple[str, ...] = ()
    document: str = ""
    authority: str = ""
    decided_on: date | None = None
    until: date | None = None
    serious: bool = False
    favourable: bool = False
    active: bool = True
    final: bool = True
    minor: bool = False
    disputed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How the entity was told: number of the document, when it was served, what it says."""

    document: str
    served_on: date
    says: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A measure about to be applied. ``target``: entity; anything else is refused. ``roles``: executors the unit is."""

    measure: Measure
    object: Object
    scene: str
    day: date
    profile: str
    roles: frozenset[str]
    officer: str = ""
    relation: str = ""
    notice: Notice | None = None
    months: int | None = None
    target: str = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of one test."""

    id: str
    passed: bool
    zh: str = ""
    en: str = ""


Why = tuple[str, str] | None


def follows(measure: Measure, found: Object) -> bool:
    """Whether the row names such an object as its target."""
    if found.favourable != (measure.kind == "incentive"):
        return False
    if found.list_code:
        if found.list_code not in measure.lists:
            return False
        return not measure.grounds or found.ground in measure.grounds
    if found.dataset not in measure.datasets:
        return False
    if measure.words and not any(word in found.text for word in measure.words):
        return False
    return not measure.penalty_kinds or any(kind in measure.penalty_kinds for kind in found.kinds)


def mea_01(asked: Proposal, book: Book) -> Why:
    """On the national list or a lawful local supplement, in force; a memorandum is history."""
    row = asked.measure
    if book.rows.get(row.id) != row:
        return "不在已加载的措施清单内", "it is not on the loaded lists"
    if row.source.kind == "historic":
        return "联合惩戒备忘录仅作历史留存，不能据以采取措施", "memoranda are history and carry no measure"
    if not row.in_force(asked.day):
        return f"该条目在 {asked.day} 不生效", f"the row is not in force on {asked.day}"
    if row.source.kind == "local" and (
        row.source.basis_level != "local-regulation" or row.source.profile != asked.profile
    ):
        return "地方补充清单须以本地地方性法规为依据", "a local supplement needs this place's local regulation"
    return None


def mea_02(asked: Proposal, book: Book) -> Why:
    """A law, a regulation or a central policy; nothing beyond the listed degree."""
    row = asked.measure
    levels = {base.level for base in row.bases}
    local = row.source.kind in ("local", "incentive") and "local-regulation" in levels
    if not levels & NATIONAL and not local:
        return "依据不是法律、法规或者党中央、国务院政策文件", "it rests on no law, regulation or central policy"
    if asked.months is not None:
        if row.degree.least is None or row.degree.most is None:
            return "该条目没有另定期限，随对象终止", "the row knows no period of its own"
        if not row.degree.least <= asked.months <= row.degree.most:
            return (
                f"期限 {asked.months} 个月超出清单规定的 {row.degree.least} 至 {row.degree.most} 个月",
                f"{asked.months} months is outside the listed {row.degree.least} to {row.degree.most}",
            )
    return None


def mea_03(asked: Proposal, book: Book) -> Why:
    """Tied to a concrete dishonest act, final, and related to the matter, in the officer's words."""
    if not asked.object.record_id or not (asked.object.document or asked.object.authority):
        return "没有对应的具体失信行为文书", "no document of a concrete act"
    if not follows(asked.measure, asked.object):
        return "清单规定的对象不包括这一行为", "the row does not name this act as its target"
    if not asked.object.final:
        return "决定尚可申请复议或者提起诉讼，不作为失信行为", "the decision can still be appealed"
    if not asked.relation.strip():
        return "须写明与办理事项的关联以及相当的理由", "say how it relates to the matter and why it is proportionate"
    return None


def mea_04(asked: Proposal, book: Book) -> Why:
    """First, minor, promptly corrected: no measure."""
    if asked.object.minor and asked.measure.kind == "measure":
        return "轻微失信行为不采取措施", "a minor act carries no measure"
    return None


def mea_05(asked: Proposal, book: Book) -> Why:
    """The entity was told in writing: basis, reason, relief. An incentive needs no notice."""
    if asked.measure.kind == "incentive":
        return None
    if asked.notice is None or not asked.notice.document.strip():
        return "没有书面告知", "there is no written notice"
    if asked.notice.served_on > asked.day:
        return "告知书尚未送达", "the notice has not been served yet"
    missing = NOTICE_PARTS - asked.notice.says
    if missing:
        names = {"basis": "依据", "reason": "理由", "relief": "救济途径"}
        words = "、".join(names[part] for part in ("basis", "reason", "relief") if part in missing)
        return f"告知书没有写明{words}", f"the notice does not say: {', '.join(sorted(missing))}"
    return None


def mea_06(asked: Proposal, book: Book) -> Why:
    """Carried out by the body the list names, where the list says; the platform executes nothing."""
    if not asked.roles & set(asked.measure.executors):
        return (
            f"本单位不是清单规定的实施主体（{book.executor_words(asked.measure.executors)}）",
            f"this unit is not the executor the list names ({book.executor_words(asked.measure.executors, 'en')})",
        )
    if asked.scene not in asked.measure.scenes:
        return (
            f"清单规定的场景是{book.scene_words(asked.measure.scenes)}",
            f"the list names another scene: {book.scene_words(asked.measure.scenes, 'en')}",
        )
    return None


def mea_07(asked: Proposal, book: Book) -> Why:
    """Banks, agencies, associations and media decide for themselves."""
    if asked.measure.group == 3:
        return "由市场主体自主决定，行政机关不得强制", "market bodies decide for themselves and are never made to"
    return None


def mea_08(asked: Proposal, book: Book) -> Why:
    """No permit condition beyond the law: what keeps a permit from an entity rests on a law or a regulation."""
    row = asked.measure
    by_law = {base.level for base in row.bases} & BY_LAW
    if row.group == 1 and asked.scene in ("permit", "registration") and (row.source.kind == "local" or not by_law):
        return "不得在上位法之外增设许可条件", "no permit condition beyond a law or regulation"
    return None


def mea_09(asked: Proposal, book: Book) -> Why:
    """Ordinary dishonesty: only soft measures, unless a law itself attaches more to this act; serious lists: what law provides."""
    row = asked.measure
    if row.kind == "incentive" or row.soft:
        return None
    by_law = {base.level for base in row.bases} & BY_LAW
    if row.source.kind == "local" or not by_law:
        if asked.object.serious:
            return "对严重失信主体的限制须由法律、行政法规规定", "limits on listed entities need a law or regulation"
        return "对一般失信行为只能采取非减损权益的措施", "ordinary dishonesty carries soft measures only"
    return None


def mea_10(asked: Proposal, book: Book) -> Why:
    """Ends when the entry is repaired, expires or is annulled."""
    if not asked.object.active or (asked.object.until is not None and asked.object.until < asked.day):
        return "对象已修复、期满、移出或者撤销", "the entry was repaired, expired, removed or annulled"
    return None


def mea_11(asked: Proposal, book: Book) -> Why:
    """Stricter places: only for not performing an effective document."""
    if asked.measure.kind == "incentive" or asked.profile not in book.strict_profiles:
        return None
    if asked.object.list_code in book.strict_lists or asked.object.ground in book.strict_grounds:
        return None
    return (
        "本地只对拒不履行生效法律文书等义务的行为采取措施",
        "here only refusal of an effective document carries measures",
    )


TESTS: dict[str, Callable[[Proposal, Book], Why]] = {
    "MEA-01": mea_01,
    "MEA-02": mea_02,
    "MEA-03": mea_03,
    "MEA-04": mea_04,
    "MEA-05": mea_05,
    "MEA-06": mea_06,
    "MEA-07": mea_07,
    "MEA-08": mea_08,
    "MEA-09": mea_09,
    "MEA-10": mea_10,
    "MEA-11": mea_11,
}
#: Tests that can be answered before an officer has written anything: what is not advised is not shown.
BEFORE = ("MEA-01", "MEA-02", "MEA-04", "MEA-06", "MEA-07", "MEA-08", "MEA-09", "MEA-10", "MEA-11")


def judge(asked: Proposal, book: Book) -> tuple[Verdict, ...]:
    """Every test with its answer, and who may be meant and who decides (REF-12, REF-13)."""
    found = []
    for name, test in TESTS.items():
        why = test(asked, book)
        found.append(Verdict(id=name, passed=why is None, zh=why[0] if why else "", en=why[1] if why else ""))
    person = asked.target != "entity"
    found.append(
        Verdict(
            id="REF-13",
            passed=not person,
            zh="措施只能对主体本身，不得及于其人员或者家属" if person else "",
            en="a measure is for the entity itself, never for its people or their families" if person else "",
        )
    )
    nobody = not asked.officer.strip()
    found.append(
        Verdict(
            id="REF-12",
            passed=not nobody,
            zh="须由工作人员决定" if nobody else "",
            en="an officer has to decide" if nobody else "",
        )
    )
    return tuple(found)


def advised(asked: Proposal, book: Book) -> bool:
    """Whether a business system is shown the row at all: the object is its target, and nothing already stands against it."""
    return (
        follows(asked.measure, asked.object)
        and asked.object.final
        and all(TESTS[name](asked, book) is None for name in BEFORE)
    )


__all__ = ["BEFORE", "TESTS", "Notice", "Object", "Proposal", "Verdict", "advised", "follows", "judge"]
