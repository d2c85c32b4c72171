"""The fast lane answers exactly as the plain views do, headers included, or leaves the answer to them."""

import json
from dataclasses import replace

import pytest

from keepfold.kernel import config, ids
from keepfold.kernel.errors import Unavailable
from keepfold.people import actions as people
from keepfold.site import fastlane
from keepfold.vault import hot
from tests.support.cast import CARL
from tests.support.wsgi import environ_of, send

CUSTOMERS = "/api/v1/customers"
OF_EACH_REQUEST = {"x-request-id", "date"}


@pytest.fixture
def lanes(installation):
    """Both applications over one installation, and Ana's token."""
    from keepfold.site.wsgi import make_application

    token = people.create_client(
        actor=installation.operator, name="shop", actions=["vault.*"], purposes=["support", "newsletter"]
    ).token
    with_lane = make_application()
    config.use(replace(config.current(), fast_lane=False))
    return with_lane, make_application(), token, ids.show("cus", installation.carl)


def answers(lanes, method, path, body=b"", **headers):
    sent = {"authorization": f"Bearer {lanes[2]}", "content-type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return [send(application, environ_of(method, path, body=body, headers=sent)) for application in lanes[:2]]


def alike(one, other):
    assert one.status == other.status
    assert one.body == other.body
    headers = [
        {name: value for name, value in each.headers.items() if name not in OF_EACH_REQUEST} for each in (one, other)
    ]
    assert headers[0] == headers[1]
    assert one.headers["x-request-id"] != other.headers["x-request-id"]


def seal(number):
    return json.dumps({"values": CARL | {"email": f"carl{number}@example.org"}}).encode()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?purpose=support", 200),
        ("?purpose=support&fields=email,first_name", 200),
        ("?purpose=newsletter", 403),
        ("?purpose=bookkeeping", 403),
        ("?purpose=unheard_of", 403),
        ("?purpose=support&fields=shoe_size", 403),
        ("?purpose=sup%70ort", 200),
        ("?purpose=", 422),
        ("?porpoise=support", 422),
        ("", 422),
    ],
)
def test_an_opening_is_answered_alike(lanes, query, status):
    one, other = answers(lanes, "GET", f"{CUSTOMERS}/{lanes[3]}{query}")
    assert one.status == status
    alike(one, other)


@pytest.mark.parametrize("person", ["cus_01h455vb4pex5vsknk084sn02q", "cus_ill", "cli_01h455vb4pex5vsknk084sn02q"])
def test_somebody_who_is_not_there_is_answered_alike(lanes, person):
    one, other = answers(lanes, "GET", f"{CUSTOMERS}/{person}?purpose=support")
    assert one.status == 404
    alike(one, other)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"values": []}',
        b'{"values": {}, "more": 1}',
        b'{"values": {"shoe_size": 44}}',
        b'{"values": {"email": "nobody"}}',
        b'{"values": {"email": "\\ud800"}}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_body_that_cannot_be_accepted_is_refused_alike(lanes, body):
    one, other = answers(lanes, "POST", CUSTOMERS, body)
    assert 400 <= one.status < 500
    alike(one, other)


def test_a_new_customer_is_answered_alike_but_for_the_id(lanes):
    one = answers(lanes, "POST", CUSTOMERS, seal(1))[0]
    other = answers((lanes[1], lanes[1], *lanes[2:]), "POST", CUSTOMERS, seal(2))[0]
    assert (one.status, other.status) == (201, 201)
    assert one.headers.keys() == other.headers.keys()
    assert one.json.keys() == other.json.keys()


def test_somebody_known_is_refused_alike(lanes):
    answers(lanes, "POST", CUSTOMERS, seal(3))
    one, other = answers(lanes, "POST", CUSTOMERS, seal(3))
    assert one.status == 409
    alike(one, other)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer kf_wrong_wrong"},
        {"authorization": "Basic Og=="},
        {"host": "evil.example"},
        {"content_length": "99999999"},
        {"content_length": "-1"},
        {"transfer_encoding": "chunked"},
    ],
)
def test_what_stands_before_every_view_is_the_same_in_both(lanes, headers):
    one, other = answers(lanes, "POST", CUSTOMERS, seal(4), **headers)
    assert 400 <= one.status < 500
    alike(one, other)


def test_a_bulk_intake_is_answered_alike_but_for_ids(lanes):
    def lines(start):
        return (
            b"\n".join(json.dumps(CARL | {"email": f"c{start + one}@example.org"}).encode() for one in range(3))
            + b"\n{"
        )

    one = answers(lanes, "POST", f"{CUSTOMERS}/bulk", lines(10), content_type="application/x-ndjson")[0]
    plain = (lanes[1], lanes[1], *lanes[2:])
    other = answers(plain, "POST", f"{CUSTOMERS}/bulk", lines(20), content_type="application/x-ndjson")[0]
    assert one.status == other.status == 200
    shown = [[{**line, "id": bool(line["id"])} for line in each.lines] for each in (one, other)]
    assert shown[0] == shown[1]
    assert [line["state"] for line in one.lines] == ["sealed", "sealed", "sealed", "refused"]


def test_the_lane_takes_the_busy_addresses_and_only_them(lanes, monkeypatch):
    taken = []
    real = hot.route
    monkeypatch.setattr(fastlane.hot, "route", lambda **request: taken.append(request["path"]) or real(**request))
    answers(lanes, "GET", f"{CUSTOMERS}/{lanes[3]}?purpose=support")
    answers(lanes, "GET", "/api/v1/whoami")
    answers(lanes, "DELETE", f"{CUSTOMERS}/{lanes[3]}")
    assert taken == [f"{CUSTOMERS}/{lanes[3]}"]


def test_an_exception_in_the_lane_becomes_a_problem_without_its_message(lanes, monkeypatch):
    def fail(**_request):
        raise ValueError(CARL["email"])

    monkeypatch.setattr(fastlane.hot, "route", fail)
    one = answers(lanes, "GET", f"{CUSTOMERS}/{lanes[3]}?purpose=support")[0]
    assert one.status == 500
    assert one.json["code"] == "unexpected"
    assert CARL["email"].encode() not in one.body


def test_a_part_that_is_away_is_a_503_that_says_when_to_come_back(lanes, monkeypatch):
    def fail(**_request):
        raise Unavailable("The keys are away.", code="keys.away")

    monkeypatch.setattr(fastlane.hot, "route", fail)
    one = answers(lanes, "GET", f"{CUSTOMERS}/{lanes[3]}?purpose=support")[0]
    assert (one.status, one.headers["retry-after"]) == (503, "5")


def test_a_body_that_the_lane_has_read_is_there_for_the_plain_view(lanes):
    one, other = answers(lanes, "POST", CUSTOMERS, b'{"values": {"email": "x@example.org"}, "partial": "yes"}')
    assert one.status == 422
    alike(one, other)
