"""Signing in by OpenID Connect: what a strict provider takes, what the site refuses, and what a person may then do."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey

from xinyong.audit.models import AuditEntry
from xinyong.centre import actions
from xinyong.centre.identity import client as oidc
from xinyong.centre.models import Account, Mandate, Session
from xinyong.centre.rules import Facts, State, masked, state
from xinyong.runtime import cryptography

from .centre_support import FIRM, OTHER, Crooked, answer_of, provider_running, register, sign_in


@pytest.fixture(scope="module")
def folder(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("identity")
    register(made)
    return made


@pytest.fixture
def provider(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crooked]:
    with provider_running(folder, monkeypatch) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_yet(folder: Path) -> None:
    Session.objects.all().delete()
    Mandate.objects.all().delete()
    Account.objects.all().delete()


def begun() -> tuple[Client, str]:
    client = Client(headers={"accept-language": "zh-CN"})
    return client, client.get("/centre/start").headers["Location"]


def back(client: Client, address: str) -> int:
    return client.get(address.removeprefix("http://testserver")).status_code


def test_a_legal_representative_signs_in(provider: Crooked) -> None:
    client = sign_in("lead", "/centre/delegates")
    page = client.get("/centre/").content.decode()
    assert "示例甲公司" in page and "李**" in page and "李示例" not in page
    account = Account.objects.get()
    assert "李示例" not in account.name and account.subject != "s-1"
    assert cryptography.reveal("centre:name", account.name) == "李示例"
    deeds = list(AuditEntry.objects.filter(actor=f"firm:{account.pk}").values_list("deed", flat=True))
    assert "firm.sign-in" in deeds and "mandate.vouched" in deeds
    assert not AuditEntry.objects.filter(detail__icontains="李示例").exists()
    cookie = client.cookies["firm_session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert cookie.value not in Session.objects.get().digest
    assert client.get("/centre/").headers["Cache-Control"].count("no-store") == 1


def test_the_request_carries_state_nonce_and_pkce(provider: Crooked) -> None:
    _, address = begun()
    asked = {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43 and len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32
    assert asked["redirect_uri"] == "http://testserver/centre/callback"
    assert "openid" in asked["scope"].split()


def test_the_answer_must_come_back_to_the_browser_that_asked(provider: Crooked) -> None:
    client, address = begun()
    answer = answer_of(address, "lead")
    assert back(Client(), answer) == 403  # another browser: no mark
    other, _ = begun()
    assert back(other, answer) == 403  # another sign-in: other state
    assert back(client, answer.replace("iss=", "iss=https%3A%2F%2Felsewhere.example%2F")) == 403
    assert back(client, answer) == 302
    assert back(client, answer) == 403  # the mark is gone
    assert Session.objects.count() == 1


def test_a_code_is_good_once(provider: Crooked) -> None:
    client, address = begun()
    answer = answer_of(address, "lead")
    sealed = client.cookies["firm_sign_in"].value
    assert back(client, answer) == 302
    client.cookies["firm_sign_in"] = sealed
    assert back(client, answer) == 403


def test_a_forged_mark_opens_nothing(provider: Crooked) -> None:
    client, address = begun()
    answer = answer_of(address, "lead")
    sealed = client.cookies["firm_sign_in"].value
    client.cookies["firm_sign_in"] = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
    assert back(client, answer) == 403


def test_a_sign_in_ends_after_ten_minutes(provider: Crooked, monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = begun()
    answer = answer_of(address, "lead")
    now = time.time()
    monkeypatch.setattr(oidc.time, "time", lambda: now + 601)
    assert back(client, answer) == 403


def test_cancelling_says_so(provider: Crooked) -> None:
    client, address = begun()
    state_of = parse_qs(urlsplit(address).query)["state"][0]
    answer = client.get("/centre/callback", {"state": state_of, "error": "access_denied"})
    assert answer.status_code == 403 and "取消" in answer.content.decode()


BENT = {
    "another audience": lambda claims: {**claims, "aud": "another-site"},
    "another audience, with azp": lambda claims: {**claims, "aud": "another-site", "azp": "the-site"},
    "meant for two, azp another": lambda claims: {**claims, "aud": ["the-site", "x"], "azp": "x"},
    "no audience": lambda claims: {key: value for key, value in claims.items() if key != "aud"},
    "another issuer": lambda claims: {**claims, "iss": "https://elsewhere.example"},
    "expired": lambda claims: {**claims, "iat": claims["iat"] - 4000, "exp": claims["iat"] - 3600},
    "no end": lambda claims: {key: value for key, value in claims.items() if key != "exp"},
    "from the future": lambda claims: {**claims, "iat": claims["iat"] + 3600},
    "another nonce": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {key: value for key, value in claims.items() if key != "nonce"},
    "another access token": lambda claims: {**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "nobody": lambda claims: {key: value for key, value in claims.items() if key != "sub"},
}


@pytest.mark.parametrize("how", BENT)
def test_a_token_that_says_something_else_is_refused(provider: Crooked, how: str) -> None:
    provider.bend = BENT[how]  # type: ignore[method-assign]
    client, address = begun()
    assert back(client, answer_of(address, "lead")) == 403
    assert not Session.objects.exists() and not Account.objects.exists()


def _parts(token: str) -> tuple[dict[str, object], dict[str, object], str]:
    head, body, signature = token.split(".")

    def read(text: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return found

    return read(head), read(body), signature


def _packed(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _altered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = _parts(token)[1]
    claims["organizations"] = [{"credit_code": OTHER, "role": "legal_representative"}]
    del body
    return f"{head}.{_packed(claims)}.{signature}"


def _unsigned(token: str) -> str:
    return f"{_packed({'alg': 'none'})}.{token.split('.')[1]}."


def _by_the_secret(token: str) -> str:
    signed = f"{_packed({'alg': 'HS256'})}.{token.split('.')[1]}"
    mark = hmac.new(b"s e/c:r%t", signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def _by_another_key(token: str) -> str:
    head, claims, _ = _parts(token)
    return jwt.encode(head, claims, ECKey.generate_key("P-256"))  # type: ignore[arg-type]


@pytest.mark.parametrize("bend", [_altered, _unsigned, _by_the_secret, _by_another_key])
def test_a_token_with_another_signature_is_refused(provider: Crooked, bend: object) -> None:
    provider.bend_token = bend  # type: ignore[assignment, method-assign]
    client, address = begun()
    assert back(client, answer_of(address, "lead")) == 403
    assert not Session.objects.exists()


def test_a_new_key_of_the_provider_is_fetched(provider: Crooked) -> None:
    sign_in("lead")
    provider.key = ECKey.generate_key("P-256")
    provider.key = ECKey.import_key(provider.key.as_pem(private=True), {"kid": provider.key.thumbprint()})
    sign_in("lead")


def test_without_a_provider_the_page_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XINYONG_OIDC_ISSUER", raising=False)
    assert "不用登录即可查询" in Client(headers={"accept-language": "zh-CN"}).get("/centre/sign-in").content.decode()
    assert Client().get("/centre/start").status_code == 503
    monkeypatch.setenv("XINYONG_OIDC_ISSUER", "http://127.0.0.1:1")
    oidc.forget()
    assert Client().get("/centre/start").status_code == 503
    monkeypatch.setenv("XINYONG_OIDC_ISSUER", "http://provider.example")
    assert Client().get("/centre/start").status_code == 503  # not https


def test_where_to_go_next_never_leaves_the_centre(provider: Crooked) -> None:
    for target in ("https://example.org/centre/", "//example.org/centre/", "javascript:/centre/", "/console/"):
        client = Client()
        started = client.get("/centre/start", {"next": target})
        done = client.get(answer_of(started.headers["Location"], "lead").removeprefix("http://testserver"))
        assert done.headers["Location"] == "/centre/"


def test_who_has_no_firm_sees_nothing_of_any(provider: Crooked) -> None:
    for login in ("nobody", "stranger", "named"):
        client = sign_in(login)
        page = client.get("/centre/")
        assert page.status_code == 403
        assert "邀请码" in page.content.decode()
        assert client.get("/centre/delegates").status_code == 403


def test_delegates_are_invited_limited_changed_and_revoked(provider: Crooked) -> None:
    lead, helper = sign_in("lead"), sign_in("nobody")
    until = str(timezone.localdate() + timedelta(days=30))
    wrong = lead.post("/centre/delegates", {"name": "孙示例", "until": until})
    assert wrong.status_code == 422 and "至少选择一项" in wrong.content.decode() and "孙示例" in wrong.content.decode()
    far = lead.post("/centre/delegates", {"name": "孙示例", "rights": "fill", "until": "2099-01-01"})
    assert far.status_code == 422
    made = lead.post("/centre/delegates", {"name": "孙示例", "rights": ["fill", "submit"], "until": until})
    code = made.content.decode().partition("data-invitation>")[2].partition("<")[0]
    assert len(code) == 19 and code.replace("-", "") not in Mandate.objects.get(role="delegate").invitation
    assert helper.post("/centre/accept", {"code": "AAAA-BBBB-CCCC-DDDD"}).status_code == 422
    assert helper.post("/centre/accept", {"code": code.lower()}).status_code == 302
    assert sign_in("stranger").post("/centre/accept", {"code": code}).status_code == 422  # used
    page = helper.get("/centre/")
    assert page.status_code == 200 and "示例甲公司" in page.content.decode()
    refused = helper.post("/centre/delegates", {"name": "他人", "rights": "sign", "until": until})
    assert refused.status_code == 403 and "法定代表人" in refused.content.decode()
    mandate = Mandate.objects.get(role="delegate", ended_at__isnull=True)
    assert helper.post(f"/centre/delegates/{mandate.pk}/change", {"rights": "sign", "until": until}).status_code == 403
    changed = lead.post(f"/centre/delegates/{mandate.pk}/change", {"rights": "fill", "until": until})
    assert changed.status_code == 302
    mandate.refresh_from_db()
    assert mandate.rights == ["fill"]
    assert lead.post(f"/centre/delegates/{mandate.pk}/revoke", {"why": "离职"}).status_code == 302
    gone = helper.get("/centre/")
    assert gone.status_code == 403 and "离职" in gone.content.decode()
    deeds = [row.deed for row in AuditEntry.objects.filter(target=FIRM, deed__startswith="mandate.").order_by("pk")]
    for deed in ("mandate.invited", "mandate.accepted", "mandate.changed", "mandate.ended"):
        assert deed in deeds


def test_another_firms_delegates_are_out_of_reach(provider: Crooked) -> None:
    lead, other = sign_in("lead"), sign_in("other-lead")
    until = str(timezone.localdate() + timedelta(days=3))
    lead.post("/centre/delegates", {"name": "孙示例", "rights": "fill", "until": until})
    mandate = Mandate.objects.get(role="delegate")
    assert other.post(f"/centre/delegates/{mandate.pk}/revoke").status_code == 422
    assert other.post(f"/centre/delegates/{mandate.pk}/change", {"rights": "sign", "until": until}).status_code == 422
    mandate.refresh_from_db()
    assert mandate.ended_at is None and mandate.rights == ["fill"]
    assert "孙" not in other.get("/centre/delegates").content.decode()


def test_the_provider_names_a_delegate_and_the_legal_representative_answers(provider: Crooked) -> None:
    lead, named = sign_in("lead"), sign_in("named")
    assert "等待法定代表人授权" in named.get("/centre/").content.decode()
    page = lead.get("/centre/delegates").content.decode()
    assert "钱**" in page
    mandate = Mandate.objects.get(role="delegate")
    until = str(timezone.localdate())
    lead.post(f"/centre/delegates/{mandate.pk}/change", {"rights": "fill", "until": until})
    named.post("/centre/switch", {"mandate": mandate.pk})
    assert named.get("/centre/").status_code == 200


def test_one_person_two_firms(provider: Crooked) -> None:
    both = sign_in("both")
    seen = set()
    for mandate in Mandate.objects.all():
        assert both.post("/centre/switch", {"mandate": mandate.pk}).status_code == 302
        seen.add(both.get("/centre/").content.decode().partition("<h1>")[2].partition("</h1>")[0])
    assert seen == {"示例甲公司", "示例乙公司"}
    other = Mandate.objects.order_by("pk").first()
    assert other is not None
    stranger = sign_in("nobody")
    assert stranger.post("/centre/switch", {"mandate": other.pk}).status_code == 422


def test_a_new_legal_representative_ends_the_old_ones_mandate(provider: Crooked) -> None:
    old = sign_in("lead")
    new = sign_in("both")
    assert old.get("/centre/").status_code == 403
    assert "法定代表人已变更" in old.get("/centre/").content.decode()
    assert new.get("/centre/").status_code == 200
    provider.people = tuple(
        one if one.login != "both" else type(one)(**{**_asdict(one), "organizations": ()}) for one in provider.people
    )
    sign_in("both")
    assert not Mandate.objects.filter(role="legal_representative", ended_at__isnull=True).exists()


def _asdict(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("login", "sub", "name", "what", "organizations")}


def test_sessions_end(provider: Crooked) -> None:
    client = sign_in("lead")
    assert client.post("/centre/sign-out").status_code == 302
    assert client.get("/centre/").status_code == 302
    client = sign_in("lead")
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=31))
    assert client.get("/centre/").headers["Location"].startswith("/centre/sign-in?next=")
    late = client.post("/centre/delegates", {"name": "孙示例"})
    assert late.status_code == 401 and "不会丢失" in late.content.decode()
    client = sign_in("lead")
    Session.objects.update(created_at=timezone.now() - timedelta(hours=9))
    assert client.get("/centre/").status_code == 302


def test_firms_and_officers_have_nothing_in_common(provider: Crooked) -> None:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role

    accounts.create_user(
        username="op", password="a-long-password-1", display_name="op", role=Role.OPERATOR, department=None, acting="t"
    )
    client = sign_in("lead")
    assert client.get("/console/").status_code == 404
    officer = Client()
    assert officer.login(username="op", password="a-long-password-1")
    assert officer.get("/centre/").status_code == 302
    assert client.login(username="op", password="a-long-password-1")
    client.post("/console/logout")
    assert client.get("/centre/").status_code == 200


def test_states_of_a_mandate() -> None:
    now, today = timezone.now(), timezone.localdate()

    def of(**changes: object) -> State:
        facts = {
            "role": "delegate",
            "taken": True,
            "rights": ["fill"],
            "invited_until": None,
            "valid_until": today,
            "ended": False,
        }
        return state(Facts(**{**facts, **changes}), now, today)  # type: ignore[arg-type]

    assert of() is State.ACTIVE
    assert of(valid_until=today - timedelta(days=1)) is State.EXPIRED
    assert of(rights=[]) is State.ASKED
    assert of(taken=False, invited_until=now + timedelta(hours=1)) is State.INVITED
    assert of(taken=False, invited_until=now) is State.LAPSED
    assert of(ended=True) is State.ENDED
    assert of(role="legal_representative", rights=[], valid_until=None) is State.ACTIVE


def test_masking_keeps_the_family_name_only() -> None:
    assert [masked(name) for name in ("", "李", "李四", "李示例", "欧阳示例")] == ["*", "*", "李*", "李**", "欧**"]
    assert timedelta(days=7) == actions.INVITATION
