"""Loaders beside each other, deliveries of many parts, and deliveries that are only looked at."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest

ROWS = 40


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, so that a small file is a large delivery."""
    from xinyong.intake import commit, loading

    monkeypatch.setattr(loading, "PART_ROWS", 8)
    monkeypatch.setattr(commit, "_SHORT", 8)


def process(desk: Any, rows: list[dict[str, str]], dataset: str = "registration", **options: Any) -> Any:
    """Receive a file and take it in by the engine itself, with a report or without a commit."""
    from django.utils import timezone

    from xinyong.accounts import selectors as accounts
    from xinyong.catalogue import selectors as catalogue
    from xinyong.intake import engine, store
    from xinyong.intake.models import Delivery
    from xinyong.runtime import database

    path = desk.csv(rows)
    kept = store.keep(path)
    department = accounts.department("demo")
    number = f"side-{path.stem}"
    delivery = options.pop("delivery", None) or Delivery.objects.create(
        number=number,
        department=department,
        dataset_code=dataset,
        uploader="test",
        file_name=path.name,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        received_at=timezone.now(),
    )
    entry = catalogue.entry(dataset, delivery.received_at.date())
    with database.connect() as connection:
        receipt = engine.take_in(connection, delivery, entry, **options)
    delivery.refresh_from_db()
    return receipt, delivery


def events(desk: Any) -> list[tuple[Any, ...]]:
    """Number, first and last version of every event."""
    found: list[tuple[Any, ...]] = desk.rows("SELECT id, version_from, version_to FROM ledger_event ORDER BY id")
    return found


def test_a_record_enters_while_a_large_delivery_is_on_its_way(desk: Any, small_parts: None) -> None:
    from django.db import connection

    large = [desk.registration(desk.code(700_000 + n), f"示例{n}大批有限公司") for n in range(ROWS)]
    reached, go_on, failures = threading.Event(), threading.Event(), []

    def report(progress: Any) -> None:
        if progress.read >= ROWS // 2 and not reached.is_set():
            reached.set()
            assert go_on.wait(60)

    def work() -> None:
        try:
            process(desk, large, report=report)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert reached.wait(60)
        receipt, _ = process(desk, [desk.registration(desk.code(800_001), "示例插队有限公司")])
        assert receipt.accepted == 1
        assert desk.rows(
            "SELECT count(*) FROM ledger_version AS v JOIN registry_entity AS e ON e.id = v.entity_id "
            "WHERE e.credit_code = %s",
            desk.code(800_001),
        ) == [(1,)]
    finally:
        go_on.set()
        worker.join()
    assert failures == []
    found = events(desk)
    assert all(before[2] < after[1] for before, after in pairwise(found))
    for _, first, last in found:
        ((held,),) = desk.rows("SELECT count(*) FROM ledger_version WHERE version_id BETWEEN %s AND %s", first, last)
        assert held == last - first + 1


