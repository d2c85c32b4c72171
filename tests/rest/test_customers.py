"""Customers over REST: in, found, opened for a purpose, changed, erased; and what is refused on the way."""

from __future__ import annotations

from keepfold.kernel import config, db, ids
from tests.rest.conftest import NDJSON

ERIKA = {"first_name": "Erika", "last_name": "Mustermann", "email": "erika@shop.example"}
NOBODY = "cus_01m86asgk0faqrbk0r3rrw0wng"


def problem(answer, status: int, code: str):
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    document = answer.json
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:keepfold:problem:{code}"
    return document


def test_a_customer_comes_in_is_opened_for_a_purpose_changed_and_erased(owner):
    made = owner.post("/customers", {"values": ERIKA})
    assert made.status == 201
    address = f"/customers/{made.json['id']}"
    opened = owner.get(f"{address}?purpose=support")
    assert opened.json["values"] == {"first_name": "Erika", "last_name": "Mustermann", "email": "erika@shop.example"}
    assert owner.patch(address, {"values": {"last_name": "Muster", "phone": "+49 30 901820"}}).json["set"] == [
        "last_name",
        "phone",
    ]
    opened = owner.get(f"{address}?purpose=support&fields=last_name,phone").json
    assert opened["values"]["last_name"] == "Muster"
    assert opened["masked"] == ["phone"]
    assert "901820" not in opened["values"]["phone"]
    assert owner.patch(address, {"values": {"phone": None}}).json["removed"] == ["phone"]
    erased = owner.delete(address)
    assert (erased.status, erased.json["id"]) == (200, made.json["id"])
    assert erased.json["keys_destroyed"] >= 1
    problem(owner.get(f"{address}?purpose=support"), 404, "vault.person-missing")


def test_an_undeclared_field_is_refused_with_the_line_to_add_and_nothing_is_stored(owner):
    before = len(owner.get("/customers?limit=1000").json["items"])
    document = problem(owner.post("/customers", {"values": ERIKA | {"shoe_size": "44"}}), 422, "vault.record-refused")
    assert [error["field"] for error in document["errors"]] == ["shoe_size"]
    assert "data: {shoe_size:" in document["errors"][0]["message"]
    assert len(owner.get("/customers?limit=1000").json["items"]) == before


def test_partial_intake_keeps_the_rest_and_says_what_it_left_out(owner):
    made = owner.post("/customers", {"values": ERIKA | {"shoe_size": "44"}, "partial": True})
    assert made.status == 201
    assert [error["field"] for error in made.json["errors"]] == ["shoe_size"]


def test_a_bulk_request_answers_each_record_on_its_own(owner):
    answer = owner.bulk(ERIKA, b"no json", {"email": "broken"}, {"first_name": "Nur", "email": "nur@shop.example"})
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON)
    assert [(line["record"], line["state"]) for line in answer.lines] == [
        (1, "sealed"),
        (2, "refused"),
        (3, "refused"),
        (4, "sealed"),
    ]
    assert answer.lines[1]["errors"][0]["code"] == "record.malformed"
    assert answer.lines[2]["errors"][0]["field"] == "email"
    opened = owner.get(f"/customers/{answer.lines[3]['id']}?purpose=support&fields=first_name")
    assert opened.json["values"] == {"first_name": "Nur"}


def test_whoever_is_there_already_is_refused_skipped_or_updated_as_asked(owner):
    first = owner.post("/customers", {"values": ERIKA}).json["id"]
    again = ERIKA | {"last_name": "Anders"}
    assert owner.bulk(again).lines[0]["state"] == "refused"
    assert owner.bulk(again, query="?on_conflict=skip").lines[0] == {
        "record": 1,
        "id": first,
        "state": "skipped",
        "errors": [],
    }
    assert owner.bulk(again, query="?on_conflict=update").lines[0]["state"] == "updated"
    opened = owner.get(f"/customers/{first}?purpose=support&fields=last_name")
    assert opened.json["values"] == {"last_name": "Anders"}


def test_too_many_records_are_refused_whole(owner):
    most = config.current().max_bulk_records
    answer = owner.bulk(*[b"{}"] * (most + 1))
    assert problem(answer, 413, "bulk.too-many")["most_records"] == most


def test_a_bulk_request_in_another_format_is_refused(owner):
    problem(owner.post("/customers/bulk", b'{"email":"a@b.example"}'), 400, "bulk.content-type")


def test_a_customer_is_found_by_an_indexed_value_that_never_stands_in_an_address(owner, carl):
    found = owner.post(
        "/customers/search", {"field": "email", "value": "CARL.Lindqvist@example.org", "purpose": "support"}
    )
    assert found.json == {"items": [carl]}
    none = owner.post("/customers/search", {"field": "email", "value": "x@shop.example", "purpose": "support"})
    assert none.json == {"items": []}
    problem(owner.get("/customers/search?field=email&value=carl.lindqvist@example.org"), 405, "method")
    problem(owner.get("/customers?email=carl.lindqvist@example.org"), 422, "request.parameter")


