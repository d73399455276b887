"""What the generated OpenAPI document lacks: problem answers with examples, headers, bodies, schemas of other rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from xinyong.api import signatures
from xinyong.api.public_operations import Public
from xinyong.errors import XinyongError
from xinyong.ui import problems

Document = dict[str, Any]

_RATE_HEADERS = ("RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_HEADERS = {
    "RateLimit-Policy": ("string", "Requests allowed a minute and a day, e.g. `600;w=60, 200000;w=86400`."),
    "RateLimit-Limit": ("integer", "Requests of the window that ends first."),
    "RateLimit-Remaining": ("integer", "Requests left of it."),
    "RateLimit-Reset": ("integer", "Seconds until it begins again."),
    "Retry-After": ("integer", "Seconds after which the request may be repeated."),
    "Location": ("string", "Address of the delivery."),
    "Idempotent-Replayed": ("string", "`true` when this is the kept answer of an earlier request."),
}
#: Headers of an answer beside the quota's, by status.
_OWN = {"201": ("Location",), "200": (), "202": ("Location",), "409": ("Retry-After",), "429": ("Retry-After",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One request that a test sends and one answer it must get. ``code`` is the error code, empty for success.

    ``set_up`` names what the test does first (a used-up quota, a key that is being worked on).
    """

    name: str
    method: str
    path: str
    status: int
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"
    body: Any = None
    set_up: str = ""
    error: XinyongError | None = None


class Description:
    """Rooms register what they add; :meth:`complete` puts it into the document."""

    examples: ClassVar[list[Example]] = []
    #: A command line that shows the operation, by its id.
    commands: ClassVar[dict[str, str]] = {}
    schemas: ClassVar[list[Callable[[], Mapping[str, Any]]]] = []

    @classmethod
    def register(
        cls,
        examples: Sequence[Example],
        commands: Mapping[str, str],
        schemas: Sequence[Callable[[], Mapping[str, Any]]] = (),
    ) -> None:
        """Called by a room where its router is added; what is there already is not added twice."""
        cls.examples.extend(item for item in examples if item not in cls.examples)
        cls.commands.update(commands)
        cls.schemas.extend(item for item in schemas if item not in cls.schemas)

    @classmethod
    def complete(cls, document: Document) -> Document:
        """The document with schemas, headers and problem answers."""
        components = document["components"]
        components["schemas"]["Problem"] = PROBLEM
        for more in cls.schemas:
            components["schemas"].update(more())
        components["headers"] = {
            name: {"description": words, "schema": {"type": kind}} for name, (kind, words) in _HEADERS.items()
        }
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                cls._answers(path, method, operation)
        Public.complete(document)
        return document

    @classmethod
    def _answers(cls, path: str, method: str, operation: Document) -> None:
        answers: dict[str, Any] = {str(status): value for status, value in operation["responses"].items()}
        for example in cls.examples:
            if example.error is None or example.method.lower() != method or not _fits(path, example.path):
                continue
            answer = answers.setdefault(str(example.status), {"description": problems.title(example.status, "en")})
            content = answer.setdefault("content", {}).setdefault(
                problems.CONTENT_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
            )
            content.setdefault("examples", {})[example.name] = {
                "value": problems.as_problem(example.error, "zh", example.path)
            }
        if operation.get("security"):
            cls._signatures(path, answers)
        for status, answer in answers.items():
            names = (*(() if status == "401" else _RATE_HEADERS), *_OWN.get(status, ()))
            if names:
                answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        operation["responses"] = dict(sorted(answers.items()))

    @staticmethod
    def _signatures(path: str, answers: Document) -> None:
        """Every operation may be asked for with a signature; what does not hold is told apart."""
        content = answers["401"]["content"][problems.CONTENT_TYPE].setdefault("examples", {})
        for error in signatures.refusals():
            content.setdefault(error.code.value, {"value": problems.as_problem(error, "zh", path)})


def _fits(template: str, path: str) -> bool:
    left, right = template.strip("/").split("/"), path.partition("?")[0].strip("/").split("/")
    return len(left) == len(right) and all(a == b or a.startswith("{") for a, b in zip(left, right, strict=True))


PROBLEM: Document = {
    "type": "object",
    "description": "RFC 9457 problem. `code` is of a closed list; the reference page explains each.",
    "required": ["type", "title", "status", "detail", "code", "message_zh", "message_en"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "message_zh": {"type": "string"},
        "message_en": {"type": "string"},
        "data": {"type": "object", "additionalProperties": {"type": "string"}},
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingOut"}},
        "delivery": {"$ref": "#/components/schemas/DeliveryOut"},
    },
}
