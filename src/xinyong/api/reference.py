"""The readable page of the API, rendered here from the same document machines read: no script, no third party."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from xinyong.api.describe import Description
from xinyong.ui import problems
from xinyong.ui.context import language

#: Between the languages in summaries and descriptions of operations.
BETWEEN = " / "


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One status an operation answers with."""

    status: str
    words: str
    code: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    media: tuple[str, ...]
    command: str
    answers: tuple[Answer, ...]


def _half(text: str, english: bool) -> str:
    zh, _, en = text.partition(BETWEEN)
    return en if english and en else zh


def operations(document: dict[str, Any], english: bool) -> tuple[Operation, ...]:
    """Every operation in the order of the document."""
    found = []
    for address, methods in document["paths"].items():
        for method, item in methods.items():
            media = tuple(item.get("requestBody", {}).get("content", {}))
            found.append(
                Operation(
                    id=item["operationId"],
                    method=method.upper(),
                    path=address,
                    summary=_half(item["summary"], english),
                    text=_half(item.get("description", ""), english),
                    parameters=tuple(
                        Parameter(
                            name=parameter["name"],
                            place=parameter["in"],
                            required=bool(parameter.get("required")),
                            words=_half(parameter.get("description", ""), english),
                        )
                        for parameter in item.get("parameters", ())
                    ),
                    media=media,
                    command=Description.commands.get(item["operationId"], ""),
                    answers=tuple(_answers(item, english)),
                )
            )
    return tuple(found)


def _answers(operation: dict[str, Any], english: bool) -> list[Answer]:
    rows: list[Answer] = []
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get(problems.CONTENT_TYPE)
        if content is None:
            words = problems.good(int(status), "en" if english else "zh")
            rows.append(Answer(status=status, words=words, code="", example=""))
            continue
        for example in content.get("examples", {}).values():
            value = example["value"]
            rows.append(
                Answer(
                    status=status,
                    words=value["message_en"] if english else value["message_zh"],
                    code=value["code"],
                    example=json.dumps(value, ensure_ascii=False, indent=1),
                )
            )
    return rows


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """How to call the API, operation by operation, with every error it answers with."""
    from xinyong.api.site import site

    english = language() == "en"
    found = operations(site.get_openapi_schema(), english)
    codes: dict[str, tuple[int, str]] = {}
    for example in Description.examples:
        if example.error is not None:
            codes.setdefault(example.code, (example.status, example.error.message("en" if english else "zh")))
    context = {"operations": found, "codes": sorted((status, code, words) for code, (status, words) in codes.items())}
    return render(request, "api/reference.html", context)


urlpatterns: list[URLPattern] = [path("api/v1/reference", reference, name="api-reference")]
