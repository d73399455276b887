"""Firms and people for the tests of the enterprise centre, and a real identity provider to sign in through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from xinyong.centre.identity import client as oidc
from xinyong.demo.identity import provider as demo_provider
from xinyong.demo.identity.provider import Given, Person, Provider

FIRM, OTHER = "91410100MA9D8EM074", "91130000123456788X"
PASSWORD = "a-long-password-1"


def person(login: str, sub: str, *firms: tuple[str, str], name: str = "李示例") -> Person:
    """Somebody the provider knows."""
    return Person(
        login=login,
        sub=sub,
        name=name,
        what="",
        organizations=tuple({"credit_code": code, "role": role} for code, role in firms),
    )


PEOPLE = (
    person("lead", "s-1", (FIRM, "legal_representative")),
    person("other-lead", "s-2", (OTHER, "legal_representative"), name="王示例"),
    person("both", "s-3", (FIRM, "legal_representative"), (OTHER, "legal_representative"), name="赵示例"),
    person("named", "s-4", (FIRM, "delegate"), name="钱示例"),
    person("nobody", "s-5", name="孙示例"),
    person("stranger", "s-6", ("91350100M000100Y43", "legal_representative"), name="周示例"),
)


class Crooked(Provider):
    """A provider whose tokens a test bends."""

    bend: Callable[[dict[str, Any]], dict[str, Any]] = staticmethod(lambda claims: claims)
    bend_token: Callable[[str], str] = staticmethod(lambda text: text)
    asked: dict[str, str]

    def claims(self, given: Given, access: str) -> dict[str, Any]:
        return self.bend(super().claims(given, access))

    def sign(self, claims: Mapping[str, Any]) -> str:
        return self.bend_token(super().sign(claims))


@contextmanager
def provider_running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crooked]:
    """The provider on a port of its own, and the settings of the site pointing at it."""
    made = Crooked(
        issuer="",
        people=PEOPLE,
        password=PASSWORD,
        client_id="the-site",
        client_secret="s e/c:r%t",  # what basic authentication must quote
        redirect_uris=["http://testserver/centre/callback"],
        key=demo_provider.load_key(folder / "key.pem"),
    )
    server = demo_provider.serve(made, 0)
    made.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    (folder / "secret").write_text(made.client_secret)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("XINYONG_OIDC_ISSUER", made.issuer)
    monkeypatch.setenv("XINYONG_OIDC_CLIENT_ID", made.client_id)
    monkeypatch.setenv("XINYONG_OIDC_SECRET_FILE", str(folder / "secret"))
    oidc.forget()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        oidc.forget()


def answer_of(address: str, login: str, password: str = PASSWORD) -> str:
    """Sign in at the provider as a browser does; the address it sends the browser back to."""
    with requests.Session() as browser:
        page = browser.get(address, timeout=10)
        assert page.status_code == 200 and "演示" in page.text
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        done = browser.post(
            address.partition("?")[0],
            data={**asked, "login": login, "password": password, "deed": "allow"},
            allow_redirects=False,
            timeout=10,
        )
    assert done.status_code == 303, done.text
    return done.headers["Location"]


def sign_in(login: str, onward: str = "/centre/") -> Client:
    """A browser in which somebody has signed in."""
    client = Client(headers={"accept-language": "zh-CN"})
    started = client.get("/centre/start", {"next": onward})
    assert started.status_code == 302, started.content.decode()[:2000]
    back = answer_of(started.headers["Location"], login)
    done = client.get(back.removeprefix("http://testserver"))
    assert done.status_code == 302, done.content.decode()[:3000]
    assert done.headers["Location"] == onward
    return client


def register(folder: Path) -> None:
    """The two firms, in the registry by a delivery."""
    from xinyong.accounts import selectors
    from xinyong.intake import actions as intake
    from xinyong.ledger import corridor

    file = folder / "registration.csv"
    file.write_text(
        f"企业名称,统一社会信用代码,注册日期\n示例甲公司,{FIRM},2020-01-01\n示例乙公司,{OTHER},2020-01-02\n",
        encoding="utf-8",
    )
    intake.deliver(file, dataset="registration", department=selectors.department("demo"), uploader="test")
    corridor.catch_up()
