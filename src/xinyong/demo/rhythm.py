"""What the rhythm of the demonstration city tells: weekly deliveries, one held as unlike them, and three silences."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from xinyong.registry.models import Entity

#: A week's penalties, how many weeks, and what a truncated export leaves of a week.
_WEEK, _WEEKS, _TRUNCATED = 110, 4, 4
#: Who delivers them, who says that there is nothing to deliver, who says nothing, who sends what cannot be read.
WEEKLY, ZERO, SILENT, FAILING = "market-regulation", "forestry", "tobacco", "statistics"

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

    since = today - timedelta(days=120)
    for slug, dataset, cycle in (
        (ZERO, "licence", "monthly"),
        (SILENT, "licence", "monthly"),
        (FAILING, "honours", ""),
    ):
        actions.set_duty(
            department=accounts.department(slug), dataset=dataset, cycle=cycle, since=since,
            reason="演示：公共信用信息目录（示例）", acting="command demo",
        )  # fmt: skip
    if not ZeroDeclaration.objects.filter(department__slug=ZERO).exists():
        actions.declare_zero(
            department=accounts.department(ZERO), dataset="licence", from_day=today - timedelta(days=30), to_day=today,
            note="本月没有作出许可决定", acting="command demo",
        )  # fmt: skip
    if not Delivery.objects.filter(department__slug=FAILING).exists():
        path = folder / "honours-scan.csv"
        path.write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n")
        try:
            actions.deliver(path, dataset="honours", department=accounts.department(FAILING), uploader="demo-reporter")
        except (actions.DeliveryRefused, DeliveryFailed):
            return  # that is what this delivery is for: the page of the rhythm tells it
