"""The write API: keys, one record, batches, receipts, idempotency; every example of the description is executed."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from .conftest import Desk

A, B = "A", "B"
NAME = "示例接口有限公司"


class System:
    """A department's system: sends requests with its key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.http = Client(headers={"accept-language": "zh-CN"})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "application/json",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One request; JSON unless ``media`` says otherwise."""
        if media == "application/json" and not isinstance(body, (bytes, type(None))):
            body = json.dumps(body, ensure_ascii=False).encode()
        more = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if key is not None:
            more["Idempotency-Key"] = key
        return self.http.generic(method, path, body or b"", content_type=media, headers=more)

    def record(self, body: Any, dataset: str = "penalty", **options: Any) -> Any:
        """Send one record."""
        return self.send("POST", f"/api/v1/datasets/{dataset}/records", body, **options)

    def batch(self, body: Any, dataset: str = "penalty", **options: Any) -> Any:
        """Send a batch."""
        return self.send("POST", f"/api/v1/datasets/{dataset}/deliveries", body, **options)


def make_system(
    slug: str, department: str = "demo", datasets: tuple[str, ...] = ("penalty", "registration"), **quota: int
) -> System:
    """A client with a key."""
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    client = client_actions.save_client(
        slug=slug,
        name=f"系统 {slug}",
        department=selectors.department(department),
        datasets=datasets,
        quota=Quota(**quota),
        acting="test",
    )
    return System(client_actions.make_key(client, days=30, acting="test").text)


@pytest.fixture(scope="module")
def system(desk: Desk) -> System:
    """A system of the department 'demo', which knows one company."""
    from xinyong.accounts import actions as accounts

    accounts.register_department(slug="another", name_zh="另一部门", acting="test")
    desk.take([desk.registration(desk.code(1), NAME)])
    return make_system("casework")


def penalty(desk: Desk, **more: Any) -> dict[str, Any]:
    """A right record in field ids, empty fields left out."""
    row = {key: value for key, value in desk.penalty(desk.code(1), NAME).items() if value}
    return {**row, **more}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem of ours."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["message_zh"] and body["message_en"] and body["title"] and body["detail"] == body["message_zh"]
    return body


# --- one record ----------------------------------------------------------------------------------------------------


def test_a_record_is_stored_then_unchanged_then_a_new_version(system: System, desk: Desk) -> None:
    from xinyong.audit.models import AuditEntry

    first = system.record(penalty(desk, CF_WSH="（接）罚〔2026〕1号"))
    assert first.status_code == 201, first.content.decode()
    body = first.json()
    assert body["outcome"] == "stored"
    assert body["record"]["version"] == 1
    assert len(body["record"]["content_hash"]) == 64
    receipt = body["delivery"]
    assert first["Location"] == receipt["url"]
    assert (receipt["channel"], receipt["uploader"]) == ("api", "client:casework")
    assert (receipt["read"], receipt["accepted"]) == (1, 1)
    assert AuditEntry.objects.filter(target=receipt["number"], actor="client:casework").exists()
    desk.catch_up()
    assert Client().get(body["record"]["entity_url"]).status_code == 200

    again = system.record(penalty(desk, CF_WSH="（接）罚〔2026〕1号"))
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    changed = system.record(penalty(desk, CF_WSH="（接）罚〔2026〕1号", CF_NR="罚款三百元。", CF_NR_FK=0.03))
    assert changed.status_code == 201
    assert changed.json()["record"]["record_id"] == body["record"]["record_id"]
    assert changed.json()["record"]["version"] == 2
    assert system.send("GET", changed["Location"]).json()["state"] == "committed"


def test_a_wrong_record_says_field_value_reason_and_suggestion(system: System, desk: Desk) -> None:
    before = desk.totals()
    answer = system.record(penalty(desk, CF_XDR_SHXYM="91410700000000001O", CF_JDRQ="2026-13-02", CF_XDR_LB=None))
    body = problem(answer, 422, "record-refused")
    found = {item["field"]: item for item in body["findings"] if item["severity"] == "error"}
    assert {"CF_JDRQ", "CF_XDR_LB"} <= set(found)
    assert found["CF_JDRQ"]["value"] == "2026-13-02"
    assert found["CF_JDRQ"]["reason_zh"] and found["CF_JDRQ"]["reason_en"] and found["CF_JDRQ"]["suggestion_zh"]
    assert body["delivery"]["rejected"] == 1
    after = desk.totals()
    assert {**after, "findings": 0} == {**before, "findings": 0}


