"""Mallory has a token with few grants, and asks for a little more than they cover."""

import pytest

from keepfold.consent import actions as consent
from keepfold.gate.types import Actor
from keepfold.kernel.errors import Invalid, NotAllowed
from keepfold.policy import actions as policy
from keepfold.policy import queries
from keepfold.vault import actions as vault

ANN = {"email": "ann@example.org", "first_name": "Ann", "last_name": "Old", "city": "Kiel", "phone": "+4915112345678"}


def holding(*actions, purposes=()):
    return Actor(kind="client", id=bytes(15) + b"c", name="client", actions=actions, purposes=purposes)


@pytest.fixture
def ann(installation):
    version = policy.submit_version(actor=installation.operator, source=queries.template("shop"))
    policy.activate(actor=installation.operator, version=version.version)
    return vault.seal(actor=installation.operator, values=ANN).id


@pytest.mark.parametrize("purpose", ["", None, "*", "SUPPORT", "ѕupport", "support ", "support\0", "fulfil_order"])
def test_a_purpose_that_is_not_granted_opens_nothing_however_it_is_spelt(installation, ann, purpose):
    with pytest.raises(NotAllowed):
        vault.open_record(actor=holding("vault.record.open", purposes=("support",)), person=ann, purpose=purpose)


@pytest.mark.parametrize("fields", [(), [], ""])
def test_an_empty_list_of_fields_does_not_open_all_of_them(installation, ann, fields):
    actor = holding("vault.record.*", purposes=("support",))
    with pytest.raises(Invalid) as refused:
        vault.open_record(actor=actor, person=ann, purpose="support", fields=fields)
    assert refused.value.code == "vault.no-fields"
    with pytest.raises(Invalid):
        vault.open_many(actor=actor, persons=[ann], purpose="support", fields=fields)


def test_bulk_intake_changes_nobody_without_the_right_to_change(installation, ann):
    record = {"email": ANN["email"], "phone": "+4915100000000"}
    with pytest.raises(NotAllowed) as refused:
        vault.seal_many(actor=holding("vault.record.seal_many"), records=[record], on_conflict="update")
    assert refused.value.rule == "actor.action"
    opened = vault.open_record(actor=installation.operator, person=ann, purpose="fulfil_order", fields=("phone",))
    assert opened.values["phone"] == ANN["phone"]


def test_bulk_intake_changes_people_with_the_right_to_change(installation, ann):
    record = {"email": ANN["email"], "phone": "+4915100000000"}
    both = holding("vault.record.seal_many", "vault.record.update")
    assert vault.seal_many(actor=both, records=[record], on_conflict="update")[0].id == ann


def test_nobody_is_found_for_a_purpose_that_they_refused_or_never_agreed_to(installation, ann):
    newsletter = holding("vault.record.search", purposes=("newsletter",))

    def found():
        return vault.search(actor=newsletter, field="email", value=ANN["email"], purpose="newsletter")

    assert found() == []
    consent.grant_consent(actor=installation.operator, customer=ann, purpose="newsletter", channel="paper")
    assert found() == [ann]
    consent.withdraw_consent(actor=installation.operator, customer=ann, purpose="newsletter")
    assert found() == []


def test_an_identity_that_is_taken_is_not_said_to_be_whose(installation, ann):
    outcome = vault.seal_many(actor=holding("vault.record.seal_many"), records=[{"email": ANN["email"]}])[0]
    assert outcome.id is None
    assert ANN["email"] not in str(outcome.errors)
    assert ann.hex() not in str(outcome.errors)
