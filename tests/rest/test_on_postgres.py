"""One customer's way through the API on a real PostgreSQL."""

from __future__ import annotations

import pytest

from keepfold.ledger.jobs import checkpoint_beat, sequence_once
from keepfold.people import actions as people
from tests.rest.conftest import Client
from tests.support import cast
from tests.support.wsgi import as_a_server_does

pytestmark = pytest.mark.postgres
ERIKA = {"first_name": "Erika", "email": "erika@shop.example"}


@pytest.fixture
def owner(postgres_stores, home):
    cast.set_up()
    operator = cast.enter(home).operator
    issued = people.create_client(actor=operator, name="shop", actions=operator.actions, purposes=("*",))
    return Client(as_a_server_does(), issued.token)


def test_a_customer_comes_in_consents_withdraws_and_is_erased(owner):
    made = owner.post("/customers", {"values": ERIKA}, key="k")
    assert owner.post("/customers", {"values": ERIKA}, key="k").body == made.body
    assert owner.post("/customers", {"values": ERIKA}).status == 409
    address = f"/customers/{made.json['id']}"
    assert owner.get(f"{address}?purpose=newsletter").json["rule"] == "consent.missing"
    owner.post(f"{address}/consents", {"purpose": "newsletter", "channel": "signup_form"})
    owner.post(f"{address}/consents/newsletter/confirm")
    assert owner.get(f"{address}?purpose=newsletter&fields=email").json["values"] == {"email": "erika@shop.example"}
    assert owner.post(f"{address}/consents/newsletter/withdraw").json["status"] == "withdrawn"
    assert owner.get(f"{address}?purpose=newsletter").json["rule"] == "consent.withdrawn"
    found = owner.post("/customers/search", {"field": "email", "value": "erika@shop.example", "purpose": "support"})
    assert found.json == {"items": [made.json["id"]]}
    while sequence_once():
        pass
    checkpoint_beat()
    entries = owner.get(f"{address}/ledger").json
    assert entries["total"] == len(entries["items"])
    assert entries["items"][-1]["proof"]["index"] >= 0
    assert owner.patch(address, {"values": {"city": "Lund"}}).json["set"] == ["city"]
    assert owner.delete(address).status == 200
    assert owner.get(f"{address}?purpose=support").status == 404


def test_many_come_in_at_once_and_each_is_answered(owner):
    answer = owner.bulk(*[{"email": f"nr{number}@shop.example"} for number in range(200)], b"broken")
    states = [line["state"] for line in answer.lines]
    assert states == ["sealed"] * 200 + ["refused"]
    ids = {line["id"] for line in answer.lines[:200]}
    assert {one["id"] for one in owner.get("/customers?limit=1000").json["items"]} >= ids


@pytest.mark.parametrize(
    "cruelty", ['"\\u0000"', '"a\\u0000@b.example"', "1e308", '{"\\u0000":1}', '"' + "x" * 5000 + '"']
)
def test_what_postgres_could_not_even_store_is_refused_before(owner, cruelty):
    answers = [
        owner.post("/customers", f'{{"values":{{"email":{cruelty}}}}}'.encode()),
        owner.post("/customers/search", f'{{"field":"email","purpose":"support","value":{cruelty}}}'.encode()),
        owner.post("/clients", f'{{"name":{cruelty},"actions":["vault.record.open"]}}'.encode()),
    ]
    assert [answer.status for answer in answers] == [422, 422, 422]


def test_a_client_is_made_listed_and_revoked(owner):
    issued = owner.post("/clients", {"name": "till", "actions": ["vault.record.open"], "purposes": ["support"]}).json
    assert "till" in [one["name"] for one in owner.get("/clients").json["items"]]
    till = Client(owner.application, issued["token"])
    assert till.get("/whoami").status == 200
    owner.delete(f"/clients/{issued['client']['id']}")
    assert till.get("/whoami").status == 401
