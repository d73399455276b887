"""Verification: what is answered for a purpose and an item, what is refused, and the row every answer leaves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from .api_support import NAME, System, problem
from .conftest import Desk


def make_verifier(
    slug: str, items: tuple[str, ...] = ("food-licence",), department: str = "demo", **quota: int
) -> System:
    """A system that may verify for some items."""
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    client = client_actions.save_client(
        slug=slug,
        name=f"系统 {slug}",
        department=selectors.department(department),
        datasets=(),
        items=items,
        quota=Quota(**quota),
        acting="test",
    )
    return System(client_actions.make_key(client, days=30, acting="test").text)


@pytest.fixture(scope="module")
def verifier(desk: Desk) -> System:
    desk.take(
        [
            desk.registration(desk.code(1), NAME),
            desk.registration(desk.code(2), "示例第二有限公司"),
            desk.registration(desk.code(4), "示例第四有限公司"),
        ]
    )
    desk.take(
        [
            desk.penalty(desk.code(1), NAME, CF_WSH="（示）罚〔2026〕1号", CF_SYFW="0"),
            desk.penalty(desk.code(1), NAME, CF_WSH="（示）罚〔2026〕2号", CF_SYFW="1"),
            desk.penalty(desk.code(1), NAME, CF_WSH="（示）罚〔2026〕3号", CF_SYFW="2"),
        ],
        "penalty",
    )
    desk.take([desk.abnormal(desk.code(1), NAME)], "abnormal-list")
    desk.catch_up()
    return make_verifier("hall", ("food-licence", "credit-service", "supplier-check"))


def ask(system: System, code: str, item: str = "permit/food-licence", **more: str) -> Any:
    purpose, _, name = item.partition("/")
    extra = "".join(f"&{key}={value}" for key, value in more.items())
    return system.send("GET", f"/api/v1/verify/{code}?purpose={purpose}&item={name}{extra}")


def numbers(answer: Any) -> list[str]:
    return sorted(fact["number"] for fact in answer.json()["facts"] if fact["dataset"] == "penalty")


def audit_rows(target: str) -> list[Any]:
    from xinyong.audit.models import AuditEntry

    return list(AuditEntry.objects.filter(target=target, deed="query.verification").order_by("id"))


def test_an_answer_says_what_applies_with_basis_source_and_end(desk: Desk, verifier: System) -> None:
    answer = ask(verifier, desk.code(1), case="XK-1")
    assert answer.status_code == 200, answer.content.decode()
    body = answer.json()
    assert (body["outcome"], body["moved"], body["entity"]["key"]) == ("known", None, desk.code(1))
    assert numbers(answer) == ["（示）罚〔2026〕1号", "（示）罚〔2026〕2号"]
    shown = {fact["number"]: fact for fact in body["facts"]}
    first = shown["（示）罚〔2026〕1号"]
    assert first["audience"] == "public"
    assert first["basis"][0]["title"].startswith("中华人民共和国行政处罚法") and first["period_basis"]
    assert first["source"]["code"] == "demo" and first["source"]["row"] == 2
    assert date.fromisoformat(first["ends_on"]) > date.today()
    assert shown["（示）罚〔2026〕2号"]["audience"] == "shared"
    assert [entry["dataset"] for entry in body["lists"]] == ["abnormal-list"]
    assert body["scope"]["checked"] and body["query_basis"]
    assert body["data"]["event"] == desk.one("SELECT max(id) FROM ledger_event")
    assert len(body["rules"]["publicity"]) == len(body["rules"]["verification"]) == 64
    assert "no-store" in answer["Cache-Control"]


def test_what_is_seen_depends_on_the_item(desk: Desk, verifier: System) -> None:
    """Scopes differ: what is shared between organs is not for a bank, the abnormal list not for procurement."""
    assert numbers(ask(verifier, desk.code(1), "financing/credit-service")) == ["（示）罚〔2026〕1号"]
    body = ask(verifier, desk.code(1), "procurement/supplier-check").json()
    assert body["lists"] == [] and len(body["facts"]) == 3
    assert "abnormal-list" not in body["scope"]["checked"]


def test_every_answer_leaves_one_row_that_the_subject_reads(desk: Desk, verifier: System) -> None:
    from xinyong.registry.models import Entity
    from xinyong.verification import selectors

    before = len(audit_rows(desk.code(2)))
    body = ask(verifier, desk.code(2), case="XK-2").json()
    rows = audit_rows(desk.code(2))
    assert len(rows) == before + 1
    assert (rows[-1].actor, rows[-1].purpose) == ("client:hall", "行政许可：食品经营许可")
    assert rows[-1].detail["query"] == body["query"] and rows[-1].detail["case"] == "XK-2"
    seen = selectors.queries_of(Entity.objects.get(credit_code=desk.code(2)))
    assert (seen[0].query, seen[0].department, seen[0].item) == (body["query"], "演示报送部门", "food-licence")
    assert selectors.queries_of(Entity.objects.get(credit_code=desk.code(2)), date.today() + timedelta(days=1)) == []


def test_what_has_no_answer_leaves_no_row_and_says_why(desk: Desk, verifier: System) -> None:
    before = desk.one("SELECT count(*) FROM audit_auditentry WHERE deed = 'query.verification'")
    wrong = problem(ask(verifier, desk.code(1)[:-1] + ("A" if desk.code(1)[-1] != "A" else "B")), 422, "code-invalid")
    assert wrong["data"]["repaired"] == desk.code(1)
    problem(ask(verifier, desk.code(77)), 404, "entity-unknown")
    problem(ask(verifier, "912"), 422, "code-invalid")
    problem(ask(verifier, desk.code(1), "honour/award"), 403, "item-not-allowed")
    problem(ask(verifier, desk.code(1), "honour/food-licence"), 422, "item-unknown")
    problem(verifier.send("GET", f"/api/v1/verify/{desk.code(1)}"), 422, "request-invalid")
    assert desk.one("SELECT count(*) FROM audit_auditentry WHERE deed = 'query.verification'") == before


@pytest.mark.parametrize(
    "asked", ["11010519491231002X", "110105491231003", "张三", "欧阳 娜", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_natural_persons_are_never_answered(desk: Desk, verifier: System, asked: str) -> None:
    """REF-14: neither by identity number nor by name; what was asked is neither repeated nor kept."""
    answer = ask(verifier, asked)
    problem(answer, 422, "person-query")
    assert asked not in answer.json()["message_zh"] + str(answer.json()["data"])
    batch = verifier.send("POST", "/api/v1/verify", {"purpose": "permit", "item": "food-licence", "codes": [asked]})
    (only,) = batch.json()["answers"]
    assert (only["asked"], only["outcome"], only["error"]["code"]) == (None, "refused", "person-query")
    assert desk.one("SELECT count(*) FROM audit_auditentry WHERE detail::text LIKE %s", f"%{asked}%") == 0


def test_a_batch_answers_in_order_with_a_row_for_each(desk: Desk, verifier: System) -> None:
    codes = [desk.code(2), desk.code(78), desk.code(1), "nonsense", desk.code(2)]
    before = len(audit_rows(desk.code(2)))
    answer = verifier.send(
        "POST", "/api/v1/verify", {"purpose": "permit", "item": "food-licence", "case": "B-1", "codes": codes}
    )
    body = answer.json()
    assert [item["outcome"] for item in body["answers"]] == ["known", "unknown", "known", "invalid", "known"]
    assert len({item["query"] for item in body["answers"] if "query" in item}) == 3
    assert len(audit_rows(desk.code(2))) == before + 2
    assert body["data"]["source"] == "ledger"


def test_a_record_an_officer_ended_is_answered_no_more(desk: Desk, verifier: System) -> None:
    """W1, REF-07: the live way judges what the windows have not read yet."""
    from xinyong.accounts.models import User
    from xinyong.ledger import actions

    desk.take([desk.penalty(desk.code(4), "示例第四有限公司", CF_WSH="（示）罚〔2026〕9号")], "penalty")
    assert numbers(ask(verifier, desk.code(4))) == ["（示）罚〔2026〕9号"], "before any effect has read it"
    record = desk.one("SELECT max(record_id) FROM ledger_record")
    user = User.objects.create(username="clerk", display_name="示例", role="operator")
    actions.record_status(user, record, "disputed", reason="提出异议", basis="（示）异〔2026〕1号")
    marked = ask(verifier, desk.code(4)).json()["facts"]
    assert [fact["states"] for fact in marked if fact["dataset"] == "penalty"] == [["异议处理中"]]
    actions.record_status(user, record, "withdrawn", cause="annulled", reason="原决定撤销", basis="（示）撤〔2026〕1号")
    assert numbers(ask(verifier, desk.code(4))) == []
    desk.catch_up()
    assert numbers(ask(verifier, desk.code(4))) == []


def test_a_client_without_the_right_or_switched_off_gets_nothing(desk: Desk, verifier: System) -> None:
    from .api_support import make_system

    problem(ask(make_system("only-delivers"), desk.code(1)), 403, "right-missing")
    problem(Client().get(f"/api/v1/verify/{desk.code(1)}"), 401, "key-missing")


def test_the_items_of_a_client_are_listed_with_their_scope(verifier: System) -> None:
    body = verifier.send("GET", "/api/v1/verify/items").json()
    assert [item["item"] for item in body["items"]] == ["food-licence", "supplier-check", "credit-service"]
    assert all(item["basis"] and item["sees"] for item in body["items"])


# --- measures --------------------------------------------------------------------------------------------------------------


def test_measures_are_those_of_the_asking_organ_and_the_item(desk: Desk, verifier: System) -> None:
    """M2: only rows whose executor is this unit and whose scene is this item; nothing else of the entity's measures."""
    from xinyong.accounts import actions as accounts
    from xinyong.lists import selectors as lists
    from xinyong.registry.models import Entity

    code, name = desk.code(8), "示例第八有限公司"
    desk.take([desk.registration(code, name)])
    decided = (date.today() - timedelta(days=300)).isoformat()
    act = "隐瞒有关情况，提供虚假材料申请行政许可"
    desk.take(
        [desk.penalty(code, name, CF_WFXW=act, CF_SY=act, CF_JDRQ=decided, CF_NR_FK="30", CF_NR="罚款三十万元。")],
        "penalty",
    )
    desk.catch_up()
    found: dict[str, set[str]] = {}
    for slug, organ in (("permits", "示例市行政审批局"), ("finance", "示例市财政局"), ("demo", "")):
        if organ:
            accounts.register_department(slug=slug, name_zh=organ, acting="test")
        system = make_verifier(f"m-{slug}", ("food-licence", "subsidy"), department=slug)
        for item, scene in (("permit/food-licence", "permit"), ("funds/subsidy", "funds")):
            body = ask(system, code, item).json()
            shown = {measure["id"] for measure in body["measures"]}
            found[f"{slug}/{scene}"] = shown
            wanted = lists.measures_for(Entity.objects.get(credit_code=code), slug, scene)
            assert shown == {one.measure.id for one in wanted}, "what the room of lists itself advises"
            for measure in body["measures"]:
                assert measure["basis"] and measure["object"]["document"] == "（示）罚〔2026〕1号"
            assert len(body["rules"]["measures"]) == 64
    assert "MEA-20" in found["permits/permit"] and found["demo/permit"] == set()
    assert "MEA-20" not in found["finance/permit"] | found["permits/funds"]


