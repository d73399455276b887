"""Public, keyless addresses in the OpenAPI document. Rooms describe theirs; a test compares the document with the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

Document = dict[str, Any]

_RATE = {
    "RateLimit-Policy": 'Limits of fair use, e.g. `"minute";q=600;w=60, "day";q=30000;w=86400`; units, not requests.',
    "RateLimit": 'What is left, e.g. `"minute";r=597;t=42`: units and seconds.',
    "ETag": "Changes when, and only when, the content does; ask again with `If-None-Match`.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicParameter:
    """One parameter. ``place``: path or query; ``words``: Chinese / English."""

    name: str
    place: str
    words: str
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicExample:
    """One request a test sends: the path as it stands in the document, filled in, and what comes back.

    ``{code}``, ``{record}``, ``{cut}`` in the path stand for what the test has at hand.
    """

    path: str
    status: int = 200
    media: str = "application/json"
    accept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOperation:
    """One operation. ``route`` is the name of its route, ``words`` Chinese / English."""

    route: str
    path: str
    words: str
    media: tuple[str, ...]
    parameters: tuple[PublicParameter, ...] = ()
    text: str = ""
    examples: tuple[PublicExample, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    method: str = "get"
    #: Error answers beside those of the examples, 404 (where something is named) and 429.
    refusals: tuple[int, ...] = ()
    #: What a 404 says, where it is no error of ours.
    not_found: Mapping[str, Any] = field(default_factory=lambda: {"$ref": "#/components/schemas/PublicError"})


class Public:
    """What was described."""

    operations: ClassVar[list[PublicOperation]] = []

    @classmethod
    def register(cls, *operations: PublicOperation) -> None:
        """Called by a room when the addresses are put together; the same route again replaces the description."""
        routes = {item.route for item in operations}
        cls.operations[:] = [item for item in cls.operations if item.route not in routes] + list(operations)

    @classmethod
    def complete(cls, document: Document) -> None:
        """Put every operation into the document."""
        components = document["components"]
        for name, words in _RATE.items():
            components["headers"].setdefault(f"Public-{name}", {"description": words, "schema": {"type": "string"}})
        components["schemas"].setdefault("PublicError", ERROR)
        headers = {name: {"$ref": f"#/components/headers/Public-{name}"} for name in _RATE}
        for item in cls.operations:
            document["paths"].setdefault(item.path, {})[item.method] = _operation(item, headers)


def _operation(item: PublicOperation, headers: Mapping[str, Any]) -> Document:
    content = {media: {"schema": item.schema if "json" in media else {"type": "string"}} for media in item.media}
    examples = [example.path for example in item.examples]
    # A browser that follows a dead link gets a page; programs, and whoever asks for JSON, get the error.
    page = {"text/html": {"schema": {"type": "string"}}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/PublicError"}}, **page}
    statuses = {example.status for example in item.examples if example.status >= 300} | set(item.refusals) - {304}
    if any(parameter.place == "path" or parameter.name == "dataset" for parameter in item.parameters):
        statuses.add(404)
    text = item.text
    if examples:
        text = f"{text}\n\nGET {quote(examples[0], safe='/?=&%')}".strip()
    return {
        "operationId": item.route,
        "summary": item.words,
        "description": text,
        "tags": ["public"],
        "security": [],
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.words,
                "schema": {"type": "string"},
                **({"example": parameter.example} if parameter.example else {}),
            }
            for parameter in item.parameters
        ],
        "responses": {
            "200": {"description": "OK", "content": content, "headers": dict(headers)},
            "304": {"description": "Not modified: the content is what the ETag stands for."},
            **{
                str(status): {
                    "description": _WORDS.get(status, "Not possible"),
                    **({} if status < 400 else {"content": error}),
                    **({"content": {"application/json": {"schema": item.not_found}, **page}} if status == 404 else {}),
                }
                for status in sorted(statuses)
            },
            "429": {"description": _WORDS[429], "content": error},
        },
    }


_WORDS = {
    302: "It lies under the address in Location",
    404: "There is no such thing",
    410: "It was public once, or the cursor is too old or none of this site",
    416: "The range lies beyond the end of the file",
    429: "Fair use is used up; Retry-After says when it comes back",
    503: "The file is being cut again; Retry-After says when to come back",
}

ERROR: Document = {
    "type": "object",
    "required": ["error", "message_zh", "message_en", "data"],
    "properties": {
        "error": {"type": "string", "description": "Code of the closed list."},
        "message_zh": {"type": "string"},
        "message_en": {"type": "string"},
        "data": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
