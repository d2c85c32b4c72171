"""Each token gets exactly the calls that the table says, and a refusal is the same whatever stands in the address."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.access import stage
from tests.access.conftest import allowed, declared
from tests.access.routes import api, api_paths, fill
from tests.support.wsgi import environ_of, send

TABLE = declared("api")
# Read by people and tools before they have a token.
DOCUMENTS = {"/api/v1/openapi.json", "/api/v1/docs"}
ABSENT = {"customer_id": "cus_01m6gmjjfxfpdrtq75epy790dt", "client_id": "cli_01m6gmjjfxfpdrtq75epy790dt"}
_REFERENCE = re.compile(rb'"(?:instance|reference|request_id)":\s*"[^"]*"')


class Tokens:
    """The application and one token for each of everybody."""

    def __init__(self, installation: Any) -> None:
        from keepfold.people import actions as people
        from keepfold.people import queries
        from keepfold.site.wsgi import make_application

        self.application = make_application()
        self._tokens = {"nobody": ""}
        packed = queries.roles()
        for role in stage.ROLES:
            self._tokens[role] = self._issue(
                installation, role, packed[role].grants.actions, packed[role].grants.purposes
            )
        # A token must grant something: this one grants what no address of the API asks for.
        self._tokens["bare"] = self._issue(installation, "bare", ("demo.people.load",), ())
        gone = people.create_client(actor=installation.operator, name="gone", actions=("vault.*",), purposes=("*",))
        people.revoke_client(actor=installation.operator, client=gone.client.id)
        self._tokens["gone"] = gone.token

    @staticmethod
    def _issue(installation: Any, name: str, actions: tuple[str, ...], purposes: tuple[str, ...]) -> str:
        from keepfold.people import actions as people

        return people.create_client(actor=installation.operator, name=name, actions=actions, purposes=purposes).token

    def send(self, who: str, method: str, path: str, line: dict[str, Any]) -> Any:
        """Send what the table says a permitted request would say."""
        body, kind = _body(line)
        headers = {"Content-Type": kind}
        if self._tokens[who]:
            headers["Authorization"] = f"Bearer {self._tokens[who]}"
        target = path + (f"?{line['query']}" if "query" in line else "")
        return send(self.application, environ_of(method, target, body=body, headers=headers))


def _body(line: dict[str, Any]) -> tuple[bytes, str]:
    if "text" in line:
        return line["text"].encode(), "application/yaml"
    if "lines" in line:
        return b"".join(json.dumps(one).encode() + b"\n" for one in line["lines"]), "application/x-ndjson"
    return (json.dumps(line["body"]).encode() if "body" in line else b""), "application/json"


def people_of(line: dict[str, Any]) -> frozenset[str]:
    names = [name for name in line["who"] if name != "holder"]
    return allowed(names) | (frozenset(stage.STAFF) if "holder" in line["who"] else frozenset())


@pytest.fixture
def things(installation):
    """Return the same as everywhere, on a stage that the test has in its hand."""
    return stage.set_up(installation)


@pytest.fixture
def tokens(installation):
    return Tokens(installation)


@pytest.fixture
def parts(things, installation) -> dict[str, str]:
    return {
        "customer_id": things["customer"],
        "client_id": things["client_id"],
        "purpose": "newsletter",
        "level": "0",
        "index": "000.p/1",
    }


def test_the_table_names_every_call_and_no_other():
    there, said = {f"{method} {path}" for method, path in api()}, set(TABLE)
    assert there - said == set(), "these calls are not in matrix.toml"
    assert said - there == set(), "these lines of matrix.toml have no call"


def test_the_document_names_every_address_that_is_served():
    shown = {re.sub(r"<[^>]*>", "<>", path) for _, path in api()}
    assert {re.sub(r"<[^>]*>", "<>", path) for path in api_paths() - DOCUMENTS} == shown


@pytest.mark.parametrize("call", TABLE)
def test_each_token_gets_what_the_table_says(tokens, parts, call):
    method, path = call.split(" ")
    line, wrong = TABLE[call], []
    # Whoever may not goes first: what is done is done.
    for who in sorted(stage.EVERYBODY, key=lambda name: name in people_of(line)):
        answer = tokens.send(who, method, fill(path, parts), line)
        if who in people_of(line):
            good = answer.status not in {401, 403} and answer.status < 500
        else:
            good = answer.status == (401 if who in {"nobody", "gone"} else 403)
        if not good:
            wrong.append(f"{who}: {answer.status} {answer.body[:160]!r}")
    assert wrong == []


@pytest.mark.parametrize("call", [call for call in TABLE if "_id>" in call])
def test_a_refusal_is_the_same_for_what_is_there_and_what_is_not(tokens, parts, call):
    method, path = call.split(" ")
    line = TABLE[call]
    for who in set(stage.EVERYBODY) - people_of(line):
        answers = set()
        for given in (parts, parts | ABSENT):
            address = fill(path, given)
            answer = tokens.send(who, method, address, line)
            answers.add((answer.status, _REFERENCE.sub(b"", answer.body).replace(address.encode(), b"")))
        assert len(answers) == 1, f"{who} can tell by {call} what is there"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_turns_one_method_into_another(tokens, parts, installation, header):
    from keepfold.vault import queries as vault

    for call in [call for call in TABLE if call.startswith(("POST ", "GET ")) and "<customer_id>" in call]:
        method, path = call.split(" ")
        body, kind = _body(TABLE[call])
        headers = {"Authorization": f"Bearer {tokens._tokens['owner']}", "Content-Type": kind, header: "DELETE"}
        address = fill(path, parts) + "?reason=asked&_method=DELETE"
        send(tokens.application, environ_of(method, address, body=body, headers=headers))
        assert vault.is_living(installation.carl)