# --- the description -----------------------------------------------------------------------------------------------------


def _examples() -> list[Any]:
    from xinyong.verification.examples import EXAMPLES

    return EXAMPLES


@pytest.fixture(scope="module")
def example_system(desk: Desk, verifier: System) -> System:
    return make_verifier("verify-examples")


@pytest.mark.parametrize("example", _examples(), ids=lambda item: f"{item.method} {item.name}")
def test_every_example_of_the_description_is_true(example_system: System, example: Any) -> None:
    from xinyong.accounts.models import ApiClient

    client = ApiClient.objects.get(slug="verify-examples")
    machine = System(example_system.key)
    if example.set_up == "no-key":
        problem(Client().generic(example.method, example.path, b"{}"), example.status, example.code)
        return
    if example.set_up == "bad-key":
        machine = System("xyk_00000000_" + "0" * 43)
    changed = {"requests": ("requests_per_minute", 0), "rows": ("rows_per_day", 0), "no-right": ("rights", [])}
    name, value = changed.get(example.set_up, ("name", client.name))
    before = getattr(client, name)
    setattr(client, name, value)
    client.save()
    try:
        answer = machine.send(example.method, example.path, example.body, media=example.media)
    finally:
        setattr(client, name, before)
        client.save()
    if not example.code:
        assert answer.status_code == example.status, answer.content.decode()
        return
    said = problem(answer, example.status, example.code)
    if example.code == "code-invalid":
        assert said["message_zh"] == example.error.message("zh")
        assert said["message_en"] == example.error.message("en")


