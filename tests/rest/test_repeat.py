"""Writes that are repeated under the same key are answered again and not done again."""

from __future__ import annotations

import pytest

from keepfold.kernel import db
from tests.support.wsgi import Answer


def answer_of(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


def count(table: str) -> int:
    row = db.fetch_one("default", f"SELECT count(*) FROM {table}")
    assert row is not None
    return int(row[0])


def test_a_customer_is_made_once(owner):
    values = {"values": {"first_name": "Erika"}}
    first = owner.post("/customers", values, key="k1")
    before = count("vault_person")
    again = owner.post("/customers", values, key="k1")
    assert answer_of(first) == answer_of(again)
    assert again.headers["idempotency-replayed"] == "true"
    assert count("vault_person") == before
    assert owner.post("/customers", values, key="k2").json["id"] != first.json["id"]


def test_a_bulk_request_is_done_once(owner):
    first = owner.bulk({"first_name": "A"}, {"first_name": "B"}, key="bulk")
    before = count("vault_person")
    again = owner.bulk({"first_name": "A"}, {"first_name": "B"}, key="bulk")
    assert answer_of(first) == answer_of(again)
    assert again.headers["content-type"] == "application/x-ndjson"
    assert count("vault_person") == before


@pytest.mark.parametrize("write", ["patch", "consent", "withdraw", "erase"])
def test_every_other_write_is_done_once_too(owner, carl, write):
    writes = {
        "patch": lambda: owner.patch(f"/customers/{carl}", {"values": {"city": "Lund"}}, key="k"),
        "consent": lambda: owner.post(
            f"/customers/{carl}/consents", {"purpose": "newsletter", "channel": "api"}, key="k"
        ),
        "withdraw": lambda: owner.post(f"/customers/{carl}/consents/newsletter/withdraw", {}, key="k"),
        "erase": lambda: owner.delete(f"/customers/{carl}", key="k"),
    }
    first, events = writes[write](), count("consent_event")
    again = writes[write]()
    assert first.status in {200, 201}
    assert answer_of(first) == answer_of(again)
    assert count("consent_event") == events


def test_a_key_that_was_used_for_something_else_is_refused(owner):
    owner.post("/customers", {"values": {"first_name": "A"}}, key="k")
    answer = owner.post("/customers", {"values": {"first_name": "B"}}, key="k")
    assert (answer.status, answer.json["code"]) == (409, "idempotency.mismatch")


def test_two_clients_do_not_share_their_keys(owner, ana):
    one = owner.post("/customers", {"values": {"first_name": "A"}}, key="k")
    other = ana.post("/customers", {"values": {"first_name": "A"}}, key="k")
    assert one.json["id"] != other.json["id"]


def test_what_failed_may_be_tried_again_under_the_same_key(owner):
    assert owner.post("/customers", {"values": {"email": "broken"}}, key="k").status == 422
    assert owner.post("/customers", {"values": {"email": "whole@shop.example"}}, key="k").status == 201


def test_a_token_is_in_the_first_answer_only_and_never_kept(owner, stores_bytes):
    wanted = {"name": "till", "actions": ["vault.record.open"], "purposes": ["support"]}
    first = owner.post("/clients", wanted, key="k")
    again = owner.post("/clients", wanted, key="k")
    assert first.status == again.status == 201
    assert first.json["token"].startswith("kf_")
    assert again.json == {"client": first.json["client"], "token": None}
    assert first.json["token"].rsplit("_", 1)[1].encode() not in stores_bytes()


def test_a_request_cannot_be_guessed_from_what_is_kept_of_it(owner, stores_bytes):
    from hashlib import sha256

    body = b'{"values":{"email":"guess@shop.example"}}'
    owner.send("POST", "/customers", body, {"Idempotency-Key": "k"})
    parts = (b"POST", b"/api/v1/customers", body)
    plain = sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    assert count("kernel_remembered") == 1
    kept = stores_bytes()
    assert plain not in kept
    assert sha256(body).digest() not in kept


@pytest.fixture
def stores_bytes(installation):
    def read() -> bytes:
        return b"".join(path.read_bytes() for path in installation.home.rglob("*") if path.is_file())

    return read
