"""Saying what is held of somebody, without opening it; taking records out; counting people as they come and go."""

from __future__ import annotations

import threading

import msgspec
import pytest
from django.db import connections

from keepfold.kernel import ids
from keepfold.kernel.errors import NotAllowed, Unopened
from keepfold.ledger import actions as ledger
from keepfold.policy import queries as policy
from keepfold.vault import actions, queries, store
from keepfold.vault.errors import PersonMissing
from tests.support.cast import CARL


def details(installation, name: str) -> list[dict]:
    page = ledger.entries_of(actor=installation.ana, person=installation.carl)
    return [one.details for one in page.entries if one.entry.action == name]


def test_an_outline_names_what_is_held_and_no_character_of_any_value(installation):
    found = actions.outline(actor=installation.ben, person=installation.carl)
    assert found.fields == ("email", "first_name", "last_name", "phone", "city", "country")
    assert (found.withheld, found.unnamed, found.keys, found.index_rows) == ((), 0, 3, 2)
    assert found.created_us == found.changed_us > 0
    written = msgspec.json.encode(found).decode()
    assert [value for value in CARL.values() if value in written] == []


def test_an_outline_says_for_each_purpose_what_opening_would_be_answered(installation):
    found = actions.outline(actor=installation.ben, person=installation.carl).decisions
    assert {name: one.allowed for name, one in found.items()} == {
        "fulfil_order": True,
        "bookkeeping": False,
        "support": True,
        "newsletter": False,
    }
    assert found["support"].fields["phone"] == "masked"
    assert (found["bookkeeping"].rules, found["newsletter"].rules) == (("actor.purpose",), ("actor.purpose",))
    assert actions.outline(actor=installation.ana, person=installation.carl).decisions["newsletter"].rules == (
        "consent.missing",
    )


def test_looking_is_written_down_before_and_opens_nothing(installation, monkeypatch):
    actions.outline(actor=installation.ben, person=installation.carl)
    (entry,) = details(installation, "vault.record.outline")
    assert entry["actor"] == ids.show("stf", installation.ben.id)
    assert "fields" not in entry
    monkeypatch.setattr("keepfold.ledger.recorder.LedgerRecorder.append", _refuse)
    monkeypatch.setattr("keepfold.vault.opening.numbers_held", lambda *_: pytest.fail("looked before it was recorded"))
    with pytest.raises(RuntimeError):
        actions.outline(actor=installation.ben, person=installation.carl)


def _refuse(*_args):
    raise RuntimeError


def test_whoever_may_not_look_is_refused_and_the_absent_are_missing_alike(installation):
    with pytest.raises(NotAllowed):
        actions.outline(actor=installation.mallory, person=installation.carl)
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    for person in (installation.carl, ids.uuid7()):
        with pytest.raises(PersonMissing) as caught:
            actions.outline(actor=installation.ana, person=person)
        assert caught.value.detail == "There is no such person in the vault."


def test_that_an_illness_is_held_is_told_only_to_those_who_work_with_it(installation):
    _activate_with_health()
    person = actions.seal(actor=installation.operator, values={"email": "x@example.org", "allergy": "nuts"}).id
    seen = {
        who: actions.outline(actor=actor, person=person)
        for who, actor in vars(installation).items()
        if who in "ana ben dora"
    }
    assert (seen["ana"].fields, seen["ana"].withheld) == (("email", "allergy"), ())
    for who in ("ben", "dora"):
        assert (seen[who].fields, seen[who].withheld) == (("email",), ("allergy",))


def _activate_with_health():
    from keepfold.people import queries as people
    from keepfold.policy import actions as policies

    text = policy.source("active").replace(
        "subjects:\n",
        "  allergy:\n    label: {en: Allergy, de: Allergie}\n    type: text\n    compartment: health\n    special: health\n"
        "    isolate: true\n    source: subject\nsubjects:\n",
        1,
    )
    text = text.replace(
        "  newsletter:\n    label",
        "  tours:\n    label: {en: Guide you safely, de: Sie sicher führen}\n    data: {allergy: required}\n"
        "    basis: {gdpr: 6.1.a, special: 9.2.a}\n"
        "    consent: {kind: explicit, ask_in: [paper]}\n"
        "    retention: {keep: P30D, from: tour.ended, then: erase}\n  newsletter:\n    label",
        1,
    )
    version = policies.submit_version(actor=people.operator(), source=text)
    policies.activate(actor=people.operator(), version=version.version)


def test_a_damaged_record_is_not_outlined(installation):
    record = store.records_of(installation.carl)[0]
    store.put_record(installation.carl, record[0], record[1][:-1] + bytes([record[1][-1] ^ 1]))
    with pytest.raises(Unopened):
        actions.outline(actor=installation.ana, person=installation.carl)


