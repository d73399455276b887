"""What stops being public is gone from every surface. A public route that is in no list of this file fails the test.

One record is taken away in each of the ways there are (withdrawn by an act, hidden by a new version, expired by time), and
every public address is walked: nothing of the record is said anywhere, every count is one less, every kept answer is asked
about again and changes.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.ledger import actions as ledger
from xinyong.opendata import actions as opendata
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.shares import actions as shares
from xinyong.shares.selectors import Scope

from .test_verification import make_verifier

NAME = "示例消隐纺织有限公司"
#: Stands in the number and the facts of the record that goes, and nowhere else.
MARK = "消隐标记"

#: Sections of the operator's own articles: no record comes to them by itself.
CONTENT = ("news", "policies", "interpretations", "typical-cases")
#: Surfaces that show records, with what must hold once the record is gone. ``{code}`` is its entity, ``{key}`` the record.
SAYS_NOTHING: dict[str, str] = {
    "home": "/",
    "search": "/search?q=示例消隐",
    "search-json": "/search.json?q=示例消隐",
    "search-csv": "/search.csv?q=示例消隐",
    "search-jsonld": "/search.jsonld?q=示例消隐",
    "search-suggest": "/search/suggest?q=示例消隐",
    "entity": "/entities/{code}",
    "entity-json": "/entities/{code}.json",
    "entity-csv": "/entities/{code}.csv?dataset=penalty",
    "entity-jsonld": "/entities/{code}.jsonld",
    "entity-rss": "/entities/{code}.rss",
    "entity-atom": "/entities/{code}.atom",
    **{
        f"double-publicity{suffix.replace('.', '-')}": f"/double-publicity{suffix}?type=penalty"
        for suffix in ("", ".json", ".csv", ".jsonld", ".rss", ".atom")
    },
    **{
        f"{name}{suffix.replace('.', '-')}": f"{address}{suffix}"
        for name, address in (("public-list", "/lists/abnormal-list"), ("commitments", "/commitments"))
        for suffix in ("", ".json", ".csv", ".jsonld", ".rss", ".atom")
    },
    **{f"public-lists{suffix.replace('.', '-')}": f"/lists{suffix}" for suffix in ("", ".json", ".csv")},
    "repair": "/repair?q={code}",
    "statistics": "/statistics",
    "report": "/entities/{code}/report",
    **{
        f"{kind}{form.replace('.', '-')}": f"/{kind}{form}"
        for kind in CONTENT
        for form in ("", ".json", ".csv", ".rss", ".atom")
    },
    "articles": "/articles?q=示例消隐",
    "share": "/s/{share}",
    "share-json": "/s/{share}.json",
    "open-data": "/open-data",
    "open-data-json": "/open-data.json",
    "open-data-jsonld": "/open-data.jsonld",
    "open-data-set": "/open-data/datasets/penalty",
    "open-data-set-json": "/open-data/datasets/penalty.json",
    "open-data-set-jsonld": "/open-data/datasets/penalty.jsonld",
    "open-data-sample": "/open-data/datasets/penalty/sample.csv",
    "open-data-dcat-ttl": "/open-data/catalogue.ttl",
    "open-data-dcat-jsonld": "/open-data/catalogue.jsonld",
    "sitemap-part": "/sitemap-0.xml",
}
#: The record's own addresses: 410 without a word of it.
GONE: dict[str, str] = {
    "record-page": "/records/{key}",
    "record-page-json": "/records/{key}.json",
    "record-page-csv": "/records/{key}.csv",
    "record-page-jsonld": "/records/{key}.jsonld",
    "record-page-proof": "/records/{key}/proof.json",
    "record-tip": "/records/{key}/tip",
}
#: Feeds by which copies follow: they name the id, and nothing else of it.
NAMES_THE_ID: dict[str, str] = {
    "open-data-deletions": "/open-data/deletions",
    "open-data-deletions-json": "/open-data/deletions.json",
    "open-data-deletions-csv": "/open-data/deletions.csv",
    "open-data-changes": "/open-data/datasets/penalty/changes.jsonl",
}
#: Files of the moment before: not given out.
FILES: dict[str, str] = {
    "open-data-file": "/open-data/files/penalty/{cut}.csv",
    "open-data-latest": "/open-data/datasets/penalty/latest.csv",
}
#: The signed report of the moment before: its verification says that it is out of date and repeats nothing.
REPORTS = {"report-document", "verify", "verify-file", "verify-short", "api-report"}
#: Answers to systems that may ask: asked with a key, before and after.
VERIFIED = {"verify_entity", "verify_batch"}
#: Behind a sign-in: officers see what is not public, and a firm sees its own records whatever becomes of them, with their state.
SIGNED_IN = ("console/", "centre/")
#: Routes that show no record of anybody.
NOTHING_OF_RECORDS = {
    "care",
    "article",  # written by the operator; whatever an article says of a record, an editor archives
    "article-json",
    "article-file",
    "objection",
    "tip-answer",  # how far a tip is, for whoever has its number
    "site-map",
    "privacy",
    "accessibility",
    "feedback",
    "healthz",
    "readyz",
    "log-file",  # commitments that tell nothing
    "catalogue",
    "catalogue-entry",
    "catalogue-template",
    "api-reference",
    "openapi-json",
    "api-root",
    "open-data-schema",
    "robots",
    "sitemap",
    "sitemap-pages",
    "commitment-texts",  # words to sign, no commitment of anybody
    "commitment-texts-json",
    "list-registry",
    "list-config",
    "measures",
    "list_verify_items",
    "joint_vocabulary",
}


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif pattern.name:
            yield pattern.name, prefix + str(pattern.pattern)


def test_every_public_route_is_in_one_list_of_the_walk() -> None:
    lists = [set(SAYS_NOTHING), set(GONE), set(NAMES_THE_ID), set(FILES), REPORTS, VERIFIED, NOTHING_OF_RECORDS]
    for place, one in enumerate(lists):
        for other in lists[place + 1 :]:
            assert not one & other
    # Departments' systems see what they sent and the work they were asked to do, which ends with the entry behind it.
    own = {"send_record", "send_delivery", "list_datasets", "list_deliveries", "get_delivery", "list_findings"}
    own |= {f"{act}_joint_work" for act in ("list", "get", "decide", "execute", "lift")}
    public = {
        name
        for name, pattern in _routes(list(get_resolver().url_patterns))
        if not any(part in pattern for part in SIGNED_IN)
    }
    assert public - own == set().union(*lists), "a public route must say here what becomes of a record that is gone"


@pytest.fixture(scope="module")
def verifier(desk: Any) -> Any:
    """A bank's system that may ask for what is public."""
    return make_verifier("vanish-bank", ("credit-service",))


