"""API clients over REST."""

from __future__ import annotations

from tests.rest.conftest import Client

TILL = {"name": "till", "actions": ["vault.record.open"], "purposes": ["support"]}


def test_a_client_is_made_works_within_its_grants_and_is_revoked(owner, application, carl):
    issued = owner.post("/clients", TILL)
    assert issued.status == 201
    till = Client(application, issued.json["token"])
    assert till.get("/whoami").json | {"id": ""} == {
        "kind": "client",
        "id": "",
        "name": "till",
        "roles": [],
        "actions": ["vault.record.open"],
        "purposes": ["support"],
    }
    assert till.get(f"/customers/{carl}?purpose=support").status == 200
    assert till.get(f"/customers/{carl}?purpose=fulfil_order").json["rule"] == "actor.purpose"
    assert till.delete(f"/customers/{carl}").json["rule"] == "actor.action"
    revoked = owner.delete(f"/clients/{issued.json['client']['id']}")
    assert revoked.json["revoked_at"]
    assert till.get("/whoami").status == 401


def test_a_new_token_ends_the_old_one(owner, application):
    issued = owner.post("/clients", TILL).json
    again = owner.post(f"/clients/{issued['client']['id']}/rotate", {}).json
    assert Client(application, issued["token"]).get("/whoami").status == 401
    assert Client(application, again["token"]).get("/whoami").json["name"] == "till"


def test_nobody_gives_away_more_than_they_hold(ben, owner, application):
    answer = ben.post("/clients", TILL)
    assert (answer.status, answer.json["rule"]) == (403, "actor.action")
    limited = Client(
        application,
        owner.post("/clients", TILL | {"actions": ["vault.record.open", "people.client.create"]}).json["token"],
    )
    answer = limited.post("/clients", TILL | {"actions": ["vault.*"]})
    assert (answer.status, answer.json["rule"]) == (403, "people.no-escalation")
    assert limited.post("/clients", TILL).status == 201


def test_clients_are_listed_in_pages_without_tokens(owner):
    tokens = [owner.post("/clients", TILL).json["token"] for _ in range(3)]
    first = owner.get("/clients?limit=2")
    assert len(first.json["items"]) == 2
    rest = owner.get(f"/clients?after={first.json['next']}")
    assert {one["id"] for one in first.json["items"]}.isdisjoint(one["id"] for one in rest.json["items"])
    assert [one["name"] for one in rest.json["items"]] == ["till"] * 3
    assert not [token for token in tokens if token.split("_")[1] in (first.body + rest.body).decode()]


def test_a_client_that_is_not_there_is_not_found(owner):
    for path in ("/clients/cli_01m86asgk0faqrbk0r3rrw0wng", "/clients/x", "/clients/cus_01m86asgk0faqrbk0r3rrw0wng"):
        assert owner.delete(path).status == 404
