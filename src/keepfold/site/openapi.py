"""Completes the OpenAPI document that ninja derives from the routers: errors, idempotency keys, headers, ids.

A machine reads this document; so every answer that an address can give is in it, errors as problem documents
(RFC 9457) included.
"""

from __future__ import annotations

from typing import Any

import keepfold
from keepfold.gate.rest import IDEMPOTENCY_HEADER, REPLAYED_HEADER, id_pattern

Operation = dict[str, Any]

DESCRIPTION = """\
Customer data behind one policy file. Send `Authorization: Bearer kf_…`, a token made by `keepfold client create`.

* Every error is a problem document (RFC 9457) with a stable `code`, usually the `rule` that decided and a `next_step`.
* Every write takes an `Idempotency-Key`: repeated with the same key it is answered again and not done again.
* Lists are paged by cursor: pass `next` of one page as `after` of the following one.
* What is not there and what you may not know of are answered alike.
"""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "A URN that ends in the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened. Never contains a value of a customer."},
        "code": {"type": "string", "description": "Stable and dotted, for programs."},
        "rule": {"type": "string", "description": "The rule that decided."},
        "next_step": {"type": "string", "description": "What to do about it."},
    },
}

ERRORS = {
    400: "The request cannot be read.",
    401: "There is no valid token.",
    403: "The token, its purposes or the policy do not permit this; `rule` says which rule decided.",
    404: "There is nothing there, or nothing that you may know of.",
    409: "In conflict with what is there, or the idempotency key was used for another request.",
    413: "More than the limits permit.",
    422: "The request is readable but cannot be accepted.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "A part that safety depends on is away: keys, disk, ledger, clock or policy. Nothing was done.",
}
_ALWAYS = (400, 401, 403, 422, 429, 503)
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_KEY = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": "A new random id per request, such as a UUID. Kept for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_IDS = {"customer_id": "cus", "client_id": "cli"}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with everything that all operations have in common."""
    document["info"] |= {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    document["servers"] = [{"url": "/", "description": "This installation."}]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for path, item in document["paths"].items():
        for operation in item.values():
            _complete(path, operation)
    return document


def _complete(path: str, operation: Operation) -> None:
    if operation.pop("x-idempotent", False):
        operation["parameters"].append(_KEY)
        for answer in operation["responses"].values():
            answer["headers"] = {REPLAYED_HEADER: {"schema": {"type": "string", "enum": ["true"]}}}
        _add_errors(operation, 409)
    if "requestBody" in operation:
        _add_errors(operation, 413)
    if operation.pop("x-may-miss", False) or "{" in path:
        _add_errors(operation, 404)
    if operation.get("security"):
        _add_errors(operation, *_ALWAYS)
    for parameter in operation["parameters"]:
        _describe_id(parameter)
    operation["responses"] = {str(status): operation["responses"][status] for status in sorted(operation["responses"])}


def _add_errors(operation: Operation, *statuses: int) -> None:
    for status in statuses:
        error: dict[str, Any] = {
            "description": ERRORS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in {429, 503}:
            error["headers"] = _RETRY
        operation["responses"][status] = error


def _describe_id(parameter: dict[str, Any]) -> None:
    prefix = _IDS.get(parameter["name"])
    if prefix is not None:
        parameter["schema"] = {"type": "string", "pattern": id_pattern(prefix)}
        parameter["description"] = f"An id that starts with {prefix}_."


def version() -> str:
    """Return the version of the API: that of the product up to its first dot, and the product's."""
    return keepfold.__version__


def groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations by tag, in the order of the document, as the page for people shows them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found.setdefault(operation["tags"][0], []).append(_shown(document, path, method, operation))
    return [{"name": name, "operations": operations} for name, operations in found.items()]


def _shown(document: dict[str, Any], path: str, method: str, operation: Operation) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "id": operation["operationId"],
        "summary": _plain(operation.get("description") or operation["summary"]),
        "parameters": [_parameter(one) for one in operation["parameters"]],
        "body": [_content(document, *one) for one in operation.get("requestBody", {}).get("content", {}).items()],
        "answers": [
            {"status": status, "meaning": _plain(one["description"]), "is_error": status[0] not in "23"}
            for status, one in operation["responses"].items()
        ],
    }


def _plain(text: str) -> str:
    return text.replace("`", "")


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter["schema"]
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "kind": kind_of(schema),
        "meaning": _plain(parameter.get("description", "")),
    }


def _content(document: dict[str, Any], media: str, content: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(document, content.get("schema", {}))
    required = schema.get("required", ())
    return {
        "media": media,
        "meaning": _plain(schema.get("description", "")),
        "fields": [
            {
                "name": name,
                "kind": kind_of(one),
                "required": name in required,
                "meaning": _plain(_resolved(document, one).get("description", "")),
            }
            for name, one in schema.get("properties", {}).items()
        ],
    }


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    found = choices[0] if len(choices) == 1 else schema
    if "$ref" in found:
        found = document["components"]["schemas"][found["$ref"].rsplit("/", 1)[-1]]
    return found


def kind_of(schema: dict[str, Any]) -> str:
    """Return the type of a schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    choices = [kind_of(one) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if choices:
        return " | ".join(choices)
    return f"list of {kind_of(schema.get('items', {}))}" if schema.get("type") == "array" else schema.get("type", "any")