def verified(verifier: Any, code: str) -> str:
    """What the verification answers, one by one and in a batch."""
    one = verifier.send("GET", f"/api/v1/verify/{code}?purpose=financing&item=credit-service")
    batch = verifier.send("POST", "/api/v1/verify", {"purpose": "financing", "item": "credit-service", "codes": [code]})
    assert (one.status_code, batch.status_code) == (200, 200)
    return text(one) + text(batch)


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """An operator."""
    return accounts.create_user(
        username="vanish-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


def withdrawn(desk: Any, officer: User, record: int, world: dict[str, str]) -> None:
    """By an act of an officer."""
    ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()


def hidden(desk: Any, officer: User, record: int, world: dict[str, str]) -> None:
    """By a new version that is not for the public: the punishment was a warning after all."""
    desk.take([penalty(desk, world, CF_CFLB="警告", CF_NR="警告。", CF_NR_FK="")], "penalty")
    desk.catch_up()


def expired(desk: Any, officer: User, record: int, world: dict[str, str]) -> None:
    """By time: its last day was yesterday."""
    from xinyong.runtime import database

    yesterday = date.today() - timedelta(days=1)
    with database.connect() as session:
        session.execute("UPDATE publicity_day SET closed_through = %s", (yesterday - timedelta(days=1),))
        session.execute(
            "UPDATE publicity_window SET public_until = %s, earliest_repair = least(earliest_repair, %s) "
            "WHERE record_id = %s",
            (yesterday, yesterday, record),
        )
        # As every other change of a window: with the position, in one transaction (publicity/counted.py).
        session.execute("UPDATE ledger_effect_position SET event_id = event_id WHERE effect = 'publicity'")
    desk.catch_up()


def penalty(desk: Any, world: dict[str, str], **more: str) -> dict[str, str]:
    """The row of the record that goes."""
    row: dict[str, str] = desk.penalty(
        world["code"],
        NAME,
        CF_WSH=f"（{MARK}{world['way']}）罚〔2026〕1号",
        CF_SY=f"当事人{MARK}未按规定公示。",
        **more,
    )
    return row


def text(answer: Any) -> str:
    """The answer as text; a streamed one can be read once, so it is kept."""
    return text_bytes(answer).decode("utf-8", "replace")


def get(address: str, **headers: str) -> Any:
    """An answer of the site."""
    return Client(headers={"accept-language": "zh-CN", **headers}).get(address)


@pytest.mark.parametrize("way", [withdrawn, hidden, expired], ids=lambda way: way.__name__)
def test_what_is_gone_is_gone_everywhere(desk: Any, officer: User, verifier: Any, way: Callable[..., None]) -> None:
    number = {"withdrawn": 1, "hidden": 2, "expired": 3}[way.__name__]
    world = {"code": desk.code(number), "way": way.__name__, "name": NAME + str(number)}
    desk.take([desk.registration(world["code"], world["name"])])
    other = desk.penalty(world["code"], world["name"], CF_WSH=f"（留）{number}号")
    desk.take([other], "penalty")
    desk.take([penalty(desk, world)], "penalty")
    desk.catch_up()
    record = desk.one("SELECT max(record_id) FROM publicity_window")
    cut = opendata.cut("penalty")
    assert cut is not None
    entity = registry.by_key(world["code"])
    assert entity is not None
    share = shares.share(entity, Scope(chapters=frozenset(range(1, 10))), days=1, shown_to="", actor="test")
    world |= {"key": keys.record_key(record), "cut": cut.name, "share": share.token}

    languages = ("", "/en", "/zh-hant") if way is withdrawn else ("",)
    pages = {"home", "search", "entity", "double-publicity", "statistics", "repair", "report", "share", "record-page"}

    def walk(addresses: dict[str, str]) -> dict[str, Any]:
        return {
            f"{language}{name}": get(language + address.format(**world))
            for language in languages
            for name, address in addresses.items()
            if not (language and ("sitemap" in name or "dcat" in name or name == "open-data-file"))
            if language != "/zh-hant" or name in pages
        }

    # Before: it is on its own page, in the file, in the twins; counts include it.
    before = walk(SAYS_NOTHING)
    assert {name for name, answer in before.items() if answer.status_code != 200} == set()
    assert MARK in text(before["entity"]) and MARK in text(before["entity-json"]) and MARK in text(before["entity-csv"])
    for name in ("entity-rss", "entity-atom", "double-publicity", "double-publicity-json", "double-publicity-csv"):
        assert MARK in text(before[name]), name
    assert MARK in text(before["share"]) and MARK in text(before["share-json"])
    own = walk(GONE)
    assert all(answer.status_code == 200 for name, answer in own.items() if "proof" not in name)
    file = get(f"/open-data/files/penalty/{cut.name}.csv")
    assert MARK in text(file)
    start = get("/open-data/deletions.json").json()["cursor"]
    changes = json.loads(text(get("/open-data/datasets/penalty/changes.jsonl")).splitlines()[-1])["cursor"]
    figures = _counts(before, world)
    report = Client().post(f"/entities/{world['code']}/report.pdf")
    assert report.status_code == 200
    digest = hashlib.sha256(text_bytes(report)).hexdigest()
    assert "有效" in text(get(f"/verify?sha256={digest}"))

    assert MARK in verified(verifier, world["code"])

    began = time.monotonic()
    way(desk, officer, record, world)

    # Everything that lists records says nothing of it; whoever kept an answer gets the new one.
    after = walk(SAYS_NOTHING)
    for name, answer in after.items():
        assert answer.status_code == 200, name
        said = text(answer)
        assert MARK not in said and world["key"] not in said, name
        kept = before[name]
        if MARK in text(kept):
            assert "no-cache" in kept.headers["Cache-Control"] or "no-store" in kept.headers["Cache-Control"], name
            asked = {} if "no-store" in kept.headers["Cache-Control"] else {"if_none_match": kept.headers["ETag"]}
            again = get(_address(name, world), **asked)
            assert again.status_code == 200 and MARK not in text(again), name
    assert MARK not in verified(verifier, world["code"])
    assert time.monotonic() - began < 60, "the act, its effects and a walk of every surface"
    assert _counts(after, world) == tuple(value - 1 for value in figures)
    # Its own addresses.
    for name, answer in walk(GONE).items():
        assert answer.status_code in ((410, 404) if "proof" in name else (410,)), name
        said = text(answer)
        assert MARK not in said and world["code"] not in said and NAME not in said, name
        if name in own and own[name].headers.get("ETag"):
            assert get(_address(name, world), if_none_match=own[name].headers["ETag"]).status_code == answer.status_code
    # Feeds name the id alone.
    for name, answer in walk(
        {key: f"{value}?after={start}" for key, value in NAMES_THE_ID.items() if "deletions" in key}
    ).items():
        said = text(answer)
        assert world["key"] in said, name
        assert MARK not in said and world["code"] not in said and NAME not in said, name
    lines = [
        json.loads(line)
        for line in text(get(f"/open-data/datasets/penalty/changes.jsonl?after={changes}")).splitlines()
    ]
    assert [line["state"] for line in lines[:-1] if line["id"] == world["key"]] == ["gone"]
    assert MARK not in str(lines)
    whole = text(get("/open-data/datasets/penalty/changes.jsonl"))
    assert MARK not in whole
    # Files of before are withheld at once, and the next ones are without it.
    for name, answer in walk(FILES).items():
        assert answer.status_code == 503 and MARK not in text(answer), name
    assert opendata.cut_due("penalty")
    assert get(f"/open-data/files/penalty/{cut.name}.csv").status_code == 410
    fresh = get(get("/open-data/datasets/penalty/latest.csv").headers["Location"])
    assert fresh.status_code == 200 and MARK not in text(fresh) and world["key"] not in text(fresh)
    # A report of before is out of date; a new one is without it.
    verdict = text(get(f"/verify?sha256={digest}"))
    assert "已更新" in verdict and MARK not in verdict
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", verdict)
    assert code is not None
    asked = get(f"/api/v1/reports/{code.group()}").json()
    assert asked["standing"] == "updated" and MARK not in json.dumps(asked, ensure_ascii=False)
    assert MARK not in text(get(get(f"/v/{code.group()}").headers["Location"]))
    # The other record stays.
    assert f"（留）{number}号" in text(after["entity"])


def text_bytes(answer: Any) -> bytes:
    """The bytes of an answer."""
    if not hasattr(answer, "said"):
        answer.said = answer.getvalue() if answer.streaming else answer.content
    data: bytes = answer.said
    return data


def _address(name: str, world: dict[str, str]) -> str:
    language = next((item for item in ("/en", "/zh-hant") if name.startswith(item)), "")
    short = name.removeprefix(language)
    return language + (SAYS_NOTHING | GONE)[short].format(**world)


def _counts(answers: dict[str, Any], world: dict[str, str]) -> tuple[int, ...]:
    """Every place where the records are counted: tab, data, table, list, home page, statistics of the list of lists."""
    file = json.loads(text(answers["entity-json"]))
    section = next(item for item in file["sections"] if item["code"] == "penalty")
    page = text(get(f"/entities/{world['code']}?tab=administrative"))
    tab = re.search(r'id="section-penalty".*?class="section-note">([0-9,]+) 条', page, re.DOTALL)
    home = re.search(r"<dt>条公示记录</dt><dd>([0-9,]+)</dd>", text(answers["home"]))
    listed = re.search(r'class="list-sum"[^>]*>共 ([0-9,]+) 条', text(answers["double-publicity"]))
    assert tab is not None and home is not None and listed is not None
    return (
        section["total"],
        len(section["records"]),
        int(tab.group(1)),
        text(answers["entity-csv"]).strip().count("\n"),
        int(home.group(1).replace(",", "")),
        int(listed.group(1)),
        json.loads(text(answers["double-publicity-json"]))["total"],
        text(answers["double-publicity-csv"]).strip().count("\n"),
    )
