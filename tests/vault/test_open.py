from __future__ import annotations

import pytest

from keepfold.kernel import ids
from keepfold.kernel.errors import NotAllowed
from keepfold.vault import actions
from keepfold.vault.errors import PersonMissing
from tests.vault.conftest import ANA, CARL, SCHEMA


@pytest.fixture
def carl(vault) -> bytes:
    return actions.seal(actor=ANA, values=CARL).id


def test_a_purpose_opens_the_fields_that_it_lists_and_no_other(vault, carl):
    assert actions.open_record(actor=ANA, person=carl, purpose="newsletter").values == {"email": CARL["email"]}


def test_a_field_that_the_purpose_does_not_list_is_refused_and_nothing_is_opened(vault, carl):
    with pytest.raises(NotAllowed) as caught:
        actions.open_record(actor=ANA, person=carl, purpose="newsletter", fields=("email", "phone"))
    assert caught.value.rule == "purpose.field-not-listed"
    assert [entry.decision.allowed for entry in vault.notebook.entries] == [True, False]


def test_masked_fields_come_masked_and_are_named(vault, carl):
    opened = actions.open_record(
        actor=ANA,
        person=carl,
        purpose="support",
        fields=("email", "phone", "first_name", "born", "iban", "city", "country"),
    )
    assert opened.values == {
        "email": "c•••@example.com", "phone": "•••2222", "first_name": "C.", "born": "1999", "iban": "•••3000", "city": "•••", "country": "DE",
    }  # fmt: skip
    assert set(opened.masked) == set(opened.values)
    assert opened.policy_hash == SCHEMA.hash


def test_a_field_without_a_value_is_absent(vault, carl):
    assert actions.open_record(actor=ANA, person=carl, purpose="all", fields=("note", "card", "allergies")).values == {}


def test_nobody_is_found_under_an_unknown_id_and_the_attempt_is_written_down(vault):
    stranger = ids.uuid7()
    with pytest.raises(PersonMissing):
        actions.open_record(actor=ANA, person=stranger, purpose="all", reason="ticket 5")
    (entry,) = vault.notebook.entries
    assert (entry.subjects, entry.context.reason) == ((stranger,), "ticket 5")


def test_the_entry_is_written_before_anything_is_opened(vault, carl):
    vault.notebook.refuses = True
    with pytest.raises(OSError, match="no space"):
        actions.open_record(actor=ANA, person=carl, purpose="all")


def test_many_people_come_in_the_order_asked_for_with_gaps_for_strangers(vault, carl):
    other = actions.seal(actor=ANA, values={"first_name": "Ö"}).id
    stranger = ids.uuid7()
    rows = actions.open_many(actor=ANA, persons=[other, stranger, carl], purpose="all", fields=("first_name",))
    assert [None if row is None else row.values["first_name"] for row in rows] == ["Ö", None, "Carl"]
    assert rows[0].id == other


def test_opening_touches_no_field_that_was_not_asked_for(vault, carl, monkeypatch):
    from keepfold.vault import frames

    def fail(*_arguments):
        raise AssertionError

    monkeypatch.setattr(frames, "unpack_alone", fail)
    assert "email" in actions.open_record(actor=ANA, person=carl, purpose="all", fields=("email", "vat")).values
