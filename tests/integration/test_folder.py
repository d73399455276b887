"""The watched folder: complete files only, once only, whatever is killed between which steps, and nothing out of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xinyong.intake import actions, store
from xinyong.intake.folder import watch as folder
from xinyong.intake.models import Delivery
from xinyong.intake.queue import worker


class Inbox:
    """An inbox with one department folder, and rounds of a watcher that a test stops where it likes."""

    def __init__(self, path: Path, desk: Any) -> None:
        self.path, self.desk = path, desk
        self.place = path / "demo" / "registration"
        self.place.mkdir(parents=True)
        self.numbers = iter(range(time.time_ns() % 80_000_000, 99_000_000))

    def content(self, rows: int = 2) -> bytes:
        made = [self.desk.registration(self.desk.code(next(self.numbers)), f"示例{n}公司") for n in range(rows)]
        return bytes(self.desk.csv(made).read_bytes())

    def put(self, name: str, content: bytes | None = None) -> Path:
        path = self.place / name
        path.write_bytes(self.content() if content is None else content)
        return path

    def watcher(self, quiet: float = 0) -> folder.Watcher:
        return folder.Watcher(self.path, quiet)

    def names(self, sub: str = "") -> list[str]:
        place = self.place / sub
        return sorted(path.name for path in place.iterdir() if not path.is_dir()) if place.exists() else []


@pytest.fixture
def inbox(desk: Any, tmp_path: Path) -> Iterator[Inbox]:
    yield Inbox(tmp_path / "inbox", desk)
    Delivery.objects.filter(state__in=actions.UNFINISHED).update(state="refused")


def take_in() -> None:
    worker.work(threading.Event(), once=True)


def of(name: str) -> list[Delivery]:
    return list(Delivery.objects.filter(channel="folder", file_name=name).order_by("id"))


def test_a_file_is_received_taken_in_and_moved_with_its_receipt(inbox: Inbox) -> None:
    good = inbox.content()
    wrong = good.replace(b"91410700", b"91410799", 1)
    (inbox.path / "demo" / "language.txt").write_text("en")
    inbox.put("部门 甲.csv", good)
    inbox.put("wrong rows.csv", wrong)
    inbox.put("nonsense.csv", "不是,表头\n1,2\n".encode())
    watcher = inbox.watcher()
    assert watcher.look() == 3
    assert [item.state for item in Delivery.objects.filter(channel="folder")] == ["received"] * 3
    assert len(inbox.names()) == 3, "a file stays where it is until its fate is known"
    take_in()
    assert watcher.look() == 3
    assert inbox.names() == []
    (delivery,) = of("部门 甲.csv")
    assert f"{delivery.number}-部门 甲.csv" in inbox.names("taken")
    receipt = (inbox.place / "taken" / f"{delivery.number}-部门 甲.csv.receipt.txt").read_text(encoding="utf-8-sig")
    assert "2 rows read = 1 stored + 0 returned + 1 unchanged" in receipt
    (second,) = of("wrong rows.csv")
    errors = (inbox.place / "taken" / f"{second.number}-wrong rows.csv.errors.csv").read_text(encoding="utf-8-sig")
    assert errors.startswith("Row,Field") and second.rejected == 1
    (third,) = of("nonsense.csv")
    refusal = (inbox.place / "refused" / f"{third.number}-nonsense.csv.receipt.txt").read_text(encoding="utf-8-sig")
    assert "Reason: " in refusal and third.state == "refused"
    assert (inbox.place / "refused" / f"{third.number}-nonsense.csv").read_bytes() == "不是,表头\n1,2\n".encode()
    assert watcher.problems == {}


def test_a_partial_copy_waits_until_it_is_whole(inbox: Inbox) -> None:
    whole = inbox.content(4)
    watcher = inbox.watcher(quiet=0.4)
    path = inbox.put("slow.csv", whole[: len(whole) // 2])
    assert watcher.look() == 0
    time.sleep(0.3)
    path.write_bytes(whole)  # still growing: the time begins again
    assert watcher.look() == 0
    time.sleep(0.2)
    assert watcher.look() == 0
    assert of("slow.csv") == []
    time.sleep(0.4)
    assert watcher.look() == 1
    take_in()
    watcher.look()
    (delivery,) = of("slow.csv")
    assert (delivery.read, delivery.accepted) == (4, 4)
    # Names of unfinished copies are left alone, a marker saves the wait, and it moves along.
    inbox.put("next.csv.part")
    inbox.put("marked.csv")
    inbox.put("marked.csv.done", b"")
    patient = inbox.watcher(quiet=3600)
    assert patient.look() == 1
    take_in()
    patient.look()
    assert inbox.names() == ["next.csv.part"]
    assert any(name.endswith("marked.csv.done") for name in inbox.names("taken"))


def test_the_same_name_again_is_another_delivery_and_hides_none(inbox: Inbox) -> None:
    content = inbox.content()
    watcher = inbox.watcher()
    for _ in range(2):
        inbox.put("daily.csv", content)
        watcher.look()
        take_in()
        watcher.look()
        time.sleep(0.02)  # another time of last change
    inbox.put("daily.csv")
    watcher.look()
    take_in()
    watcher.look()
    assert [(item.accepted, item.unchanged) for item in of("daily.csv")] == [(2, 0), (0, 2), (2, 0)]
    assert len([name for name in inbox.names("taken") if name.endswith("-daily.csv")]) == 3


def test_a_file_changed_after_it_was_received_is_taken_again(inbox: Inbox) -> None:
    path = inbox.put("edited.csv")
    watcher = inbox.watcher()
    watcher.look()
    time.sleep(0.02)
    path.write_bytes(inbox.content(3))
    take_in()
    for _ in range(3):
        watcher.look()
        take_in()
    watcher.look()
    assert [item.accepted for item in of("edited.csv")] == [2, 3]
    assert inbox.names() == []


@pytest.mark.parametrize(
    "step",
    [
        "store.keep",  # before anything
        "actions._receive",  # the bytes are kept, no row
        "folder.Watcher._solved",  # the row is there, the watcher does not know
        "slips.lay_beside",  # taken in, no receipt
        "os.rename",  # the receipt lies there, the file was not moved
        "folder._sync",  # moved
    ],
)
def test_killed_between_two_steps_nothing_is_lost_or_doubled(inbox: Inbox, dying: Any, step: str) -> None:
    """A process dies by SIGKILL exactly there; the next one finishes."""
    name = f"killed at {step}.csv"
    inbox.put(name)
    inbox.put(name + ".done", b"")
    dying(
        f"""
