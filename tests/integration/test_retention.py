"""What is kept no longer goes by its rule, with a report; log and proofs stand; the archive opens for named officers only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.audit.models import AuditEntry
from xinyong.ledger import archive
from xinyong.ledger import selectors as ledger
from xinyong.ledger.log import verify
from xinyong.publicity.errors import ArchiveClosed, RetentionRefused
from xinyong.publicity.models import RetentionLine, RetentionRun
from xinyong.publicity.retention import actions, selectors
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.remedies import officers
from xinyong.remedies.models import Case, CaseFile, Tip
from xinyong.runtime import database

from .remedy_support import PROOF, objection, penalty, person

#: Long enough for every regime: publicity ended more than a year ago.
LONG_AGO = 2_400


@pytest.fixture(scope="module")
def operator(desk: Any) -> User:
    """Decides rules."""
    return person("retention-operator", Role.OPERATOR, None)


@pytest.fixture(scope="module")
def unit(desk: Any) -> User:
    """Does not."""
    return person("retention-unit", Role.SUPERVISOR, "demo")


@pytest.fixture(scope="module")
def old(desk: Any) -> list[tuple[int, int]]:
    """(entity, record) of three records whose publicity ended long ago."""
    return [penalty(desk, 401 + at, LONG_AGO + at) for at in range(3)]


@pytest.fixture(scope="module")
def owner(desk: Any) -> Iterator[psycopg.Connection[Any]]:
    """The owner of the tables, whom triggers refuse as well."""
    with database.connect_owner() as session:
        session.autocommit = True
        yield session


def desk_code(entity: int) -> str:
    return registry.address_key(Entity.objects.get(pk=entity))


def payloads(desk: Any, record: int) -> list[str]:
    return [row[0] for row in desk.rows("SELECT payload::text FROM ledger_version WHERE record_id = %s", record)]


def test_a_plan_changes_nothing_and_its_run_moves_payloads_while_log_and_proofs_stand(
    desk: Any, operator: User, unit: User, old: list[tuple[int, int]]
) -> None:
    _, fresh = penalty(desk, 405, 200)
    busy_entity, busy = old[2]
    case = objection(busy_entity, busy)
    before = {record: payloads(desk, record) for _, record in old}
    hashes = {record: [v["content_hash"] for v in ledger.record(record).versions] for _, record in old}
    assert not verify.verify(contents=True).findings
    plan = actions.plan(operator)
    planned = {line.key for line in RetentionLine.objects.filter(run=plan, target="record")}
    assert {record for _, record in old} <= planned and fresh not in planned
    assert {record: payloads(desk, record) for _, record in old} == before
    with pytest.raises(RetentionRefused):
        actions.carry_out(operator, plan.pk, reason=" ")
    with pytest.raises(RightMissing):
        actions.carry_out(unit, plan.pk, reason="x")
    run = actions.carry_out(operator, plan.pk, reason="年度归档")
    outcomes = {line.key: line for line in RetentionLine.objects.filter(run=run, target="record")}
    assert outcomes[busy].outcome == "kept" and Case.objects.get(pk=case).number in outcomes[busy].why
    assert payloads(desk, busy) == before[busy]
    for _, record in old[:2]:
        assert outcomes[record].outcome == "went" and outcomes[record].pieces == 1
        assert payloads(desk, record) == ['{"_archived":true}']
        assert [v["content_hash"] for v in ledger.record(record).versions] == hashes[record]
        assert "archived" in ledger.record(record).states()
        ((row, said),) = archive.read(record)
        assert said is not None and said != archive.STUB and said["CF_WSH"].startswith("救")
        assert row.rule == outcomes[record].rule
    desk.catch_up()
    report = verify.verify(contents=True)
    assert not report.findings and report.archived == 2
    with pytest.raises(RetentionRefused, match="carried it out"):
        actions.carry_out(operator, plan.pk, reason="again")
    lines = list(selectors.report(run.pk))
    assert {line["actor"] for line in lines} == {operator.username}
    assert all(line["rule"] and line["article"] and line["dataset"] and line["ended_on"] for line in lines)
    assert AuditEntry.objects.filter(deed="retention.done", target=f"retention {run.pk}").exists()
    # Nothing of it is shown any more, by no reader and no rebuild.
    assert not desk.one("SELECT count(*) FROM publicity_window WHERE record_id = %s", old[0][1])
    # The second run finds nothing left to do of these.
    again = actions.plan(operator)
    assert not RetentionLine.objects.filter(run=again, target="record", key=old[0][1]).exists()


def test_the_archive_is_closed_named_officers_read_for_a_purpose_and_every_look_is_logged(
    operator: User, unit: User, old: list[tuple[int, int]]
) -> None:
    _, record = old[0]
    with pytest.raises(ArchiveClosed):
        actions.read_archive(unit, record, purpose="审计检查")
    assert AuditEntry.objects.filter(actor=unit.username, deed="archive.refused").exists()
    with pytest.raises(RightMissing):
        actions.name_reader(unit, unit.username, reason="x", until=timezone.localdate())
    with pytest.raises(RetentionRefused):
        actions.name_reader(operator, "nobody", reason="x", until=timezone.localdate())
    with pytest.raises(RetentionRefused):
        actions.name_reader(operator, unit.username, reason="x", until=timezone.localdate() + timedelta(days=400))
    reader = actions.name_reader(operator, unit.username, reason="审计通知书", until=timezone.localdate())
    with pytest.raises(RetentionRefused, match="purpose"):
        actions.read_archive(unit, record, purpose=" ")
    found = actions.read_archive(unit, record, purpose="审计检查")
    assert found[0][1] is not None
    entry = AuditEntry.objects.get(actor=unit.username, deed="query.archive")
    assert entry.purpose == "审计检查" and entry.detail["record"] == keys.record_key(record)
    assert entry.target == desk_code(old[0][0])  # under this name its subject reads who looked, and why
    client = Client()
    client.force_login(unit)
    page = client.post("/console/retention/archive", {"record": keys.record_key(record), "purpose": "审计检查"})
    assert page.status_code == 200 and "救401" in page.content.decode()
    assert client.post("/console/retention/archive", {"record": "R0", "purpose": "审计检查"}).status_code == 409
    actions.end_reader(operator, reader.pk)
    assert client.get("/console/retention/archive").status_code == 403
    with pytest.raises(ArchiveClosed):
        actions.read_archive(unit, record, purpose="审计检查")


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE ledger_version SET payload = '{}' WHERE record_id = %s",
        "UPDATE ledger_version SET payload = '{\"_archived\":true}' WHERE record_id = %s",
        "UPDATE ledger_version SET payload = '{\"_archived\":true}', source_row = 7 WHERE record_id = %s",
        "DELETE FROM ledger_archive WHERE record_id = %s",
        "UPDATE ledger_archive SET sealed = 'x' WHERE record_id = %s",
        "UPDATE ledger_archive SET sealed = NULL WHERE record_id = %s",
        "UPDATE publicity_retentionline SET why = 'x' WHERE key = %s",
    ],
)
def test_nothing_else_goes_by_no_other_door(owner: Any, old: list[tuple[int, int]], deed: str) -> None:
    """Also for the owner of the tables: a payload leaves only under its hash, and what was archived stays archived."""
    (_, archived), (_, other) = old[1:]
    # The same stub once more changes nothing of what is archived already; there another record is tried.
    stub = "_archived" in deed and "source_row" not in deed
    with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
        owner.execute(deed, (other if stub else archived,))


def test_a_tampered_archive_is_found(owner: Any, old: list[tuple[int, int]]) -> None:
    _, record = old[0]
    owner.execute("ALTER TABLE ledger_archive DISABLE TRIGGER USER")
    (kept,) = owner.execute("SELECT sealed FROM ledger_archive WHERE record_id = %s", (record,)).fetchone()
    owner.execute(
        "UPDATE ledger_archive SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE record_id = %s",
        (record,),
    )
    assert [finding.kind for finding in verify.verify(contents=True).findings] == ["archive"]
    owner.execute("UPDATE ledger_archive SET sealed = %s WHERE record_id = %s", (kept, record))
    owner.execute("ALTER TABLE ledger_archive ENABLE TRIGGER USER")
    assert not verify.verify(contents=True).findings


def test_the_archive_is_destroyed_when_its_time_is_over_and_the_log_still_stands(
    desk: Any, operator: User, old: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, record = old[0]
    later = timezone.localdate() + timedelta(days=366 * 6)
    monkeypatch.setattr(timezone, "localdate", lambda value=None, zone=None: later if value is None else value.date())
    plan = actions.plan(operator)
    assert RetentionLine.objects.filter(run=plan, rule="RTN-21").count() == 2
    run = actions.carry_out(operator, plan.pk, reason="档案期满")
    monkeypatch.undo()
    assert RetentionRun.objects.get(pk=run.pk).counts["RTN-21"]["went"] == 2
    ((row, said),) = archive.read(record)
    assert said is None and row.destroy_rule == "RTN-21"
    assert not verify.verify(contents=True).findings
    assert payloads(desk, record) == ['{"_archived":true}']


def test_personal_values_go_first(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 410, 200)
    tip = officers.leave_tip(keys.record_key(record), text="金额不对", contact="138 0000 0000").pk
    officers.handle_tip(operator, tip, state="done", reply="已核实")
    case = objection(entity, record, materials=[PROOF.__class__(kind="evidence", name="a.pdf", content=PROOF.content)])
    from xinyong.remedies import actions as applicants

    from .remedy_support import applicant

    applicants.withdraw_case(applicant(entity), case)
    moment = timezone.now() - timedelta(days=365 * 6)
    Tip.objects.filter(pk=tip).update(handled_at=moment)
    Case.objects.filter(pk=case).update(opened_at=moment, closed_at=moment)
    plan = actions.plan(operator)
    order = list(RetentionLine.objects.filter(run=plan).order_by("pk").values_list("target", flat=True))
    assert order[:3] == ["tip-contact", "case-person", "case-file"]
    actions.carry_out(operator, plan.pk, reason="删除个人信息")
    assert Tip.objects.get(pk=tip).contact == "" and Tip.objects.get(pk=tip).text
    assert Case.objects.get(pk=case).acting_name == "" and Case.objects.get(pk=case).statement
    file = CaseFile.objects.get(case_id=case)
    assert bytes(file.content) == b"" and file.digest


def test_an_interrupted_run_goes_on(desk: Any, operator: User, dying: Any) -> None:
    for at in range(3):
        penalty(desk, 420 + at, LONG_AGO + at)
    plan = actions.plan(operator)
    dying(
        "from xinyong.publicity.retention import actions\n"
        "from xinyong.accounts.models import User\n"
        "moved = actions.archive.move\nseen = []\n"
        "def move(*args, **more):\n    seen.append(1)\n    (die if len(seen) == 2 else moved)(*args, **more)\n    return 1\n"
        "actions.archive.move = move\n"
        f"actions.carry_out(User.objects.get(username={operator.username!r}), {plan.pk}, reason='x')\n"
    )
    half = RetentionRun.objects.get(plan=plan)
    assert half.done_at is None and RetentionLine.objects.filter(run=half, target="record", outcome="went").count() == 1
    run = actions.carry_out(operator, plan.pk, reason="继续")
    assert run.pk == half.pk and RetentionRun.objects.get(pk=run.pk).done_at is not None
    lines = RetentionLine.objects.filter(run=run)
    assert lines.count() == RetentionLine.objects.filter(run=plan).count()
    assert not verify.verify(contents=True).findings


def test_the_page(desk: Any, operator: User) -> None:
    client = Client()
    client.force_login(operator)
    page = client.get("/console/retention").content.decode()
    assert "RTN-11" in page and "PIPL 19" in page and "待确认" in page
    made = client.post("/console/retention/act", {"deed": "plan"})
    assert made.status_code == 302
    assert client.get(made["Location"]).status_code == 200
    assert client.get(made["Location"] + ".csv").status_code == 200
    refused = client.post("/console/retention/act", {"deed": "run", "plan": "999999", "reason": "x"})
    assert refused.status_code == 409 and "没有这个预演" in refused.content.decode()
    assert client.get("/en/console/retention").status_code == 200
