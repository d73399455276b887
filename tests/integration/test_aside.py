"""A delivery whose file is read in a second process: the same ledger, and nothing of it when that process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from xinyong.intake import actions, reader
from xinyong.intake.aside import parent
from xinyong.intake.failures import DeliveryFailed
from xinyong.intake.models import Delivery


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[parent._Process]]:
    """Every file goes to a second process, in parts of 40 rows; the processes started in a test."""
    processes: list[parent._Process] = []

    class Noted(parent._Process):
        def __init__(self) -> None:
            super().__init__()
            processes.append(self)

    monkeypatch.setattr(parent, "_Process", Noted)
    monkeypatch.setattr(parent, "_WORTH_BYTES", 1)
    monkeypatch.setattr(reader, "PART_ROWS", 40)
    yield processes
    parent._idle.close()


def rows(desk: Any, first: int) -> list[dict[str, str]]:
    """Registrations, some wrong, some twice."""
    made = [desk.registration(desk.code(first + n), f"示例旁路{first + n}有限公司") for n in range(200)]
    for n in range(0, 200, 17):
        made[n]["统一社会信用代码"] = "错"
    return [*made, made[1], made[2]]


def test_the_ledger_is_the_same(desk, started, monkeypatch):
    beside = desk.take(rows(desk, 5_000_000))
    assert len(started) == 1
    findings = [(item.row, item.code, item.value) for item in desk.findings(beside.delivery)]
    monkeypatch.setattr(parent, "_WORTH_BYTES", 1 << 40)
    here = desk.take(rows(desk, 5_001_000))
    assert len(started) == 1
    for name in (
        "read",
        "accepted",
        "rejected",
        "unchanged",
        "warnings",
        "entities_created",
        "layout",
        "encoding",
        "notes",
    ):
        assert getattr(beside, name) == getattr(here, name), name
    assert findings == [(item.row, item.code, item.value) for item in desk.findings(here.delivery)]
    assert beside.rejected and beside.unchanged


def test_a_killed_checker_leaves_nothing_and_the_next_try_everything(desk, started):
    before = desk.totals()
    path = desk.csv(rows(desk, 5_002_000))

    def kill(progress: Any) -> None:
        if progress.phase == "read" and started[0]._popen.poll() is None:
            os.kill(started[0].pid, signal.SIGKILL)

    from xinyong.accounts import selectors as accounts

    department = accounts.department("demo")
    with pytest.raises(DeliveryFailed) as caught:
        actions.deliver(path, dataset="registration", department=department, uploader="test", report=kill)
    assert "强制结束" in caught.value.message("zh")
    delivery = Delivery.objects.latest("id")
    assert delivery.state == Delivery.State.FAILED and delivery.retry_at is not None
    assert desk.totals() == before
    receipt = actions.process(delivery)
    assert receipt.state == Delivery.State.COMMITTED and receipt.accepted == 188
    assert len(started) == 2
