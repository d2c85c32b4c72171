"""Mallory sends little and hopes that the server works much, or waits long."""

import json
import threading
import time

import pytest

from keepfold.people import actions as people
from keepfold.site.wsgi import make_application
from keepfold.vault import actions as vault
from keepfold.vault.plan import MOST_UNDECLARED
from tests.support.console import signed_in
from tests.support.wsgi import environ_of, send


class Trickle:
    """A body of which the next byte never comes."""

    def read(self, *_size):
        pytest.fail("the server waits for a body that it does not need")

    readline = readlines = __iter__ = read


def trickling(method, path, **headers):
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = environ_of(method, path, headers={"content-length": "1000", **shown})
    return environ | {"wsgi.input": Trickle()}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_page_reads_no_body_even_for_the_check_of_its_cookie(installation, method):
    environ = trickling(
        method,
        "/",
        cookie="csrftoken=" + "a" * 32,
        origin="http://127.0.0.1:8700",
        content_type="application/x-www-form-urlencoded",
    )
    assert send(make_application(), environ).status in {400, 413}


@pytest.mark.parametrize("path", ["/api/v1/customers", "/api/v1/customers/bulk", "/api/v1/policy/check"])
@pytest.mark.parametrize("token", [None, "Bearer kf_x"])
def test_the_api_reads_no_body_of_somebody_unknown(installation, path, token):
    headers = {} if token is None else {"authorization": token}
    environ = trickling("POST", path, content_type="application/x-ndjson", **headers)
    assert send(make_application(), environ).status == 401


def test_thousands_of_unknown_names_in_a_record_are_not_looked_up_one_by_one(installation):
    record = {f"unknown_{number}": 1 for number in range(20_000)}
    began = time.process_time()
    outcome = vault.seal_many(actor=installation.operator, records=[record])[0]
    assert outcome.state == "refused"
    assert len(outcome.errors) == MOST_UNDECLARED + 1
    assert "further" in outcome.errors[-1].message
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "a" * 900_000,
        " " * 900_000,
        "a." * 450_000,
        "+" + "1" * 900_000,
        "\ufdfa" * 300_000,
        "a\u0301" * 300_000,
        "--" * 450_000,
    ],
    ids=["letters", "blanks", "dots", "digits", "expanding", "combining", "hyphens"],
)
def test_no_type_takes_long_to_refuse_a_value_of_a_megabyte(installation, text):
    names = ["email", "first_name", "phone", "city", "country"]
    began = time.process_time()
    outcome = vault.seal_many(actor=installation.operator, records=[dict.fromkeys(names, text)])[0]
    assert outcome.state == "refused"
    assert "aaaa" not in str(outcome.errors)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"values":{"email":' + b"[" * 400_000 + b"]" * 400_000 + b"}}",
        b'{"values":{"email":' + b"9" * 900_000 + b"}}",
        b'{"values":{"email":1e999}}',
        b'{"values":{"email":NaN}}',
        b'{"values":{"email":"\\ud800"}}',
        b'\xef\xbb\xbf{"values":{}}',
        json.dumps({"values": {}}).encode("utf-16"),
    ],
    ids=["deep", "long number", "infinity", "nan", "half a character", "byte order mark", "utf-16"],
)
def test_json_that_only_some_parsers_take_is_refused(installation, body):
    token = people.create_client(actor=installation.operator, name="shop", actions=["vault.*"]).token
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    answer = send(make_application(), environ_of("POST", "/api/v1/customers", body=body, headers=headers))
    assert answer.status == 400


class Waiting:
    """A body that comes when it is let, and says when somebody asks for it."""

    def __init__(self):
        self.asked, self.let = threading.Event(), threading.Event()

    def read(self, *_size):
        self.asked.set()
        self.let.wait(20)
        return b""

    readline = read


def test_forms_that_staff_trickle_leave_a_thread_for_everybody_else(installation):
    client, body = signed_in("Ben"), Waiting()
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    application = make_application()

    def post(stream):
        return send(application, trickling("POST", "/go", cookie=cookie, host="localhost") | {"wsgi.input": stream})

    first = threading.Thread(target=post, args=[body], daemon=True)
    first.start()
    assert body.asked.wait(20)
    assert post(Trickle()).status == 429
    body.let.set()
    first.join(20)
    assert not first.is_alive()
