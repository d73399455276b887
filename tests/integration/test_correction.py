"""The correction loop from end to end with the real engine: list, draft, re-check, sending, answers."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import openpyxl
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
    from xinyong.intake.correction import draft as correction
    from xinyong.intake.correction import send as correction_send
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


# --- the list that goes back to the department ------------------------------------------------------------------------


def client_of(name: str) -> Any:
    from django.test import Client

    client = Client(headers={"accept-language": "zh-CN"})
    assert client.login(username=name, password="a-long-password-1")
    return client


def download(client: Any, number: str, suffix: str) -> bytes:
    answer = client.get(f"/console/deliveries/{number}/errors.{suffix}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_a_corrected_copy_of_the_list_is_delivered_as_it_is(desk: Any, officers: dict[str, Any]) -> None:
    """The workbook has the department's columns in their order, texts only; corrected in place it answers its rows."""
    rows = bad_rows(desk, "清单")
    rows[2]["CF_FR_ZJLX"], rows[2]["CF_FR_ZJHM"] = "身份证", "11010519491231002X"
    rows[3]["BZ"] = "+备注"
    receipt = desk.deliver(desk.csv(rows), "penalty")
    client = client_of("reporter")
    book = openpyxl.load_workbook(io.BytesIO(download(client, receipt.delivery, "xlsx")))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    own = list(rows[0])
    assert heads == [*own, f"※原行号（{receipt.delivery}）", "※退回原因", "※修改建议", "※建议值"]
    numbers = [sheet.cell(line, len(own) + 1).value for line in range(2, sheet.max_row + 1)]
    assert numbers == ["3", "4", "5", "6"]
    for line in range(2, sheet.max_row + 1):
        for cell in sheet[line]:
            assert cell.data_type in ("s", "n") and (cell.value is None or isinstance(cell.value, str))
            assert cell.number_format == "@"
    date_cell = sheet.cell(3, own.index("CF_JDRQ") + 1)
    assert date_cell.value == "2026-13-02" and date_cell.comment is not None
    # Personal values are hidden, and come back from the kept file when the copy is delivered.
    assert sheet.cell(3, own.index("CF_FR_ZJHM") + 1).value == "***"
    day = (date.today() - timedelta(days=3)).isoformat()
    for line, number in enumerate(numbers, start=2):
        fix = {"4": ("CF_JDRQ", day), "5": ("CF_WFXW", "未按规定公示"), "6": ("CF_CFLB", "罚款")}.get(number)
        if number == "3":
            fix = ("CF_XDR_SHXYM", rows[1]["CF_XDR_SHXYM"].replace("O", "0"))
        assert fix is not None
        sheet.cell(line, own.index(fix[0]) + 1).value = fix[1]
    path = desk.path(".xlsx")
    book.save(path)
    child = desk.deliver(path, "penalty")
    assert (child.read, child.accepted, child.rejected) == (4, 4, 0), desk.findings(child.delivery)
    assert delivery_of(child.delivery).parent_id == delivery_of(receipt.delivery).pk
    assert set(fates(receipt.delivery).values()) == {"corrected"}
    from xinyong.ledger.models import Version
    from xinyong.runtime import cryptography

    version = Version.objects.get(delivery_id=delivery_of(child.delivery).pk, source_row=3)
    assert cryptography.reveal("CF_FR_ZJHM", version.payload["CF_FR_ZJHM"]) == "11010519491231002X"
    assert "※" not in str(version.payload)
    # Delivered once more it adds nothing.
    assert desk.deliver(path, "penalty").unchanged == 4


