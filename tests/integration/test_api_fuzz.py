"""The API under generated requests: no 500, and every answer is one the OpenAPI document tells of (schemathesis)."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from .api_support import NAME
from .conftest import Desk

#: Requests an operation with a key gets, a public one a third; a longer run: XINYONG_FUZZ=200.
EXAMPLES = int(os.environ.get("XINYONG_FUZZ", "12"))


def operations() -> list[str]:
    """Every operation of the document, by its id."""
    import xinyong.urls  # noqa: F401  (rooms add their routers there)
    from xinyong.api.site import site

    document = site.get_openapi_schema()
    return [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]


@pytest.fixture(scope="module")
def fuzzed(desk: Desk) -> dict[str, Any]:
    """Operations by id with what they are called by, and the key of a client that may do everything a client can."""
    from django.core.wsgi import get_wsgi_application

    from xinyong.accounts import client_actions, client_items, selectors
    from xinyong.accounts.client_selectors import Quota

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis

        schema = schemathesis.openapi.from_dict(Client().get("/api/v1/openapi.json").json())
    much = 2_000_000_000
    client = client_actions.save_client(
        slug="fuzz", name="fuzz", department=selectors.department("demo"), datasets=["penalty", "registration"],
        items=list(client_items.known()), joint=True, acting="test",
        quota=Quota(requests_per_minute=much, requests_per_day=much, rows_per_minute=much, rows_per_day=much),
    )  # fmt: skip
    key = client_actions.make_key(client, days=1, acting="test").text
    desk.take([desk.registration(desk.code(1), NAME)])
    desk.take([desk.penalty(desk.code(1), NAME)], "penalty")
    desk.catch_up()
    found = {result.ok().definition.raw["operationId"]: result.ok() for result in schema.get_all_operations()}
    return {"operations": found, "key": key, "app": get_wsgi_application()}


def mistakes(case: Any, answer: Any) -> list[str]:
    """What the answer breaks of its description."""
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi import checks

    try:
        case.validate_response(
            answer,
            checks=[
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
                checks.response_headers_conformance,
            ],
        )
    except FailureGroup as group:
        return [str(one) for one in group.exceptions]
    except Failure as failure:
        return [str(failure)]
    return []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", operations())
def test_generated_requests_get_described_answers(fuzzed: dict[str, Any], operation: str) -> None:
    from xinyong.runtime import database

    with database.connect(autocommit=True) as session:
        session.execute("DELETE FROM api_fairuse")  # what is used up would be the only answer
    case_of = fuzzed["operations"][operation]

    @given(case=case_of.as_strategy())
    @settings(
        max_examples=EXAMPLES if case_of.definition.raw.get("security") else max(3, EXAMPLES // 3),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        headers = {"Authorization": f"Bearer {fuzzed['key']}"}
        answer = case.call(app=fuzzed["app"], base_url="http://testserver", headers=headers)
        assert answer.status_code < 500, (case.as_curl_command(), answer.content)
        assert not (found := mistakes(case, answer)), (case.as_curl_command(), found, answer.content[:500])

    run()


def test_every_wrong_signature_is_an_answer_of_its_own(fuzzed: dict[str, Any], desk: Desk) -> None:
    """Wrong signature, replay, clock skew, revoked key, used-up quota: each its own code, each described for each operation."""
    import base64
    import secrets
    import time

    from xinyong.accounts import client_actions
    from xinyong.accounts.models import ApiClient
    from xinyong.api import signatures

    client = ApiClient.objects.get(slug="fuzz")
    made = client_actions.register_signing_key(client, algorithm="hmac-sha256", days=1, acting="test")
    secret = base64.b64decode(made.text)
    document = Client().get("/api/v1/openapi.json").json()

    def sent(path: str, query: str = "", *, key: bytes = secret, **more: Any) -> tuple[int, str]:
        options = {"created": int(time.time()), "nonce": secrets.token_hex(12), **more}
        fields = signatures.sign(
            method="GET", authority="testserver", path=path, query=query, keyid=made.prefix, key=key, **options
        )
        answer = Client().get(f"{path}?{query}" if query else path, headers=fields)
        return answer.status_code, answer.json().get("code", "")

    code = desk.code(1)
    places = {
        "/api/v1/datasets": ("/api/v1/datasets", ""),
        "/api/v1/deliveries": ("/api/v1/deliveries", "page=1"),
        "/api/v1/verify/items": ("/api/v1/verify/items", ""),
        "/api/v1/verify/{code}": (f"/api/v1/verify/{code}", "purpose=permit&item=food-licence"),
    }
    for template, (path, query) in places.items():
        described = {
            (status, example["value"]["code"])
            for status, told in document["paths"][template]["get"]["responses"].items()
            for media in told.get("content", {}).values()
            for example in media.get("examples", {}).values()
        }
        nonce = secrets.token_hex(12)
        assert sent(path, query, nonce=nonce)[0] == 200
        found = {
            sent(path, query, nonce=nonce),
            sent(path, query, key=b"x" * 32),
            sent(path, query, created=int(time.time()) - 65),
            sent(path, query, created=int(time.time()) + 65),
        }
        ApiClient.objects.filter(pk=client.pk).update(requests_per_minute=0)
        found.add(sent(path, query))
        ApiClient.objects.filter(pk=client.pk).update(requests_per_minute=2_000_000_000)
        assert {code for _, code in found} == {
            "signature-replayed", "signature-wrong", "signature-time", "quota-used-up"
        }  # fmt: skip
        assert {(str(status), code) for status, code in found} <= described, template
    client_actions.revoke_signing_key(made.prefix, acting="test")
    for path, query in places.values():
        assert sent(path, query) == (401, "key-revoked")
