"""The OpenAPI document, and the page of the HTTP API that is made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from keepfold.site.api import document_text
from tools.markdown import code, table

HEAD = """\
# HTTP API

Made from [openapi.json](openapi.json), which a running server also serves. Send `Authorization: Bearer TOKEN`. Errors
are problem documents (RFC 9457) with a stable `code`, and usually the `rule` that decided and the `next_step`.

"""
METHODS = ("get", "post", "put", "patch", "delete")


def http_api() -> str:
    """Return the page: all operations in one table, then each with what it takes and answers."""
    document = json.loads(document_text())
    operations = list(_operations(document))
    rows = [(f"`{method.upper()} {path}`", _first_sentence(operation)) for path, method, operation in operations]
    sections = [_section(document, *operation) for operation in operations]
    objects = [_object(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return HEAD + table(("call", "what it does"), rows) + "\n" + "\n".join([*sections, "## Objects\n", *objects])


def _first_sentence(operation: Mapping[str, Any]) -> str:
    text = operation.get("description") or operation.get("summary", "")
    return str(text).split(". ")[0].split("; ")[0].rstrip(".") + "."


def _object(name: str, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", ())
    rows = [
        (code(key), "yes" if key in needed else "", _kind(value), value.get("description", ""))
        for key, value in schema.get("properties", {}).items()
    ]
    text = f"### {name}\n\n{schema.get('description', '')}\n"
    return text + ("\n" + table(("key", "always", "value", "meaning"), rows) if rows else "")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _section(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> str:
    parts = [f"## {method.upper()} {path}", operation.get("description") or operation.get("summary", "")]
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", ())]
    if parameters:
        parts.append(table(("parameter", "in", "needed", "value", "meaning"), map(_parameter, parameters)))
    body = _resolved(document, operation.get("requestBody", {}))
    if body:
        parts.append("Body: " + ", ".join(_content(body)) + ".\n")
    answers = [(code(status), _answer(document, answer)) for status, answer in operation["responses"].items()]
    parts.append(table(("answer", "when"), answers))
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _resolved(document: Mapping[str, Any], thing: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in thing:
        target: Any = document
        for name in thing["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        thing = target
    return thing


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        code(parameter["name"]),
        parameter["in"],
        "yes" if parameter.get("required") else "",
        _kind(parameter.get("schema", {})),
        parameter.get("description") or parameter.get("schema", {}).get("description", ""),
    )


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(code(choice) for choice in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    alternatives = [_kind(one) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return " or ".join(alternatives) or str(schema.get("type", ""))


def _content(body: Mapping[str, Any]) -> Iterator[str]:
    for media, value in body.get("content", {}).items():
        kind = _kind(value.get("schema", {}))
        if media != "application/problem+json":
            yield code(media) + (f" ({kind})" if kind else "")


def _answer(document: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    answer = _resolved(document, answer)
    content = ", ".join(_content(answer))
    return answer.get("description", "") + (f" — {content}" if content else "")
