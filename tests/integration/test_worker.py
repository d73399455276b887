"""One line, many workers: fair, killed at will, stopped in mid-work, and never mistaking a broken machine for a bad file."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from xinyong.intake import actions, failures, store
from xinyong.intake.models import Delivery
from xinyong.intake.queue import jobs, lease, worker
from xinyong.runtime import database

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() "
    "AND backend_type = 'client backend'"
)


def until(true: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _empty_line(desk: Any) -> Iterator[None]:
    yield
    Delivery.objects.filter(state__in=actions.UNFINISHED).update(state="refused", retry_at=None)
    del desk


@pytest.fixture
def receive(desk: Any) -> Callable[..., Delivery]:
    """Receive a small file of fresh entities."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors

    numbers = iter(range(time.time_ns() % 90_000_000, 99_999_999))

    def make(department: str = "demo", dataset: str = "registration", rows: int = 3, **more: Any) -> Delivery:
        accounts.register_department(slug=department, name_zh=department, acting="test")
        make_row = desk.abnormal if dataset == "abnormal-list" else desk.registration
        path = desk.csv(
            [make_row(desk.code(number), f"示例{number}公司") for number, _ in zip(numbers, range(rows), strict=False)]
        )
        return actions.receive(
            path, dataset=dataset, department=selectors.department(department), uploader="test", **more
        )

    return make


def line(**more: Any) -> list[str]:
    """The line as a worker sees it."""
    with database.connect(autocommit=True) as connection:
        return [Delivery.objects.get(pk=key).number for key, _ in jobs.waiting(connection, **more)]


# --- who is next ------------------------------------------------------------------------------------------------------


def test_a_file_is_received_at_once_and_taken_in_by_a_worker(desk: Any, receive: Callable[..., Delivery]) -> None:
    made = [receive(), receive(dataset="abnormal-list"), receive("second")]
    assert {item.state for item in made} == {"received"}
    result = desk.cli("worker", "--once", "--json")
    assert result.exit_code == 0, result.output
    assert '"finished": 3' in result.output
    for item in made:
        item.refresh_from_db()
        assert (item.state, item.accepted, item.attempts, item.tries) == ("committed", 3, 1, 1)
        assert item.worker.endswith(f":{os.getpid()}")


def test_departments_take_turns_whoever_came_first(receive: Callable[..., Delivery]) -> None:
    datasets = ("registration", "abnormal-list")
    many = [receive("many", dataset) for dataset in datasets for _ in range(3)]
    few = receive("few")
    order = []
    with database.connect(autocommit=True) as connection:
        while (receipt := jobs.take_one(connection)) is not None:
            order.append(receipt.delivery)
    assert len(order) == 7
    assert order.index(few.number) == 1, "one file of another department waits for one file only"
    for dataset in datasets:  # within a department and dataset the order of receipt stands
        assert [n for n in order if n in {m.number for m in many if m.dataset_code == dataset}] == [
            m.number for m in many if m.dataset_code == dataset
        ]


def test_small_before_bulk_but_a_bulk_one_is_not_starved(receive: Callable[..., Delivery]) -> None:
    bulk, small = receive("one"), receive("two")
    Delivery.objects.filter(pk=bulk.pk).update(size_bytes=jobs.SMALL + 1)
    assert line() == [small.number, bulk.number]
    assert line(small_only=True) == [small.number]
    Delivery.objects.filter(pk=bulk.pk).update(received_at=timezone.now() - timedelta(seconds=jobs.PATIENCE + 1))
    assert line() == [bulk.number, small.number]


def test_a_later_file_never_overtakes_an_earlier_one_of_the_same_records(receive: Callable[..., Delivery]) -> None:
    first, second, other = receive("one"), receive("one"), receive("one", "abnormal-list")
    Delivery.objects.filter(pk=first.pk).update(size_bytes=jobs.SMALL + 1)
    assert line() == [other.number, first.number]
    Delivery.objects.filter(pk=first.pk).update(state="failed", retry_at=timezone.now() + timedelta(hours=1))
    assert line() == [other.number], "also while the earlier one waits for its next try"
    Delivery.objects.filter(pk=first.pk).update(retry_at=None)
    assert set(line()) == {other.number, second.number}, "one that nobody tries again holds up nobody"
    Delivery.objects.filter(pk=other.pk).update(dataset_code="public-lists")
    assert line() == [second.number], "a bundle waits for everything before it"
    Delivery.objects.filter(pk=other.pk).update(dataset_code="abnormal-list")
    Delivery.objects.filter(pk=second.pk).update(dataset_code="public-lists")
    assert line() == [second.number], "and everything after it waits for a bundle"


