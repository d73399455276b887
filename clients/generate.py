"""Writes what the client libraries take from the OpenAPI document: types and one method for each operation with a key.

    .venv/bin/python clients/generate.py            # writes
    .venv/bin/python clients/generate.py --check    # says what would change, and fails

How requests are signed, repeated and refused is written by hand beside it (``_core.py``, ``core.js``).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import keyword
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = HERE / "python" / "src" / "xinyong_client"
JAVASCRIPT = HERE / "javascript" / "src"
COMPONENT = HERE / "web-component"
Document = dict[str, Any]
NOTE = "Written by clients/generate.py from the OpenAPI document; changes here are lost."


def document() -> Document:
    """The OpenAPI document of this checkout."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
    import django

    django.setup()
    import xinyong.urls  # noqa: F401  (rooms add their routers there)
    from xinyong.api.site import site

    found: Document = json.loads(json.dumps(site.get_openapi_schema(), default=str))
    return found


class Source:
    """Operations with a key, and the schemas they need."""

    def __init__(self, found: Document) -> None:
        self.schemas: Document = found["components"]["schemas"]
        self.operations = [
            (path, method, operation)
            for path, methods in found["paths"].items()
            for method, operation in methods.items()
            if operation.get("security")
        ]
        self.needed: dict[str, None] = {}
        for _, _, operation in self.operations:
            self._need(operation.get("requestBody"))
            for status, answer in operation["responses"].items():
                if status < "300":
                    self._need(answer.get("content"))

    def _need(self, value: Any) -> None:
        for name in re.findall(r"#/components/schemas/([\w-]+)", json.dumps(value)):
            if name not in self.needed and not name.startswith("Record_"):
                self.needed[name] = None
                self._need(self.schemas[name])

    def answer(self, operation: Document) -> Document:
        """The schema of a success."""
        for status in sorted(operation["responses"]):
            if status < "300":
                found: Document = operation["responses"][status]["content"]["application/json"]["schema"]
                return found
        raise ValueError(operation["operationId"])

    def body(self, operation: Document) -> tuple[Document | None, list[str]]:
        """The schema of a JSON body, and the media types it may come in."""
        content = operation.get("requestBody", {}).get("content", {})
        media = [name for name in content if name != "multipart/form-data"]
        return (content.get("application/json", {}).get("schema") if content else None), media


def words(text: str, width: int = 110) -> list[str]:
    """Text in lines."""
    lines: list[str] = []
    for word in " ".join(text.split()).split(" "):
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


# --- Python ---------------------------------------------------------------------------------------------------------------


