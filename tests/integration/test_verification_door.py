"""The fast door: the same answers and errors as the site, and one row in the audit trail for every answer, whoever is killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .api_support import NAME
from .conftest import Desk
from .test_verification import ask as ask_site
from .test_verification import make_verifier

ITEM = "purpose=permit&item=food-licence"


class Door:
    """A running fast door."""

    def __init__(self, port: int, process: Any, token: str) -> None:
        self.port, self.process, self.token = port, process, token

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], Any]:
        held = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            fields = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
            if body is not None:
                fields.setdefault("Content-Type", "application/json")
            held.request(method, path, body, {k: v for k, v in fields.items() if v})
            answer = held.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else {}, answer.headers
        finally:
            held.close()

    def ask(self, code: str, item: str = ITEM, **headers: str) -> tuple[int, dict[str, Any], Any]:
        return self.send("GET", f"/api/v1/verify/{code}?{item}", **headers)


@pytest.fixture(scope="module")
def house(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own with the keys of the tests, where snapshot and journals of this module lie."""
    from xinyong.runtime import config, cryptography
    from xinyong.verification import effects, journal, snapshot

    # A key is made when it is first wanted: in a fresh home there would be none to copy, and two would be made.
    cryptography.fingerprint(cryptography.protect("tests", "made before it is copied"))
    place = tmp_path_factory.mktemp("house")
    shutil.copytree(config.home("keys"), place / "keys", ignore=shutil.ignore_patterns("nonces"))
    patch = pytest.MonkeyPatch()
    (place / "verification").mkdir()
    (place / "journal").mkdir()
    patch.setattr(snapshot, "folder", lambda: place / "verification")
    patch.setattr(journal, "folder", lambda: place / "journal")
    desk.take([desk.registration(desk.code(1), NAME), desk.registration(desk.code(2), "示例第二有限公司")])
    desk.take([desk.penalty(desk.code(1), NAME)], "penalty")
    desk.catch_up()
    effects.rebuild()
    yield place
    patch.undo()


@pytest.fixture(scope="module")
def token(house: Path) -> str:
    return make_verifier("door", ("food-licence", "credit-service")).key


@pytest.fixture
def opened(house: Path, token: str, database_url: str) -> Iterator[Callable[..., Door]]:
    """Open a door; it is shut after the test."""
    from xinyong import serve

    running = []

    def start(max_age_ms: int = 10_000_000) -> Door:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        before = {name: os.environ.get(name) for name in ("XINYONG_HOME", "XINYONG_VERIFY_MAX_AGE_MS")}
        os.environ.update(
            XINYONG_HOME=str(house), XINYONG_VERIFY_MAX_AGE_MS=str(max_age_ms), XINYONG_DATABASE_URL=database_url
        )
        try:
            process = serve.start_door("127.0.0.1", port, 1)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        running.append(process)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return Door(port, process, token)
            time.sleep(0.05)
        raise AssertionError("the door never opened")

    yield start
    for process in running:
        serve.end_server(process, 10)


def rows(query: str = "") -> list[Any]:
    from xinyong.audit.models import AuditEntry
    from xinyong.verification import journal_import

    journal_import.take_in()
    found = AuditEntry.objects.filter(deed="query.verification", actor="client:door").order_by("id")
    return list(found.filter(detail__query=query) if query else found)


