"""kill -9 between receiving a record and answering: the repeat with the same key finds one record, and the same answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from .api_support import NAME, System, make_system, penalty
from .conftest import Desk

#: Sends one record in a process of its own that kills itself at the named moment.
SCRIPT = """
import json, os, signal, sys
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
from xinyong.api import once
from xinyong.intake import actions, commit
moment, key, body = sys.argv[1], sys.argv[2], sys.argv[3]

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def after(module, name):
    real = getattr(module, name)
    def wrapped(*arguments, **options):
        real(*arguments, **options)
        die()
    setattr(module, name, wrapped)

if moment == "claimed":
    actions.receive = die
elif moment == "received":
    after(actions, "receive")
elif moment == "reading":
    commit.Loader.commit = die
elif moment == "committed":
    after(actions, "process")
elif moment == "before-keeping":
    once.Turn.keep = die
answer = Client().post(
    "/api/v1/datasets/penalty/records", body.encode(), content_type="application/json",
    headers={"Authorization": "Bearer " + key, "Idempotency-Key": "kill-" + moment},
)
print(answer.status_code)
"""


@pytest.fixture(scope="module")
def system(desk: Desk) -> System:
    """A system whose company is registered."""
    desk.take([desk.registration(desk.code(1), NAME)])
    return make_system("killed")


@pytest.mark.parametrize("moment", ["claimed", "received", "reading", "committed", "before-keeping"])
def test_a_killed_request_is_taken_up_by_its_repeat(desk: Desk, system: System, moment: str) -> None:
    from xinyong.ledger.models import Version

    number = f"（杀）罚〔2026〕{moment}"
    body = json.dumps(penalty(desk, CF_WSH=number), ensure_ascii=False)
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, moment, system.key, body], env={**os.environ}, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    first = system.record(body.encode(), key=f"kill-{moment}")
    assert first.status_code == 201, first.content.decode()
    again: Any = system.record(body.encode(), key=f"kill-{moment}")
    assert again.content == first.content
    assert [item.payload.get("CF_WSH") for item in Version.objects.all()].count(number) == 1
    assert desk.one("SELECT count(*) FROM intake_delivery WHERE sha256 = %s", first.json()["delivery"]["sha256"]) == 1