def python_type(schema: Document) -> str:
    """The type of a value, as an annotation."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return "Record" if name.startswith("Record_") else name
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(python_type(item) for item in schema[key]))
    if "const" in schema:
        return f"Literal[{schema['const']!r}]".replace("'", '"')
    if "enum" in schema:
        return "Literal[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in schema["enum"]) + "]"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{python_type(schema.get('items', {}))}]"
    if kind == "object":
        more = schema.get("additionalProperties")
        return f"dict[str, {python_type(more) if isinstance(more, dict) and more else 'Any'}]"
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}.get(
        str(kind), "Any"
    )


def python_types(source: Source) -> str:
    """``_types.py``."""
    lines = [
        f'"""What the API takes and answers. {NOTE}"""', "", "from __future__ import annotations", "",
        "from typing import Any, Literal, NotRequired, TypedDict", "",
        "#: A record in the field ids of its dataset.", "Record = dict[str, Any]",
    ]  # fmt: skip
    for name in sorted(source.needed):
        schema = source.schemas[name]
        if name == "Record":
            continue
        fields, required = schema.get("properties", {}), set(schema.get("required", ()))
        given = {
            key: python_type(field) if key in required else f"NotRequired[{python_type(field)}]"
            for key, field in fields.items()
        }
        told = words(str(schema.get("description", name)))
        if any(not key.isidentifier() or keyword.iskeyword(key) for key in fields):
            lines += ["", "", *(f"# {line}" for line in told), f"{name} = TypedDict(", f'    "{name}",', "    {"]
            lines += [f'        "{key}": {json.dumps(kind) if "Out" in kind else kind},' for key, kind in given.items()]
            lines += ["    },", ")"]
            continue
        lines += ["", "", f"class {name}(TypedDict):"]
        lines += (
            [f'    """{told[0]}"""']
            if len(told) == 1
            else [f'    """{told[0]}', *(f"    {line}" for line in told[1:]), '    """']
        )
        lines += [""] if given else []
        for key, kind in given.items():
            described = fields[key].get("description")
            lines += [f"    #: {line}" for line in words(described)] if described else []
            lines.append(f"    {key}: {kind}")
    return "\n".join(lines) + "\n"


def _name(parameter: str) -> str:
    return parameter.lower().replace("-", "_")


def python_operations(source: Source) -> str:
    """``_operations.py``."""
    used: set[str] = set()
    body: list[str] = []
    for path, method, operation in source.operations:
        parameters = operation.get("parameters", [])
        inside = [item for item in parameters if item["in"] == "path"]
        query = [item for item in parameters if item["in"] == "query"]
        headers = [item for item in parameters if item["in"] == "header" and item["name"] != "Content-Encoding"]
        schema, media = source.body(operation)
        answer = python_type(source.answer(operation))
        taken = "" if schema is None else python_type(schema)
        binary = len(media) > 1
        used |= set(re.findall(r"\b[A-Z]\w+\b", f"{answer} {taken}"))
        signature = ["self", *(f"{_name(item['name'])}: {python_type(item['schema'])}" for item in inside)]
        if schema is not None:
            signature.append(f"body: {taken} | bytes" if binary else f"body: {taken}")
        keywords = [f"{_name(item['name'])}: {python_type(item['schema'])} | None = None" for item in query]
        keywords += [f"{_name(item['name'])}: str | None = None" for item in headers]
        if binary:
            choice = ", ".join(json.dumps(item) for item in media)
            keywords.append(f'content_type: Literal[{choice}] = "application/json"')
            used.add("Literal")
        signature += ["*", *keywords] if keywords else []
        told = [operation["summary"], "", *words(operation.get("description", ""))]
        body += [
            "",
            f"    def {operation['operationId']}(",
            *(f"        {item}," for item in signature),
            f"    ) -> {answer}:",
        ]
        body += [f'        """{told[0]}', *(f"        {line}".rstrip() for line in told[1:]), '        """']
        address = "/".join(
            f"{{quote(str({_name(part[1:-1])}), safe='')}}" if part.startswith("{") else part
            for part in path.split("/")
        )
        body += ["        return cast(", f"            {answer},", "            self._request("]
        body += [f'                "{method.upper()}",', f'                {"f" if inside else ""}"{address}",']
        if query:
            body.append(
                "                query={"
                + ", ".join(f'"{item["name"]}": {_name(item["name"])}' for item in query)
                + "},"
            )
        if schema is not None:
            body.append("                body=body,")
        if headers:
            body.append(
                "                headers={"
                + ", ".join(f'"{item["name"]}": {_name(item["name"])}' for item in headers)
                + "},"
            )
        if binary:
            body.append("                content_type=content_type,")
        body += ["            ),", "        )"]
    typing = ["Any", *(["Literal"] if "Literal" in used else []), "cast"]
    types = sorted(name for name in used if name in source.needed or name == "Record")
    lines = [
        f'"""One method for each operation with a key. {NOTE}"""', "", "from __future__ import annotations", "",
        "from collections.abc import Mapping", f"from typing import {', '.join(typing)}", "from urllib.parse import quote", "",
        "from xinyong_client._types import (", *(f"    {name}," for name in types), ")", "", "", "class Operations:",
        '    """The operations; :class:`xinyong_client.Client` sends them."""', "",
        "    def _request(", "        self,", "        method: str,", "        path: str,", "        *,",
        "        query: Mapping[str, Any] | None = None,", "        body: Any = None,",
        "        headers: Mapping[str, str | None] | None = None,", '        content_type: str = "application/json",',
        "    ) -> Any:", "        raise NotImplementedError", *body,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


# --- JavaScript -----------------------------------------------------------------------------------------------------------


def script_type(schema: Document) -> str:
    """The type of a value in TypeScript."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return "Record_" if name == "Record" or name.startswith("Record_") else name
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(script_type(item) for item in schema[key]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(item, ensure_ascii=False) for item in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{script_type(schema.get('items', {}))}>"
    if kind == "object":
        more = schema.get("additionalProperties")
        return f"Record<string, {script_type(more) if isinstance(more, dict) and more else 'unknown'}>"
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}.get(
        str(kind), "unknown"
    )


def _camel(name: str) -> str:
    first, *rest = re.split(r"[_-]", name)
    return first.lower() + "".join(part.capitalize() for part in rest)


def _options(parameters: list[Document]) -> str:
    return ", ".join(f"{json.dumps(item['name'])}: options.{_camel(item['name'])}" for item in parameters)


