"""The hot views answer as the plain ones do: the same requests go through both, and every answer is compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.site.fastlane import make_lane
from keepfold.site.wsgi import ApiHandler
from tests.support.wsgi import Answer, environ_of, send

NDJSON = "application/x-ndjson"
IDS = re.compile(rb"cus_[0-9a-z]{26}")
# Set per answer by the server: a random id, and the length, which Django's handler leaves to the server.
APART = {"x-request-id", "content-length"}


class Both:
    """Sends a request through the fast lane (falling back as the server does) and through the plain views."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.lane = make_lane()
        self.plain = ApiHandler()
        self.number = count()

    def send(self, method: str, address: str, body: bytes = b"", **headers: str) -> tuple[Answer, Answer, bool]:
        """Return both answers, and whether the fast lane gave its own."""
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        fast: list[bool] = []

        def through_lane(environ, start_response):
            answer = self.lane(environ, start_response)
            fast.append(answer is not None)
            return self.plain(environ, start_response) if answer is None else answer

        hot, plain = (
            send(
                application, environ_of(method, f"/api/v1{address}", body=fresh(body), headers=_fresh_key(given, label))
            )
            for application, label, fresh in ((through_lane, "hot", self._fresh), (self.plain, "plain", self._fresh))
        )
        return hot, plain, fast[0]

    def _fresh(self, body: bytes) -> bytes:
        # An address that nobody has yet, of the same length in both requests.
        return body.replace(b"NEW", b"%08d" % next(self.number))


def _fresh_key(headers: dict[str, str], label: str) -> dict[str, str]:
    key = headers.get("Idempotency-Key")
    return headers if key is None else headers | {"Idempotency-Key": f"{key}-{label}"}


