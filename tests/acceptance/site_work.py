"""Deeds in a running site, by its own actions: what many firms did, and what was done days ago. Run by ``site_work``.

usage: site_work.py unit RECORD | queue COUNT | late DAYS. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import connection
from django.utils import timezone

from xinyong.runtime.command import setup_django


def unit(key: str) -> dict[str, Any]:
    """An officer of the unit a record came from."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Department, Role, User
    from xinyong.demo import city
    from xinyong.registry import keys

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version.department_id FROM ledger_record JOIN ledger_version AS version "
            "USING (entity_id, record_id, version_no) WHERE record_id = %s",
            [keys.record_id(key)],
        )
        department = Department.objects.get(pk=cursor.fetchone()[0])
    name = f"unit-{department.slug}"
    if not User.objects.filter(username=name).exists():
        accounts.create_user(
            username=name,
            display_name="周示例",
            department=department,
            role=Role.SUPERVISOR,
            password=city.PASSWORD,
            acting="test",
        )
    return {"username": name, "password": city.PASSWORD}


def queue(count: int) -> dict[str, Any]:
    """So many objections, each by its firm, that the platform has accepted and not compared yet."""
    from xinyong.demo import cases
    from xinyong.remedies.models import Case

    waiting = Case.objects.filter(kind="objection", state="accepted")
    known = set(Case.objects.values_list("record_id", flat=True))
    found = [pair for pair in cases.penalties(repairable=False, limit=count * 3) if pair[1] not in known]
    # The last ones stay free for late().
    with ThreadPoolExecutor(4) as many:
        list(many.map(_object, found[:-10][: max(0, count - waiting.count())]))
    return {"waiting": waiting.count()}


def _object(pair: tuple[int, int]) -> None:
    from xinyong.remedies import actions
    from xinyong.remedies.applicant import ALL_RIGHTS, Applicant

    firm = Applicant.acting(entity_id=pair[0], account_id=0, name="示例经办人", rights=ALL_RIGHTS)
    actions.open_objection(firm, pair[1], ground="clerical", statement="文字与决定书不一致。")


def late(days: int) -> dict[str, Any]:
    """An objection made and sent to its unit so many days ago, by the clock of this process; the unit has been silent."""
    from xinyong.accounts.models import User
    from xinyong.demo import cases
    from xinyong.registry import keys
    from xinyong.remedies import actions, officers
    from xinyong.remedies.applicant import ALL_RIGHTS, Applicant
    from xinyong.remedies.models import Case

    known = set(Case.objects.values_list("record_id", flat=True))
    found = cases.penalties(repairable=False, limit=2_000)
    entity, record = next((entity, record) for entity, record in reversed(found) if record not in known)
    now = timezone.now
    firm = Applicant.acting(entity_id=entity, account_id=0, name="示例经办人", rights=ALL_RIGHTS)
    platform = User.objects.get(username="demo-operator")
    with mock.patch.object(timezone, "now", side_effect=lambda: now() - timedelta(days=days)):
        made = actions.open_objection(firm, record, ground="factual", statement="金额与决定书不符。")
        officers.act(platform, made, "compare")
        officers.act(platform, made, "forward", reason="请核查并答复。")
    return {"case": made, "record": keys.record_key(record)}


if __name__ == "__main__":
    setup_django()
    deeds = {
        "unit": lambda: unit(sys.argv[2]),
        "queue": lambda: queue(int(sys.argv[2])),
        "late": lambda: late(int(sys.argv[2])),
    }
    sys.stdout.write(json.dumps(deeds[sys.argv[1]](), ensure_ascii=False) + "\n")
