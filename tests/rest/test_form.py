"""Whatever comes in: never a 5xx, always a problem document with the headers of the API."""

from __future__ import annotations

import json

import pytest

from keepfold.kernel import config, db
from keepfold.people import actions as people
from tests.support.wsgi import environ_of, send

CRUELTIES = {
    "nothing": b"",
    "a NUL": b"\x00",
    "broken UTF-8": b'{"values": {"email": "\xff\xfe"}}',
    "half a character": b'{"values": {"email": "\\ud800"}}',
    "a NUL in a string": b'{"values": {"email": "\\u0000"}}',
    "a NUL in a key": b'{"values": {"\\u0000": 1}}',
    "a huge number": b'{"values": {"email": ' + b"9" * 5000 + b"}}",
    "a huge exponent": b'{"values": {"email": 1e999999}}',
    "no number": b'{"values": {"email": NaN}}',
    "endless": b'{"values": {"email": Infinity}}',
    "a deep list": b"[" * 100_000,
    "a deep mapping": b'{"values":' * 100_000,
    "a closed deep list": b'{"values": {"email": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "a list": b"[]",
    "a text": b'"values"',
    "nothing at all": b"null",
    "two documents": b"{}{}",
    "a form": b"values=1",
    "a long key": b'{"' + b"a" * 200_000 + b'": 1}',
    "the same key twice": b'{"values": {}, "values": {"email": 1}}',
    "XML": b"<?xml version='1.0'?><values/>",
}
WRITES = [
    ("POST", "/customers"),
    ("POST", "/customers/search"),
    ("PATCH", "/customers/CARL"),
    ("POST", "/customers/CARL/consents"),
    ("POST", "/customers/CARL/consents/newsletter/withdraw"),
    ("POST", "/clients"),
    ("POST", "/policy/explain"),
]
# A withdrawal needs no body.
EACH = [
    (method, path, cruelty)
    for method, path in WRITES
    for cruelty in CRUELTIES
    if not (path.endswith("withdraw") and cruelty in {"nothing", "nothing at all"})
]


def check_problem(answer):
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json
    assert document["status"] == answer.status
    assert document["detail"]
    assert len(answer.body) < 4000


@pytest.mark.parametrize(("method", "path", "cruelty"), EACH)
def test_a_body_that_is_no_such_document_is_a_clear_4xx(owner, carl, method, path, cruelty):
    check_problem(owner.send(method, path.replace("CARL", carl), CRUELTIES[cruelty]))


@pytest.mark.parametrize("cruelty", CRUELTIES)
def test_a_policy_text_of_any_kind_is_looked_at_and_never_breaks_anything(owner, cruelty):
    for path in ("/policy/check", "/policy/diff"):
        answer = owner.send("POST", path, CRUELTIES[cruelty], {"Content-Type": "application/yaml"})
        assert answer.status in {200, 413, 422}


ADDRESSES = [
    "/customers/%00?purpose=support",
    "/customers/%ff%fe?purpose=support",
    "/customers/CARL?purpose=%00",
    "/customers/CARL?purpose=%ff",
    "/customers/CARL?purpose=support&fields=%00,email",
    "/customers/CARL?purpose=support&reason=carl%40example.org",
    "/customers/CARL%0A?purpose=support",
    "/customers/../policy/%2e%2e?x",
    "/customers?limit=99999999999999999999999999",
    "/customers?limit=0",
    "/customers?limit=1e3",
    "/customers?after=cus_%00",
    "/ledger/proof/inclusion?index=99999999999999999999999",
    "/ledger/proof/inclusion?index=-1",
    "/ledger/proof/consistency?first=5&second=1",
    "/ledger/tile/64/000",
    "/ledger/tile/0/x001/x001",
    "/ledger/tile/0/%00",
    "/ledger/tile/entries/999999999999999999999999",
    "/ledger/tile/0/" + "x999/" * 12 + "999",
    "/customers/CARL/ledger?before=-1",
    "/customers/CARL/consents?limit=100000",
    "/clients?after=cli_zzzzzzzzzzzzzzzzzzzzzzzzzz",
    "/policy?version=1",
    "/nothing/here",
    "",
    "/",
    "/customers/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_leads_nowhere_is_a_clear_4xx(owner, carl, address):
    check_problem(owner.get(address.replace("CARL", carl)))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/customers", "GET, POST"),
        ("POST", "/customers/CARL", "DELETE, GET, PATCH"),
        ("DELETE", "/policy", "GET"),
        ("OPTIONS", "/whoami", "GET"),
        ("HEAD", "/whoami", "GET"),
        ("TRACE", "/clients", "GET, POST"),
        ("POST", "/openapi.json", "GET"),
        ("POST", "/docs", "GET"),
    ],
)
def test_a_method_that_an_address_does_not_have_is_named_with_those_it_has(owner, carl, method, path, allowed):
    answer = owner.send(method, path.replace("CARL", carl))
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic a2Y6", "Bearer kf_no", "Token x", "\xe4"])
@pytest.mark.usefixtures("installation")
def test_without_a_valid_token_nothing_is_answered(application, header):
    headers = {} if header is None else {"Authorization": header}
    for path in ("/customers", "/policy", "/whoami", "/ledger/checkpoint"):
        answer = send(application, environ_of("GET", f"/api/v1{path}", headers=headers))
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="keepfold"')
        check_problem(answer)


