"""Open data: only what is public and nobody's person leaves; files are whole, proved, withheld once something vanished."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Disclosure, FieldType
from xinyong.ledger import actions as ledger
from xinyong.opendata import actions, changes, dcat, rows, selectors
from xinyong.opendata.models import Cut
from xinyong.publicity import gone
from xinyong.registry import keys

NAME = "示例开放建材有限公司"


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """An operator."""
    return accounts.create_user(
        username="open-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


@pytest.fixture(scope="module")
def world(desk: Any) -> dict[str, str]:
    """An enterprise and an individual business, each with penalties."""
    code, trader = desk.code(1), desk.code(2, "92410700")
    person = "示例经营人"
    desk.take(
        [
            desk.registration(code, NAME, 法定代表人="示例代表人", 住所="示例路1号", 经营者=""),
            desk.registration(trader, f"示例区{person}小吃店", 法定代表人="", 住所="示例家园2号楼", 经营者=person),
        ]
    )
    desk.take([desk.penalty(code, NAME, CF_WSH=f"开{number}") for number in range(1, 6)], "penalty")
    desk.take(
        [
            desk.penalty(
                trader,
                f"示例区{person}小吃店",
                CF_WSH="开个体",
                CF_XDR_LB="个体工商户",
                CF_FRDB=person,
                CF_SY=f"经营者{person}（电话13812345678）未按规定公示。",
            )
        ],
        "penalty",
    )
    desk.catch_up()
    return {"code": code, "trader": trader, "person": person}


def get(address: str, **headers: str) -> Any:
    """An answer of the site in Chinese."""
    return Client(headers={"accept-language": "zh-CN", **headers}).get(address)


def body(answer: Any) -> bytes:
    """The bytes of an answer."""
    return answer.getvalue() if answer.streaming else answer.content


def table(data: bytes) -> list[dict[str, str]]:
    """A CSV file."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def lines(answer: Any) -> list[dict[str, Any]]:
    """JSON Lines."""
    return [json.loads(line) for line in body(answer).decode().splitlines()]


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_no_personal_field_has_a_column() -> None:
    entries = [entry for entry in catalogue.packaged().in_force(date.today()) if rows.is_open(entry)]
    assert len(entries) > 5
    for entry in entries:
        for column in rows.columns(entry)[len(rows.BASE) :]:
            field = entry.field_by_code(column.code)
            assert not field.personal, (entry.code, field.code)
            assert field.publication is Disclosure.PUBLIC
            assert field.type is not FieldType.PERSONAL_NUMBER


_ENTRIES = [entry for entry in catalogue.packaged().in_force(date.today()) if rows.is_open(entry)]
_SECRETS = ["11010519491231002X", "13812345678", "6222021234567890128", "enc1:AAAA"]


@st.composite
def payloads(draw: st.DrawFn) -> tuple[Any, dict[str, Any], bool]:
    """A record with something personal in every field that may hold text, and marks in those that must stay behind."""
    entry = draw(st.sampled_from(_ENTRIES))
    payload: dict[str, Any] = {"_redact": [], "_raw": {}, "_layout": "x"}
    for field in entry.fields:
        if draw(st.booleans()):
            continue
        if field.personal or field.publication is not Disclosure.PUBLIC:
            payload[field.code] = f"SECRET-{field.code}"
            payload["_raw"][field.code] = "SECRET-raw"
        elif field.type is FieldType.TEXT:
            words = draw(st.text(alphabet="甲乙丙，。 ", max_size=8))
            payload[field.code] = words + " " + draw(st.sampled_from(_SECRETS)) + " " + words
            payload["_raw"][field.code] = "SECRET-raw"
            if draw(st.booleans()):
                payload[field.code] = "SECRET-redact"
                payload["_redact"].append(field.code)
    return entry, payload, draw(st.booleans())


