"""Who may use the write API: keys, rights, quotas, and what an idempotency key holds together."""

from __future__ import annotations

import json
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from .api_support import System, make_system, penalty, problem
from .conftest import Desk

# --- who may ---------------------------------------------------------------------------------------------------------


def test_keys_open_and_close(desk: Desk, system: System) -> None:
    from xinyong.accounts import client_actions, client_selectors
    from xinyong.accounts.models import ApiKey
    from xinyong.audit.models import AuditEntry

    nobody = Client()
    answer = nobody.get("/api/v1/deliveries")
    problem(answer, 401, "key-missing")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    for text in ("xyk_00000000_" + "a" * 43, "nonsense", "xyk_\udcff", "é" * 50):
        header = text.encode("utf-8", "surrogateescape").decode("latin-1")
        problem(nobody.get("/api/v1/deliveries", headers={"Authorization": f"Bearer {header}"}), 401, "key-refused")

    rotating = make_system("rotating")
    client = client_selectors.client("rotating")
    assert client is not None
    second = client_actions.make_key(client, days=None, acting="test")
    other = System(second.text)
    assert rotating.send("GET", "/api/v1/deliveries").status_code == 200
    assert other.send("GET", "/api/v1/deliveries").status_code == 200
    first = ApiKey.objects.filter(client=client).exclude(prefix=second.prefix).get()
    assert first.last_used_at is not None
    assert second.text not in json.dumps(list(ApiKey.objects.values()), default=str)
    client_actions.revoke_key(first.prefix, acting="test")
    for _ in range(2):
        problem(rotating.send("GET", "/api/v1/deliveries"), 401, "key-refused")
    assert AuditEntry.objects.filter(target=f"key:{first.prefix}", deed="client.key.refused").count() == 1
    assert other.send("GET", "/api/v1/deliveries").status_code == 200
    ApiKey.objects.filter(prefix=second.prefix).update(expires_at=timezone.now() - timedelta(seconds=1))
    problem(other.send("GET", "/api/v1/deliveries"), 401, "key-refused")


def test_a_client_that_is_off_is_out_at_once(desk: Desk, system: System) -> None:
    from xinyong.accounts.models import ApiClient

    off = make_system("off")
    assert off.send("GET", "/api/v1/datasets").status_code == 200
    ApiClient.objects.filter(slug="off").update(is_active=False)
    problem(off.send("GET", "/api/v1/datasets"), 401, "key-refused")


def test_cookies_open_nothing(desk: Desk, system: System) -> None:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role

    accounts.create_user(
        username="boss",
        password="a-long-password-1",
        display_name="b",
        role=Role.OPERATOR,
        department=None,
        acting="test",
    )
    client = Client()
    assert client.login(username="boss", password="a-long-password-1")
    problem(client.get("/api/v1/deliveries"), 401, "key-missing")
    problem(client.post("/api/v1/datasets/penalty/records", b"{}", content_type="application/json"), 401, "key-missing")


def test_only_its_datasets_and_its_rights(desk: Desk, system: System) -> None:
    from xinyong.accounts.models import ApiClient

    narrow = make_system("narrow", datasets=("licence",))
    body = problem(narrow.record(penalty(desk)), 403, "right-missing")
    assert "licence" in body["message_zh"]
    problem(narrow.batch([penalty(desk)]), 403, "right-missing")
    problem(narrow.record({}, "no-such-dataset"), 404, "dataset-unknown")
    ApiClient.objects.filter(slug="narrow").update(rights=["delivery-view-own"])
    problem(narrow.record({}, "licence"), 403, "right-missing")
    ApiClient.objects.filter(slug="narrow").update(rights=["delivery-submit"])
    problem(narrow.send("GET", "/api/v1/deliveries"), 403, "right-missing")


def test_another_departments_delivery_looks_like_none(desk: Desk, system: System) -> None:
    number = system.record(penalty(desk, CF_WSH="（接）罚〔2026〕2号")).json()["delivery"]["number"]
    stranger = make_system("stranger", "another")
    for suffix in ("", "/findings"):
        hidden = problem(stranger.send("GET", f"/api/v1/deliveries/{number}{suffix}"), 404, "not-found")
        absent = problem(stranger.send("GET", f"/api/v1/deliveries/another-1999{suffix}"), 404, "not-found")
        assert hidden["message_zh"].replace(number, "") == absent["message_zh"].replace("another-1999", "")
    assert stranger.send("GET", "/api/v1/deliveries").json()["total"] == 0
    assert stranger.send("GET", "/api/v1/deliveries?page=99999").json()["deliveries"] == []