from pathlib import Path
from xinyong.intake import actions, store
from xinyong.intake.folder import slips, watch as folder
from xinyong.intake.queue import jobs
from xinyong.runtime import database
{step} = die
watcher = folder.Watcher(Path({str(inbox.path)!r}), 3600)
for _ in range(3):
    watcher.look()
    with database.connect(autocommit=True) as connection:
        while jobs.take_one(connection) is not None:
            pass
"""
    )
    watcher = inbox.watcher(quiet=3600)
    for _ in range(3):
        watcher.look()
        take_in()
    (delivery,) = of(name)
    assert (delivery.state, delivery.accepted) == ("committed", 2)
    assert [name for name in inbox.names() if not name.endswith(".done")] == []
    files = [item for item in inbox.names("taken") if item.endswith(f"-{name}")]
    assert files == [f"{delivery.number}-{name}"]
    assert f"{delivery.number}-{name}.receipt.txt" in inbox.names("taken")


def test_nothing_is_read_through_a_link(inbox: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(inbox.content())
    (inbox.place / "link.csv").symlink_to(secret)
    (inbox.path / "demo" / "penalty").symlink_to(tmp_path)
    (inbox.path / "another").symlink_to(tmp_path)
    os.mkfifo(inbox.place / "pipe.csv")
    watcher = inbox.watcher()
    assert watcher.look() == 0
    assert {path.name for path in watcher.problems} == {"link.csv", "penalty", "another", "pipe.csv"}
    assert "符号链接" in (inbox.place / "link.csv.problem.txt").read_text(encoding="utf-8-sig")
    assert not Delivery.objects.filter(file_name="link.csv").exists()
    # Also when a folder on the way becomes a link after it was looked at.
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.csv").write_bytes(inbox.content())
    swapped = inbox.path / "demo" / "licence"
    swapped.symlink_to(outside)
    with pytest.raises(store.FileMissing, match="out of the folder"):
        store.keep(swapped / "x.csv", within=inbox.path)


def test_unknown_places_and_unreadable_files_are_reported_once_and_stay(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox.path / "nobody" / "registration").mkdir(parents=True)
    (inbox.path / "demo" / "no-such-dataset").mkdir()
    path = inbox.put("unreadable.csv")
    real = os.open

    def refuse(name: Any, *more: Any, **other: Any) -> int:
        if str(name) == str(path):
            raise PermissionError(13, "Permission denied")
        return real(name, *more, **other)

    watcher = inbox.watcher()
    monkeypatch.setattr(os, "open", refuse)  # root may read everything, so the refusal is made here
    watcher.look()
    monkeypatch.undo()
    assert {item.name for item in watcher.problems} == {"nobody", "no-such-dataset", "unreadable.csv"}
    assert "Permission denied" in (inbox.place / "unreadable.csv.problem.txt").read_text(encoding="utf-8-sig")
    assert path.exists()
    assert watcher.look() == 1, "once it can be read it is received"
    assert not (inbox.place / "unreadable.csv.problem.txt").exists()


def test_the_command_takes_in_and_says_what_is_wrong(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYONG_INBOX", str(inbox.path))
    monkeypatch.setenv("XINYONG_INBOX_QUIET", "0")
    inbox.put("by command.csv")
    result = inbox.desk.cli("watch", "--once", "--json")
    assert result.exit_code == 0, result.output
    assert inbox.names() == []
    (inbox.place / "link.csv").symlink_to("/etc/hostname")
    result = inbox.desk.cli("watch", "--once", "--json")
    assert result.exit_code == 1
    assert "link.csv" in result.output
    monkeypatch.setenv("XINYONG_INBOX", str(inbox.path / "absent"))
    assert inbox.desk.cli("watch", "--once").exit_code == 2
