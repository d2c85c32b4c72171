"""The OpenAPI document: committed, complete, and readable by people without any other server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from keepfold.site import api, openapi
from tests.support.wsgi import environ_of, send

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"


def operations():
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in api.document()["paths"].items()
        for method, operation in item.items()
    ]


def test_the_committed_document_is_what_the_code_says():
    assert COMMITTED.read_text(encoding="utf-8") == api.document_text(), "run: make docs"


def test_it_is_served_to_whoever_asks(application):
    answer = send(application, environ_of("GET", "/api/v1/openapi.json"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["openapi"].startswith("3.1.")
    assert answer.json == json.loads(api.document_text())


@pytest.mark.parametrize(("name", "operation"), [pytest.param(*one, id=one[0]) for one in operations()])
def test_every_operation_says_what_it_does_what_it_answers_and_who_may_ask(name, operation):
    assert operation["security"] == [{"Bearer": []}]
    assert operation["description"]
    assert {"401", "403", "422", "429", "503"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status[0] in "45":
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


READING_POSTS = {"search_customers", "check_policy", "diff_policy", "explain_policy"}


def test_every_write_takes_an_idempotency_key_and_nothing_else_does():
    takes = {
        operation["operationId"]
        for _, operation in operations()
        if any(one["name"] == "Idempotency-Key" for one in operation["parameters"])
    }
    writes = {operation["operationId"] for name, operation in operations() if not name.startswith("GET ")}
    assert takes == writes - READING_POSTS


def test_every_reference_in_the_document_leads_somewhere():
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', api.document_text()))
    assert references <= set(api.document()["components"]["schemas"])


def test_people_read_it_on_a_page_that_needs_no_other_server(application):
    answer = send(application, environ_of("GET", "/api/v1/docs"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = answer.body.decode()
    for _, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
    linked = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert linked
    assert not [link for link in linked if re.match(r"(?:[a-z]+:)?//", link)]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert "<script" not in page
    assert "style=" not in page


def test_the_page_speaks_german_to_whoever_asks_for_it(application):
    answer = send(application, environ_of("GET", "/api/v1/docs", headers={"Accept-Language": "de"}))
    page = answer.body.decode()
    assert '<html lang="de"' in page
    assert "Antworten" in page
    assert answer.headers["vary"] == "Accept-Language"


def test_the_page_groups_the_operations_as_the_document_tags_them():
    groups = openapi.groups(api.document())
    assert [group["name"] for group in groups] == ["customers", "consents", "policy", "ledger", "people"]
    assert sum(len(group["operations"]) for group in groups) == len(operations())