# --- idempotency -----------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer(desk: Desk, system: System) -> None:
    from xinyong.api.models import KeyedRequest

    record = penalty(desk, CF_WSH="（键）罚〔2026〕1号")
    first = system.record(record, key="2f0c-1")
    again = system.record(record, key='"2f0c-1"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    problem(system.record({**record, "CF_NR": "别的"}, key="2f0c-1"), 422, "idempotency-key")
    other = make_system("other-system")
    assert other.record({**record, "CF_NR": "别的"}, key="2f0c-1").status_code == 201
    wrong = system.record({**record, "CF_JDRQ": "x"}, key="2f0c-2")
    assert system.record({**record, "CF_JDRQ": "x"}, key="2f0c-2").content == wrong.content
    batch = system.batch([record], key="2f0c-3")
    assert system.batch([record], key="2f0c-3").json()["number"] == batch.json()["number"]
    for bad in ("", " ", "é", "x" * 256):
        problem(system.record(record, key=bad), 422, "idempotency-key")
    KeyedRequest.objects.update(expires_at=timezone.now())
    late = system.record(record, key="2f0c-1")
    assert "Idempotent-Replayed" not in late
    assert late.json()["outcome"] == "stored"  # the other system changed it meanwhile
    assert KeyedRequest.objects.count() == 1


def test_while_it_is_worked_on(desk: Desk, system: System) -> None:
    """A second session holds the lock, as a request in another worker would."""
    import zlib

    from xinyong.accounts.models import ApiClient
    from xinyong.runtime import database

    client = ApiClient.objects.get(slug="casework")
    place = zlib.crc32(f"{client.pk}:busy".encode()) - (1 << 31)
    record = penalty(desk, CF_WSH="（键）罚〔2026〕2号")
    with database.connect(autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", (0x0D41, place))
        answer = system.record(record, key="busy")
        problem(answer, 409, "idempotency-busy")
        assert answer["Retry-After"] == "1"
    assert system.record(record, key="busy").status_code == 201


def test_a_kill_between_work_and_answer_is_taken_up(desk: Desk, system: System) -> None:
    """What a killed process leaves: the delivery is done, the answer was never kept. No double, no loss."""
    from xinyong.api.models import KeyedRequest
    from xinyong.intake.models import Delivery

    record = penalty(desk, CF_WSH="（键）罚〔2026〕3号")
    first = system.record(record, key="killed")
    assert first.status_code == 201
    before = Delivery.objects.count()
    KeyedRequest.objects.filter(key="killed").update(status=None, body="", headers={})
    again = system.record(record, key="killed")
    assert again.status_code == 201
    assert again.json() == first.json()
    assert Delivery.objects.count() == before


# --- quotas ----------------------------------------------------------------------------------------------------------


def test_quotas(desk: Desk, system: System) -> None:
    small = make_system("small", requests_per_minute=3, rows_per_minute=2)
    left = [small.send("GET", "/api/v1/datasets") for _ in range(5)]
    if [item.status_code for item in left] != [200, 200, 200, 429, 429]:  # the minute turned over
        left = [small.send("GET", "/api/v1/datasets") for _ in range(5)]
    assert [item.status_code for item in left] == [200, 200, 200, 429, 429]
    assert [item["RateLimit-Remaining"] for item in left] == ["2", "1", "0", "0", "0"]
    assert left[0]["RateLimit-Policy"] == "3;w=60, 200000;w=86400"
    problem(left[3], 429, "quota-used-up")
    assert 1 <= int(left[3]["Retry-After"]) <= 60

    rows = make_system("few-rows", rows_per_day=2)
    before = rows.send("GET", "/api/v1/deliveries").json()["total"]
    record = penalty(desk, CF_WSH="（限）罚〔2026〕1号")
    assert rows.record(record).status_code == 201
    assert rows.batch([record, record, record]).status_code == 202  # taken whole: the day was not used up
    problem(rows.record(record), 429, "quota-used-up")
    problem(rows.batch([record]), 429, "quota-used-up")
    assert rows.send("GET", "/api/v1/deliveries").json()["total"] == before + 2


# --- command ---------------------------------------------------------------------------------------------------------


def test_client_by_command(desk: Desk, system: System) -> None:
    made = desk.cli(
        "client", "make", "by-command", "--name", "办案系统", "--department", "demo", "--dataset", "penalty",
        "--requests-per-minute", "5", "--json",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["quota"]["requests_per_minute"] == 5
    key = json.loads(desk.cli("client", "key", "by-command", "--json").output)
    machine = System(key["key"])
    assert machine.send("GET", "/api/v1/datasets").json()["datasets"][0]["code"] == "penalty"
    listed = [json.loads(text) for text in desk.cli("client", "list", "--json").output.splitlines()]
    mine = next(item for item in listed if item["client"] == "by-command")
    assert [(item["key"], item["state"]) for item in mine["keys"]] == [(key["prefix"], "valid")]
    assert key["key"] not in desk.cli("client", "list").output
    assert desk.cli("client", "revoke", key["prefix"]).exit_code == 0
    problem(machine.send("GET", "/api/v1/datasets"), 401, "key-refused")
    for arguments, code in (
        (("client", "key", "nobody"), 2),
        (("client", "revoke", "00000000"), 2),
        (("client", "make", "by-command", "--name", "x", "--department", "another", "--dataset", "penalty"), 2),
        (("client", "make", "Bad_Name", "--name", "x", "--department", "demo", "--dataset", "penalty"), 2),
        (("client", "make", "fine", "--name", "x", "--department", "demo", "--dataset", "nothing"), 2),
        (("client", "make", "fine", "--name", "x", "--department", "demo", "--dataset", "penalty", "--rows-per-day", "0"), 2),
        (("client", "key", "by-command", "--days", "99999"), 2),
    ):  # fmt: skip
        result = desk.cli(*arguments)
        assert result.exit_code == code, (arguments, result.output)
