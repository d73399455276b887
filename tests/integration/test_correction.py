"""The correction loop from end to end with the real engine: list, draft, re-check, sending, answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest


@pytest.fixture(scope="module")
def officers(desk: Any) -> dict[str, Any]:
    """One reporter of the department 'demo' and one of another."""
    from xinyong.accounts import actions, selectors
    from xinyong.accounts.models import Role

    actions.register_department(slug="another", name_zh="另一部门", acting="test")
    made = {}
    for name, role, slug in (
        ("reporter", Role.REPORTER, "demo"),
        ("supervisor", Role.SUPERVISOR, "demo"),
        ("stranger", Role.REPORTER, "another"),
    ):
        made[name] = actions.create_user(
            username=name,
            password="a-long-password-1",
            display_name=name,
            role=role,
            department=selectors.department(slug),
            acting="test",
        )
    return made


_number = iter(range(1, 10_000))


def bad_rows(desk: Any, tag: str) -> list[dict[str, str]]:
    """Two right rows and four wrong ones: a repairable code, an impossible date, an amount in words, an empty field."""
    base = [next(_number) + 10_000_000 for _ in range(6)]
    codes = [desk.code(number) for number in base]
    rows = [
        desk.penalty(code, f"示例{tag}{index}公司", CF_WSH=f"（示）罚〔2026〕{tag}{index}号")
        for index, code in enumerate(codes)
    ]
    rows[1]["CF_XDR_SHXYM"] = mistyped(codes[1])
    rows[2]["CF_JDRQ"] = "2026-13-02"
    rows[3]["CF_WFXW"] = ""
    rows[4]["CF_CFLB"] = "罚金"
    return rows


def mistyped(code: str) -> str:
    """A code with a digit 0 written as the letter O, which exactly one code explains."""
    place = code.index("0", 8)
    return code[:place] + "O" + code[place + 1 :]


def delivery_of(number: str) -> Any:
    from xinyong.intake.models import Delivery

    return Delivery.objects.get(number=number)


def fates(number: str) -> dict[int, str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT row, fate FROM intake_fates_v1(%s)", [delivery_of(number).pk])
        return dict(cursor.fetchall())


@pytest.mark.parametrize("write", ["csv", "xlsx", "jsonl"])
def test_a_bad_file_is_corrected_in_a_draft(desk: Any, officers: dict[str, Any], write: str) -> None:
    """Accept what can be accepted, edit the rest, undo and redo, send: every returned row ends up corrected."""
    from xinyong.intake import correction, correction_send
    from xinyong.intake.models import CorrectedRow, Delivery

    rows = bad_rows(desk, f"稿{write}")
    receipt = desk.deliver(getattr(desk, write)(rows), "penalty")
    first = 1 if write == "jsonl" else 2
    assert (receipt.read, receipt.rejected) == (6, 4), desk.findings(receipt.delivery)
    parent = delivery_of(receipt.delivery)
    user = officers["reporter"]
    for finding in desk.findings(receipt.delivery):
        print(finding.row, finding.code, finding.column, finding.fix)
    done = correction.accept_all(parent, "", user)
    assert done.rows >= 1
    assert fates(receipt.delivery)[first + 1] == "draft"
    # Undone as a whole and made again.
    undone = correction.undo(parent, user)
    assert undone.edits == done.edits
    assert set(fates(receipt.delivery).values()) == {"open"}
    correction.accept_all(parent, "", user)
    # A wrong edit is told at once, a right one clears the row.
    assert correction.edit(parent, first + 2, {"CF_JDRQ": "2026-14-02"}, user).errors_left == 1
    day = (date.today() - timedelta(days=3)).isoformat()
    assert correction.edit(parent, first + 2, {"CF_JDRQ": day}, user).errors_left == 0
    assert correction.edit(parent, first + 3, {"CF_WFXW": "未按规定公示"}, user).errors_left == 0
    assert correction.edit(parent, first + 4, {"CF_CFLB": "罚款"}, user).errors_left == 0
    sent = correction_send.send(parent, user)
    child = sent.delivery
    assert (child.state, child.channel, child.parent_id) == (Delivery.State.COMMITTED, "correction", parent.pk)
    assert (child.read, child.accepted, child.rejected) == (4, 4, 0), desk.findings(child.number)
    assert set(fates(receipt.delivery).values()) == {"corrected"}
    assert CorrectedRow.objects.filter(delivery=child).count() == 4
    with pytest.raises(correction.DraftEmpty):
        correction_send.send(parent, user)
