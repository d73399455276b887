"""What the rhythm of the demonstration city tells: weekly deliveries, one held as unlike them, and three silences."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from xinyong.registry.models import Entity

#: A week's penalties, how many weeks, and what a truncated export leaves of a week.
_WEEK, _WEEKS, _TRUNCATED = 110, 4, 4
#: Department and dataset: who says that there is nothing to deliver, who says nothing, who sends what cannot be read.
ZERO, SILENT = ("taxation", "tax-violation"), ("housing-construction", "construction-qualification")
FAILING = ("ecology-environment", "pollution-permit")

_ORGAN, _ORGAN_CODE = "示例市市场监督管理局", "11990100990100018P"
_HEAD = (
    "CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM", "CF_XDR_GSZC", "CF_FRDB", "CF_FR_ZJLX", "CF_FR_ZJHM", "CF_XDR_ZJLX",
    "CF_XDR_ZJHM", "CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR", "CF_NR_FK", "CF_NR_WFFF", "CF_NR_ZKDX",
    "CF_JDRQ", "CF_YXQ", "CF_GSJZQ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM", "BZ",
)  # fmt: skip
_FINES = ("0.2", "0.5", "1", "2")


def write(folder: Path, today: date) -> list[tuple[Path, str]]:
    """Penalties week by week; the last file is a truncated export. With the dataset each file belongs to."""
    known = Entity.objects.filter(registered=True, credit_code__isnull=False, kind="enterprise").exclude(name="")
    companies = list(known.order_by("-pk")[: _WEEK * _WEEKS])
    made = []
    for week in range(_WEEKS + 1):
        day = today - timedelta(days=7 * (_WEEKS + 1 - week))
        chosen = companies[week * _WEEK : (week + 1) * _WEEK] or companies[:_TRUNCATED]
        path = folder / f"weekly-penalty-{week + 1}.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([_HEAD, *(_row(item, week, at, day) for at, item in enumerate(chosen, 1))])
        made.append((path, "penalty"))
    return made


def _row(company: Entity, week: int, at: int, day: date) -> tuple[str, ...]:
    fine = _FINES[at % len(_FINES)]
    kind, text, amount = (
        ("警告", "警告。", "")
        if at % 5 == 0
        else ("罚款", f"罚款{int(float(fine) * 10_000):,}元。".replace(",", ""), fine)
    )
    return (
        company.name, "法人及非法人组织", company.credit_code or "", "", "示例负责人", "", "", "", "",
        f"（示）市监周罚〔{day.year}〕{week + 1}-{at}号", "未按规定公示", "当事人未按规定公示有关信息。", "示例条例第一条",
        kind, text, amount, "", "", day.isoformat(), "2099-12-31", "", _ORGAN, _ORGAN_CODE, _ORGAN, _ORGAN_CODE, "",
    )  # fmt: skip


def say_silences(folder: Path, today: date) -> None:
    """One department declares zero, one is silent, one sends a file that cannot be read. Repeating adds nothing."""
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.intake.failures import DeliveryFailed
    from xinyong.intake.models import Delivery, ZeroDeclaration

    for slug, dataset in (ZERO, SILENT, FAILING):
        actions.set_duty(
            department=accounts.department(slug),
            dataset=dataset,
            cycle="monthly",
            since=today - timedelta(days=120),
            reason="演示：公共信用信息目录（示例）",
            acting="command demo",
        )
    slug, dataset = ZERO
    if not ZeroDeclaration.objects.filter(department__slug=slug, dataset_code=dataset).exists():
        actions.declare_zero(
            department=accounts.department(slug),
            dataset=dataset,
            from_day=today - timedelta(days=30),
            to_day=today,
            note="本月没有确定的重大税收违法失信主体",
            acting="command demo",
        )
    slug, dataset = FAILING
    if not Delivery.objects.filter(department__slug=slug, dataset_code=dataset).exists():
        path = folder / "pollution-permit.csv"
        path.write_text("单位,证号,备注\n示例化工有限公司,PW-1,扫描件另附\n", encoding="utf-8")
        try:
            actions.deliver(path, dataset=dataset, department=accounts.department(slug), uploader="demo-reporter")
        except (actions.DeliveryRefused, DeliveryFailed):
            return  # that is what this delivery is for: the page of the rhythm tells it
