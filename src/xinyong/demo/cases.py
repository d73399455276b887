"""Cases of the demonstration city: objections, repairs and a withdrawal in every stage, about penalties of one department."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.remedies import actions, officers
from xinyong.remedies.applicant import ALL_RIGHTS, Applicant, Material
from xinyong.remedies.models import Case
from xinyong.runtime import sql

#: The unit whose officer the demonstration signs in as.
DEPARTMENT = "market-regulation"
OBJECTIONS, REPAIRS = 14, 10
_PROOF = Material(kind="proof", name="缴款凭证（演示）.pdf", content=b"%PDF-1.4\n% demonstration\n%%EOF\n")
_STATEMENTS = (
    ("factual", "处罚金额与决定书不一致，决定书载明的金额较低。", "CF_NR_FK"),
    ("clerical", "违法事实中的日期写错，应为决定书所载日期。", "CF_SY"),
    ("past_period", "该处罚已超过公示期限，请停止公示。", ""),
    ("rights", "处罚内容写有本单位未公开的工艺参数，涉及商业秘密。", "CF_NR"),
)
_CHECKS = {"performed": "met", "corrected": "met", "harm_removed": "met", "no_repeat": "met", "other_rules": "met"}


def make() -> int:
    """Open and work the cases; nothing when there are any. Returns how many."""
    if Case.objects.exists():
        return 0
    unit, platform = (User.objects.get(username=name) for name in ("demo-supervisor", "demo-operator"))
    old, recent = penalties(repairable=True, limit=REPAIRS + 1), penalties(repairable=False, limit=OBJECTIONS)
    for at, (entity, record) in enumerate(recent):
        _objection(at, entity, record, unit, platform)
    for at, (entity, record) in enumerate(old[:REPAIRS]):
        _repair(at, entity, record, unit)
    for _entity, record in old[REPAIRS:]:
        officers.withdraw_record(
            unit, record, cause="annulled", reason="行政复议决定撤销原处罚决定。", basis="演示复议决定〔2026〕1号"
        )
    return Case.objects.count()


def penalties(*, repairable: bool, limit: int) -> list[tuple[int, int]]:
    """Public penalties of the department: those old enough for repair, or the others, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("demo", "penalties_of_department"),
            {
                "department": DEPARTMENT,
                "today": timezone.localdate(),
                "repairable": repairable,
                "soon": timezone.localdate() + timedelta(days=20),
                "limit": limit,
            },
        )
        return [(int(entity), int(record)) for entity, record in cursor.fetchall()]


def _applicant(entity: int) -> Applicant:
    return Applicant.acting(entity_id=entity, account_id=0, name="演示经办人", rights=ALL_RIGHTS)


def _objection(at: int, entity: int, record: int, unit: User, platform: User) -> None:
    ground, statement, field = _STATEMENTS[at % len(_STATEMENTS)]
    case = actions.open_objection(_applicant(entity), record, ground=ground, statement=statement, field=field)
    if at % 7 in (1, 2, 3, 4, 5):
        officers.act(platform, case, "compare")
    if at % 7 in (2, 3, 4, 5):
        officers.act(platform, case, "forward", reason="平台展示内容与报送内容一致，请核查并答复。")
    if at % 7 in (3, 4):
        officers.act(unit, case, "take_up")
    if at % 7 == 4:
        officers.act(unit, case, "reject", reason="经核查，报送信息与决定文书一致。", basis="决定书原件")
    if at % 7 == 5:
        officers.act(unit, case, "cannot_verify", reason="档案材料不全，不能核实。")
        officers.act(platform, case, "notify_unresolved", reason="来源单位不能核实，保留异议标注。")


def _repair(at: int, entity: int, record: int, unit: User) -> None:
    case = actions.open_repair(_applicant(entity), record, materials=[_PROOF], commitment=at % 5 != 4)
    if at % 5 == 4:
        return  # a draft that still lacks the signature
    actions.submit_repair(_applicant(entity), case)
    if at % 5 == 1:
        officers.act(unit, case, "gaps", reason="请一次补正。", gaps=["proof_unclear"])
    if at % 5 in (2, 3):
        officers.act(unit, case, "accept", reason="材料齐全，予以受理。")
        officers.act(unit, case, "verify")
    if at == 3:
        officers.act(
            unit, case, "grant", reason="义务已全部履行，准予修复。", basis="演示修复决定〔2026〕1号", checks=_CHECKS
        )
