"""Links between entities of the demonstration city: branches, conversions, mergers, contributions, changes of name."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from xinyong.registry.models import Entity

#: How many of each; few enough to be read, many enough to be met by chance.
_BRANCHES, _CONVERSIONS, _MERGERS, _CONTRIBUTIONS, _CHANGES, _UNDECIDED = 60, 8, 4, 30, 20, 9

_LINK = ("统一社会信用代码", "名称", "关联类型", "关联主体代码", "关联主体名称", "登记日期", "文书号")
_CHANGE = ("统一社会信用代码", "名称", "变更事项", "变更前内容", "变更后内容", "变更日期")
_LISTED = ("企业名称", "统一社会信用代码", "列入原因", "列入日期", "列入机关")
_SHARE = (
    "统一社会信用代码",
    "名称",
    "出资序号",
    "出资人类型",
    "出资人",
    "出资人统一社会信用代码",
    "认缴出资额",
    "认缴比例",
    "出资日期",
)


def write(folder: Path, today: date) -> list[tuple[Path, str]]:
    """Files about entities that are in the register already, with the dataset each belongs to."""
    known = Entity.objects.filter(registered=True, credit_code__isnull=False).exclude(name="").order_by("pk")
    companies = list(known.filter(kind="enterprise", name__endswith="有限公司")[:400])
    traders = list(known.filter(kind="individual_business")[:_CONVERSIONS])
    day = today - timedelta(days=400)
    links = _branches(list(known.filter(name__endswith="分公司")[:400]), day)
    places = iter(companies)
    for number, trader in enumerate(traders, start=1):
        links.append(_link(next(places), "个转企", trader, day, f"（示）登记转〔{day.year}〕{number}号"))
    for number in range(1, _MERGERS + 1):
        links.append(_link(next(places), "吸收合并", next(places), day, f"（示）登记合〔{day.year}〕{number}号"))
    shares = []
    for _ in range(_CONTRIBUTIONS):
        held, holder = next(places), next(places)
        shares.append(
            (held.credit_code, held.name, "1", "企业法人", holder.name, holder.credit_code, "60", "60", day.isoformat())
        )
    changes = []
    for _ in range(_CHANGES):
        item = next(places)
        before = item.name.replace("示例", "示例原", 1)
        changes.append((item.credit_code, item.name, "名称变更", before, item.name, day.isoformat()))
    # Written as people write: short, or with one character wrong. Whom they mean is for the desk to decide.
    written = [(next(places), item) for item in range(_UNDECIDED)]
    listed = [
        (_slip(item.name, number), "", "未按规定公示年度报告", day.isoformat(), "示例市市场监督管理局")
        for item, number in written
    ]
    made = []
    for name, dataset, head, rows in (
        ("links-registration-link.csv", "registration-link", _LINK, links),
        ("links-shareholders.csv", "shareholders", _SHARE, shares),
        ("links-registration-change.csv", "registration-change", _CHANGE, changes),
        ("links-undecided.csv", "abnormal-list", _LISTED, listed),
    ):
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([head, *rows])
        made.append((path, dataset))
    return made


def _slip(name: str, number: int) -> str:
    """The name as a hurried hand writes it; never the name of its bearer."""
    if number % 3 == 0:
        return name.removesuffix("有限公司")
    if number % 3 == 1:
        return name.replace("有限公司", "有限责任公司")
    return name.replace("有限", "", 1)


def _link(subject: Entity, kind: str, other: Entity, day: date, document: str) -> tuple[str | None, ...]:
    return (subject.credit_code, subject.name, kind, other.credit_code, other.name, day.isoformat(), document)


def _branches(branches: list[Entity], day: date) -> list[tuple[str | None, ...]]:
    """A branch is named by its company and a place; its parent is the company whose whole name it begins with."""
    rows = []
    for branch in branches:
        end = branch.name.find("公司") + len("公司")
        parent = Entity.objects.filter(name=branch.name[:end], registered=True).exclude(pk=branch.pk).first()
        if parent is not None:
            rows.append(_link(branch, "隶属企业", parent, day, ""))
        if len(rows) == _BRANCHES:
            break
    return rows