def test_searching_by_what_the_purpose_does_not_list_is_refused(owner):
    wanted = {"field": "phone", "value": "+46 70 174 06 05", "purpose": "newsletter"}
    assert owner.post("/customers/search", wanted).status == 403


def test_ids_are_listed_in_pages_and_each_once(owner):
    made = [line["id"] for line in owner.bulk(*[{"first_name": f"Nr {number}"} for number in range(7)]).lines]
    seen, address = [], "/customers?limit=3"
    while address:
        page = owner.get(address).json
        seen += [one["id"] for one in page["items"]]
        address = f"/customers?limit=3&after={page['next']}" if page["next"] else None
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)
    assert {frozenset(one) for one in page["items"]} == {frozenset({"id"})}


def test_the_absent_the_erased_and_the_impossible_are_answered_alike(owner, carl):
    owner.delete(f"/customers/{carl}")
    answers = [owner.get(f"/customers/{one}?purpose=support") for one in (carl, NOBODY)]
    assert answers[0].status == 404
    assert answers[0].body == answers[1].body
    for path in (
        "/customers/x?purpose=support",
        f"/customers/{carl.upper()}?purpose=support",
        "/customers/stf_0?purpose=support",
    ):
        assert owner.get(path).status == 404


def test_a_client_without_the_purpose_learns_nothing_about_who_is_there(client_of, installation, carl):
    mallory = client_of(installation.operator, actions=("vault.record.open",), purposes=("newsletter",))
    answers = [mallory.get(f"/customers/{one}?purpose=support") for one in (carl, NOBODY)]
    assert answers[0].status == 403
    assert answers[0].body == answers[1].body


def test_a_read_without_a_purpose_is_refused(owner, carl):
    document = problem(owner.get(f"/customers/{carl}"), 422, "request.form")
    assert document["errors"][0]["where"] == "query.purpose"


def test_consent_opens_and_withdrawal_closes_at_once_and_the_ledger_has_all_of_it(owner, carl):
    address = f"/customers/{carl}?purpose=newsletter&fields=email"
    refused = owner.get(address)
    assert (refused.status, refused.json["rule"]) == (403, "consent.missing")
    asked = owner.post(f"/customers/{carl}/consents", {"purpose": "newsletter", "channel": "signup_form"})
    assert (asked.status, asked.json["status"]) == (201, "pending")
    assert owner.get(address).status == 403
    assert owner.post(f"/customers/{carl}/consents/newsletter/confirm").json["status"] == "granted"
    assert owner.get(address).json["values"] == {"email": "carl.lindqvist@example.org"}
    assert owner.post(f"/customers/{carl}/consents/newsletter/withdraw", {}).json["status"] == "withdrawn"
    refused = owner.get(address)
    assert (refused.status, refused.json["rule"]) == (403, "consent.withdrawn")
    entries = owner.get(f"/customers/{carl}/ledger").json["items"]
    assert [(entry["action"], entry["allowed"]) for entry in entries][::-1][1:] == [
        ("vault.record.open", False),
        ("consent.event.grant", True),
        ("vault.record.open", False),
        ("consent.event.confirm", True),
        ("vault.record.open", True),
        ("consent.event.withdraw", True),
        ("vault.record.open", False),
        ("ledger.entries.list_of_person", True),
    ]


def test_no_value_of_a_customer_stands_in_a_refusal(owner, carl):
    secret = "Zaphod<4711>"
    answers = [
        owner.post("/customers", {"values": {"email": secret, secret: secret}}),
        owner.post("/customers", {"values": {"first_name": {secret: secret}}}),
        owner.post("/customers", {secret: secret}),
        owner.post("/customers", f'{{"values": {{"{secret}"'.encode()),
        owner.bulk({"email": secret}, f"{secret}".encode()),
        owner.patch(f"/customers/{carl}", {"values": {"email": secret}}),
        owner.post("/customers/search", {"field": "email", "value": secret, "purpose": "support"}),
        owner.post("/customers/search", {"field": "email", "value": "a@b.example", "purpose": secret}),
        owner.get(f"/customers/{carl}?purpose={secret}"),
        owner.get(f"/customers/{carl}?{secret}=1&purpose=support"),
        owner.get(f"/customers/{secret}?purpose=support"),
        owner.delete(f"/customers/{carl}?reason={secret}@"),
    ]
    assert all(400 <= answer.status < 500 for answer in answers if answer.headers["content-type"] != NDJSON)
    assert not [answer for answer in answers if secret.encode() in answer.body]


def test_erased_is_gone_from_the_tables(owner, installation, carl):
    owner.delete(f"/customers/{carl}")
    person = ids.parse("cus", carl)
    assert db.fetch_all("default", "SELECT 1 FROM vault_person WHERE id = %s", (person,)) == []
    assert db.fetch_all("keys", "SELECT 1 FROM vault_person_key WHERE person = %s", (person,)) == []
