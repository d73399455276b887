"""What the tests of the write API share: a system that sends requests with its key, and how a problem looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.test import Client

from .conftest import Desk

A, B = "A", "B"
NAME = "示例接口有限公司"


class System:
    """A department's system: sends requests with its key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.http = Client(headers={"accept-language": "zh-CN"})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "application/json",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One request; JSON unless ``media`` says otherwise."""
        if media == "application/json" and not isinstance(body, (bytes, type(None))):
            body = json.dumps(body, ensure_ascii=False).encode()
        more = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if key is not None:
            more["Idempotency-Key"] = key
        return self.http.generic(method, path, body or b"", content_type=media, headers=more)

    def record(self, body: Any, dataset: str = "penalty", **options: Any) -> Any:
        """Send one record."""
        return self.send("POST", f"/api/v1/datasets/{dataset}/records", body, **options)

    def batch(self, body: Any, dataset: str = "penalty", **options: Any) -> Any:
        """Send a batch."""
        return self.send("POST", f"/api/v1/datasets/{dataset}/deliveries", body, **options)


def make_system(
    slug: str, department: str = "demo", datasets: tuple[str, ...] = ("penalty", "registration"), **quota: int
) -> System:
    """A client with a key."""
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    client = client_actions.save_client(
        slug=slug,
        name=f"系统 {slug}",
        department=selectors.department(department),
        datasets=datasets,
        quota=Quota(**quota),
        acting="test",
    )
    return System(client_actions.make_key(client, days=30, acting="test").text)


def penalty(desk: Desk, **more: Any) -> dict[str, Any]:
    """A right record in field ids, empty fields left out."""
    row = {key: value for key, value in desk.penalty(desk.code(1), NAME).items() if value}
    return {**row, **more}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem of ours."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["message_zh"] and body["message_en"] and body["title"] and body["detail"] == body["message_zh"]
    return body