def test_every_dataset_takes_a_record_in_field_ids(desk: Desk, system: System) -> None:
    """The layout is recognised whatever fields are left out, so that every complaint is about a field."""
    from xinyong.catalogue import selectors as catalogue

    entries = catalogue.packaged().in_force(timezone.localdate())
    anything = make_system("anything", datasets=tuple(entry.code for entry in entries))
    for entry in entries:
        name = entry.subject.name or entry.subject.code
        answer = anything.record({name: NAME}, entry.code)
        assert answer.status_code in (201, 422), entry.code
        if answer.status_code == 422:
            body = problem(answer, 422, "record-refused")
            assert body["delivery"]["layout"], entry.code
            assert {item["field"] for item in body["findings"]} <= {item.code for item in entry.fields} | {""}


def test_natural_persons_are_refused(system: System, desk: Desk) -> None:
    body = problem(system.record(penalty(desk, CF_XDR_LB="自然人", CF_XDR_SHXYM=None)), 422, "record-refused")
    assert "person" in {item["kind"] for item in body["findings"]}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", "line 1, column 2"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b'{"CF_WSH": "1", "CF_WSH": "2"}', "CF_WSH"),
        (b'{"CF_WSHH": "1"}', "CF_WSHH"),
        (b'{"CF_WSH": {"a": 1}}', "CF_WSH"),
        (b'{"CF_WSH": NaN}', "body"),
        (b'\xff\xfe{"', "byte 1"),
        (b"[" * 100_000, "body"),
    ],
)
def test_unreadable_records_say_where(system: System, body: bytes, where: str) -> None:
    assert problem(system.record(body), 422, "request-invalid")["data"]["where"] == where


def test_a_misspelt_field_names_the_right_one(system: System) -> None:
    assert "CF_WSH" in problem(system.record({"CF_WSHH": "1"}), 422, "request-invalid")["message_zh"]
    assert "CF_JDRQ" in problem(system.record({"处罚决定日期": "1"}), 422, "request-invalid")["message_zh"]


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


# --- batches ---------------------------------------------------------------------------------------------------------


def _taken_in(system: System, answer: Any) -> dict[str, Any]:
    """Take in what the batch left for a worker; the receipt."""
    from xinyong.intake import actions
    from xinyong.intake.models import Delivery

    assert answer.status_code == 202, answer.content.decode()
    number = answer.json()["number"]
    actions.process(Delivery.objects.get(number=number))
    receipt: dict[str, Any] = system.send("GET", answer["Location"]).json()
    assert receipt["read"] == receipt["accepted"] + receipt["rejected"] + receipt["unchanged"]
    return receipt