@given(payloads())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_personal_leaves_whatever_a_record_holds(made: tuple[Any, dict[str, Any], bool]) -> None:
    entry, payload, person = made
    found = (
        7,
        None,
        9,
        "示例店",
        person,
        entry.digest,
        payload,
        date(2026, 1, 1),
        date(2026, 1, 1),
        None,
        "",
        "某局",
        None,
        1,
    )
    row = rows.Maker(entry).row(found)
    said = json.dumps([str(cell) for cell in row], ensure_ascii=False)
    assert "SECRET" not in said
    for secret in _SECRETS[:3]:
        assert secret not in said, (entry.code, secret)
    if person:
        assert "示例店" not in said
        free = {field.code for field in entry.fields if field.redact}
        held = dict(zip([column.code for column in rows.columns(entry)], row, strict=True))
        assert all(held.get(code) is None for code in free)


def test_an_individual_business_leaves_by_its_code_alone(world: dict[str, str]) -> None:
    made = actions.cut("penalty")
    registration = actions.cut("registration")
    assert made is not None and registration is not None
    for cut in (made, registration):
        for form in ("csv", "parquet"):
            data = (selectors.folder(cut.dataset) / f"{cut.name}.{form}").read_bytes()
            text = data.decode("utf-8") if form == "csv" else str(pl.read_parquet(io.BytesIO(data)).to_dicts())
            for word in (world["person"], "13812345678", "示例代表人", "示例负责人", "示例家园"):
                assert word not in text, (cut.dataset, form, word)
            assert world["trader"] in text
            assert NAME in text
    assert "示例路1号" in (selectors.folder("registration") / f"{registration.name}.csv").read_text("utf-8")


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_cut_is_the_list_with_its_proof(desk: Any, world: dict[str, str]) -> None:
    made = actions.cut("penalty")
    assert made is not None
    live = desk.one(
        "SELECT count(*) FROM publicity_window JOIN catalogue_dataset AS dataset ON dataset.id = dataset_id "
        "WHERE code = 'penalty' AND public_from <= current_date AND public_until >= current_date"
    )
    leads = get("/open-data/datasets/penalty/latest.csv")
    assert leads.status_code == 302
    answer = get(leads.headers["Location"])
    data = body(answer)
    assert hashlib.sha256(data).hexdigest() == made.csv_sha256
    assert answer.headers["Content-Length"] == str(len(data)) == str(made.csv_bytes)
    assert answer.headers["ETag"] == f'"{made.csv_sha256}"'
    parquet = body(get(f"/open-data/files/penalty/{made.name}.parquet"))
    assert hashlib.sha256(parquet).hexdigest() == made.parquet_sha256
    frame = pl.read_parquet(io.BytesIO(parquet))
    assert len(table(data)) == frame.height == made.rows == live == 6
    assert (
        frame.columns
        == list(table(data)[0])
        == [column.code for column in rows.columns(selectors.open_entry("penalty"))]
    )
    assert frame.schema["_decided_on"] == pl.Date
    assert "xinyong/" in made.checkpoint  # the signed checkpoint names its log
    shown = get("/open-data/datasets/penalty.json").json()["dataset"]["cut"]
    assert (shown["rows"], shown["files"][0]["sha256"]) == (6, made.csv_sha256)


