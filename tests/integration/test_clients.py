"""The client libraries: what is generated is up to date, and both ask a real server, signed, with repeats and errors."""

from __future__ import annotations

import base64
import hashlib
import http.server
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .api_support import NAME
from .conftest import Desk

CLIENTS = Path(__file__).parents[2] / "clients"


@pytest.fixture(scope="module")
def library() -> Iterator[Any]:
    """The Python package as it stands in the repository."""
    sys.path.insert(0, str(CLIENTS / "python" / "src"))
    yield importlib.import_module("xinyong_client")
    sys.path.remove(str(CLIENTS / "python" / "src"))


def node() -> str:
    """A Node to run the JavaScript client: the machine's, or the one Playwright brings."""
    import playwright

    return shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")


def script(text: str, **environment: str) -> Any:
    """Run a module that imports the JavaScript client; its last line, as JSON."""
    source = f"import {{ Client, Problem, NotReached, SigningKey, readWebhook }} from {json.dumps((CLIENTS / 'javascript/src/index.js').as_uri())};\n{text}"
    done = subprocess.run(
        [node(), "--input-type=module", "-"], input=source, text=True, capture_output=True, timeout=60,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_generating_again_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, str(CLIENTS / "generate.py"), "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"run clients/generate.py: {done.stdout}{done.stderr}"


def test_the_python_client_is_typed_to_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file", os.devnull, str(CLIENTS / "python/src/xinyong_client")],
        capture_output=True, text=True, timeout=300, env={**os.environ, "MYPYPATH": str(CLIENTS / "python/src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_component_is_small_and_its_hash_is_its_own() -> None:
    content = (CLIENTS / "web-component" / "xinyong-check.js").read_bytes()
    said = json.loads((CLIENTS / "web-component" / "integrity.json").read_text())
    assert len(content) == said["bytes"] <= 15 << 10
    assert said["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    for word in (b"innerHTML", b"eval(", b"new Function", b".style.", b"http:", b"https:", b"document.write"):
        assert word not in content, word


# --- against the platform -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platform(desk: Desk) -> Iterator[dict[str, str]]:
    """The site behind a real socket, with a client and its keys."""
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from django.core.wsgi import get_wsgi_application

    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    desk.take([desk.registration(desk.code(1), NAME)])
    desk.take([desk.penalty(desk.code(1), NAME)], "penalty")
    desk.catch_up()
    made = client_actions.save_client(
        slug="library", name="library", department=selectors.department("demo"), datasets=["penalty"],
        items=["food-licence"], joint=True, quota=Quota(), acting="test",
    )  # fmt: skip
    shared = client_actions.register_signing_key(made, algorithm="hmac-sha256", days=1, acting="test")
    private = Ed25519PrivateKey.generate()
    ed = client_actions.register_signing_key(
        made, algorithm="ed25519", public=private.public_key().public_bytes_raw(), days=1, acting="test"
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {
        "base": f"http://127.0.0.1:{server.server_port}", "code": desk.code(1), "missing": desk.code(77), "hmac": shared.prefix,
        "secret": shared.text, "ed": ed.prefix, "pem": pem, "key": client_actions.make_key(made, days=1, acting="test").text,
    }  # fmt: skip
    server.shutdown()
    server.server_close()


def test_python_asks_signed_and_reads_errors(library: Any, platform: dict[str, str]) -> None:
    ask = {"purpose": "permit", "item": "food-licence", "case": "XK-1"}
    for more in (
        {"signing": library.SigningKey.hmac(platform["hmac"], platform["secret"])},
        {"signing": library.SigningKey.ed25519(platform["ed"], platform["pem"].encode())},
        {"key": platform["key"]},
    ):
        client = library.Client(platform["base"], **more)
        answer = client.verify_entity(platform["code"], **ask)
        assert answer["entity"]["key"] == platform["code"] and len(answer["facts"]) == 2
        assert client.limit.limit == 600 and client.limit.remaining < 600
        batch = client.verify_batch({"purpose": "permit", "item": "food-licence", "codes": [platform["code"]]})
        assert batch["answers"][0]["outcome"] == "known"
        with pytest.raises(library.NotFound) as found:
            client.verify_entity(platform["missing"], **ask)
        assert (found.value.code, found.value.status) == ("entity-unknown", 404) and found.value.message_zh
        with pytest.raises(library.Forbidden, match="item-not-allowed"):
            client.verify_entity(platform["code"], purpose="honour", item="award")
        assert client.list_joint_work(state="lift_due")["total"] == 0
        client.close()
    wrong = library.Client(
        platform["base"], signing=library.SigningKey.hmac(platform["hmac"], base64.b64encode(b"x" * 32).decode())
    )
    with pytest.raises(library.Unauthorised, match="signature-wrong"):
        wrong.list_verify_items()


def test_javascript_asks_signed_and_reads_errors(platform: dict[str, str]) -> None:
    said = script(
        """
const { BASE, HMAC, SECRET, ED, PEM, CODE, MISSING, KEY } = process.env;
const found = [];
for (const more of [{ signing: await SigningKey.hmac(HMAC, SECRET) }, { signing: await SigningKey.ed25519(ED, PEM) }, { key: KEY }]) {
  const client = new Client(BASE, more);
  const answer = await client.verifyEntity(CODE, { purpose: "permit", item: "food-licence" });
  const batch = await client.verifyBatch({ purpose: "permit", item: "food-licence", codes: [CODE] });
  let code = "";
  try { await client.verifyEntity(MISSING, { purpose: "permit", item: "food-licence" }); }
  catch (error) { code = error instanceof Problem ? [error.status, error.code, error.messageZh.length > 0] : String(error); }
  found.push([answer.entity.key, batch.answers[0].outcome, code, client.limit.limit]);
}
console.log(JSON.stringify(found));
""",
        **{name.upper(): value for name, value in platform.items() if name not in ("key", "code", "ed")},
        KEY=platform["key"], CODE=platform["code"], ED=platform["ed"],
    )  # fmt: skip
    assert said == [[platform["code"], "known", [404, "entity-unknown", True], 600]] * 3


# --- against a server that misbehaves -----------------------------------------------------------------------------------------


class Moody(http.server.BaseHTTPRequestHandler):
    """Answers from a list, and notes what it was asked."""

    answers: list[tuple[int, dict[str, str], bytes]] = []
    asked: list[dict[str, str]] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _turn(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        Moody.asked.append({"method": self.command, **{name.lower(): value for name, value in self.headers.items()}})
        status, headers, body = Moody.answers.pop(0)
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _turn  # noqa: N815


@pytest.fixture
def moody() -> Iterator[str]:
    Moody.answers, Moody.asked = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


QUOTA = json.dumps({"code": "quota-used-up", "message_zh": "用完", "message_en": "used up", "status": 429}).encode()


def test_repeats_wait_as_told_and_never_sign_twice_with_one_nonce(library: Any, moody: str) -> None:
    key = library.SigningKey.hmac("sig-00000000", base64.b64encode(b"k" * 32).decode())
    client = library.Client(moody, signing=key)
    Moody.answers = [
        (429, {"Retry-After": "1"}, QUOTA),
        (503, {}, b"<html>"),
        (0, {}, b""),
        (200, {}, b'{"items": []}'),
    ]
    began = time.monotonic()
    assert client.list_verify_items() == {"items": []}
    assert time.monotonic() - began >= 1
    signatures = [one["signature-input"] for one in Moody.asked]
    assert len(signatures) == 4 and len(set(signatures)) == 4
    Moody.answers = [(429, {"RateLimit-Reset": "3000"}, QUOTA)]
    with pytest.raises(library.QuotaUsedUp) as found:
        client.list_verify_items()
    assert found.value.code == "quota-used-up" and not Moody.answers
    # A decision goes under one idempotency key for all tries; a batch question without one is not sent twice.
    Moody.asked.clear()
    Moody.answers = [(503, {}, b""), (201, {}, b'{"number": 1}')]
    assert client.decide_joint_work({"code": "x"})["number"] == 1
    assert len({one["idempotency-key"] for one in Moody.asked}) == 1 and len(Moody.asked) == 2
    Moody.answers = [(503, {}, b"")]
    with pytest.raises(library.ServerTrouble):
        client.verify_batch({"purpose": "permit", "item": "x", "codes": ["1"]})
    dead = library.Client("http://127.0.0.1:9", key="k", retries=1)
    with pytest.raises(library.NotReached):
        dead.list_verify_items()


def test_javascript_repeats_the_same_way(moody: str) -> None:
    Moody.answers = [
        (429, {"Retry-After": "1"}, QUOTA), (503, {}, b"<html>"), (200, {}, b'{"items": []}'),
        (429, {"RateLimit-Reset": "3000"}, QUOTA), (503, {}, b""), (201, {}, b'{"number": 1}'), (503, {}, b""),
    ]  # fmt: skip
    said = script(
        """
const client = new Client(process.env.BASE, { key: "k" });
const found = [await client.listVerifyItems()];
try { await client.listVerifyItems(); } catch (error) { found.push(error.code); }
found.push(await client.decideJointWork({ code: "x" }));
try { await client.verifyBatch({ codes: ["1"] }); } catch (error) { found.push(error.status); }
try { await new Client("http://127.0.0.1:9", { key: "k", retries: 0 }).listVerifyItems(); } catch (error) { found.push(error.name); }
console.log(JSON.stringify(found));
""",
        BASE=moody,
    )
    assert said == [{"items": []}, "quota-used-up", {"number": 1}, 503, "NotReached"]
    keys = [one["idempotency-key"] for one in Moody.asked if "idempotency-key" in one]
    assert len(keys) == 2 and len(set(keys)) == 1


def test_webhooks_are_checked_by_both(library: Any) -> None:
    from xinyong.notices import ways

    body = json.dumps({"delivery": "1", "type": "list.published", "data": {"record": "R1"}}).encode()
    now = int(time.time())
    signature = ways.signature("secret", now, body)
    assert library.read_webhook(body, signature, "secret")["type"] == "list.published"
    for changed in ((body + b" ", signature, "secret"), (body, signature, "other"), (body, "t=1", "secret"),
                    (body, ways.signature("secret", now - 301, body), "secret")):  # fmt: skip
        with pytest.raises(library.WebhookInvalid):
            library.read_webhook(*changed)
    said = script(
        """
const body = new TextEncoder().encode(process.env.BODY);
const found = [(await readWebhook(body, process.env.SIGNATURE, "secret")).type];
for (const more of [[body, process.env.SIGNATURE, "other"], [body, "t=1", "secret"], [body, process.env.OLD, "secret"]]) {
  try { await readWebhook(...more); found.push("taken"); } catch (error) { found.push(error.name); }
}
console.log(JSON.stringify(found));
""",
        BODY=body.decode(), SIGNATURE=signature, OLD=ways.signature("secret", now - 301, body),
    )  # fmt: skip
    assert said == ["list.published", "WebhookInvalid", "WebhookInvalid", "WebhookInvalid"]