def test_who_has_something_running_waits(receive: Callable[..., Delivery]) -> None:
    running, waiting, other = receive("one"), receive("one", "abnormal-list"), receive("two")
    with lease.held(running):
        assert line() == [other.number, waiting.number]


def test_a_worker_hears_of_a_delivery_without_looking(receive: Callable[..., Delivery]) -> None:
    with database.connect(autocommit=True) as connection:
        jobs.listen(connection)

        def later() -> None:
            from django.db import connections

            receive()
            connections.close_all()

        thread = threading.Timer(0.3, later)
        thread.start()
        began = time.monotonic()
        jobs.wait(connection, jobs.LOOK)
        assert time.monotonic() - began < jobs.LOOK / 2
        thread.join()


# --- kills ------------------------------------------------------------------------------------------------------------


def held_up(desk: Any, command: Any, delivery: Delivery, *arguments: str) -> tuple[Any, Any]:
    """A worker process that waits inside the commit of this delivery, and the session that makes it wait."""
    holder = database.connect()
    holder.execute("LOCK TABLE ledger_version IN SHARE MODE")
    process = command("worker", "--json", *arguments)
    until(lambda: desk.one(WAITING), "no worker reached the commit")
    delivery.refresh_from_db()
    assert delivery.state == "reading"
    return process, holder


def test_a_killed_worker_is_followed_by_the_next_and_nothing_is_doubled(
    desk: Any, command: Any, receive: Callable[..., Delivery]
) -> None:
    delivery = receive(rows=5)
    process, holder = held_up(desk, command, delivery)
    before = desk.totals()
    process.kill()
    process.communicate()
    holder.rollback()
    until(lambda: line() == [delivery.number], "the lease did not end with the process")
    worker.work(threading.Event(), once=True)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.accepted) == ("committed", 2, 5)
    assert desk.totals()["versions"] == before["versions"] + 5
    holder.close()


def test_a_silent_worker_loses_its_lease_and_can_never_commit(
    desk: Any, command: Any, receive: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = receive(rows=4)
    process, holder = held_up(desk, command, delivery)
    versions = desk.totals()["versions"]
    os.killpg(process.pid, signal.SIGSTOP)  # alive in the eyes of the server
    holder.rollback()
    assert line() == [], "not before its heartbeat is overdue"
    monkeypatch.setattr(lease, "SILENT", 0)

    def taken_over() -> bool:
        # The server ends the silent session in its own time; a worker that comes before that finds nothing to do.
        worker.work(threading.Event(), once=True)
        delivery.refresh_from_db()
        return delivery.state == "committed"

    until(taken_over, "nobody took over the delivery of the silent worker")
    monkeypatch.undo()
    assert (delivery.state, delivery.attempts) == ("committed", 2)
    os.killpg(process.pid, signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert desk.totals()["versions"] == versions + 4
    again = Delivery.objects.get(pk=delivery.pk)
    assert (again.state, again.attempts, again.accepted) == ("committed", 2, 4)
    holder.close()


def test_the_crew_replaces_a_killed_process_and_ends_as_a_whole(
    desk: Any, command: Any, receive: Callable[..., Delivery]
) -> None:
    process = command("worker", "--processes", "2", "--json")

    def children() -> list[int]:
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]

    until(lambda: len(children()) == 2, "two processes")
    first = children()
    time.sleep(2.5)  # one that dies at once is replaced later
    os.kill(first[0], signal.SIGKILL)
    delivery = receive()
    until(lambda: len(set(children()) - set(first)) == 1, "the killed one was replaced")

    def committed() -> bool:
        delivery.refresh_from_db()
        return delivery.state == "committed"

    until(committed, "the crew took it in")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    for pid in first[1:]:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    del desk


# --- failures of the machinery ----------------------------------------------------------------------------------------


def test_a_lost_file_is_a_failure_and_tried_again_until_it_is_there(
    desk: Any, receive: Callable[..., Delivery]
) -> None:
    delivery = receive()
    path = store.path_of(delivery.sha256)
    content = path.read_bytes()
    path.unlink()
    with database.connect(autocommit=True) as connection:
        with pytest.raises(actions.DeliveryFailed):
            jobs.take_one(connection)
        delivery.refresh_from_db()
        assert delivery.state == "failed"
        assert "file" in delivery.failure["message_en"]
        assert delivery.retry_at is not None and delivery.retry_at > timezone.now() + timedelta(seconds=5)
        assert jobs.take_one(connection) is None, "not before its time"
        path.write_bytes(content)
        actions.retry(delivery, acting="test")
        receipt = jobs.take_one(connection)
    assert receipt is not None and (receipt.state, receipt.accepted) == ("committed", 3)
    delivery.refresh_from_db()
    assert delivery.failure == {}
    deeds = [
        row[0] for row in desk.rows("SELECT deed FROM audit_auditentry WHERE target = %s ORDER BY id", delivery.number)
    ]
    assert deeds == ["delivery.received", "delivery.failed", "delivery.retried", "delivery.committed"]


def test_a_connection_ended_in_mid_work_is_no_refusal(desk: Any, receive: Callable[..., Delivery]) -> None:
    delivery = receive()
    with database.connect() as holder:
        holder.execute("LOCK TABLE ledger_version IN SHARE MODE")
        errors: list[BaseException] = []

        def run() -> None:
            from django.db import connections

            try:
                actions.process(delivery)
            except BaseException as error:
                errors.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: desk.one(WAITING), "it reached the commit")
        with database.connect(autocommit=True) as other:
            assert lease.take_away(other, delivery.pk)
        thread.join(30)
    assert isinstance(errors[0], actions.DeliveryFailed)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.accepted) == ("failed", 0)
    assert store.path_of(delivery.sha256).exists()


