"""A second process gives the same as this one, and never half of it, whoever is killed."""

from __future__ import annotations

import csv
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from xinyong.catalogue.loader import load_packaged
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import failures, preparing
from xinyong.intake.aside import CheckerLost, parent, prepared, worth_it
from xinyong.intake.aside.parent import _Process
from xinyong.intake.reading import FileDamaged, FileMissing, Limits
from xinyong.standards import credit_code

TODAY = date(2026, 11, 20)
ROWS = 400
CELLS = (
    "",
    "无",
    "=1+1",
    "2026/1/5",
    "罚款；警告",
    "12万元",
    "0.500000",
    'a"b\\c',
    "11010519491231002X",
    "臺灣",
    "x" * 300,
)


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XINYONG_HOME", str(tmp_path / "home"))
    yield
    parent._idle.close()


@pytest.fixture
def started(monkeypatch) -> list[_Process]:
    """The processes started in a test."""
    processes: list[_Process] = []

    class Noted(_Process):
        def __init__(self) -> None:
            super().__init__()
            processes.append(self)

    monkeypatch.setattr(parent, "_Process", Noted)
    return processes


def penalties(path: Path, rows: int = ROWS) -> Path:
    """A file of the layout of 2018, every seventh row spoiled, every ninth without a code."""
    names = [column.column for column in layout().columns]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for number in range(rows):
            body = f"91410700MA{number % 97:07}"
            row = {
                "CF_XDR_MC": f"示例{number % 97}有限公司",
                "CF_XDR_LB": "法人及非法人组织",
                "CF_XDR_SHXYM": "" if number % 9 == 0 else body + credit_code.check_character(body),
                "CF_XDR_GSZC": "410700600000014" if number % 9 == 0 else "",
                "CF_FRDB": "示例",
                "CF_FR_ZJLX": "身份证",
                "CF_FR_ZJHM": "11010519491231002X",
                "CF_WSH": f"示罚〔2026〕{number // 2}号",
                "CF_CFLB": "警告",
                "CF_JDRQ": "2026-01-05",
                "CF_WFXW": f"示例行为{number}",
            }
            if number % 7 == 0:
                row[names[number % len(names)]] = CELLS[number % len(CELLS)]
            writer.writerow([row.get(name, "示例") for name in names])
    return path


def layout():
    entry = load_packaged().entry("penalty", TODAY)
    return next(item for item in entry.layouts if item.code == "2018")


def job(path: Path, batch_rows: int = 100) -> preparing.Job:
    entry = load_packaged().entry("penalty", TODAY)
    return preparing.Job(
        path=path,
        limits=Limits(batch_rows=batch_rows),
        delivery=7,
        entry=entry,
        entries=(entry,),
        ids={"penalty": (1, 2)},
        today=TODAY,
    )


def told(file: preparing.Prepared) -> list[object]:
    """Everything that comes out, in its order; tokens of personal values are sealed anew each time and left out."""
    out: list[object] = [file.info]
    for batch in file.batches():
        out.append((batch.read, batch.position, batch.findings))
        for part in batch.parts:
            rows = part.rows.with_columns(part.rows["payload"].str.replace_all(r"enc1:[\w=-]+", "enc1:"))
            out.append((part.target, rows.schema, rows.rows()))
    return [*out, file.outcome()]


def wait_gone(pid: int) -> None:
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return  # ended; only its parent can take it off the list
        except FileNotFoundError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} lives on")


def test_the_same_comes_out_in_the_same_order(tmp_path):
    task = job(penalties(tmp_path / "file.csv"))
    with preparing.prepared(task) as here:
        expected = told(here)
    assert sum(isinstance(item, tuple) and len(item) == 3 for item in expected) == ROWS / 100
    assert any(isinstance(item, tuple) and len(item) == 3 and item[2] for item in expected)
    with prepared(task) as file:
        assert told(file) == expected


