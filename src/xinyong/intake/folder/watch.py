"""The watched folder: ``INBOX/DEPARTMENT/DATASET/file`` is received, and moved aside with its receipt once it is done.

Nothing is deleted. Every step can be repeated, so a kill between any two of them neither loses nor doubles a file: the
delivery carries where its file was found (department, dataset, name, time of last change) beside the content hash, and
the file is moved last.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import close_old_connections

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department
from xinyong.catalogue import selectors as catalogue
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import actions
from xinyong.intake.folder import slips
from xinyong.intake.models import Delivery
from xinyong.intake.queue import lease
from xinyong.runtime import clock, config, database

log = logging.getLogger("xinyong.folder")

TAKEN, REFUSED = "taken", "refused"
DONE = ".done"
PROBLEM = ".problem.txt"
#: Names programs use while they still write.
_UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".swp")
#: Second key of the advisory lock of the one watcher that is active.
_WATCHER = 0
_WATCH = 0x0D34

Signature = tuple[int, int, int, int]


class InboxWrong(XinyongError):
    """The watched folder cannot be used."""

    code = ErrorCode.SETTING_INVALID
    exit_code = 2
    zh = "监控文件夹不能使用：{why}。请检查 XINYONG_INBOX 与目录权限。"
    en = "The watched folder cannot be used: {why}. Check XINYONG_INBOX and the rights of the folder."


@dataclass(slots=True)
class _Seen:
    """A file as last looked at: its signature, since when it is so, and the delivery made of it."""

    signature: Signature
    since: float
    delivery: int | None = None


@dataclass(slots=True)
class Watcher:
    """Looks at the folder again and again. ``quiet``: seconds without change after which a file is complete."""

    inbox: Path
    quiet: float
    seen: dict[Path, _Seen] = field(default_factory=dict)
    problems: dict[Path, str] = field(default_factory=dict)

    def look(self) -> int:
        """One round: receive what is complete, settle what is done. Returns how many files were moved or received."""
        try:
            present = list(self._files())
        except OSError as error:
            raise InboxWrong(why=f"{self.inbox}: {error.strerror}") from error
        deeds = 0
        self.problems = {path: why for path, why in self.problems.items() if path.exists()}
        for gone in [path for path in self.seen if path not in {item[0] for item in present}]:
            del self.seen[gone]
        for path, department, dataset in present:
            try:
                deeds += self._one(path, department, dataset)
            except XinyongError as error:
                self._problem(path, error)
            except OSError as error:
                self._problem(path, InboxWrong(why=f"{path.name}: {error.strerror}"))
        return deeds

    def waiting(self) -> int:
        """Files that are there and not settled."""
        return len(self.seen)

    # --- what lies there ------------------------------------------------------------------------------------------

    def _files(self) -> Iterator[tuple[Path, Department, str]]:
        known = {item.slug: item for item in Department.objects.all()}
        for place in self._folders(self.inbox):
            department = known.get(place.name)
            if department is None:
                self._problem(place, accounts.DepartmentUnknown(slug=place.name, known=", ".join(sorted(known)[:30])))
                continue
            for folder in self._folders(place):
                try:
                    catalogue.entry(folder.name, clock.today())
                except XinyongError as error:
                    self._problem(folder, error)
                    continue
                for path in sorted(folder.iterdir()):
                    if path.name in (TAKEN, REFUSED) or self._is_ours(path):
                        continue
                    yield path, department, folder.name

    def _folders(self, place: Path) -> Iterator[Path]:
        for path in sorted(place.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_symlink():
                self._problem(path, InboxWrong(why=f"{path.name} 是符号链接 / is a symbolic link"))
            elif path.is_dir():
                yield path

    @staticmethod
    def _is_ours(path: Path) -> bool:
        name = path.name.lower()
        return name.startswith((".", "~$")) or name.endswith((DONE, PROBLEM, *_UNFINISHED))

    # --- one file -------------------------------------------------------------------------------------------------

    def _one(self, path: Path, department: Department, dataset: str) -> int:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            raise InboxWrong(why=f"{path.name} 是符号链接，不予接收 / is a symbolic link and is not followed")
        if not stat.S_ISREG(status.st_mode):
            raise InboxWrong(why=f"{path.name} 不是普通文件 / is no ordinary file")
        signature = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_dev)
        seen = self.seen.get(path)
        now = time.monotonic()
        if seen is None or seen.signature != signature:
            seen = self.seen[path] = _Seen(signature, now)
        if seen.delivery is None:
            if not self._complete(path, seen, now):
                return 0
            seen.delivery = self._receive(path, signature, department, dataset)
            return 1
        return self._settle(path, seen, department)

    def _complete(self, path: Path, seen: _Seen, now: float) -> bool:
        return path.with_name(path.name + DONE).exists() or now - seen.since >= self.quiet

    def _receive(self, path: Path, signature: Signature, department: Department, dataset: str) -> int:
        delivery = actions.receive(
            path,
            dataset=dataset,
            department=department,
            uploader="folder",
            channel=Delivery.Channel.FOLDER,
            file_name=path.name,
            origin=f"{department.slug}/{dataset}/{path.name}"[:370] + f"@{signature[2]}",
            within=self.inbox,
        )
        self._solved(path)
        return int(delivery.pk)

    def _settle(self, path: Path, seen: _Seen, department: Department) -> int:
        delivery = Delivery.objects.filter(pk=seen.delivery or 0).get()
        if delivery.state == Delivery.State.COMMITTED:
            place = TAKEN
        elif delivery.state == Delivery.State.REFUSED:
            place = REFUSED
        else:
            return 0
        target = self._target(path.parent / place, delivery, path.name)
        slips.lay_beside(target, delivery, language_of(self.inbox / department.slug))
        os.rename(path, target)
        moved = os.lstat(target)
        if (moved.st_ino, moved.st_size, moved.st_mtime_ns, moved.st_dev) != seen.signature:
            os.rename(target, path)  # replaced in this very moment: it is another file and waits its turn
            del self.seen[path]
            return 0
        for folder in (target.parent, path.parent):
            _sync(folder)
        done = path.with_name(path.name + DONE)
        if done.is_file() and not done.is_symlink():
            os.rename(done, target.with_name(target.name + DONE))
        del self.seen[path]
        log.info("delivery %s: %s is %s", delivery.number, path.name, place)
        return 1

    @staticmethod
    def _target(folder: Path, delivery: Delivery, name: str) -> Path:
        if folder.is_symlink():
            raise InboxWrong(why=f"{folder.name} 是符号链接 / is a symbolic link")
        folder.mkdir(exist_ok=True)
        target = folder / f"{delivery.number}-{name}"
        for again in range(2, 1000):
            if not os.path.lexists(target):
                break
            target = folder / f"{delivery.number}-{again}-{name}"
        return target

    # --- what cannot be taken ---------------------------------------------------------------------------------------

    def _problem(self, path: Path, error: XinyongError) -> None:
        """Say it beside the file and in the log, once. The file stays where it is."""
        words = f"{error.message('zh')}\r\n{error.message('en')}\r\n"
        if self.problems.get(path) == words:
            return
        self.problems[path] = words
        log.warning("%s: %s", path, error.message("en"))
        try:
            slips.written(path.with_name(path.name + PROBLEM), lambda handle: handle.writelines([words]))
        except OSError as failure:
            log.warning("%s: nothing can be written beside it: %s", path, failure.strerror)

    def _solved(self, path: Path) -> None:
        self.problems.pop(path, None)
        path.with_name(path.name + PROBLEM).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def language_of(place: Path) -> str:
    """Language of a department's slips: the word in ``language.txt`` of its folder, Chinese without one."""
    try:
        with open(os.open(place / "language.txt", os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as handle:
            return "en" if handle.read(20).strip().lower().startswith("en") else "zh"
    except (OSError, UnicodeDecodeError):
        return "zh"


def inbox() -> Path | None:
    """The folder of XINYONG_INBOX; None when none is set. Raises InboxWrong when it cannot be looked into."""
    named: str = config.get("XINYONG_INBOX")
    if not named:
        return None
    path = Path(named).expanduser().absolute()
    if not path.is_dir():
        raise InboxWrong(why=f"{path} 不是文件夹 / is no folder")
    return path.resolve()


def watch(watcher: Watcher, stop: threading.Event, *, every: float = 2.0) -> None:
    """Look until told to stop. Only one watcher of an installation is active; the others stand by."""
    while not stop.is_set():
        try:
            with database.connect(autocommit=True) as connection:
                row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_WATCH, _WATCHER)).fetchone()
                while row and row[0] and not stop.is_set():
                    close_old_connections()
                    connection.execute("SELECT 1")  # the lock is gone with the session
                    watcher.look()
                    stop.wait(every)
        except Exception as error:  # the share or the database is away: the watcher waits and looks again
            known = error if isinstance(error, XinyongError) else database.explain(error)
            log.warning("folder: %s", known.message("en") if known else error, exc_info=not known)
        stop.wait(lease.BEAT * 5)