def script_operations(source: Source) -> str:
    """``operations.js``."""
    lines = [
        f"// One method for each operation with a key. {NOTE}", "", "export class Operations {",
    ]  # fmt: skip
    for path, method, operation in source.operations:
        parameters = operation.get("parameters", [])
        inside = [item for item in parameters if item["in"] == "path"]
        query = [item for item in parameters if item["in"] == "query"]
        headers = [item for item in parameters if item["in"] == "header" and item["name"] != "Content-Encoding"]
        schema, media = source.body(operation)
        arguments = [*(_camel(item["name"]) for item in inside), *(["body"] if schema is not None else [])]
        options = bool(query or headers or len(media) > 1)
        arguments += ["options = {}"] if options else []
        address = "/".join(
            f"${{encodeURIComponent({_camel(part[1:-1])})}}" if part.startswith("{") else part
            for part in path.split("/")
        )
        sent = [f"query: {{ {_options(query)} }}"] if query else []
        sent += ["body"] if schema is not None else []
        sent += [f"headers: {{ {_options(headers)} }}"] if headers else []
        sent += ["contentType: options.contentType"] if len(media) > 1 else []
        lines += [
            f"  /** {operation['summary']} */",
            f"  {_camel(operation['operationId'])}({', '.join(arguments)}) {{",
        ]
        told = f", {{ {', '.join(sent)} }}" if sent else ""
        lines += [f"    return this.request({json.dumps(method.upper())}, `{address}`{told});", "  }", ""]
    lines[-1] = "}"
    return "\n".join(lines) + "\n"


def script_types(source: Source) -> str:
    """``index.d.ts``: types of the API, then what core.js offers."""
    lines = [
        f"// {NOTE}",
        "",
        "/** A record in the field ids of its dataset. */",
        "export type Record_ = Record<string, unknown>;",
        "",
    ]
    for name in sorted(source.needed):
        schema = source.schemas[name]
        if name == "Record":
            continue
        required = set(schema.get("required", ()))
        lines += [
            f"/** {' '.join(words(str(schema.get('description', name)), 10_000))} */",
            f"export interface {name} {{",
        ]
        for key, field in schema.get("properties", {}).items():
            lines += [f"  /** {field['description']} */"] if field.get("description") else []
            shown = key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)
            lines.append(f"  {shown}{'' if key in required else '?'}: {script_type(field)};")
        lines += ["}", ""]
    lines += ["/** One method for each operation with a key. */", "export class Operations {"]
    for _, _, operation in source.operations:
        parameters = operation.get("parameters", [])
        schema, media = source.body(operation)
        arguments = [
            f"{_camel(item['name'])}: {script_type(item['schema'])}" for item in parameters if item["in"] == "path"
        ]
        if schema is not None:
            arguments.append(f"body: {script_type(schema)}{' | Uint8Array | string' if len(media) > 1 else ''}")
        options = [
            f"{_camel(item['name'])}?: {script_type(item['schema'])}"
            for item in parameters
            if item["in"] in ("query", "header") and item["name"] != "Content-Encoding"
        ]
        options += [f"contentType?: {' | '.join(map(json.dumps, media))}"] if len(media) > 1 else []
        arguments += [f"options?: {{ {'; '.join(options)} }}"] if options else []
        lines += [f"  /** {operation['summary']} */"]
        lines += [
            f"  {_camel(operation['operationId'])}({', '.join(arguments)}): Promise<{script_type(source.answer(operation))}>;"
        ]
    lines += ["}", "", (JAVASCRIPT / "core.d.ts.in").read_text(encoding="utf-8").strip()]
    return "\n".join(lines) + "\n"


# --- the web component ------------------------------------------------------------------------------------------------------


def integrity() -> str:
    """``integrity.json``: what a page puts into its script tag."""
    content = (COMPONENT / "xinyong-check.js").read_bytes()
    found = base64.b64encode(hashlib.sha384(content).digest()).decode()
    return (
        json.dumps({"file": "xinyong-check.js", "integrity": f"sha384-{found}", "bytes": len(content)}, indent=2) + "\n"
    )


def formatted(text: str) -> str:
    """Python as the linters of the project want it."""
    made = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-q", "--line-length", "120", "-"],
        input=text,
        text=True,
        capture_output=True,
        check=True,
    )
    return made.stdout


def files() -> dict[Path, str]:
    """Every generated file."""
    source = Source(document())
    return {
        PYTHON / "_types.py": formatted(python_types(source)),
        PYTHON / "_operations.py": formatted(python_operations(source)),
        JAVASCRIPT / "operations.js": script_operations(source),
        JAVASCRIPT / "index.d.ts": script_types(source),
        COMPONENT / "integrity.json": integrity(),
    }


def main() -> int:
    """Write, or with --check only compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    made = files()
    changed = [place for place, text in made.items() if not place.exists() or place.read_text("utf-8") != text]
    for place in changed:
        print(("differs: " if check else "wrote: ") + str(place.relative_to(HERE.parent)))
        if not check:
            place.write_text(made[place], encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