def test_batches_in_every_form(desk: Desk, system: System) -> None:
    rows = [penalty(desk, CF_WSH=f"（批）罚〔2026〕{number}号") for number in range(3)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    flat = [{key: str(value) for key, value in row.items()} for row in rows]
    for number, (body, options) in enumerate(
        (
            (rows, {}),
            (lines, {"media": "application/x-ndjson"}),
            (gzip.compress(lines), {"media": "application/x-ndjson", "headers": {"Content-Encoding": "gzip"}}),
            (gzip.compress(lines), {"media": "application/gzip"}),
            (desk.csv(flat).read_bytes(), {"media": "text/csv; charset=utf-8"}),
            (
                desk.xlsx(flat).read_bytes(),
                {"media": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
            ),
        )
    ):
        receipt = _taken_in(system, system.batch(body, **options))
        assert (receipt["read"], receipt["accepted"], receipt["unchanged"]) == (
            3,
            0 if number else 3,
            3 if number else 0,
        )


def test_a_batch_as_a_form(desk: Desk, system: System) -> None:
    file = io.BytesIO(desk.csv([desk.penalty(desk.code(1), NAME, CF_WSH="（表）罚〔2026〕1号")]).read_bytes())
    file.name = "处罚.csv"
    answer = system.http.post(
        "/api/v1/datasets/penalty/deliveries",
        {"file": file},
        headers={"Authorization": f"Bearer {system.key}"},
    )
    receipt = _taken_in(system, answer)
    assert (receipt["file_name"], receipt["accepted"]) == ("处罚.csv", 1)
    from xinyong.intake import uploads

    assert [item for item in uploads.folder().iterdir() if not item.name.startswith("made-")] == []
    empty = system.http.post(
        "/api/v1/datasets/penalty/deliveries", {"other": "x"}, headers={"Authorization": f"Bearer {system.key}"}
    )
    problem(empty, 422, "request-invalid")


def test_findings_are_paged_in_the_order_of_the_file(desk: Desk, system: System) -> None:
    rows = [penalty(desk, CF_WSH=f"（错）罚〔2026〕{number}号", CF_JDRQ="没有") for number in range(230)]
    receipt = _taken_in(system, system.batch([*rows, penalty(desk, CF_WSH="（错）罚〔2026〕好号")]))
    assert (receipt["rejected"], receipt["accepted"]) == (230, 1)
    pages = [system.send("GET", f"{receipt['findings_url']}?page={page}").json() for page in (1, 2, 3)]
    assert [len(page["findings"]) for page in pages] == [200, pages[0]["total"] - 200, 0]
    numbers = [item["row"] for page in pages for item in page["findings"]]
    assert numbers == sorted(numbers)
    problem(system.send("GET", f"{receipt['findings_url']}?page=0"), 422, "request-invalid")
    problem(system.send("GET", f"{receipt['findings_url']}?page=x"), 422, "request-invalid")


def test_wrong_bodies_of_batches(desk: Desk, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(system.batch({"a": 1}), 422, "request-invalid")
    problem(system.batch(b"x", media="application/pdf"), 415, "media-type")
    problem(system.batch(b"x", media="text/csv", headers={"Content-Encoding": "br"}), 415, "media-type")
    problem(system.record(b"{}", media="text/plain"), 415, "media-type")
    problem(system.batch(b"", media="text/csv"), 411, "length-missing")
    problem(system.record(b""), 411, "length-missing")
    problem(system.record(b" " * (1 << 20) + b"{}"), 413, "file-too-large")
    monkeypatch.setenv("XINYONG_UPLOAD_MIB", "1")
    problem(system.batch(b"x" * (1 << 20) + b"y", media="text/csv"), 413, "file-too-large")
    from xinyong.intake import uploads

    assert [item for item in uploads.folder().iterdir() if not item.name.startswith("made-")] == []
    answer = system.send("DELETE", "/api/v1/deliveries")
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer["Allow"]
    problem(system.send("GET", "/api/v1/nothing"), 404, "not-found")


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


# --- the description ---------------------------------------------------------------------------------------------------


def _examples() -> list[Any]:
    from xinyong.intake.api_examples import EXAMPLES

    return EXAMPLES


@pytest.fixture(scope="module")
def example_system(desk: Desk, system: System) -> System:
    """The client of the examples: it may deliver penalties, and its company is registered."""
    desk.take([desk.registration(desk.code(1), NAME)])
    return make_system("examples", datasets=("penalty",))


@pytest.mark.parametrize("example", _examples(), ids=lambda item: f"{item.method} {item.path} {item.name}")
def test_every_example_of_the_description_is_true(desk: Desk, example_system: System, example: Any) -> None:
    import zlib

    from xinyong.accounts.models import ApiClient
    from xinyong.runtime import database

    client = ApiClient.objects.get(slug="examples")
    machine = System(example_system.key)
    before = {name: getattr(client, name) for name in ("rights", "requests_per_minute", "rows_per_day")}
    session = None
    if example.set_up == "no-key":
        answer = Client().generic(example.method, example.path, b"{}", content_type="application/json")
        problem(answer, example.status, example.code)
        return
    if example.set_up == "bad-key":
        machine = System("xyk_00000000_" + "0" * 43)
    elif example.set_up == "requests":
        client.requests_per_minute = 0
    elif example.set_up == "rows":
        client.rows_per_day = 0
    elif example.set_up == "no-right":
        client.rights = []
    elif example.set_up in ("stored", "reused"):
        from xinyong.intake.api_examples import RECORD

        first = RECORD if example.path.endswith("records") else [RECORD]
        machine.send("POST", example.path, first, headers=example.headers)
    elif example.set_up == "at-work":
        session = database.connect(autocommit=True)
        place = zlib.crc32(f"{client.pk}:{example.headers['Idempotency-Key']}".encode()) - (1 << 31)
        session.execute("SELECT pg_advisory_lock(%s, %s)", (0x0D41, place))
    client.save()
    try:
        answer = machine.send(example.method, example.path, example.body, media=example.media, headers=example.headers)
    finally:
        for name, value in before.items():
            setattr(client, name, value)
        client.save()
        if session is not None:
            session.close()
    if example.code:
        problem(answer, example.status, example.code)
    else:
        assert answer.status_code == example.status, answer.content.decode()


def test_the_description_is_complete() -> None:
    """Every operation documents what it needs; every error status has an example; every reference resolves."""
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    wanted = {
        "send_record": {"200", "201", "202", "401", "403", "404", "409", "411", "413", "415", "422", "429"},
        "send_delivery": {"202", "401", "403", "404", "409", "411", "413", "415", "422", "429"},
        "list_datasets": {"200", "401", "429"},
        "list_deliveries": {"200", "401", "403", "422", "429"},
        "get_delivery": {"200", "401", "403", "404", "429"},
        "list_findings": {"200", "401", "403", "404", "429"},
    }
    seen = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            seen[operation["operationId"]] = set(operation["responses"])
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/problem+json"]["examples"], (operation["operationId"], status)
    assert seen == wanted
    text = json.dumps(document)
    for name in set(re.findall(r'"#/components/(\w+/[\w-]+)"', text)):
        section, _, key = name.partition("/")
        assert key in document["components"][section], name


def test_answers_fit_their_schemas(desk: Desk, system: System) -> None:
    import jsonschema_rs

    document = Client().get("/api/v1/openapi.json").json()

    def fits(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(value)] == []

    stored = system.record(penalty(desk, CF_WSH="（式）罚〔2026〕1号")).json()
    fits("RecordOut", stored)
    fits("Record_penalty", penalty(desk))
    fits("Problem", system.record(penalty(desk, CF_JDRQ="x")).json())
    fits("Problem", Client().get("/api/v1/datasets").json())
    fits("DeliveriesOut", system.send("GET", "/api/v1/deliveries").json())
    fits("FindingsOut", system.send("GET", stored["delivery"]["findings_url"]).json())
    fits("DatasetsOut", system.send("GET", "/api/v1/datasets").json())


def test_the_reference_page_explains_every_code() -> None:
    from xinyong.intake.api_examples import EXAMPLES

    for prefix in ("", "/en"):
        page = Client().get(f"{prefix}/api/v1/reference").content.decode()
        for code in {item.code for item in EXAMPLES if item.code}:
            assert f'id="{code}"' in page, code


# --- hostile input -----------------------------------------------------------------------------------------------------


def test_no_input_makes_the_platform_fail(desk: Desk, system: System) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    fuzzer = make_system("fuzzer", requests_per_minute=1_000_000, rows_per_minute=1_000_000)
    fields = sorted(penalty(desk))
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=30),
        st.sampled_from(["\0", "\ud800", "9" * 40, "2026-02-30", "1e999", "=cmd|'/C calc'!A0", "自然人", "410101199001011234"]),
    )  # fmt: skip
    values = st.one_of(
        scalars, st.lists(scalars, max_size=3), st.dictionaries(st.text(max_size=3), scalars, max_size=2)
    )
    records = st.dictionaries(st.sampled_from([*fields, "_row", "_layout", "nonsense", ""]), values, max_size=8)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(records, st.lists(records, max_size=3), values), st.booleans())
    def send(body: Any, as_batch: bool) -> None:
        content = json.dumps(body).encode()
        answer = fuzzer.batch(content) if as_batch else fuzzer.record(content)
        assert answer.status_code in (200, 201, 202, 411, 422), answer.content.decode()
        if answer.status_code == 202:
            from xinyong.intake import actions
            from xinyong.intake.models import Delivery

            delivery = Delivery.objects.get(number=answer.json()["number"])
            if delivery.state == Delivery.State.RECEIVED:
                with contextlib.suppress(actions.DeliveryRefused):
                    actions.process(delivery)
            delivery.refresh_from_db()
            assert delivery.state in ("committed", "refused", "held"), delivery.failure

    send()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200), st.sampled_from(["application/json", "text/csv", "application/x-ndjson", "multipart/form-data", "multipart/form-data; boundary=x"]))  # fmt: skip
    def raw(body: bytes, media: str) -> None:
        for path in ("records", "deliveries"):
            answer = fuzzer.send("POST", f"/api/v1/datasets/penalty/{path}", body, media=media)
            assert answer.status_code in (200, 201, 202, 400, 411, 415, 422), answer.content.decode()

    raw()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=40), st.text(max_size=20))
    def addresses(number: str, query: str) -> None:
        from urllib.parse import quote

        safe = quote(number.encode("utf-8", "surrogatepass"), safe="")
        for path in (
            f"/api/v1/deliveries/{safe}",
            f"/api/v1/deliveries/{safe}/findings",
            f"/api/v1/datasets/{safe}/records",
        ):
            answer = fuzzer.send("GET", path)
            assert answer.status_code in (200, 301, 404, 405), path
        word = quote(query.encode("utf-8", "surrogatepass"), safe="")
        assert fuzzer.send("GET", f"/api/v1/deliveries?dataset={word}&state={word}&page={word}").status_code in (
            200,
            422,
        )

    addresses()
