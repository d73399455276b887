"""The write API: one record, batches, and input that means harm."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from .api_support import NAME, System, make_system, penalty, problem
from .conftest import Desk

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
    from xinyong.intake.upload import incoming as uploads

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
    from xinyong.intake.upload import incoming as uploads

    assert [item for item in uploads.folder().iterdir() if not item.name.startswith("made-")] == []
    answer = system.send("DELETE", "/api/v1/deliveries")
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer["Allow"]
    problem(system.send("GET", "/api/v1/nothing"), 404, "not-found")


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