def test_taking_out_is_a_right_of_its_own_and_written_down_as_such(installation):
    with pytest.raises(NotAllowed) as caught:
        actions.export(
            actor=installation.ben, persons=[installation.carl], purpose="support", fields=["email"], reason="x"
        )
    assert caught.value.rule == "actor.action"
    out = actions.export(
        actor=installation.ana,
        persons=[installation.carl, ids.uuid7()],
        purpose="support",
        fields=["email", "phone"],
        reason="list",
    )
    assert dict(out[0].values) == {"email": CARL["email"], "phone": "•••0605"}
    assert (out[0].masked, out[1]) == (("phone",), None)
    taken, refused = details(installation, "vault.record.export")
    assert (taken["purpose"], taken["fields"], taken["masked"], taken["reason"]) == (
        "support",
        ["email", "phone"],
        ["phone"],
        "list",
    )
    assert refused["rules"] == ["actor.action"]


def test_what_the_policy_only_describes_is_never_taken_out(installation, monkeypatch):
    fields = policy.schema().fields
    described = msgspec.structs.replace(fields["phone"], export="describe_only")
    monkeypatch.setitem(fields, "phone", described)
    with pytest.raises(NotAllowed) as caught:
        actions.export(
            actor=installation.ana,
            persons=[installation.carl],
            purpose="support",
            fields=["email", "phone"],
            reason="x",
        )
    assert (caught.value.code, caught.value.rule) == ("vault.export-field", "data.phone.export")


def test_the_newest_come_first_when_asked_for(installation):
    others = [actions.seal(actor=installation.operator, values={"city": f"Town {n}"}).id for n in range(3)]
    people = sorted([installation.carl, *others])  # ids of the same millisecond are in no order
    newest = actions.list_people(actor=installation.ben, before=actions.NEWEST, limit=3)
    assert newest == people[:0:-1]
    assert actions.list_people(actor=installation.ben, before=newest[-1], limit=3) == people[:1]
    assert actions.list_people(actor=installation.ben, limit=2) == people[:2]


def test_people_are_counted_as_they_come_and_go(installation):
    assert queries.count_people() == 1
    actions.seal_many(actor=installation.operator, records=[{"city": f"Town {n}"} for n in range(30)])
    assert queries.count_people() == queries.status().people == 31
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    with pytest.raises(PersonMissing):
        actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    assert queries.count_people() == queries.status().people == 30


def test_the_count_begins_with_those_who_are_there(installation):
    import importlib

    from django.db import connection

    migration = importlib.import_module("keepfold.vault.migrations.0003_count")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM vault_count")
    with connection.schema_editor() as editor:
        migration.begin(None, editor)
    assert queries.count_people() == 1


def test_an_update_for_a_purpose_changes_only_what_the_purpose_lists(installation):
    done = actions.update(
        actor=installation.ben,
        person=installation.carl,
        values={"phone": "+4930901820"},
        purpose="support",
        reason="ticket-1",
    )
    assert done.set == ("phone",)
    with pytest.raises(NotAllowed) as caught:
        actions.update(actor=installation.ben, person=installation.carl, values={"city": "Ulm"}, purpose="support")
    assert (caught.value.code, caught.value.rule) == ("vault.update-field", "field.not-in-purpose")
    with pytest.raises(NotAllowed):
        actions.update(actor=installation.ben, person=installation.carl, values={"city": "Ulm"}, purpose="bookkeeping")
    allowed, *_ = [one for one in details(installation, "vault.record.update") if one.get("reason")]
    assert (allowed["purpose"], allowed["reason"], allowed["more"]["set"]) == ("support", "ticket-1", ["phone"])


def test_an_opening_names_its_entry(installation):
    opened = actions.open_record(actor=installation.ben, person=installation.carl, purpose="support")
    (entry,) = details(installation, "vault.record.open")
    assert entry["id"] == opened.entry.hex()


def test_nothing_is_outlined_of_somebody_who_is_erased_meanwhile(installation, monkeypatch):
    """The entry is written, then Carl is erased by another thread before anything is read."""
    original = store.person_row

    def erase_first(person):
        monkeypatch.setattr(store, "person_row", original)
        worker = threading.Thread(target=_erase, args=(installation,))
        worker.start()
        worker.join()
        return original(person)

    monkeypatch.setattr(store, "person_row", erase_first)
    with pytest.raises(PersonMissing):
        actions.outline(actor=installation.ben, person=installation.carl)


def _erase(installation):
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    connections.close_all()


def test_the_support_role_may_look_and_open_but_take_nothing_out():
    from keepfold.people import queries as people

    granted = people.grants_of(("support",), stored=False).actions
    assert {"vault.record.outline", "vault.record.open", "vault.record.open_many"} <= set(granted)
    assert "vault.record.export" not in granted