def test_pauses_grow_and_end(receive: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = receive()
    store.path_of(delivery.sha256).unlink()
    pauses = []
    for _ in range(failures.TRIES):
        with pytest.raises(actions.DeliveryFailed):
            actions.process(delivery)
        delivery.refresh_from_db()
        pauses.append(delivery.retry_at - timezone.now() if delivery.retry_at else None)
    grown = [pause for pause in pauses if pause is not None]
    assert grown == sorted(grown) and len(grown) == len(pauses) - 1 and pauses[-1] is None
    assert "不再自动重试" in delivery.failure["message_zh"]


def test_a_delivery_that_kills_its_workers_is_given_up(receive: Callable[..., Delivery]) -> None:
    delivery = receive()
    Delivery.objects.filter(pk=delivery.pk).update(state="reading", tries=failures.TRIES)
    worker.work(threading.Event(), once=True)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.retry_at, delivery.accepted) == ("failed", None, 0)
    assert "异常终止" in delivery.failure["message_zh"]
    with pytest.raises(actions.DeliveryState):
        actions.retry(_committed(receive), acting="test")


def _committed(receive: Callable[..., Delivery]) -> Delivery:
    delivery = receive()
    actions.process(delivery)
    return delivery


def test_progress_is_written_while_it_runs(
    desk: Any, receive: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.05)
    delivery = receive()
    with database.connect() as holder:
        holder.execute("LOCK TABLE ledger_version IN SHARE MODE")

        def run() -> None:
            from django.db import connections

            actions.process(delivery)
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: desk.one(WAITING), "it reached the commit")

        def told() -> bool:
            delivery.refresh_from_db()
            return bool(delivery.progress)

        until(told, "progress")
        assert delivery.progress["phase"] == "commit"
        assert delivery.progress["read"] == 3
        assert delivery.heartbeat_at is not None and timezone.now() - delivery.heartbeat_at < timedelta(seconds=5)
        holder.rollback()
        thread.join(60)
    delivery.refresh_from_db()
    assert delivery.state == "committed"


def test_two_that_deliver_the_same_file_get_the_same_receipt(desk: Any, receive: Callable[..., Delivery]) -> None:
    from django.db import connections

    from xinyong.accounts import selectors

    path = desk.csv([desk.registration(desk.code(70_000_001), "示例同文公司")])
    receipts: list[Any] = []

    def run() -> None:
        receipts.append(
            actions.deliver(path, dataset="registration", department=selectors.department("demo"), uploader="test")
        )
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(receipts) == 3
    assert sum(item.accepted for item in {item.delivery: item for item in receipts}.values()) == 1
    del receive