def test_the_csv_twin_runs_no_formula_and_gives_the_text_back(desk: Any, officers: dict[str, Any]) -> None:
    rows = bad_rows(desk, "双份")
    rows[3]["BZ"] = "-备注"
    receipt = desk.deliver(desk.csv(rows), "penalty")
    text = download(client_of("reporter"), receipt.delivery, "csv").decode("utf-8-sig")
    listed = list(csv.DictReader(io.StringIO(text)))
    assert [row["BZ"] for row in listed] == ["", "", "'-备注", ""]
    listed[2]["CF_WFXW"] = "未按规定公示"
    child = desk.deliver(desk.csv([listed[2]]), "penalty")
    assert child.accepted == 1
    from xinyong.ledger.models import Version

    assert Version.objects.get(delivery_id=delivery_of(child.delivery).pk).payload["BZ"] == "-备注"
    assert fates(receipt.delivery)[5] == "corrected"


def test_a_list_that_names_another_departments_delivery_is_an_ordinary_file(
    desk: Any, officers: dict[str, Any]
) -> None:
    rows = bad_rows(desk, "冒名")
    receipt = desk.deliver(desk.csv(rows), "penalty")
    copy = {**rows[0], f"※原行号（{receipt.delivery}）": "3"}
    other = desk.deliver(desk.csv([copy]), "penalty", "another")
    assert delivery_of(other.delivery).parent_id is None
    assert set(fates(receipt.delivery).values()) == {"open"}
    assert any("另有" not in zh and receipt.delivery in zh for zh, _ in other.notes)


def test_a_returned_correction_can_be_corrected_again(desk: Any, officers: dict[str, Any]) -> None:
    """A chain of two corrections: the first delivery says that the row came right in the end, and where."""
    from xinyong.intake.correction import draft as correction
    from xinyong.intake.correction import send as correction_send

    rows = bad_rows(desk, "链条")
    receipt = desk.deliver(desk.csv(rows), "penalty")
    wrong = {**rows[3], f"※原行号（{receipt.delivery}）": "5"}
    again = desk.deliver(desk.csv([wrong]), "penalty")
    assert fates(receipt.delivery)[5] == "again"
    child = delivery_of(again.delivery)
    assert correction.edit(child, 2, {"CF_WFXW": "未按规定公示"}, officers["reporter"]).errors_left == 0
    correction_send.send(child, officers["reporter"])
    assert fates(again.delivery)[2] == "corrected"
    assert fates(receipt.delivery)[5] == "corrected"


def test_a_natural_persons_row_is_neither_shown_nor_corrected(desk: Any, officers: dict[str, Any]) -> None:
    from xinyong.intake.correction import draft as correction
    from xinyong.intake.correction import rows as correction_rows

    rows = bad_rows(desk, "自然人")
    rows[2] = {**rows[2], "CF_XDR_LB": "自然人", "CF_XDR_MC": "张某某示例"}
    receipt = desk.deliver(desk.csv(rows), "penalty")
    assert fates(receipt.delivery)[4] == "closed"
    client = client_of("reporter")
    for suffix in ("csv", "xlsx"):
        assert "张某某示例".encode() not in download(client, receipt.delivery, suffix)
    assert "张某某示例" not in client.get(f"/console/deliveries/{receipt.delivery}/rows/4").content.decode()
    with pytest.raises(correction.CorrectionRefused):
        correction.edit(delivery_of(receipt.delivery), 4, {"CF_XDR_MC": "x"}, officers["reporter"])
    kept = correction_rows.kept(delivery_of(receipt.delivery))
    assert 4 not in kept.scan().collect()["_row"].to_list()


def test_undo_ends_after_a_day_and_with_sending(desk: Any, officers: dict[str, Any]) -> None:
    from xinyong.intake.correction import draft as correction
    from xinyong.intake.correction import send as correction_send
    from xinyong.intake.models import CorrectionEdit

    receipt = desk.deliver(desk.csv(bad_rows(desk, "撤销")), "penalty")
    parent, user = delivery_of(receipt.delivery), officers["reporter"]
    correction.edit(parent, 5, {"CF_WFXW": "第一次"}, user)
    correction.edit(parent, 5, {"CF_WFXW": "第二次"}, user)
    assert correction.open_edits(parent)[(5, "CF_WFXW")] == "第二次"
    correction.undo(parent, user, row=5)
    assert correction.open_edits(parent)[(5, "CF_WFXW")] == "第一次"
    edits = CorrectionEdit.objects.filter(delivery=parent, undone_at=None)
    edits.update(made_at=edits[0].made_at - timedelta(hours=25))
    with pytest.raises(correction.UndoOver):
        correction.undo(parent, user, row=5)
    correction_send.send(parent, user)
    edits.update(made_at=edits[0].made_at + timedelta(hours=25))
    with pytest.raises(correction.UndoOver):
        correction.undo(parent, user)