def like(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """Return what must be the same: all of it but ids and lengths."""
    headers = {name: value for name, value in answer.headers.items() if name not in APART}
    return answer.status, IDS.sub(b"cus_", answer.body), headers


@pytest.fixture
def both(client_of, installation):
    return Both(client_of(installation.operator).token)


GOOD = [
    ("POST", "/customers", b'{"values":{"email":"NEW@shop.example","first_name":"Carl"}}', {}),
    ("POST", "/customers", b'{"values":{"email":"NEW@shop.example","shoe_size":44},"partial":true}', {}),
    ("POST", "/customers", b'{"values":{"email":"NEW@shop.example"}}', {"Idempotency-Key": "one"}),
    ("POST", "/customers/bulk", b'{"email":"NEW@shop.example"}\n\n{"email":"x"}\n[1]\n{"a\n', {"Content-Type": NDJSON}),
    ("POST", "/customers/bulk?partial=true", b'{"email":"x","first_name":"Carl"}', {"Content-Type": NDJSON}),
    ("POST", "/customers/bulk?on_conflict=skip", b'{"email":"carl.lindqvist@example.org"}', {"Content-Type": NDJSON}),
    ("GET", "/customers/CARL?purpose=support", b"", {}),
    ("GET", "/customers/CARL?purpose=support&fields=email,phone", b"", {}),
    ("GET", "/customers/CARL?fields=email&purpose=fulfil_order", b"", {}),
]
# Refused by an action: the hot view asks it and hands its error on.
REFUSED = [
    ("POST", "/customers", b'{"values":{}}', {}),
    ("POST", "/customers", b'{"values":{"shoe_size":44}}', {}),
    ("POST", "/customers", b'{"values":{"email":"carl.lindqvist@example.org"}}', {}),
    ("POST", "/customers", b'{"values":{"email":"a\\u0000b@shop.example"}}', {}),
    ("POST", "/customers", b'{"values":{"email":{"a":[1,2,{"b":null}]}}}', {}),
    ("POST", "/customers", b'{"values":{"first_name":1e308}}', {}),
    ("POST", "/customers", b'{"values":{"first_name":123456789012345678901234567890}}', {}),
    ("POST", "/customers", b'{"values":{"email":"NEW@shop.example"}}', {"Idempotency-Key": "x" * 300}),
    ("POST", "/customers/bulk", b"\n \n", {"Content-Type": NDJSON}),
    ("GET", "/customers/CARL?purpose=newsletter", b"", {}),
    ("GET", "/customers/CARL?purpose=nothing_such", b"", {}),
    ("GET", "/customers/CARL?purpose=support&fields=iban", b"", {}),
    ("GET", "/customers/cus_01m86asgk0faqrbk0r3rrw0wng?purpose=support", b"", {}),
    ("GET", "/customers/CARL?purpose=support", b"", {"Authorization": "Bearer kf_no"}),
    ("GET", "/customers/CARL?purpose=support", b"", {"Authorization": "Bearer "}),
]
# Not well-formed: the hot view steps aside.
MALFORMED = [
    ("POST", "/customers", b"", {}),
    ("POST", "/customers", b"{", {}),
    ("POST", "/customers", b"[]", {}),
    ("POST", "/customers", b'{"values":[]}', {}),
    ("POST", "/customers", b'{"values":{},"partial":"yes"}', {}),
    ("POST", "/customers", b'{"values":{},"more":1}', {}),
    ("POST", "/customers", b'{"value":{}}', {}),
    ("POST", "/customers", b'{"values":{"email":NaN}}', {}),
    ("POST", "/customers", b'{"values":{"email":"\\ud800"}}', {}),
    ("POST", "/customers", b'\xff{"values":{}}', {}),
    ("POST", "/customers", b'{"values":' + b'{"a":' * 5000, {}),
    ("POST", "/customers", json.dumps({"values": {f"f{number}": 1 for number in range(201)}}).encode(), {}),
    ("POST", "/customers?partial=true", b'{"values":{}}', {}),
    ("POST", "/customers/bulk", b'{"email":"NEW@shop.example"}', {}),
    ("POST", "/customers/bulk?partial=perhaps", b'{"email":"NEW@shop.example"}', {"Content-Type": NDJSON}),
    ("POST", "/customers/bulk?on_conflict=fight", b'{"email":"NEW@shop.example"}', {"Content-Type": NDJSON}),
    ("POST", "/customers/bulk?x=1", b'{"email":"NEW@shop.example"}', {"Content-Type": NDJSON}),
    ("GET", "/customers/CARL", b"", {}),
    ("GET", "/customers/CARL?purpose=", b"", {}),
    ("GET", "/customers/CARL?purpose=support&purpose=newsletter", b"", {}),
    ("GET", "/customers/CARL?purpose=Support", b"", {}),
    ("GET", "/customers/CARL?purpose=supp%6Frt", b"", {}),
    ("GET", "/customers/CARL?purpose=support&fields=,", b"", {}),
    ("GET", "/customers/CARL?purpose=support&field=email", b"", {}),
    ("GET", "/customers/CARL?purpose=support&reason=ticket+4711", b"", {}),
    ("GET", "/customers/CARL?purpose=support\x00", b"", {}),
    ("GET", "/customers/cus_0000000000000000000000000L?purpose=support", b"", {}),
    ("GET", "/customers/cus_8zzzzzzzzzzzzzzzzzzzzzzzzz?purpose=support", b"", {}),
    ("GET", "/customers/CARL?purpose=support", b"", {"Authorization": "Basic a2Y6"}),
    ("GET", "/customers/CARL?purpose=support", b"", {"Authorization": ""}),
    ("GET", "/customers/CARL?purpose=support", b"", {"Host": "elsewhere.example"}),
    ("PUT", "/customers/CARL?purpose=support", b"", {}),
]


def named(corpus):
    return [pytest.param(*request, id=f"{number}: {request[0]} {request[1]}") for number, request in enumerate(corpus)]


@pytest.mark.parametrize(("method", "address", "body", "headers"), named(GOOD))
def test_what_is_in_order_is_answered_by_the_hot_view_as_by_the_plain_one(both, carl, method, address, body, headers):
    hot, plain, was_hot = both.send(method, address.replace("CARL", carl), body, **headers)
    assert was_hot
    assert plain.status in {200, 201}
    assert like(hot) == like(plain)


@pytest.mark.parametrize(("method", "address", "body", "headers"), named(REFUSED))
def test_what_an_action_refuses_is_refused_alike(both, carl, method, address, body, headers):
    hot, plain, was_hot = both.send(method, address.replace("CARL", carl), body, **headers)
    assert was_hot
    assert 400 <= plain.status < 500
    assert like(hot) == like(plain)


@pytest.mark.parametrize(("method", "address", "body", "headers"), named(MALFORMED))
def test_what_is_malformed_is_left_to_the_plain_view(both, carl, method, address, body, headers):
    hot, plain, was_hot = both.send(method, address.replace("CARL", carl), body, **headers)
    assert not was_hot
    assert plain.status < 500
    assert like(hot) == like(plain)


def test_a_repeated_request_is_answered_again_by_either_view(both):
    body = b'{"values":{"email":"once@shop.example"}}'
    environ = {"Authorization": f"Bearer {both.token}", "Idempotency-Key": "same", "Content-Type": "application/json"}
    first = send(_in_lane(both), environ_of("POST", "/api/v1/customers", body=body, headers=environ))
    again = send(both.plain, environ_of("POST", "/api/v1/customers", body=body, headers=environ))
    third = send(_in_lane(both), environ_of("POST", "/api/v1/customers", body=body, headers=environ))
    assert first.status == again.status == third.status == 201
    assert first.body == again.body == third.body
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == third.headers["idempotency-replayed"] == "true"


def _in_lane(both: Both) -> Callable:
    def application(environ, start_response):
        answer = both.lane(environ, start_response)
        assert answer is not None
        return answer

    return application


pieces = st.sampled_from(
    [
        b"{",
        b"}",
        b'"values"',
        b":",
        b'"email"',
        b'"a@b.example"',
        b",",
        b"[",
        b"]",
        b"1",
        b"-",
        b"null",
        b"\\u0000",
        b" ",
    ]
)
bodies = st.one_of(st.binary(max_size=60), st.lists(pieces, max_size=20).map(b"".join))
queries = st.text(st.sampled_from("purposefields=&,%+ \x00ä.x"), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, query=queries, bulk=st.booleans())
def test_whatever_bytes_come_both_views_answer_alike_and_never_break(both, carl, body, query, bulk):
    if bulk:
        answers = both.send("POST", "/customers/bulk", body, **{"Content-Type": NDJSON})
    elif body:
        answers = both.send("POST", "/customers", body)
    else:
        answers = both.send("GET", f"/customers/{carl}?{query.encode().decode('latin-1')}")
    hot, plain, _ = answers
    assert plain.status < 500
    if plain.status != 201:  # a second new customer may have the address of the first
        assert like(hot) == like(plain)
