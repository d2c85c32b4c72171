from __future__ import annotations

import pytest

from keepfold.kernel import db, ids
from keepfold.kernel.errors import Conflict
from keepfold.vault import actions, queries
from keepfold.vault.errors import IdentityTaken, RecordRefused
from tests.vault.conftest import ANA, CARL, SCHEMA

CARL_FORM = {**CARL, "phone": "+497112842222", "country": "DE", "iban": "DE89370400440532013000"}
EVERYTHING = CARL | {
    "card": "4111 1111 1111 1111", "vat": "DE123", "allergies": ["nuts", "Ünusual"], "points": "12.5", "wants_mail": "ja", "note": "a\nb",
}  # fmt: skip


def opened(person: bytes, purpose: str = "all", fields: tuple[str, ...] | None = None) -> dict[str, object]:
    return dict(actions.open_record(actor=ANA, person=person, purpose=purpose, fields=fields).values)


def test_what_was_sealed_opens_again_in_its_one_form(vault):
    assert opened(actions.seal(actor=ANA, values=CARL).id) == CARL_FORM


def test_every_type_survives_the_vault(vault):
    person = actions.seal(actor=ANA, values=EVERYTHING).id
    assert opened(person) == CARL_FORM | {
        "card": "4111111111111111", "vat": "DE123", "allergies": ["nuts", "Ünusual"], "points": 12.5, "wants_mail": True, "note": "a\nb",
    }  # fmt: skip


def test_an_undeclared_field_is_refused_with_the_line_the_policy_would_need(vault):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values=CARL | {"shoe_size": "43"})
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("shoe_size", "vault.undeclared")
    assert SCHEMA.line_to_add("shoe_size") in error.message
    assert queries.status().people == 0


def test_a_mistyped_field_name_gets_a_hint(vault):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values={"emial": "carl@example.com"})
    assert "Did you mean email?" in caught.value.errors[0].message


@pytest.mark.parametrize(
    "name", ["x" * 65, "a\nb", "carl@example.com", "Carl Customer", "ключ", "", 5, None, "\u202ex"]
)
def test_a_field_name_that_is_none_is_not_repeated(vault, name):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values={name: "1"})
    assert caught.value.errors[0].field == "?"
    assert str(name) not in str(caught.value.problem()["errors"]) or str(name) == ""


def test_every_refused_field_is_named_and_nothing_is_stored(vault):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values=CARL | {"email": "carl", "born": "03/04/1999", "note": "x" * 501})
    assert {error.field: error.code for error in caught.value.errors} == {
        "email": "email.malformed", "born": "date.ambiguous", "note": "text.too-long",
    }  # fmt: skip
    status = queries.status()
    assert (status.people, status.records, status.index_rows, status.identity_rows, status.keys) == (0, 0, 0, 0, 0)
    assert caught.value.status == 422
    assert "03/04/1999" not in str(caught.value.problem())


def test_partial_intake_seals_the_rest_and_says_what_it_left_out(vault):
    sealed = actions.seal(actor=ANA, values=CARL | {"born": "03/04/1999", "shoe_size": "43"}, partial=True)
    assert {error.field for error in sealed.errors} == {"born", "shoe_size"}
    assert opened(sealed.id) == {name: value for name, value in CARL_FORM.items() if name != "born"}


@pytest.mark.parametrize("values", [{}, {"email": None}, {"email": "", "phone": None}])
def test_a_record_without_a_value_is_refused(vault, values):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values=values)
    assert caught.value.errors[0].code == "vault.record-empty"


def test_the_country_of_the_record_helps_its_phone_number(vault):
    person = actions.seal(actor=ANA, values={"phone": "(11) 3033-5446", "country": "Brasil"}).id
    assert opened(person, fields=("phone",)) == {"phone": "+551130335446"}
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=ANA, values={"phone": "(11) 3033-5446"})
    assert caught.value.errors[0].code == "phone.no-country"


def test_two_people_cannot_share_a_unique_value(vault):
    first = actions.seal(actor=ANA, values=CARL)
    with pytest.raises(IdentityTaken) as caught:
        actions.seal(actor=ANA, values={"email": "CARL.customer@Example.com", "first_name": "Mallory"})
    assert caught.value.status == 409
    assert ids.show("cus", first.id) not in str(caught.value.problem())
    assert queries.status().people == 1


def test_an_id_made_elsewhere_is_used_once(vault):
    person = ids.uuid7()
    assert actions.seal(actor=ANA, values=CARL, person=person).id == person
    with pytest.raises(Conflict):
        actions.seal(actor=ANA, values={"first_name": "Other"}, person=person)
    actions.erase(actor=ANA, person=person, reason="asked")
    with pytest.raises(Conflict):
        actions.seal(actor=ANA, values={"first_name": "Other"}, person=person)


def test_the_entry_names_the_person_and_the_fields_and_no_value(vault):
    person = actions.seal(actor=ANA, values=CARL).id
    (entry,) = vault.notebook.entries
    assert entry.subjects == (person,)
    assert entry.details == {"fields": list(CARL), "refused": []}
    assert vault.notebook.keys[0] is not None
    assert len(vault.notebook.keys[0]) == 32


def test_an_entry_that_cannot_be_written_undoes_the_sealing(vault):
    vault.notebook.refuses = True
    with pytest.raises(OSError, match="no space"):
        actions.seal(actor=ANA, values=CARL)
    assert queries.status().people == 0
    vault.notebook.refuses = False
    actions.seal(actor=ANA, values=CARL)
    assert queries.status().people == 1


def test_the_layout_is_one_row_per_person_and_compartment(vault):
    person = actions.seal(actor=ANA, values=EVERYTHING).id
    rows = db.fetch_all("default", "SELECT person, compartment, sealed FROM vault_record ORDER BY compartment")
    assert [(row[0], row[1]) for row in rows] == [(person, 1), (person, 2), (person, 3)]
    heads = [[int.from_bytes(row[2][:4], "big")] for row in rows]
    assert heads == [[0], [0], [13]]  # contact and payment begin with the shared frame, health has isolated fields only
    keys = db.fetch_all(
        "keys", "SELECT compartment, generation, shard, length(wrapped) FROM vault_person_key ORDER BY 1"
    )
    assert keys == [(0, 1, 0, 65), (1, 1, 0, 65), (2, 1, 0, 65), (3, 1, 0, 65)]
    assert db.fetch_all("keys", "SELECT DISTINCT length(wrapped) FROM vault_shard_key") == [(65,)]


def test_an_isolated_value_shows_its_length_only_in_steps(vault):
    lengths = set()
    for number in range(5):
        person = actions.seal(actor=ANA, values={"allergies": ["x" * (number + 1)]}).id
        lengths.add(db.fetch_one("default", "SELECT length(sealed) FROM vault_record WHERE person = %s", [person]))
    assert lengths == {(8 + 30 + 16,)}