def test_answers_fit_their_schemas(desk: Desk, verifier: System) -> None:
    import jsonschema_rs

    document = Client().get("/api/v1/openapi.json").json()

    def fits(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(value)] == []

    fits("VerifyOut", ask(verifier, desk.code(1)).json())
    body = {"purpose": "permit", "item": "food-licence", "codes": [desk.code(1), desk.code(79), "张三"]}
    fits("VerifyBatchIn", body)
    fits("VerifyBatchOut", verifier.send("POST", "/api/v1/verify", body).json())
    fits("ItemsOut", verifier.send("GET", "/api/v1/verify/items").json())


# --- signed requests -----------------------------------------------------------------------------------------------------


class Signer:
    """A system that signs its requests."""

    def __init__(self, keyid: str, key: Any) -> None:
        self.keyid, self.key = keyid, key

    def send(self, path: str, body: Any = None, **more: Any) -> Any:
        import json
        import secrets
        import time

        from xinyong.api import signatures

        raw = None if body is None else json.dumps(body).encode()
        place, _, query = path.partition("?")
        options = {"created": int(time.time()), "nonce": secrets.token_hex(12), "key": self.key, **more}
        fields = signatures.sign(
            method="GET" if raw is None else "POST",
            authority="testserver",
            path=place,
            query=query,
            keyid=self.keyid,
            body=raw,
            **options,
        )
        http = Client(headers={"accept-language": "zh-CN"})
        if raw is None:
            return http.get(path, headers=fields)
        return http.post(path, raw, content_type="application/json", headers=fields)


