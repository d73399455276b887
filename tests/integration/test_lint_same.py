"""The offline checker says what the platform says: findings and account of the same wrong files, both ways."""

from __future__ import annotations

import csv
import random
from dataclasses import astuple
from pathlib import Path

import pytest
from django.utils import timezone

from xinyong.catalogue.loader import load_packaged
from xinyong.catalogue.template import form_columns, layout_of
from xinyong.intake.findings import Finding
from xinyong.intake.lint.offline import UNCHECKED, check_file
from xinyong.standards import credit_code

ROWS = 80
#: What goes wrong in real cells: spellings, signs, numbers of persons, formulas, codes with slips, dates of all kinds.
CELLS = (
    "", "  ", "　", "无", "N/A", "-", "/", "=1+1", "@SUM(1)", "+86 13812345678", "a\tb", '引"号', "back\\slash", "2024/1/5",
    "20240105", "2024年1月5日", "2024-13-01", "45000", "2099-12-31", "9999-12-31", "0.500000", "1,234.5", "１２３", "12万元",
    "-0", "1e5", "11010519491231002X", "91350100M000100Y43", "91350100m000100y43", "91350100M000100Y44", "0" * 17 + "X",
    "410700600000014", "自然人", "个体工商户", "法人及非法人组织", "罚款", "罚款;警告", "其他-补办", "其他", "x" * 300,
    "身份证11010519491231002X", "电话13812345678", "（有限公司）", "臺灣", "😀", "1", "-5.5", "5.1234567", "O1OIl", "\u2028",
)  # fmt: skip
GOOD = {
    "CF_XDR_MC": "示例商贸有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_FRDB": "示例",
    "CF_WSH": "示罚〔2026〕{n}号",
    "CF_WFXW": "示例行为",
    "CF_SY": "示例事实",
    "CF_YJ": "示例依据",
    "CF_CFLB": "警告",
    "CF_NR": "警告",
    "CF_JDRQ": "2026-01-05",
    "CF_YXQ": "2099-12-31",
    "CF_CFJG": "示例局",
    "CF_SJLY": "示例局",
}
ORGAN = "11410700000000001" + credit_code.check_character("11410700000000001")


def code(number: int) -> str:
    body = f"91410700MA{number:07}"
    return body + credit_code.check_character(body)


def wrong_file(path: Path, seed: int) -> None:
    """Penalties in the layout of 2018, a third of them spoiled in one to four cells, some twice."""
    entry = load_packaged().entry("penalty", timezone.localdate())
    names = [column.name for column in form_columns(entry, layout_of(entry, "2018"))]
    chance = random.Random(seed)
    rows = []
    for number in range(ROWS):
        row = {name: GOOD.get(name, "").format(n=seed * 1000 + number) for name in names}
        row |= {"CF_XDR_SHXYM": code(seed * 1000 + number), "CF_CFJGDM": ORGAN, "CF_SJLYDM": ORGAN}
        if number % 3 == 0:
            for name in chance.sample(names, chance.randrange(1, 5)):
                row[name] = chance.choice(CELLS)
        rows.append(row)
    rows += [dict(rows[1]), {**rows[2], "CF_SY": "另一事实"}, {**rows[4], "CF_SY": "第三种说法"}]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(rows)


def same(finding: Finding) -> tuple[object, ...]:
    return (*astuple(finding)[:2], finding.code, finding.severity, *astuple(finding)[4:])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lint_and_delivery_find_the_same(database_url, tmp_path, seed):
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.intake.models import StoredFinding

    del database_url
    path = tmp_path / "penalties.csv"
    wrong_file(path, seed)
    told: list[Finding] = []
    result = check_file(path, "penalty", load_packaged(), timezone.localdate(), told.extend)
    receipt = actions.deliver(path, dataset="penalty", department=accounts.department("demo"), uploader="test")
    stored = [
        Finding(**{name: getattr(item, name) for name in Finding.__dataclass_fields__})
        for item in StoredFinding.objects.filter(delivery__number=receipt.delivery)
    ]
    register = set(UNCHECKED) - {"contradicts-row"}
    platform = sorted(same(item) for item in stored if item.code not in register)
    assert sorted(same(item) for item in told if item.code not in register) == platform
    assert len(platform) > 20
    assert sum(item.code == "contradicts-row" for item in told) == 2
    # What the register alone refuses is all that may differ in the account.
    unknown = len({item.row for item in stored if item.severity == "error" and item.code in register})
    assert result.read == receipt.read
    assert result.rejected + unknown == receipt.rejected
    assert result.repeated == receipt.unchanged
