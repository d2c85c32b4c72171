from __future__ import annotations

import threading

import pytest
from django.db import connections

from keepfold.kernel import db
from keepfold.vault import actions, queries
from keepfold.vault.errors import IdentityTaken, PersonMissing, RecordRefused
from tests.vault.conftest import ANA, CARL


@pytest.fixture
def carl(vault) -> bytes:
    return actions.seal(actor=ANA, values=CARL).id


def values(person: bytes) -> dict[str, object]:
    return dict(actions.open_record(actor=ANA, person=person, purpose="all").values)


def find(field: str, value: object) -> list[bytes]:
    return actions.search(actor=ANA, field=field, value=value, purpose="all")


def test_given_values_change_and_all_others_stay(vault, carl):
    before = values(carl)
    done = actions.update(
        actor=ANA, person=carl, values={"city": "Ulm", "iban": None, "card": "4111111111111111", "allergies": ["nuts"]}
    )
    assert (set(done.set), done.removed) == ({"city", "card", "allergies"}, ("iban",))
    after = before | {"city": "Ulm", "card": "4111111111111111", "allergies": ["nuts"]}
    del after["iban"]
    assert values(carl) == after


def test_the_index_follows(vault, carl):
    actions.update(actor=ANA, person=carl, values={"email": "new@example.com", "last_name": "Neu", "phone": None})
    assert find("email", CARL["email"]) == find("last_name", CARL["last_name"]) == find("phone", "+497112842222") == []
    assert find("email", "new@example.com") == find("last_name", "Neu") == [carl]
    assert (queries.status().index_rows, queries.status().identity_rows) == (1, 1)
    other = actions.seal(actor=ANA, values={"email": CARL["email"]}).id
    assert find("email", CARL["email"]) == [other]


def test_setting_the_same_value_again_changes_nothing_in_the_index(vault, carl):
    before = db.fetch_all("default", "SELECT slot, tag, person FROM vault_identity")
    actions.update(actor=ANA, person=carl, values={"email": "CARL.CUSTOMER@example.com"})
    assert db.fetch_all("default", "SELECT slot, tag, person FROM vault_identity") == before
    assert values(carl)["email"] == "CARL.CUSTOMER@example.com"


def test_somebody_elses_unique_value_is_refused_and_nothing_changes(vault, carl):
    actions.seal(actor=ANA, values={"email": "other@example.com"})
    before = values(carl)
    with pytest.raises(IdentityTaken):
        actions.update(actor=ANA, person=carl, values={"email": "other@example.com", "city": "Ulm"})
    assert values(carl) == before
    assert find("email", CARL["email"]) == [carl]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shoe": "1"}, "vault.undeclared"),
        ({"shoe": None}, "vault.undeclared"),
        ({"born": "soon"}, "date.malformed"),
        ({"city": ""}, "value.empty"),
    ],
)
def test_a_refused_field_refuses_the_change(vault, carl, change, code):
    before = values(carl)
    with pytest.raises(RecordRefused) as caught:
        actions.update(actor=ANA, person=carl, values={"city": "Ulm", **change})
    assert caught.value.errors[0].code == code
    assert values(carl) == before


def test_a_phone_number_in_national_form_is_read_with_the_stored_country(vault, carl):
    actions.update(actor=ANA, person=carl, values={"phone": "0711 999999"})
    assert values(carl)["phone"] == "+49711999999"


def test_a_new_compartment_gets_a_key_of_its_own(vault, carl):
    before = queries.status().keys
    actions.update(actor=ANA, person=carl, values={"allergies": ["nuts"]})
    assert queries.status().keys == before + 1
    assert values(carl)["allergies"] == ["nuts"]


def test_a_compartment_without_values_has_no_row(vault, carl):
    actions.update(actor=ANA, person=carl, values={"iban": None})
    assert queries.status().records == 1
    actions.update(actor=ANA, person=carl, values={"iban": CARL["iban"]})
    assert values(carl)["iban"] == "DE89370400440532013000"


def test_every_change_uses_a_new_nonce(vault, carl):
    def sealed() -> bytes:
        return db.fetch_one("default", "SELECT sealed FROM vault_record WHERE compartment = 1")[0]

    seen = {sealed()[8:22]}
    for _ in range(5):
        actions.update(actor=ANA, person=carl, values={"city": "Ulm"})
        seen.add(sealed()[8:22])
    assert len(seen) == 6


def test_somebody_who_is_not_there_cannot_be_changed(vault):
    with pytest.raises(PersonMissing):
        actions.update(actor=ANA, person=b"x" * 16, values={"city": "Ulm"})


def test_concurrent_changes_are_all_kept(vault, carl):
    fields = ["first_name", "last_name", "street", "city", "note"]
    failures: list[Exception] = []

    def change(field: str) -> None:
        try:
            for number in range(6):
                actions.update(actor=ANA, person=carl, values={field: f"{field} {number}"})
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=change, args=(field,)) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {field: value for field, value in values(carl).items() if field in fields} == {
        field: f"{field} 5" for field in fields
    }
    assert find("last_name", "last_name 5") == [carl]
    assert queries.status().index_rows == 2