@pytest.fixture(scope="module")
def signers(desk: Desk, verifier: System) -> dict[str, Signer]:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from xinyong.accounts import client_actions
    from xinyong.accounts.models import ApiClient

    client = ApiClient.objects.get(slug="hall")
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    ed = client_actions.register_signing_key(client, algorithm="ed25519", public=public, days=30, acting="test")
    shared = client_actions.register_signing_key(client, algorithm="hmac-sha256", days=30, acting="test")
    return {
        "ed25519": Signer(ed.prefix, private),
        "hmac-sha256": Signer(shared.prefix, base64.b64decode(shared.text)),
    }


@pytest.mark.parametrize("kind", ["ed25519", "hmac-sha256"])
def test_a_signed_request_is_answered_once(desk: Desk, signers: dict[str, Signer], kind: str) -> None:
    """Wrong signature, replay, clock skew and a revoked key each have an answer of their own, and leave no row."""
    import time

    from xinyong.accounts import client_actions
    from xinyong.accounts.models import ApiClient

    signer = signers[kind]
    path = f"/api/v1/verify/{desk.code(2)}?purpose=permit&item=food-licence"
    before = len(audit_rows(desk.code(2)))
    assert signer.send(path, nonce="n" * 20 + kind).status_code == 200
    problem(signer.send(path, nonce="n" * 20 + kind), 401, "signature-replayed")
    assert signer.send("/api/v1/verify", {"purpose": "permit", "item": "food-licence", "codes": [desk.code(2)]}).json()[
        "answers"
    ]
    assert len(audit_rows(desk.code(2))) == before + 2
    problem(signer.send(path, created=int(time.time()) - 90), 401, "signature-time")
    problem(signer.send(path, created=int(time.time()) + 90), 401, "signature-time")
    problem(Signer(signer.keyid, b"x" * 32).send(path), 401, "signature-wrong")
    problem(Signer("sig-nobody", b"x" * 32).send(path), 401, "signature-wrong")
    client = ApiClient.objects.get(slug="hall")
    client.requests_per_minute = 0
    client.save()
    try:
        problem(signer.send(path), 429, "quota-used-up")
    finally:
        client.requests_per_minute = 600
        client.save()
    client_actions.revoke_signing_key(signer.keyid, acting="test")
    problem(signer.send(path), 401, "key-revoked")
    assert len(audit_rows(desk.code(2))) == before + 2


def test_one_key_that_cannot_be_opened_ends_nothing_for_the_others(desk: Desk, verifier: System, caplog: Any) -> None:
    """A secret sealed with keys of another home: its signatures are refused, every other client is served."""
    import base64

    from xinyong.accounts import client_actions
    from xinyong.accounts.models import ApiClient, ApiSigningKey
    from xinyong.verification.clients import Clients

    client = ApiClient.objects.get(slug="hall")
    lost, kept = (
        client_actions.register_signing_key(client, algorithm="hmac-sha256", days=30, acting="test") for _ in range(2)
    )
    ApiSigningKey.objects.filter(keyid=lost.prefix).update(
        material=ApiSigningKey.objects.get(keyid=kept.prefix).material  # sealed for another name
    )
    path = f"/api/v1/verify/{desk.code(2)}?purpose=permit&item=food-licence"
    problem(Signer(lost.prefix, base64.b64decode(lost.text)).send(path), 401, "signature-wrong")
    assert lost.prefix in caplog.text and lost.text not in caplog.text
    assert Signer(kept.prefix, base64.b64decode(kept.text)).send(path).status_code == 200
    known = Clients()
    assert known.load() and known.of_signature(kept.prefix) is not None and known.of_signature(lost.prefix) is None


def test_a_secret_is_sealed_and_a_key_shown_by_the_command(desk: Desk, verifier: System, tmp_path: Any) -> None:
    import json

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made = json.loads(desk.cli("client", "sign", "hall", "--hmac", "--json").stdout)
    stored = desk.one("SELECT material FROM accounts_apisigningkey WHERE keyid = %s", made["keyid"])
    assert stored.startswith("enc1:") and made["secret"] not in stored
    pem = tmp_path / "public.pem"
    public = Ed25519PrivateKey.generate().public_key()
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    keyid = json.loads(desk.cli("client", "sign", "hall", "--public", pem, "--json").stdout)["keyid"]
    assert desk.cli("client", "sign", "hall").exit_code == 2
    listed = desk.cli("client", "list").stdout
    assert keyid in listed and made["keyid"] in listed and made["secret"] not in listed
    assert desk.cli("client", "revoke", keyid).exit_code == 0