def test_the_door_says_what_the_site_says(desk: Desk, opened: Callable[..., Door]) -> None:
    """Answers, batches, errors and rows: nothing differs but where the data lay and when."""
    from xinyong.audit.models import AuditEntry

    from .api_support import System

    door = opened()
    site = System(door.token)

    def told(body: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key not in ("query", "answered_at", "data")}

    for code in (desk.code(1), desk.code(2), desk.code(2).lower(), f"  {desk.code(1)}".strip()):
        status, body, headers = door.ask(code)
        assert status == 200, body
        reference = ask_site(site, code)
        assert told(body) == told(reference.json())
        assert body["data"]["source"] == "snapshot"
        assert int(headers["RateLimit-Remaining"]) <= 600 and headers["Cache-Control"] == "no-store"
        (row,) = rows(body["query"])
        other = AuditEntry.objects.get(detail__query=reference.json()["query"])
        assert (row.actor, row.deed, row.target, row.purpose) == (other.actor, other.deed, other.target, other.purpose)
        del row.detail["query"], other.detail["query"]
        assert row.detail == other.detail
        assert abs((row.at - other.at).total_seconds()) < 30
    for path, status, code in (
        (f"{desk.code(77)}?{ITEM}", 404, "entity-unknown"),
        (f"{desk.code(1)[:-1]}I?{ITEM}", 422, "code-invalid"),
        (f"%E5%BC%A0%E4%B8%89?{ITEM}", 422, "person-query"),
        (f"11010519491231002X?{ITEM}", 422, "person-query"),
        (f"{desk.code(1)}?purpose=honour&item=award", 403, "item-not-allowed"),
        (f"{desk.code(1)}?purpose=permit&item=x", 422, "item-unknown"),
        (desk.code(1), 422, "request-invalid"),
        (f"{desk.code(1)}?{ITEM}&case=%E5%BC%A0", 422, "request-invalid"),
    ):
        got, body, headers = door.send("GET", f"/api/v1/verify/{path}")
        assert (got, body["code"]) == (status, code)
        assert headers["Content-Type"] == "application/problem+json"
        reference = site.send("GET", f"/api/v1/verify/{path}").json()
        assert body["message_zh"] == reference["message_zh"]
    batch = json.dumps(
        {"purpose": "permit", "item": "food-licence", "codes": [desk.code(1), "张三", desk.code(77)]}
    ).encode()
    status, body, _ = door.send("POST", "/api/v1/verify", batch)
    assert status == 200 and [item["outcome"] for item in body["answers"]] == ["known", "refused", "unknown"]
    assert len(rows(body["answers"][0]["query"])) == 1
    assert door.send("GET", "/api/v1/verify/items")[1] == site.send("GET", "/api/v1/verify/items").json()
    assert door.send("POST", "/api/v1/verify", b"{")[1]["code"] == "request-invalid"
    assert door.send("POST", "/api/v1/verify", b"")[1]["code"] == "length-missing"
    assert door.send("DELETE", "/api/v1/verify")[1]["code"] == "method-not-allowed"
    assert door.ask(desk.code(1), Authorization="")[1]["code"] == "key-missing"
    assert door.ask(desk.code(1), Authorization="Bearer xyk_00000000_" + "0" * 43)[1]["code"] == "key-refused"


def test_an_old_snapshot_is_left_aside_at_the_door(desk: Desk, opened: Callable[..., Door]) -> None:
    door = opened(max_age_ms=-1)
    status, body, _ = door.ask(desk.code(1))
    assert (status, body["data"]["source"]) == (200, "ledger")
    assert len(rows(body["query"])) == 1
    assert door.ask(desk.code(77))[1]["code"] == "entity-unknown"


def test_signatures_quotas_and_revoked_keys_at_the_door(desk: Desk, opened: Callable[..., Door]) -> None:
    import base64

    from xinyong.accounts import client_actions
    from xinyong.accounts.models import ApiClient
    from xinyong.api import signatures

    client = ApiClient.objects.get(slug="door")
    made = client_actions.register_signing_key(client, algorithm="hmac-sha256", days=1, acting="test")
    door = opened()

    def signed(key: bytes = base64.b64decode(made.text), **more: Any) -> tuple[int, str]:
        options = {"created": int(time.time()), "nonce": secrets.token_hex(12), **more}
        fields = signatures.sign(
            method="GET", authority=f"127.0.0.1:{door.port}", path=f"/api/v1/verify/{desk.code(2)}", query=ITEM,
            keyid=made.prefix, key=key, **options,
        )  # fmt: skip
        status, body, _ = door.ask(
            desk.code(2), Authorization="", **{k.replace("-", "_"): v for k, v in fields.items()}
        )
        return status, body.get("code", "")

    assert signed(nonce="n" * 24) == (200, "")
    assert signed(nonce="n" * 24) == (401, "signature-replayed")
    assert signed(created=int(time.time()) - 100) == (401, "signature-time")
    assert signed(key=b"x" * 32) == (401, "signature-wrong")
    client_actions.revoke_signing_key(made.prefix, acting="test")

    def soon(look: Callable[[], Any], wanted: Any) -> None:
        until = time.monotonic() + 5
        while (found := look()) != wanted:
            assert time.monotonic() < until, found
            time.sleep(0.05)

    soon(signed, (401, "key-revoked"))
    ApiClient.objects.filter(pk=client.pk).update(requests_per_minute=1)
    soon(lambda: door.ask(desk.code(2))[1].get("code"), "quota-used-up")
    assert door.ask(desk.code(2))[2]["Retry-After"]
    ApiClient.objects.filter(pk=client.pk).update(requests_per_minute=100_000)
    soon(lambda: door.ask(desk.code(2))[0], 200)
    used = desk.one("SELECT requests FROM accounts_apiusage WHERE client_id = %s AND \"window\" = 'day'", client.pk)
    assert used > 5