def test_a_row_is_given_up_with_a_reason_and_taken_up_again(desk: Any, officers: dict[str, Any]) -> None:
    from xinyong.intake.correction import draft as correction

    receipt = desk.deliver(desk.csv(bad_rows(desk, "放弃")), "penalty")
    parent, user = delivery_of(receipt.delivery), officers["reporter"]
    with pytest.raises(correction.CorrectionRefused):
        correction.give_up(parent, 5, "  ", user)
    correction.give_up(parent, 5, "决定已撤销", user)
    assert fates(receipt.delivery)[5] == "given_up"
    with pytest.raises(correction.CorrectionRefused):
        correction.edit(parent, 5, {"CF_WFXW": "x"}, user)
    assert "决定已撤销" in client_of("reporter").get(f"/console/deliveries/{receipt.delivery}").content.decode()
    correction.take_up(parent, 5, user)
    assert fates(receipt.delivery)[5] == "open"


# --- who lets a delivery in -------------------------------------------------------------------------------------------


def test_good_rows_wait_until_an_officer_presses(desk: Any, officers: dict[str, Any]) -> None:
    from xinyong.accounts import selectors
    from xinyong.intake.models import ReleaseRule
    from xinyong.intake.release import actions as release_actions

    release_actions.lay_down(
        department=selectors.department("demo"),
        dataset="penalty",
        good_rows=ReleaseRule.GoodRows.ON_RELEASE,
        four_eyes=False,
        effective_from=date.today() - timedelta(days=2),
        reason="示例规定",
        acting="test",
    )
    try:
        receipt = desk.deliver(desk.csv(bad_rows(desk, "待入")), "penalty")
        assert receipt.state == "held"
        client = client_of("reporter")
        page = client.get(f"/console/deliveries/{receipt.delivery}").content.decode()
        assert "入库正确的 2 条" in page
        assert "待放行" in client_of("supervisor").get("/console/deliveries?state=held").content.decode()
        answer = client.post(f"/console/deliveries/{receipt.delivery}/release", {"note": "先入库"}, follow=True)
        assert "已放行" in answer.content.decode()
        stored = delivery_of(receipt.delivery)
        assert (stored.state, stored.accepted, stored.rejected) == ("committed", 2, 4)
        # A correction of the rest is not held by this rule again.
        from xinyong.intake.correction import draft as correction
        from xinyong.intake.correction import send as correction_send

        correction.edit(stored, 5, {"CF_WFXW": "未按规定公示"}, officers["reporter"])
        assert correction_send.send(stored, officers["reporter"]).delivery.state == "committed"
    finally:
        ReleaseRule.objects.all().delete()


