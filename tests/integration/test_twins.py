"""Machine-readable twins: the same content in every form, validators that tell when it changed, safe cells."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client

from xinyong.ui import twins

NAME = "示例孪生制造有限公司"


@pytest.fixture(scope="module")
def world(desk: Any) -> dict[str, str]:
    """An entity with a penalty, licences to fill more than one page, and one without."""
    code, other = desk.code(1), desk.code(2)
    desk.take([desk.registration(code, NAME), desk.registration(other, "示例孪生贸易有限公司")])
    desk.take(
        [desk.penalty(code, NAME, CF_WSH=f"（孪）罚〔2026〕{number}号", CF_JDRQ=str(date.today() - timedelta(days=number)))
         for number in range(1, 14)],
        "penalty",
    )  # fmt: skip
    desk.catch_up()
    return {"code": code, "other": other}


def get(address: str, **headers: str) -> Any:
    """An answer of the site in Chinese."""
    return Client(headers={"accept-language": "zh-CN", **headers}).get(address)


def body(answer: Any) -> bytes:
    """The bytes of an answer, streamed or not."""
    return answer.getvalue() if answer.streaming else answer.content


def rows(answer: Any) -> list[dict[str, str]]:
    """A CSV answer."""
    return list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"))))


def test_every_form_stands_at_the_same_address_and_by_accept(world: dict[str, str]) -> None:
    address = f"/entities/{world['code']}"
    for form, media in twins.MEDIA.items():
        named = get(address if form == "html" else f"{address}.{form}")
        asked = get(address, accept=media)
        for answer in (named, asked):
            assert answer.status_code == 200
            assert answer.headers["Content-Type"].startswith(media), form
            assert f'<http://testserver{address}>; rel="canonical"' in answer.headers["Link"]
        assert "Accept" in asked.headers["Vary"]
        assert body(named) == body(asked)
        assert get("/en" + (address if form == "html" else f"{address}.{form}")).status_code == 200
    assert get(address, accept="*/*").headers["Content-Type"].startswith("text/html")
    page = get(address).content.decode()
    for form in ("json", "csv", "jsonld", "rss", "atom"):
        assert f'href="{address}.{form}"' in page


def test_json_says_what_the_page_says_and_leads_to_the_rest(world: dict[str, str]) -> None:
    file = get(f"/entities/{world['code']}.json").json()
    assert (file["name"], file["code"]) == (NAME, world["code"])
    section = next(item for item in file["sections"] if item["code"] == "penalty")
    assert (section["total"], len(section["records"])) == (13, 10)
    following = get(section["next"].removeprefix("http://testserver")).json()
    second = next(item for item in following["sections"] if item["code"] == "penalty")
    assert "next" not in second
    ids = [record["id"] for part in (section, second) for record in part["records"]]
    assert len(ids) == len(set(ids)) == 13
    assert section["records"][0]["fields"][0]["label"]
    assert "tone" not in json.dumps(file)


def test_csv_holds_every_record_with_the_fields_of_the_catalogue(world: dict[str, str]) -> None:
    every = rows(get(f"/entities/{world['code']}.csv"))
    assert len(every) == 14  # thirteen penalties and the registration
    penalties = rows(get(f"/entities/{world['code']}.csv?dataset=penalty"))
    assert len(penalties) == 13
    assert penalties[0]["处罚类别"] == "罚款"
    english = rows(get(f"/en/entities/{world['code']}.csv?dataset=penalty"))
    codes = rows(get(f"/entities/{world['code']}.csv?dataset=penalty&header=codes"))
    assert [next(iter(item.values())) for item in english] == [item["_id"] for item in codes]
    assert "CF_CFLB" in codes[0] and "处罚类别" not in english[0]
    assert body(get(f"/entities/{world['code']}.csv")).startswith(b"\xef\xbb\xbf")
    assert not body(get(f"/entities/{world['code']}.csv?bom=0")).startswith(b"\xef\xbb\xbf")
    assert get(f"/entities/{world['code']}.csv?dataset=nothing").status_code == 404


def test_no_cell_is_a_formula() -> None:
    for text in ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "－cmd"):
        assert twins.cell(text) == "'" + text
    for text in ("-5.2", "+3", "12%", "普通", ""):
        assert twins.cell(text) == text


def test_linked_data_names_no_person(world: dict[str, str]) -> None:
    data = get(f"/entities/{world['code']}.jsonld").json()
    assert data["@context"] == "https://schema.org"
    assert (data["@type"], data["legalName"], data["taxID"]) == ("Organization", NAME, world["code"])
    assert len(data["subjectOf"]) == 11  # a page of penalties and the registration
    assert '"Person"' not in json.dumps(data)
    assert "示例负责人" not in json.dumps(data, ensure_ascii=False)


def test_feeds_are_well_formed_and_list_the_newest_records(world: dict[str, str]) -> None:
    rss = ET.fromstring(body(get(f"/entities/{world['code']}.rss")))
    assert len(rss.findall("./channel/item")) == 14
    atom = ET.fromstring(body(get(f"/entities/{world['code']}.atom")))
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) == 14


def test_an_etag_changes_when_and_only_when_the_content_does(desk: Any, world: dict[str, str]) -> None:
    forms = ("", ".json", ".csv", ".jsonld", ".rss", ".atom")
    address = f"/entities/{world['other']}"
    before = {form: get(address + form) for form in forms}
    for form, answer in before.items():
        again = get(address + form, if_none_match=answer.headers["ETag"])
        assert (again.status_code, body(again)) == (304, b""), form
        assert again.headers["ETag"] == answer.headers["ETag"]
        assert again.headers["Cache-Control"] == "public, no-cache"
    # What happens to another entity changes nothing here; a page also shows the newest checkpoint of the log.
    desk.take([desk.penalty(world["code"], NAME, CF_WSH="（孪）罚〔2026〕99号")], "penalty")
    desk.catch_up()
    assert all(
        get(address + form, if_none_match=item.headers["ETag"]).status_code == 304
        for form, item in before.items()
        if form
    )
    desk.take([desk.penalty(world["other"], "示例孪生贸易有限公司", CF_WSH="（孪）罚〔2026〕100号")], "penalty")
    desk.catch_up()
    for form, answer in before.items():
        after = get(address + form, if_none_match=answer.headers["ETag"])
        assert after.status_code == 200, form
        assert after.headers["Last-Modified"] >= answer.headers["Last-Modified"]


def test_merged_entities_move_permanently_in_every_form(desk: Any, world: dict[str, str]) -> None:
    from xinyong.registry.keys import public_key

    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", world["code"])
    for form in ("", ".json", ".csv", ".jsonld", ".atom"):
        answer = get(f"/entities/{public_key(entity)}{form}")
        assert (answer.status_code, answer.headers["Location"]) == (308, f"/entities/{world['code']}{form}")


def test_errors_come_in_the_form_that_was_asked_for(world: dict[str, str]) -> None:
    for form in ("json", "csv", "jsonld"):
        answer = get(f"/entities/NOTHING.{form}")
        assert answer.status_code == 404
        assert answer.json()["error"] == "not-found"
    assert get("/entities/NOTHING").headers["Content-Type"].startswith("text/html")


def test_search_results_in_every_form_have_the_same_hits(world: dict[str, str]) -> None:
    data = get("/search.json?q=示例").json()
    assert data["total"] == len(rows(get("/search.csv?q=示例"))) == 2
    assert {hit["code"] for hit in data["hits"]} == {world["code"], world["other"]}
    linked = get("/search.jsonld?q=示例").json()
    assert linked["mainEntity"]["numberOfItems"] == 2
    # A query that means one entity leads a reader to its file, and a program to the list it asked for.
    assert get(f"/search?q={world['code']}").status_code == 302
    assert get(f"/search.json?q={world['code']}").json()["total"] == 1


def test_plain_data_keeps_addresses_whole() -> None:
    request = HttpRequest()
    request.META.update(SERVER_NAME="credit.example", SERVER_PORT="443")
    assert twins.plain({"url": "/a", "text": "/a", "next": "/b"}, "https://x") == {
        "url": "https://x/a",
        "text": "/a",
        "next": "https://x/b",
    }
