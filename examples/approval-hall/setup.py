"""Registers the sample hall at the platform of this checkout (``make demo``) and writes its config.json.

The client stands for the city's approval bureau, may verify for food licences and decide on measures, and is told by webhook.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).parent / "xinyong"


def said(*arguments: str) -> dict[str, object]:
    """What a command of the platform prints as JSON."""
    done = subprocess.run([COMMAND, *arguments, "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Once; a folder with a config.json is left as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("XINYONG_HOME", "var")) / "hall")
    parser.add_argument("--platform", default=f"http://127.0.0.1:{os.environ.get('XINYONG_PORT', '8000')}")
    parser.add_argument("--department", default="administrative-approval")
    parser.add_argument("--port", type=int, default=8020)
    given = parser.parse_args()
    place = given.folder / "config.json"
    if place.exists():
        return
    os.environ.setdefault("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    said(
        "client",
        "make",
        "hall",
        "--name",
        "审批大厅",
        "--department",
        given.department,
        "--item",
        "food-licence",
        "--joint",
    )
    key = said("client", "sign", "hall", "--hmac", "--note", "approval hall")
    feed = said("feed", "make", "hall", f"http://127.0.0.1:{given.port}/credit/feed")
    given.folder.mkdir(parents=True, exist_ok=True)
    content = {"platform": given.platform, "keyid": key["keyid"], "secret": key["secret"], "feed_key": feed["key"]}
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        json.dump(content, written, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
