from __future__ import annotations

import pytest

from keepfold.vault import actions, queries
from tests.vault.conftest import ANA, CARL


def people(count: int, start: int = 0) -> list[dict[str, str]]:
    return [
        {"email": f"carl{number}@example.com", "last_name": "Quast", "vat": f"V{number}"}
        for number in range(start, start + count)
    ]


def seal_many(records, **options):
    return actions.seal_many(actor=ANA, records=records, **options)


def first_names(persons: list[bytes]) -> list[object]:
    rows = actions.open_many(actor=ANA, persons=persons, purpose="all", fields=("first_name",))
    return [None if row is None else row.values.get("first_name") for row in rows]


def test_every_record_has_an_outcome_of_its_own_in_the_order_given(vault):
    outcomes = seal_many([people(1)[0], {"email": "broken"}, {"shoe": "1"}, people(1, 7)[0], {}])
    assert [outcome.state for outcome in outcomes] == ["sealed", "refused", "refused", "sealed", "refused"]
    assert [len(outcome.errors) for outcome in outcomes] == [0, 1, 1, 0, 1]
    assert [outcome.id is None for outcome in outcomes] == [False, True, True, False, True]
    assert queries.status().people == 2


def test_a_thousand_people_open_again_under_one_entry(vault):
    outcomes = seal_many(people(1000))
    persons = [outcome.id for outcome in outcomes]
    opened = actions.open_many(actor=ANA, persons=persons, purpose="all")
    assert [row.values["email"] for row in opened] == [f"carl{number}@example.com" for number in range(1000)]
    assert [len(entry.subjects) for entry in vault.notebook.entries] == [1000, 1000]
    assert vault.notebook.entries[0].details == {"records": 1000, "sealed": 1000, "updated": 0, "refused": 0}
    assert all(vault.notebook.keys)


def test_ids_of_a_batch_are_different_and_in_order(vault):
    persons = [outcome.id for outcome in seal_many(people(300))]
    assert len(set(persons)) == 300
    assert persons == sorted(persons)
    assert {person[6] >> 4 for person in persons} == {7}
    assert {person[8] >> 6 for person in persons} == {2}


def test_partial_intake_seals_what_is_good_in_each_record(vault):
    outcomes = seal_many([{"email": "a@example.com", "born": "soon"}, {"email": "broken"}], partial=True)
    assert [outcome.state for outcome in outcomes] == ["partial", "refused"]
    assert outcomes[0].errors[0].field == "born"


def test_a_taken_identity_is_refused_by_default(vault):
    seal_many(people(3))
    outcomes = seal_many(people(5))
    assert [outcome.state for outcome in outcomes] == ["refused"] * 3 + ["sealed"] * 2
    assert outcomes[0].errors[0].code == "vault.identity-taken"
    assert queries.status().people == 5


def test_a_repeated_import_skips_who_is_there_and_returns_their_ids(vault):
    first = seal_many(people(3))
    again = seal_many(people(4), on_conflict="skip")
    assert [outcome.state for outcome in again] == ["skipped"] * 3 + ["sealed"]
    assert [outcome.id for outcome in again[:3]] == [outcome.id for outcome in first]


def test_a_refreshing_import_updates_who_is_there_and_keeps_what_was_left_out(vault):
    (first,) = seal_many([CARL])
    (again,) = seal_many([{"email": CARL["email"], "first_name": "Karl", "city": ""}], on_conflict="update")
    assert (again.state, again.id) == ("updated", first.id)
    values = actions.open_record(actor=ANA, person=first.id, purpose="all").values
    assert (values["first_name"], values["city"], values["last_name"]) == ("Karl", CARL["city"], CARL["last_name"])


@pytest.mark.parametrize(
    ("mode", "states"),
    [("reject", ["sealed", "refused"]), ("skip", ["sealed", "skipped"]), ("update", ["sealed", "updated"])],
)
def test_two_records_of_one_person_in_one_batch_meet_like_any_others(vault, mode, states):
    outcomes = seal_many(
        [{"email": "a@example.com", "first_name": "A"}, {"email": "A@example.com", "first_name": "B"}], on_conflict=mode
    )
    assert [outcome.state for outcome in outcomes] == states
    assert first_names([outcomes[0].id]) == ["B" if mode == "update" else "A"]
    assert queries.status().people == 1


@pytest.mark.parametrize("mode", ["skip", "update"])
def test_values_of_two_different_people_are_ambiguous(vault, mode):
    seal_many([{"email": "a@example.com"}, {"vat": "V1"}])
    (outcome,) = seal_many([{"email": "a@example.com", "vat": "V1"}], on_conflict=mode)
    assert (outcome.state, outcome.errors[0].code) == ("refused", "vault.identity-ambiguous")


def test_what_a_refused_record_claimed_is_free_for_a_later_one_of_the_batch(vault):
    seal_many([{"email": "taken@example.com"}])
    outcomes = seal_many([{"email": "taken@example.com", "vat": "V9"}, {"email": "new@example.com", "vat": "V9"}])
    assert [outcome.state for outcome in outcomes] == ["refused", "sealed"]
    found = actions.search(actor=ANA, field="vat", value="V9", purpose="all")
    assert found == [outcomes[1].id]


def test_a_batch_of_conflicts_leaves_the_index_as_it_was(vault):
    seal_many(people(20))
    before = queries.status()
    assert {outcome.state for outcome in seal_many(people(20))} == {"refused"}
    assert queries.status() == before


def test_an_empty_batch_is_no_error(vault):
    assert seal_many([]) == []
