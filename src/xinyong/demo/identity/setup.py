"""Who signs in at the demonstration's provider, and the settings under which the site knows it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

#: Same as of the officers' sign-ins; the page of the provider prints it.
PASSWORD = "demo-2026-xinyong"
CLIENT = "xinyong"
PEOPLE, SECRET, PORT = "people.json", "client.secret", "port"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """A person of the demonstration and, by the place of the firm in the list of firms, what the person is there."""

    login: str
    name: str
    roles: tuple[tuple[int, str], ...]


#: The first firm has a record that can be repaired, the second one for which it is too early.
DEMO_PEOPLE = (
    DemoPerson(login="demo-lizhang", name="李示例", roles=((0, "legal_representative"), (1, "legal_representative"))),
    DemoPerson(login="demo-wang", name="王示例", roles=((0, "delegate"),)),
    DemoPerson(login="demo-zhao", name="赵示例", roles=()),
)
_WORDS = {"legal_representative": "法定代表人", "delegate": "经办人"}


def write_people(folder: Path, firms: list[tuple[str, str]]) -> None:
    """The people file, for these firms (credit code, name)."""
    rows = []
    for number, person in enumerate(DEMO_PEOPLE, start=1):
        roles = [(firms[place], role) for place, role in person.roles if place < len(firms)]
        rows.append(
            {
                "login": person.login,
                "sub": f"demo-{number:04d}",
                "name": person.name,
                "what": "；".join(f"{firm[1]} {_WORDS[role]}" for firm, role in roles) or "没有任职，凭邀请码经办",
                "organizations": [{"credit_code": firm[0], "role": role} for firm, role in roles],
            }
        )
    (folder / PEOPLE).write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def _port(folder: Path, wanted: int) -> int:
    """The port of last time where it is free: accounts are tied to the provider's address."""
    kept = folder / PORT
    candidates = [int(kept.read_text())] if kept.exists() else []
    for port in (*candidates, wanted, 0):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found = int(probe.getsockname()[1])
            kept.write_text(str(found))
            return found
    raise OSError("no free port")


def start(folder: Path, host: str, site_port: int) -> subprocess.Popen[bytes]:
    """Start the provider in a process of its own and point the settings of this process and its children at it."""
    port = _port(folder, site_port + 1)
    secret = folder / SECRET
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(32))
    sites = [f"http://{name}:{site_port}" for name in dict.fromkeys((host, "127.0.0.1", "localhost"))]
    public = os.environ.get("XINYONG_PUBLIC_URL", "").rstrip("/")
    child = subprocess.Popen(
        [sys.executable, "-m", "xinyong.demo.identity", str(folder), str(port), *sites, *([public] if public else [])],
        stdin=subprocess.DEVNULL,
    )
    issuer = f"http://127.0.0.1:{port}"
    os.environ.update(
        XINYONG_OIDC_ISSUER=issuer,
        XINYONG_OIDC_CLIENT_ID=CLIENT,
        XINYONG_OIDC_SECRET_FILE=str(secret),
        XINYONG_OIDC_NAME="演示身份认证",
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{issuer}/jwks", timeout=1):
            return child
        time.sleep(0.1)
    child.kill()
    child.wait()
    raise OSError("the demonstration's identity provider did not start")