def test_a_process_is_used_again_under_the_same_settings_only(tmp_path, monkeypatch, started):
    task = job(penalties(tmp_path / "file.csv"))
    for _ in range(2):
        with prepared(task) as file:
            told(file)
    assert len(started) == 1
    os.kill(started[0].pid, signal.SIGKILL)  # while it rests: nobody needs to hear of it
    with prepared(task) as file:
        told(file)
    assert len(started) == 2
    monkeypatch.setenv("XINYONG_HOME", str(tmp_path / "elsewhere"))
    with prepared(task) as file:
        told(file)
    assert len(started) == 3


def test_refusals_arrive_whole(tmp_path, started):
    path = tmp_path / "file.csv"
    for header in ("谁,什么", "CF_XDR_MC,CF_WSH,CF_CFLB,CF_JDRQ"):  # refused by the reader, and by the checks
        path.write_text(f"{header}\n1,2\n", encoding="utf-8")
        with pytest.raises(XinyongError) as here, preparing.prepared(job(path)):
            pass
        with pytest.raises(XinyongError) as there, prepared(job(path)):
            pass
        assert type(there.value) is type(here.value) and there.value.code is ErrorCode.HEADER_WRONG
        assert there.value.data == here.value.data and there.value.message("zh") == here.value.message("zh")
    with pytest.raises(FileMissing), prepared(job(tmp_path / "none.csv")):
        pass
    whole = penalties(path).read_bytes()
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -200)] + b'\n"')
    with pytest.raises(FileDamaged), prepared(job(path)) as file:
        told(file)


def test_a_killed_checker_is_a_failure_of_the_machine(tmp_path, started):
    with pytest.raises(CheckerLost) as caught, prepared(job(penalties(tmp_path / "file.csv", 3000))) as file:
        batches = file.batches()
        next(batches)
        os.kill(started[0].pid, signal.SIGKILL)
        list(batches)
    assert failures.is_technical(caught.value)
    assert failures.explained(caught.value)[0] == "读取与检查文件的进程意外终止（内存不足，或被强制结束）。"


def test_a_checker_out_of_memory_is_a_failure_of_the_machine(tmp_path, started):
    path = penalties(tmp_path / "file.csv", 60_000)
    with pytest.raises((CheckerLost, MemoryError)) as caught, prepared(job(path, 50_000)) as file:
        pid = started[0].pid
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size + (8 << 20), size + (8 << 20)))
        list(file.batches())
    assert failures.is_technical(caught.value)
    assert "内存不足" in failures.explained(caught.value)[0]


def test_whoever_stops_early_leaves_no_process(tmp_path, started):
    task = job(penalties(tmp_path / "file.csv", 3000))
    with prepared(task) as file:
        next(file.batches())
    with pytest.raises(KeyboardInterrupt), prepared(task) as file:
        next(file.batches())
        raise KeyboardInterrupt
    assert len(started) == 2
    for process in started:
        wait_gone(process.pid)
    with prepared(task) as file:  # and the next one is not disturbed
        assert sum(batch.read for batch in file.batches()) == 3000


def test_a_killed_parent_leaves_no_process(tmp_path):
    path = penalties(tmp_path / "file.csv", 20_000)
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_aside import job
from xinyong.intake.aside import parent, prepared
made = []
class Noted(parent._Process):
    def __init__(self):
        super().__init__(); made.append(self)
parent._Process = Noted
with prepared(job(Path({str(path)!r}))) as file:
    next(file.batches())
    print(made[0].pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        pid = int(one.stdout.readline())
        one.kill()
    wait_gone(pid)


def test_small_files_stay_here(tmp_path):
    path = tmp_path / "file"
    assert not worth_it(path)
    path.write_bytes(b"a,b\n")
    assert not worth_it(path)
    os.truncate(path, 15 << 20)
    assert not worth_it(path)
    os.truncate(path, 17 << 20)
    assert worth_it(path)
    path.write_bytes(b"PK\x03\x04")
    os.truncate(path, 4 << 20)  # a workbook of this size holds several times as much text
    assert worth_it(path)
