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

#: Runs inside the namespace. ``place``: folder below the home; ``size`` of its file system in MiB, ``room`` later.
_SCRIPT = r"""
set -eu
home=$1 place=$2 size=$3 room=$4 file=$5 xinyong=$6
export XINYONG_HOME=$home
say() { printf '{"step": "%s", "code": %s, "out": %s}\n' "$1" "$2" "$(tail -n 1 "$home/out" | grep '^{' || echo null)"; }
run() { step=$1; shift; code=0; "$xinyong" "$@" --json > "$home/out" 2> "$home/err" || code=$?; say "$step" "$code"; }
mkdir -p "$home/$place"
mount -t tmpfs -o "size=${size}m,mode=0777" none "$home/$place"
run migrate migrate
if [ "$place" = deliveries ] && [ "$size" = 1 ]; then
    dd if=/dev/zero of="$home/$place/filler" bs=1k count=900 status=none
fi
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


def namespace() -> bool:
    """Whether this user may have a mount namespace here."""
    if shutil.which("unshare") is None:
        return False
    probe = "mkdir -p /tmp/.xinyong-probe && mount -t tmpfs -o size=1m none /tmp/.xinyong-probe"
    return subprocess.run(["unshare", *_UNSHARE, "sh", "-c", probe], capture_output=True).returncode == 0


_UNSHARE = ["--mount", "--propagation", "private"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]


def run(home: Path, place: str, size: int, room: int, file: Path) -> dict[str, dict[str, Any]]:
    """Steps of the script with their exit codes and last JSON lines."""
    if not namespace():
        pytest.skip("mount namespaces are not allowed here")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XINYONG_")}
    done = subprocess.run(
        ["unshare", *_UNSHARE, "sh", "-c", _SCRIPT, "sh", home, place, str(size), str(room), file, XINYONG],
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
    assert (last["code"], last["out"]["accepted"], last["out"]["unchanged"]) == (0, 0, ROWS), steps
    checks = {item["check"]: item["state"] for item in steps["doctor"]["out"]["checks"]}
    assert checks["deliveries"] == "ok", steps


def test_no_room_for_the_delivered_file(tmp_path: Path, material: Path) -> None:
    steps = run(tmp_path, "deliveries", 1, 64, material)
    assert steps["full"]["code"] == 3, steps
    assert steps["full"]["out"]["error"] == "store-unwritable"
    assert "No space left" in steps["full"]["out"]["message_en"]
    assert steps["stuck"]["code"] == 0
    check_end(steps)
