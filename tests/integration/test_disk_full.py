"""A full disk below the delivered files: a clear error, nothing lost, and on it goes.

The test runs in a mount namespace of its own, where the folder in question lies on a small file system in memory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROWS = 4_000
XINYONG = str(Path(sys.executable).parent / "xinyong")

#: Runs inside the namespace. ``place``: folder below the home that is a small file system of its own, ``size`` MiB, once
#: the home is migrated; all of it is filled but ``spare`` KiB, and ``room`` MiB are there later.
_SCRIPT = r"""
set -eu
home=$1 place=$2 size=$3 spare=$4 room=$5 file=$6 xinyong=$7
export XINYONG_HOME=$home
say() { printf '{"step": "%s", "code": %s, "out": %s}\n' "$1" "$2" "$(tail -n 1 "$home/out" | grep '^{' || echo null)"; }
run() { step=$1; shift; code=0; "$xinyong" "$@" --json > "$home/out" 2> "$home/err" || code=$?; say "$step" "$code"; }
run migrate migrate
case $place in postgres*) run halt stop ;; esac
mkdir -p "$home/$place" "$home.aside"
owner=$(stat -c %u:%g "$home/$place") mode=$(stat -c %a "$home/$place")
cp -a "$home/$place/." "$home.aside"
mount -t tmpfs -o "size=${size}m,mode=0$mode" none "$home/$place"
chown "$owner" "$home/$place"
cp -a "$home.aside/." "$home/$place"
case $place in postgres*) run start doctor ;; esac
dd if=/dev/zero of="$home/$place/filler" bs=4k status=none 2> /dev/null || true
truncate -s "-${spare}K" "$home/$place/filler"
run full intake "$file" --dataset registration --department demo
run stuck effects
rm -f "$home/$place/filler"
mount -o "remount,size=${room}m" "$home/$place"
run resumed intake --resume
run again intake "$file" --dataset registration --department demo
run effects effects
run verified verify-log
run last intake "$file" --dataset registration --department demo
run doctor doctor
run stop stop
umount -l "$home/$place"
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registration file of some hundred KiB."""
    from xinyong.standards import credit_code, organisation_code

    path = tmp_path_factory.mktemp("full") / "registration.csv"
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("企业名称,统一社会信用代码,注册日期\n")
        for number in range(ROWS):
            body = f"{number:08d}"
            front = "91410700" + body + organisation_code.check_character(body)
            handle.write(f"示例满盘{number}有限公司,{front + credit_code.check_character(front)},2015-01-01\n")
    return path


_WAYS = (["--mount", "--propagation", "private"], ["--user", "--map-root-user", "--mount"])


def namespace() -> list[str] | None:
    """How this user may have a mount namespace here; None where in no way."""
    if shutil.which("unshare") is None:
        return None
    probe = "mkdir -p /tmp/.xinyong-probe && mount -t tmpfs -o size=1m none /tmp/.xinyong-probe"
    ways = _WAYS if os.geteuid() == 0 else _WAYS[1:]
    return next(
        (
            way
            for way in ways
            if subprocess.run(["unshare", *way, "sh", "-c", probe], capture_output=True).returncode == 0
        ),
        None,
    )


def run(home: Path, place: str, size: int, spare: int, room: int, file: Path) -> dict[str, dict[str, Any]]:
    """Steps of the script with their exit codes and last JSON lines."""
    way = namespace()
    if way is None:
        pytest.skip("no small file system can be mounted here, neither by root nor in a namespace of the user")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XINYONG_")}
    arguments = [home, place, str(size), str(spare), str(room), file, XINYONG]
    done = subprocess.run(
        ["unshare", *way, "sh", "-c", _SCRIPT, "sh", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
    )
    errors = (home / "err").read_text() if (home / "err").exists() else ""
    assert done.returncode == 0, done.stdout + done.stderr + errors
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    return {item["step"]: item for item in steps}


def check_end(steps: dict[str, dict[str, Any]]) -> None:
    """With room again everything is there, once, and verifies."""
    assert steps["again"]["code"] == 0, steps
    assert steps["effects"]["code"] == 0, steps
    verified = steps["verified"]
    assert (verified["code"], verified["out"]["found"]) == (0, 0), steps
    assert verified["out"]["size"] == verified["out"]["compared"] == ROWS
    last = steps["last"]
    assert last["out"] and "accepted" in last["out"], last
    assert (last["code"], last["out"]["accepted"], last["out"]["unchanged"]) == (0, 0, ROWS), steps
    checks = {item["check"]: item["state"] for item in steps["doctor"]["out"]["checks"]}
    assert checks["deliveries"] == "ok", steps


@pytest.mark.long
def test_no_room_for_the_delivered_file(tmp_path: Path, material: Path) -> None:
    steps = run(tmp_path, "deliveries", 1, 100, 64, material)
    assert steps["full"]["code"] == 3, steps
    assert steps["full"]["out"]["error"] == "store-unwritable"
    assert "No space left" in steps["full"]["out"]["message_en"]
    assert steps["stuck"]["code"] == 0
    check_end(steps)


@pytest.mark.long
def test_no_room_for_the_log(tmp_path: Path, material: Path) -> None:
    """The delivery is in; it is not signed yet, and it is signed as soon as there is room."""
    steps = run(tmp_path, "log", 1, 60, 64, material)
    assert steps["stuck"]["code"] == 3, steps
    assert steps["stuck"]["out"]["error"] == "log-unwritable"
    assert "No space left" in steps["stuck"]["out"]["message_en"]
    assert str(tmp_path / "log") in steps["stuck"]["out"]["message_en"]
    check_end(steps)


def test_no_room_for_the_tables(tmp_path: Path, material: Path) -> None:
    """Nothing of the delivery is in, what was committed before is; the error names the folder and what to do."""
    steps = run(tmp_path, "postgres/data/base", 200, 100, 1024, material)
    full = steps["full"]
    assert full["code"] == 3, steps
    assert full["out"]["error"] in ("database-full", "delivery-failed"), steps
    for said in (full["out"]["message_en"], full["out"]["message_zh"]):
        assert str(tmp_path / "postgres" / "data") in said, steps
    assert "Make room" in full["out"]["message_en"]
    check_end(steps)