@pytest.fixture(autouse=True)
def no_limit_of_failures(monkeypatch):
    monkeypatch.setattr("keepfold.people.memory.FAILURES_AT_ONCE", 10_000)


def test_a_cookie_opens_nothing_and_none_is_set(application, owner):
    headers = {"Cookie": f"sessionid={owner.token}; Authorization=Bearer {owner.token}"}
    answer = send(application, environ_of("GET", "/api/v1/whoami", headers=headers))
    assert answer.status == 401
    assert "set-cookie" not in owner.get("/whoami").headers


def test_every_answer_says_that_it_must_not_be_kept_and_bears_its_own_id(owner, carl):
    answers = [owner.get("/whoami"), owner.get(f"/customers/{carl}?purpose=support"), owner.get("/nothing")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


def test_an_id_that_the_caller_sends_is_not_taken_over(owner):
    assert owner.get("/whoami", **{"X-Request-Id": "mine"}).headers["x-request-id"] != "mine"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(owner):
    most = config.current().max_body_bytes
    answer = owner.send("POST", "/customers", b"{}", {"Content-Length": str(most + 1)})
    assert (answer.status, answer.json["code"]) == (413, "body.too-large")
    assert owner.send("POST", "/policy/check", b"a" * (256 * 1024 + 1)).json["code"] == "policy.too-long"


def test_a_client_that_asks_too_much_is_told_when_to_come_back(installation, application, owner):
    slow = people.create_client(actor=installation.operator, name="slow", actions=("vault.record.open",), rate=1).token
    headers = {"Authorization": f"Bearer {slow}"}
    answers = [send(application, environ_of("GET", "/api/v1/whoami", headers=headers)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"
    assert answers[2].json["rule"] == "people.client-rate"


def test_a_database_that_is_away_is_a_503_that_says_so(owner, carl):
    db.execute("default", "DROP TABLE consent_state")
    answer = owner.get(f"/customers/{carl}/consents")
    assert (answer.status, answer.json["code"]) == (503, "storage.schema")
    assert answer.headers["retry-after"] == "5"


def test_what_nobody_expected_is_a_500_in_the_form_of_a_problem_and_says_nothing_of_its_cause(owner, monkeypatch):
    def burst(**_given):
        raise RuntimeError("carl@example.org")

    monkeypatch.setattr("keepfold.vault.actions.list_people", burst)
    answer = owner.get("/customers")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json["code"] == "unexpected"
    assert b"carl" not in answer.body


def test_an_unknown_name_is_answered_with_the_nearest(owner, carl):
    answer = owner.get(f"/customers/{carl}?purpose=support&field=email")
    assert (answer.status, answer.json["code"]) == (422, "request.parameter")
    assert answer.json["next_step"] == "Did you mean fields?"
    answer = owner.post("/customers", {"values": {}, "partal": True})
    assert {"where": "body.body.partal", "message": "Extra inputs are not permitted"} in answer.json["errors"]


def test_numbers_and_truths_are_not_guessed_from_texts(owner):
    answer = owner.send("POST", "/customers", json.dumps({"values": {}, "partial": "true"}).encode())
    assert answer.status == 422