def test_a_download_goes_on_where_it_broke_off(world: dict[str, str]) -> None:
    made = actions.cut("penalty")
    assert made is not None
    address = f"/open-data/files/penalty/{made.name}.csv"
    whole = body(get(address))
    first = get(address, range="bytes=0-99")
    assert (first.status_code, first.headers["Content-Range"]) == (206, f"bytes 0-99/{len(whole)}")
    rest = get(address, range="bytes=100-", if_range=first.headers["ETag"])
    assert rest.status_code == 206
    assert body(first) + body(rest) == whole
    assert body(get(address, range="bytes=-10")) == whole[-10:]
    assert get(address, range="bytes=100-", if_range='"another"').status_code == 200
    beyond = get(address, range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert get(address, if_none_match=first.headers["ETag"]).status_code == 304
    for odd in ("bytes=5-2", "bytes=x", "lines=1-2", "bytes=0-1,3-4"):
        assert get(address, range=odd).status_code in (200, 416)


def test_a_cut_that_fails_leaves_the_older_files(world: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from xinyong.opendata.errors import FilesUnwritable

    made = actions.cut("penalty")
    assert made is not None
    before = sorted(path.name for path in selectors.folder("penalty").iterdir())

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(actions, "_join", full)
    with pytest.raises(FilesUnwritable):
        actions.cut("penalty")
    assert sorted(path.name for path in selectors.folder("penalty").iterdir()) == before
    newest = selectors.newest("penalty")
    assert newest is not None and newest.name == made.name


def test_older_cuts_are_kept_by_rule(world: dict[str, str]) -> None:
    kept = int(gone.rule_set()["cuts"]["keep_newest"])
    for _ in range(kept + 2):
        actions.cut("commitments")
    names = {item.name for item in selectors.given_out("commitments")}
    assert kept <= len(names) <= kept + 1  # and the first of the month
    assert {path.stem for path in selectors.folder("commitments").iterdir()} == names
    dropped = Cut.objects.filter(dataset="commitments", kept=False).first()
    assert dropped is not None
    answer = get(f"/open-data/files/commitments/{dropped.name}.csv")
    assert answer.status_code == 410
    assert "latest.csv" in answer.content.decode()


def test_the_command_cuts_what_is_due(desk: Any, world: dict[str, str]) -> None:
    assert desk.cli("opendata", "cut").exit_code == 0
    again = desk.cli("opendata", "cut", "--due", "--json")
    assert json.loads(again.output) == {"cuts": []}
    unknown = desk.cli("opendata", "cut", "--dataset", "shareholders")
    assert unknown.exit_code == 2  # not open: as unknown here as none


# --- what vanishes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def record(desk: Any, world: dict[str, str]) -> int:
    """A fresh penalty that is public."""
    number = f"新{desk.path('').name}"
    desk.take([desk.penalty(world["code"], NAME, CF_WSH=number)], "penalty")
    desk.catch_up()
    return int(desk.one("SELECT max(record_id) FROM publicity_window"))


def test_a_withdrawn_record_withholds_the_files_at_once(desk: Any, officer: User, record: int) -> None:
    made = actions.cut("penalty")
    assert made is not None
    assert get(f"/open-data/files/penalty/{made.name}.csv").status_code == 200
    ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    for address in (f"/open-data/files/penalty/{made.name}.csv", "/open-data/datasets/penalty/latest.parquet"):
        answer = get(address)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    assert "dcat:downloadURL" not in str(
        next(item for item in dcat.document("https://x")["dcat:dataset"] if item["dct:identifier"] == "penalty")
    )
    assert selectors.due("penalty")
    assert [item.dataset for item in actions.cut_due("penalty")] == ["penalty"]
    assert get(f"/open-data/files/penalty/{made.name}.csv").status_code == 410
    again = body(get(get("/open-data/datasets/penalty/latest.csv").headers["Location"]))
    assert keys.record_key(record) not in again.decode()
    assert not list(selectors.folder("penalty").glob(f"{made.name}*"))


def test_a_file_is_withheld_the_day_one_of_its_records_expires(
    world: dict[str, str], desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made = actions.cut("penalty")
    assert made is not None and made.valid_until is not None
    assert selectors.is_clean(made)
    Cut.objects.filter(pk=made.pk).update(valid_until=date.today() - timedelta(days=1))
    assert get(f"/open-data/files/penalty/{made.name}.csv").status_code == 503
    # It ends by itself: nobody is called for it.
    assert [item.levelname for item in caplog.records if "penalty" in item.getMessage()] == ["WARNING"]


def test_the_deletion_feed_names_ids_and_moments_alone(desk: Any, officer: User, record: int) -> None:
    start = get("/open-data/deletions.json").json()["cursor"]
    number = ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    assert number
    desk.catch_up()
    page = get(f"/open-data/deletions.json?after={start}").json()
    assert [item["id"] for item in page["items"]] == [keys.record_key(record)]
    assert set(page["items"][0]) == {"id", "gone_at"}
    assert NAME not in json.dumps(page, ensure_ascii=False)
    # The same cursor gives the same again; the next one gives nothing.
    assert get(f"/open-data/deletions.json?after={start}").json() == page
    assert get(f"/open-data/deletions.json?after={page['cursor']}").json()["items"] == []
    assert get(f"/open-data/deletions.json?after={start}&dataset=licence").json()["items"] == []
    csv_rows = table(body(get(f"/open-data/deletions.csv?after={start}")))
    assert [row["信息编号"] for row in csv_rows] == [keys.record_key(record)]
    # Public again: a copy that reads now has nothing to drop.
    ledger.record_status(officer, record, "reinstated", reason="测试", basis="（示）1号")
    desk.catch_up()
    assert get(f"/open-data/deletions.json?after={start}").json()["items"] == []


def test_expiry_by_time_is_in_the_feed_once(desk: Any, record: int) -> None:
    from xinyong.runtime import database

    start = get("/open-data/deletions.json").json()["cursor"]
    yesterday = date.today() - timedelta(days=1)
    with database.connect() as session:  # as if the day had gone by: the window ends, the day is not closed yet
        session.execute("UPDATE publicity_day SET closed_through = %s", (yesterday - timedelta(days=1),))
        session.execute(
            "UPDATE publicity_window SET public_until = %s, earliest_repair = least(earliest_repair, %s) "
            "WHERE record_id = %s",
            (yesterday, yesterday, record),
        )
    for _ in range(2):
        page = get(f"/open-data/deletions.json?after={start}").json()
        assert [item["id"] for item in page["items"]] == [keys.record_key(record)]
    assert page["items"][0]["gone_at"].startswith(date.today().isoformat() + "T00:00:00")
    assert desk.one("SELECT cause FROM publicity_gone WHERE record_id = %s", record) == "expiry"


@pytest.mark.parametrize("cursor", ["x", "g99999999", "gx", "g-1", "g" + "9" * 30])
def test_a_cursor_that_was_never_given_is_refused(world: dict[str, str], cursor: str) -> None:
    answer = get(f"/open-data/deletions.json?after={cursor}")
    assert (answer.status_code, answer.json()["error"]) == (410, "cursor-unknown")


def test_a_cursor_older_than_the_feed_is_refused(desk: Any, officer: User, record: int) -> None:
    from xinyong.runtime import database

    start = get("/open-data/deletions.json").json()["cursor"]
    ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    ledger.record_status(officer, record, "reinstated", reason="测试", basis="（示）1号")
    desk.catch_up()
    ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    with database.connect() as session:
        session.execute(
            "UPDATE publicity_gone SET at = at - interval '40 years' WHERE id < (SELECT max(id) FROM publicity_gone)"
        )
    assert gone.prune(date.today()) > 0
    assert get(f"/open-data/deletions.json?after={start}").status_code == 410
    assert len(get("/open-data/deletions.json").json()["items"]) == 1


# --- a copy that follows ----------------------------------------------------------------------------------------------


def follow(copy: dict[str, Any], cursor: str) -> str:
    """Apply every change after the cursor; the last cursor."""
    while True:
        found = lines(get(f"/open-data/datasets/penalty/changes.jsonl?after={cursor}"))
        for line in found[:-1]:
            if line["state"] == "gone":
                copy.pop(line["id"], None)
            else:
                copy[line["id"]] = line["record"]
        cursor = found[-1]["cursor"]
        if not found[-1]["more"]:
            return cursor


def test_a_copy_that_follows_ends_where_the_site_is(
    desk: Any, officer: User, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes.after, "__defaults__", (2,))  # many small pages
    made = actions.cut("penalty")
    assert made is not None
    from_file = {row["_id"]: row for row in table((selectors.folder("penalty") / f"{made.name}.csv").read_bytes())}
    from_zero: dict[str, Any] = {}
    cursor = follow(from_zero, "")
    assert set(from_zero) == set(from_file)
    desk.take(
        [
            desk.penalty(world["code"], NAME, CF_WSH="开1", CF_SY="更正后的事实。"),
            desk.penalty(world["code"], NAME, CF_WSH="开99"),
        ],
        "penalty",
    )
    desk.catch_up()
    record = desk.one(
        "SELECT record_id FROM ledger_version WHERE payload::jsonb ->> 'CF_WSH' = '开2' ORDER BY version_no DESC LIMIT 1"
    )
    ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    copies = {"file": dict(from_file), "zero": dict(from_zero)}
    follow(copies["file"], made.changes_cursor)
    follow(copies["zero"], cursor)
    fresh: dict[str, Any] = {}
    follow(fresh, "")
    again = actions.cut("penalty")
    assert again is not None
    truth = {row["_id"] for row in table((selectors.folder("penalty") / f"{again.name}.csv").read_bytes())}
    assert set(copies["file"]) == set(copies["zero"]) == set(fresh) == truth
    assert keys.record_key(record) not in truth
    assert "更正后的事实。" in json.dumps(copies["file"], ensure_ascii=False)
    assert fresh == copies["zero"]
    ledger.record_status(officer, record, "reinstated", reason="测试", basis="（示）1号")
    desk.catch_up()
    follow(copies["zero"], cursor)
    assert keys.record_key(record) in copies["zero"]


# --- catalogue, sitemap -----------------------------------------------------------------------------------------------


def test_the_sitemap_lists_what_is_public_and_no_person_in_trade(world: dict[str, str]) -> None:
    import xml.etree.ElementTree as ET

    def addresses(address: str) -> list[str]:
        return [item.text or "" for item in ET.fromstring(body(get(address))).iter() if item.tag.endswith("loc")]

    parts = addresses("/sitemap.xml")
    assert parts[0].endswith("/sitemap-pages.xml")
    for address in addresses("/sitemap-pages.xml"):
        assert get(address.removeprefix("http://testserver")).status_code == 200, address
    entities = [item for part in parts[1:] for item in addresses(part.removeprefix("http://testserver"))]
    assert f"http://testserver/entities/{world['code']}" in entities
    assert world["trader"] not in str(entities)
    assert get("/sitemap-99.xml").status_code == 404
    robots = body(get("/robots.txt")).decode()
    assert "Sitemap: http://testserver/sitemap.xml" in robots and "Disallow: /console/" in robots


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_both_notations_of_the_catalogue_are_one_graph(world: dict[str, str]) -> None:
    from rdflib import Graph
    from rdflib.compare import isomorphic

    actions.cut("penalty")
    turtle = Graph().parse(data=body(get("/open-data/catalogue.ttl")).decode(), format="turtle")
    linked = Graph().parse(data=body(get("/open-data/catalogue.jsonld")).decode(), format="json-ld")
    assert len(turtle) > 100
    assert isomorphic(turtle, linked)


def test_the_catalogue_conforms_to_its_shapes(world: dict[str, str]) -> None:
    from pyshacl import validate
    from rdflib import Graph

    actions.cut("penalty")
    data = Graph().parse(data=body(get("/open-data/catalogue.ttl")).decode(), format="turtle")
    shapes = Graph().parse(str(Path(__file__).with_name("dcat_ap_shapes.ttl")), format="turtle")
    conforms, _, words = validate(data, shacl_graph=shapes, advanced=True)
    assert conforms, words
    # The shapes can fail: a dataset without a title, a distribution without an address.
    from rdflib import URIRef

    for broken in (
        "http://purl.org/dc/terms/title",
        "http://www.w3.org/ns/dcat#accessURL",
        "http://purl.org/dc/terms/publisher",
    ):
        less = Graph()
        for triple in data:
            if triple[1] != URIRef(broken):
                less.add(triple)
        assert not validate(less, shacl_graph=shapes, advanced=True)[0], broken
