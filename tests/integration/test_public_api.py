"""The public part of the OpenAPI document: complete, valid, and every example answers as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role
from xinyong.api.public_operations import Public, PublicExample
from xinyong.content import actions as content
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.shares import actions as shares
from xinyong.shares.selectors import Scope
from xinyong.site import operations

#: Routes that are pages for people or belong to officers; everything else is an address for programs.
PAGES = {
    "home",
    "care",
    "double-publicity",
    "public-lists",
    "public-list",
    "commitments",
    "repair",
    "objection",
    "statistics",
    "site-map",
    "privacy",
    "accessibility",
    "feedback",
    "search",
    "entity",
    "record-page",
    "report",
    "report-document",
    "verify",
    "verify-file",
    "verify-short",
    "list-registry",
    "commitment-texts",
    "list-config",
    "measures",
    "record-tip",
    "tip-answer",
    "catalogue",
    "catalogue-entry",
    "catalogue-template",
    "share",
    "articles",
    "news",
    "policies",
    "interpretations",
    "typical-cases",
    "article",
    "article-file",
    "open-data",
    "open-data-set",
    "open-data-deletions",
    "api-reference",
    "openapi-json",
    "api-root",
}


@pytest.fixture(scope="module")
def world(desk: Any) -> dict[str, str]:
    """An entity with a penalty and a cut of the dataset."""
    from xinyong.opendata import actions

    code = desk.code(1)
    desk.take([desk.registration(code, "示例接口公示有限公司")])
    desk.take([desk.penalty(code, "示例接口公示有限公司")], "penalty")
    desk.catch_up()
    cut = actions.cut("penalty")
    assert cut is not None
    record = desk.one("SELECT max(record_id) FROM publicity_window")
    entity = registry.by_key(code)
    assert entity is not None
    operator = accounts.create_user(
        username="api-operator", display_name="操作员", department=None, role=Role.OPERATOR, password="a-long-password-1", acting="test",
    )  # fmt: skip
    text = content.Text(title="示例", summary="", source="", index_number="", issued_on=None, body="示例")
    revision = content.save(operator, None, "news", text)
    content.publish(operator, revision.article, revision.number)
    share = shares.share(entity, Scope(chapters=frozenset({1, 2})), days=1, shown_to="", actor="test")
    return {
        "code": code,
        "record": keys.record_key(record),
        "cut": cut.name,
        "share": share.token,
        "article": str(revision.article_id),
    }


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every named route with its pattern."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif pattern.name:
            yield pattern.name, prefix + str(pattern.pattern)


def document() -> dict[str, Any]:
    """The document as it is served."""
    found: dict[str, Any] = Client().get(reverse("api:openapi-json")).json()
    return found


def test_every_route_is_a_page_an_officers_or_described() -> None:
    described = {operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()}
    apart = ("console/", "centre/")  # of officers, of firms
    found = {
        name
        for name, pattern in routes(list(get_resolver().url_patterns))
        if not any(part in pattern for part in apart)
    }
    assert found - PAGES == described
    assert found >= PAGES


def test_paths_of_the_document_are_those_of_the_routes() -> None:
    patterns = dict(routes(list(get_resolver().url_patterns)))
    for operation in Public.operations:
        bare = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", patterns[operation.route])
        assert operation.path == "/" + bare.removeprefix("en/"), operation.route
        named = {item.name for item in operation.parameters if item.place == "path"}
        assert named == set(re.findall(r"{(\w+)}", operation.path)), operation.route


def test_the_document_is_valid_by_its_own_rules() -> None:
    found = document()
    ids = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    text = str(found)
    for reference in set(re.findall(r"#/components/(\w+)/([\w-]+)", text)):
        assert reference[1] in found["components"][reference[0]], reference
    for operation in Public.operations:
        assert " / " in operation.words and operation.examples, operation.route
        assert found["paths"][operation.path][operation.method]["security"] == []


operations.register()
EXAMPLES = [
    pytest.param(example, id=f"{operation.route}:{example.path}:{example.accept}")
    for operation in Public.operations
    for example in operation.examples
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_answers_as_it_says(world: dict[str, str], example: PublicExample) -> None:
    address = quote(example.path.format(**world), safe="/?=&.")
    headers = {"accept": example.accept} if example.accept else {}
    answer = Client(headers=headers).get(address)
    assert answer.status_code == example.status, answer.content[:300] if not answer.streaming else ""
    if example.media:
        assert answer.headers["Content-Type"].startswith(example.media)