def test_two_large_deliveries_of_the_same_keys_at_once(desk: Any, small_parts: None) -> None:
    """The records of both are there once, with a version of each; crossing orders end in a wait, not in a failure."""
    from django.db import connection

    first = [desk.registration(desk.code(710_000 + n), f"示例{n}同批有限公司") for n in range(ROWS)]
    second = [{**row, "注册日期": "2016-04-05"} for row in reversed(first)]
    failures: list[BaseException] = []

    def work(rows: list[dict[str, str]]) -> None:
        try:
            process(desk, rows)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(rows,)) for rows in (first, second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    codes = [row["统一社会信用代码"] for row in first]
    heads = desk.rows(
        "SELECT head.version_no, count(*) FROM ledger_record AS head JOIN registry_entity AS e ON e.id = head.entity_id "
        "WHERE e.credit_code = ANY(%s) GROUP BY 1",
        codes,
    )
    assert heads == [(2, ROWS)]
    assert desk.rows("SELECT count(*) FROM registry_entity WHERE credit_code = ANY(%s)", codes) == [(ROWS,)]
    assert all(before[2] < after[1] for before, after in pairwise(events(desk)))


def test_a_row_that_contradicts_one_of_an_earlier_part_is_returned(desk: Any, small_parts: None) -> None:
    rows = [desk.registration(desk.code(720_000 + n), f"示例{n}分段有限公司") for n in range(20)]
    twice = {**rows[2], "注册日期": "2017-05-06"}
    receipt, delivery = process(desk, [*rows, twice, rows[3]])
    assert (receipt.read, receipt.accepted, receipt.rejected, receipt.unchanged) == (22, 20, 1, 1)
    found = desk.rows(
        "SELECT row, code, reason_zh FROM intake_finding WHERE delivery_id = %s AND severity = 'error'", delivery.pk
    )
    assert [(row, code) for row, code, _ in found] == [(22, "contradicts-row")]
    assert "第 4 行" in found[0][2]
    # The same when the earlier row was equal to what the ledger already held.
    again, delivery = process(desk, [*rows, twice])
    assert (again.read, again.accepted, again.rejected, again.unchanged) == (21, 0, 1, 20)
    ((row, reason),) = desk.rows(
        "SELECT row, reason_zh FROM intake_finding WHERE delivery_id = %s AND severity = 'error'", delivery.pk
    )
    assert row == 22
    assert "第 4 行" in reason


def test_rows_without_a_code_wait_for_the_number_a_later_row_ties(desk: Any, small_parts: None) -> None:
    from xinyong.standards import registration_number

    code = desk.code(730_001)
    front = "41070000001234"
    number = front + registration_number.check_digit(front)
    filler = [desk.registration(desk.code(730_100 + n), f"示例{n}填充有限公司") for n in range(20)]
    without = {**desk.registration("", "示例等号有限公司"), "注册号": number}
    tied = {**desk.registration(code, "示例等号有限公司", 注册日期="2018-01-02"), "注册号": number}
    rows = [{"注册号": "", **row} for row in (without, *filler, tied)]
    receipt, _ = process(desk, rows)
    assert receipt.read == receipt.accepted + receipt.rejected + receipt.unchanged
    held = desk.rows(
        "SELECT count(*), count(DISTINCT entity_id) FROM registry_identifier WHERE value IN (%s, %s)", code, number
    )
    assert held == [(2, 1)]


def test_a_delivery_that_is_only_looked_at_leaves_findings_and_counts(desk: Any, small_parts: None) -> None:
    totals = desk.totals()
    rows = [desk.registration(desk.code(740_000 + n), f"示例{n}待放行有限公司") for n in range(20)]
    wrong = {**rows[0], "统一社会信用代码": "91410700MA0000000?"}
    receipt, delivery = process(desk, [*rows, wrong], commit=False)
    assert (receipt.state, receipt.accepted, receipt.rejected) == ("held", 20, 1)
    after = desk.totals()
    assert after.pop("findings") == totals.pop("findings") + 1
    assert after == totals
    assert delivery.committed_at is None
    # Let in later: decided anew, and what was found is found once.
    receipt, _ = process(desk, [*rows, wrong], delivery=delivery)
    assert (receipt.state, receipt.accepted, receipt.rejected) == ("committed", 20, 1)
    ((findings,),) = desk.rows("SELECT count(*) FROM intake_finding WHERE delivery_id = %s", delivery.pk)
    assert findings == 1


def test_statistics_of_an_empty_register_mislead_no_statement(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """ANALYZE in the middle of a first delivery counts no row of it; a plan made then must not read the register whole."""
    from xinyong.intake import commit, reader
    from xinyong.runtime import database

    read = "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_user_tables WHERE relname LIKE 'registry\\_%%'"
    part, parts, decide = 100, 15, commit.coded.decide

    def after_analyze(*arguments: Any) -> Any:
        with database.connect_owner(autocommit=True) as other:
            for table in ("registry_entity", "registry_identifier", "registry_name", "ledger_record", "ledger_version"):
                other.execute(f"ANALYZE {table}".encode())
        return decide(*arguments)

    monkeypatch.setattr(reader, "PART_ROWS", part)
    monkeypatch.setattr(commit, "_SHORT", part)
    monkeypatch.setattr(commit.coded, "decide", after_analyze)
    first = 70_000_000
    rows = [
        desk.penalty(
            desk.code(first + at),
            f"示例统计{at}有限公司",
            CF_WSH=f"（示）统〔2026〕{at}号",
            # Every tenth row gives the number of the row before it.
            CF_XDR_GSZC=f"41070010{(at - 1 if at % 10 == 9 else at):07d}",
        )
        for at in range(part * parts)
    ]
    before = desk.one(read)
    receipt, delivery = process(desk, rows, "penalty")
    assert receipt.accepted == len(rows)
    assert sum(item.code == "number-of-another" for item in desk.findings(delivery.number)) == len(rows) // 10
    with database.connect(autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
    # Each row looks into a handful of indexes; one whole reading for each row would be rows squared.
    assert desk.one(read) - before < 30 * len(rows)