def test_four_eyes_one_winner_one_clear_message(desk: Any, officers: dict[str, Any]) -> None:
    """The uploader is refused, by a forged request too; of two releasers at once one wins and the other reads why not."""
    from threading import Barrier, Thread

    from django.db import connections

    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors
    from xinyong.accounts.models import Role
    from xinyong.audit.models import AuditEntry
    from xinyong.intake import actions
    from xinyong.intake.models import ReleaseRule
    from xinyong.intake.release import actions as release_actions

    demo = selectors.department("demo")
    accounts.create_user(
        username="second",
        password="a-long-password-1",
        display_name="second",
        role=Role.SUPERVISOR,
        department=demo,
        acting="test",
    )
    release_actions.lay_down(
        department=demo,
        dataset="",
        good_rows=ReleaseRule.GoodRows.AT_ONCE,
        four_eyes=True,
        effective_from=date.today() - timedelta(days=2),
        reason="双人复核制度",
        acting="test",
    )
    try:
        rows = bad_rows(desk, "双人")[:1]
        receipt = actions.deliver(desk.csv(rows), dataset="penalty", department=demo, uploader="supervisor")
        assert receipt.state == "held"
        uploader = client_of("supervisor")
        assert "不能自己放行" in uploader.get(f"/console/deliveries/{receipt.delivery}").content.decode()
        forged = uploader.post(f"/console/deliveries/{receipt.delivery}/release", {"note": "x"})
        assert forged.status_code == 403
        assert (
            client_of("reporter").post(f"/console/deliveries/{receipt.delivery}/release", {"note": "x"}).status_code
            == 403
        )
        assert delivery_of(receipt.delivery).state == "held"
        accounts.create_user(
            username="third",
            password="a-long-password-1",
            display_name="third",
            role=Role.SUPERVISOR,
            department=demo,
            acting="test",
        )
        clients = [client_of("second"), client_of("third")]
        start, pages = Barrier(2), ["", ""]

        def press(place: int) -> None:
            start.wait()
            try:
                answer = clients[place].post(
                    f"/console/deliveries/{receipt.delivery}/release", {"note": f"复核 {place}"}, follow=True
                )
                pages[place] = answer.content.decode()
            finally:
                connections.close_all()

        threads = [Thread(target=press, args=(place,)) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        released = AuditEntry.objects.filter(deed="delivery.released", target=receipt.delivery)
        assert released.count() == 1
        assert sum("已放行" in page for page in pages) == 1
        assert sum("不能这样处理" in page for page in pages) == 1
        assert delivery_of(receipt.delivery).state == "committed"
    finally:
        ReleaseRule.objects.all().delete()


def test_a_whole_delivery_enters_only_without_a_wrong_row(desk: Any, officers: dict[str, Any]) -> None:
    from xinyong.accounts import selectors
    from xinyong.intake.correction import draft as correction
    from xinyong.intake.correction import send as correction_send
    from xinyong.intake.models import ReleaseRule
    from xinyong.intake.release import actions as release_actions

    release_actions.lay_down(
        department=selectors.department("demo"),
        dataset="penalty",
        good_rows=ReleaseRule.GoodRows.WHOLE,
        four_eyes=False,
        effective_from=date.today() - timedelta(days=2),
        reason="整批入库",
        acting="test",
    )
    try:
        rows = bad_rows(desk, "整批")
        receipt = desk.deliver(desk.csv(rows), "penalty")
        parent, user = delivery_of(receipt.delivery), officers["reporter"]
        assert parent.state == "held"
        answer = client_of("supervisor").post(
            f"/console/deliveries/{receipt.delivery}/release", {"note": "x"}, follow=True
        )
        assert "整批无误" in answer.content.decode()
        correction.accept_all(parent, "", user)
        correction.edit(parent, 4, {"CF_JDRQ": (date.today() - timedelta(days=3)).isoformat()}, user)
        correction.edit(parent, 5, {"CF_WFXW": "未按规定公示"}, user)
        with pytest.raises(correction.DraftEmpty):
            correction_send.send(parent, user)
        correction.give_up(parent, 6, "决定已撤销", user)
        if (3, "CF_XDR_SHXYM") not in correction.open_edits(parent):
            correction.edit(parent, 3, {"CF_XDR_SHXYM": rows[1]["CF_XDR_SHXYM"].replace("O", "0")}, user)
        sent = correction_send.send(parent, user)
        assert (sent.delivery.state, sent.delivery.read, sent.delivery.accepted) == ("committed", 5, 5)
    finally:
        ReleaseRule.objects.all().delete()
