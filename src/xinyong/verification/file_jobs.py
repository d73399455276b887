"""Checks of files that officers start in the console: a folder each, with the file, how far it is, and the sheet.

The work runs in a thread of the process that took the file; where that process ends, the check is shown as interrupted and can be
started again: until its sheet is whole it has left neither sheet nor rows.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from xinyong.accounts import client_selectors
from xinyong.accounts.models import ApiClient, User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.runtime import config
from xinyong.verification import filecheck, journal_import
from xinyong.verification.errors import CheckRefused

log = logging.getLogger("xinyong.verification")
#: A running check that has not said anything for so long is taken for dead, seconds.
SILENT = 60.0
#: Sheets are kept so long, seconds.
KEPT = 7 * 86400.0
#: Checks of one process at a time.
_turn = threading.BoundedSemaphore(2)
_NUMBER = re.compile(r"[0-9a-f]{16}")
KINDS = (".csv", ".xlsx", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One check. ``state``: waiting, running, done, refused or failed; interrupted where nobody works on it any more."""

    number: str
    owner: str
    department: str
    client: str
    item: str
    case: str
    column: str
    name: str
    started: float
    state: str = "waiting"
    said: float = 0.0
    rows: int = 0
    share: float = 0.0
    counts: dict[str, int] | None = None
    with_adverse: int = 0
    seconds: float = 0.0
    problem_zh: str = ""
    problem_en: str = ""

    @property
    def percent(self) -> int:
        """How much of the file was read."""
        return 100 if self.state == "done" else round(self.share * 100)

    @property
    def answered(self) -> int:
        """Rows that were answered."""
        return (self.counts or {}).get("known", 0) + (self.counts or {}).get("moved", 0)

    @property
    def others(self) -> int:
        """Rows without an answer; the sheet says why."""
        return sum((self.counts or {}).values()) - self.answered

    @property
    def began(self) -> datetime:
        """When it was started."""
        return datetime.fromtimestamp(self.started, timezone.get_current_timezone())


def _base() -> Path:
    return config.home("file-checks")


def clients(user: User) -> list[ApiClient]:
    """Systems of the officer's department that may verify: a check goes by the rights, items and quota of one of them."""
    if user.department is None:
        return []
    found = ApiClient.objects.filter(department=user.department, is_active=True).order_by("slug")
    return [client for client in found if client.items and Right.VERIFY.value in client.rights]


def _write(job: Job) -> Job:
    place = _base() / job.number
    part = place / f"state.{secrets.token_hex(4)}"
    part.write_text(json.dumps(asdict(job), ensure_ascii=False), encoding="utf-8")
    os.replace(part, place / "state.json")
    return job


def _read(place: Path) -> Job | None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        job = Job(**json.loads((place / "state.json").read_text("utf-8")))
        if job.state in ("waiting", "running") and time.time() - job.said > SILENT:
            return replace(job, state="interrupted")
        return job
    return None


def jobs(user: User) -> list[Job]:
    """Checks the officer started, the newest first. What is over its time is removed."""
    found = []
    for place in _base().iterdir():
        job = _read(place)
        if job is not None and time.time() - job.started > KEPT:
            shutil.rmtree(place, ignore_errors=True)
        elif job is not None and job.owner == user.username:
            found.append(job)
    return sorted(found, key=lambda job: -job.started)


def job_of(user: User, number: str) -> Job | None:
    """One of the officer's own."""
    found = _read(_base() / number) if _NUMBER.fullmatch(number) else None
    return found if found is not None and found.owner == user.username else None


def sheet_of(job: Job) -> Path:
    """Where the sheet of a finished check lies."""
    return _base() / job.number / "sheet.xlsx"


def start(
    user: User, *, client: ApiClient, item: str, case: str, column: str, name: str, pieces: Iterable[bytes]
) -> Job:
    """Keep the file and begin. Raises CheckRefused."""
    suffix = Path(name).suffix.lower()
    if suffix not in KINDS:
        raise CheckRefused(why_zh=f"文件须为 {'、'.join(KINDS)}", why_en=f"the file must be one of {', '.join(KINDS)}")
    number, limit, size = secrets.token_hex(8), int(config.get("XINYONG_UPLOAD_MIB")) << 20, 0
    place = _base() / number
    place.mkdir(mode=0o700)
    with (place / f"file{suffix}").open("wb") as handle:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                shutil.rmtree(place, ignore_errors=True)
                raise CheckRefused(why_zh=f"文件超过 {limit >> 20} MiB", why_en=f"the file exceeds {limit >> 20} MiB")
            handle.write(piece)
    job = _write(
        Job(
            number=number, owner=user.username, department=client.department.slug, client=client.slug, item=item, case=case,
            column=column, name=name[-200:], started=time.time(), said=time.time(),
        )
    )  # fmt: skip
    threading.Thread(
        target=_work, args=(job, place / f"file{suffix}", client), name=f"check-{number}", daemon=True
    ).start()
    return job


def _work(job: Job, file: Path, client: ApiClient) -> None:
    from django.db import close_old_connections

    while not _turn.acquire(timeout=5):
        job = _write(replace(job, said=time.time()))
    try:
        close_old_connections()
        held = job = _write(replace(job, state="running", said=time.time()))

        def tell(rows: int, share: float) -> None:
            nonlocal job
            job = _write(replace(job, rows=rows, share=share, said=time.time()))

        caller = client_selectors.caller_of(client, key_id=0, key_prefix="", key_used_at=None)
        found = filecheck.check(
            file, sheet_of(held), caller=caller, item=held.item, case=held.case, column=held.column, tell=tell,
            actor=held.owner,
        )  # fmt: skip
        journal_import.take_in()
        _write(
            replace(
                job, state="done", rows=found.read, share=1.0, counts=dict(found.counts), with_adverse=found.with_adverse,
                seconds=found.seconds, column=found.column,
            )
        )  # fmt: skip
    except XinyongError as error:
        _write(replace(job, state="refused", problem_zh=error.message("zh"), problem_en=error.message("en")))
    except Exception:
        log.exception("check %s of a file failed", job.number)
        _write(replace(job, state="failed"))
    finally:
        _turn.release()
        with contextlib.suppress(OSError):
            file.unlink()  # what was sent is not kept; the sheet repeats what may be repeated
        from django.db import connection

        connection.close()