def test_whoever_is_killed_every_answer_has_one_row(desk: Desk, opened: Callable[..., Door], house: Path) -> None:
    """kill -9 of the door under load, at a random moment; then the import is killed as well, and repeated."""
    from xinyong.accounts.models import ApiClient

    ApiClient.objects.filter(slug="door").update(requests_per_minute=1_000_000)
    door = opened()
    answered: list[str] = []
    stop = threading.Event()

    def load() -> None:
        held = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
        while not stop.is_set():
            try:
                held.request(
                    "GET", f"/api/v1/verify/{desk.code(1)}?{ITEM}", headers={"Authorization": f"Bearer {door.token}"}
                )
                body = held.getresponse().read()
            except (OSError, http.client.HTTPException):
                return
            answered.append(json.loads(body)["query"])

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1.5 + secrets.randbelow(500) / 1000)
    workers = Path(f"/proc/{door.process.pid}/task/{door.process.pid}/children").read_text().split()
    door.process.kill()
    for worker in workers:
        os.kill(int(worker), signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(answered) > 100
    assert list((house / "journal").iterdir()), "the journal of the dead is there"
    found: dict[str, int] = {}
    for row in rows():
        found[row.detail["query"]] = found.get(row.detail["query"], 0) + 1
    assert set(found.values()) == {1}
    assert set(answered) <= set(found), "an answer left whose row did not survive"
    assert not list((house / "journal").iterdir()), "what was taken in is put away"


def test_an_import_that_dies_takes_nothing_twice(desk: Desk, house: Path, dying: Any) -> None:
    from xinyong.verification import journal
    from xinyong.verification.journal import HEAD, MARK

    line = b'2026-11-26T10:00:00.000+08:00\tclient:dies\tquery.verification\tX\tx\t{"query": "%d"}\n'
    import zlib

    def block(first: int) -> bytes:
        text = b"".join(line % number for number in range(first, first + 50))
        return HEAD.pack(MARK, len(text), zlib.crc32(text)) + text

    whole = block(0) + block(50)
    torn = block(100)[:-7]
    (house / "journal" / "1-abc.rows").write_bytes(whole + torn)
    script = f"""
from pathlib import Path
from xinyong.verification import journal, journal_import
journal.folder = lambda: Path({str(house / "journal")!r})
"""
    dying(script + "journal_import._put_away = die\njournal_import.take_in()\n")
    count = "SELECT count(*), count(DISTINCT detail->>'query') FROM audit_auditentry WHERE actor = 'client:dies'"
    assert desk.rows(count) == [(100, 100)], "committed before it died"
    from xinyong.verification import journal_import

    journal_import.take_in()
    assert desk.rows(count) == [(100, 100)]
    assert not list(journal.folder().iterdir())
    (house / "journal" / "2-abc.rows").write_bytes(whole)
    dying(script + "import psycopg\npsycopg.Connection.commit = die\njournal_import.take_in()\n")
    assert desk.rows(count) == [(100, 100)], "nothing of a transaction that never ended"
    journal_import.take_in()
    assert desk.rows(count) == [(200, 100)]


@pytest.mark.filterwarnings("ignore")
def test_generated_requests_get_described_answers_at_the_door_too(opened: Callable[..., Door]) -> None:
    import schemathesis
    from django.test import Client
    from hypothesis import HealthCheck, Phase, given, settings

    from xinyong.accounts.models import ApiClient

    from .test_api_fuzz import EXAMPLES, mistakes

    ApiClient.objects.filter(slug="door").update(requests_per_minute=1_000_000)
    door = opened()
    schema = schemathesis.openapi.from_dict(Client().get("/api/v1/openapi.json").json())
    wanted = {"verify_entity", "verify_batch", "list_verify_items"}
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] not in wanted:
            continue

        @given(case=operation.as_strategy())
        @settings(
            max_examples=3 * EXAMPLES, deadline=None, database=None, derandomize=True,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def run(case: Any) -> None:
            answer = case.call(
                base_url=f"http://127.0.0.1:{door.port}", headers={"Authorization": f"Bearer {door.token}"}
            )
            assert answer.status_code < 500, (case.as_curl_command(), answer.content)
            assert not (wrong := mistakes(case, answer)), (case.as_curl_command(), wrong, answer.content[:500])

        run()
