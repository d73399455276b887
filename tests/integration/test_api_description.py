"""The description of the API is true: every example is executed, every answer fits its schema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from .api_support import NAME, System, make_system, penalty, problem
from .conftest import Desk

# --- the description ---------------------------------------------------------------------------------------------------


def _examples() -> list[Any]:
    from xinyong.intake.api.examples import EXAMPLES

    return EXAMPLES


@pytest.fixture(scope="module")
def example_system(desk: Desk, system: System) -> System:
    """The client of the examples: it may deliver penalties, and its company is registered."""
    desk.take([desk.registration(desk.code(1), NAME)])
    return make_system("examples", datasets=("penalty",))


@pytest.mark.parametrize("example", _examples(), ids=lambda item: f"{item.method} {item.path} {item.name}")
def test_every_example_of_the_description_is_true(desk: Desk, example_system: System, example: Any) -> None:
    import zlib

    from xinyong.accounts.models import ApiClient
    from xinyong.runtime import database

    client = ApiClient.objects.get(slug="examples")
    machine = System(example_system.key)
    before = {name: getattr(client, name) for name in ("rights", "requests_per_minute", "rows_per_day")}
    session = None
    if example.set_up == "no-key":
        answer = Client().generic(example.method, example.path, b"{}", content_type="application/json")
        problem(answer, example.status, example.code)
        return
    if example.set_up == "bad-key":
        machine = System("xyk_00000000_" + "0" * 43)
    elif example.set_up == "requests":
        client.requests_per_minute = 0
    elif example.set_up == "rows":
        client.rows_per_day = 0
    elif example.set_up == "no-right":
        client.rights = []
    elif example.set_up in ("stored", "reused"):
        from xinyong.intake.api.examples import RECORD

        first = RECORD if example.path.endswith("records") else [RECORD]
        machine.send("POST", example.path, first, headers=example.headers)
    elif example.set_up == "at-work":
        session = database.connect(autocommit=True)
        place = zlib.crc32(f"{client.pk}:{example.headers['Idempotency-Key']}".encode()) - (1 << 31)
        session.execute("SELECT pg_advisory_lock(%s, %s)", (0x0D41, place))
    client.save()
    try:
        answer = machine.send(example.method, example.path, example.body, media=example.media, headers=example.headers)
    finally:
        for name, value in before.items():
            setattr(client, name, value)
        client.save()
        if session is not None:
            session.close()
    if example.code:
        problem(answer, example.status, example.code)
    else:
        assert answer.status_code == example.status, answer.content.decode()


def test_the_description_is_complete() -> None:
    """Every operation documents what it needs; every error status has an example; every reference resolves."""
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    wanted = {
        "send_record": {"200", "201", "202", "401", "403", "404", "409", "411", "413", "415", "422", "429"},
        "send_delivery": {"202", "401", "403", "404", "409", "411", "413", "415", "422", "429"},
        "list_datasets": {"200", "401", "429"},
        "list_deliveries": {"200", "401", "403", "422", "429"},
        "get_delivery": {"200", "401", "403", "404", "429"},
        "list_findings": {"200", "401", "403", "404", "429"},
        "list_verify_items": {"200", "401", "403", "429"},
        "verify_entity": {"200", "401", "403", "404", "422", "429"},
        "verify_batch": {"200", "401", "403", "411", "413", "415", "422", "429"},
        "joint_vocabulary": {"200", "401", "403", "429"},
        "list_joint_work": {"200", "401", "403", "422", "429"},
        "get_joint_work": {"200", "401", "403", "404", "422", "429"},
        "decide_joint_work": {"201", "401", "403", "404", "409", "413", "422", "429"},
        "execute_joint_work": {"200", "401", "403", "404", "409", "413", "422", "429"},
        "lift_joint_work": {"200", "401", "403", "404", "409", "413", "422", "429"},
    }
    seen = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            if "public" in operation["tags"]:  # readings without a key: tests of the twins send their examples
                for status, answer in operation["responses"].items():
                    assert int(status) < 400 or answer["content"]["application/json"]["schema"], operation
                continue
            seen[operation["operationId"]] = set(operation["responses"])
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/problem+json"]["examples"], (operation["operationId"], status)
    assert seen == wanted
    text = json.dumps(document)
    for name in set(re.findall(r'"#/components/(\w+/[\w-]+)"', text)):
        section, _, key = name.partition("/")
        assert key in document["components"][section], name


def test_answers_fit_their_schemas(desk: Desk, system: System) -> None:
    import jsonschema_rs

    document = Client().get("/api/v1/openapi.json").json()

    def fits(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(value)] == []

    stored = system.record(penalty(desk, CF_WSH="（式）罚〔2026〕1号")).json()
    fits("RecordOut", stored)
    fits("Record_penalty", penalty(desk))
    fits("Problem", system.record(penalty(desk, CF_JDRQ="x")).json())
    fits("Problem", Client().get("/api/v1/datasets").json())
    fits("DeliveriesOut", system.send("GET", "/api/v1/deliveries").json())
    fits("FindingsOut", system.send("GET", stored["delivery"]["findings_url"]).json())
    fits("DatasetsOut", system.send("GET", "/api/v1/datasets").json())


def test_the_reference_page_explains_every_code() -> None:
    from xinyong.intake.api.examples import EXAMPLES

    for prefix in ("", "/en"):
        page = Client().get(f"{prefix}/api/v1/reference").content.decode()
        for code in {item.code for item in EXAMPLES if item.code}:
            assert f'id="{code}"' in page, code
