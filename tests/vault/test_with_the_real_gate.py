"""The vault behind the real gate: the media shop's policy decides, the real ledger writes down."""

from __future__ import annotations

import pytest

from keepfold.consent import actions as consent
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import actions as ledger
from keepfold.ledger import queries as log
from keepfold.ledger.jobs import sequence
from keepfold.vault import actions, queries
from keepfold.vault.errors import PersonMissing, RecordRefused


def seal_three(installation) -> list[bytes]:
    records = [{"email": f"person{number}@example.org", "first_name": f"P{number}"} for number in range(3)]
    return [outcome.id for outcome in actions.seal_many(actor=installation.operator, records=records)]


def grant(installation, person: bytes) -> None:
    consent.grant_consent(actor=installation.operator, customer=person, purpose="newsletter", channel="api")
    consent.confirm_consent(actor=installation.operator, customer=person, purpose="newsletter")


def names(installation, persons: list[bytes]) -> list[object]:
    opened = actions.open_many(actor=installation.operator, persons=persons, purpose="newsletter", fields=("email",))
    return [one and one.values for one in opened]


def test_many_people_are_opened_only_when_each_of_them_consents(installation):
    persons = seal_three(installation)
    for person in persons[:2]:
        grant(installation, person)
    with pytest.raises(NotAllowed) as caught:
        names(installation, persons)
    assert caught.value.rule == "consent.missing"
    assert names(installation, persons[:2]) == [{"email": "person0@example.org"}, {"email": "person1@example.org"}]
    consent.withdraw_consent(actor=installation.operator, customer=persons[1], purpose="newsletter")
    with pytest.raises(NotAllowed) as caught:
        names(installation, persons[:2])
    assert caught.value.rule == "consent.withdrawn"


def test_a_support_agent_sees_what_the_policy_says_and_no_more(installation):
    opened = actions.open_record(actor=installation.ben, person=installation.carl, purpose="support", reason="ticket")
    assert opened.values["email"] == "carl.lindqvist@example.org"
    assert opened.values["phone"] == "•••0605"
    assert "phone" in opened.masked
    with pytest.raises(NotAllowed):
        actions.open_record(actor=installation.mallory, person=installation.carl, purpose="support")
    with pytest.raises(NotAllowed):
        actions.seal(actor=installation.ben, values={"first_name": "Nobody"})


def test_the_policy_line_that_is_missing_is_named(installation):
    with pytest.raises(RecordRefused) as caught:
        actions.seal(actor=installation.operator, values={"shoe_size": "43"})
    assert "shoe_size" in caught.value.errors[0].message


def test_an_erased_persons_ledger_is_closed_and_the_log_verifies(installation):
    person = seal_three(installation)[0]
    grant(installation, person)
    names(installation, [person])
    sequence()
    before = ledger.entries_of(actor=installation.operator, person=person)
    assert {entry.entry.action for entry in before.entries} >= {"vault.record.seal_many", "vault.record.open_many"}
    actions.erase(actor=installation.operator, person=person, reason="asked")
    sequence()
    assert queries.is_erased(person)
    with pytest.raises(PersonMissing):
        actions.open_record(actor=installation.operator, person=person, purpose="support")
    assert ledger.entries_of(actor=installation.operator, person=person).entries == ()
    report = log.verify()
    assert report.ok, report.findings
