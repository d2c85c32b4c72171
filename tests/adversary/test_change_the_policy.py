"""Mallory changes the policy to bring back what was replaced or removed."""

import pytest

from keepfold.kernel.errors import Conflict
from keepfold.policy import actions as policy
from keepfold.policy import queries
from keepfold.vault import actions as vault

FIRST, SECOND = "DE89370400440532013000", "GB82WEST12345698765432"
PERSON = {"email": "ann@example.org", "first_name": "Ann", "city": "Kiel", "iban": FIRST}
APART = queries.template("shop")
TOGETHER = APART.replace(
    "type: iban\n    compartment: payment\n    isolate: true", "type: iban\n    compartment: payment"
)


def put_in_force(installation, text):
    version = policy.submit_version(actor=installation.operator, source=text)
    policy.activate(actor=installation.operator, version=version.version)


def iban_of(installation, person):
    opened = vault.open_record(actor=installation.operator, person=person, purpose="fulfil_order", fields=("iban",))
    return opened.values.get("iban")


@pytest.mark.parametrize(("before", "after"), [(APART, TOGETHER), (TOGETHER, APART)])
def test_a_value_is_found_after_the_policy_seals_its_item_in_another_way(installation, before, after):
    assert before != after
    put_in_force(installation, before)
    person = vault.seal(actor=installation.operator, values=PERSON).id
    put_in_force(installation, after)
    assert iban_of(installation, person) == FIRST


@pytest.mark.parametrize(("before", "after"), [(APART, TOGETHER), (TOGETHER, APART)])
@pytest.mark.parametrize("new", [SECOND, None])
def test_a_replaced_value_does_not_come_back_with_the_former_policy(installation, before, after, new):
    put_in_force(installation, before)
    person = vault.seal(actor=installation.operator, values=PERSON).id
    put_in_force(installation, after)
    vault.update(actor=installation.operator, person=person, values={"iban": new})
    assert iban_of(installation, person) == new
    put_in_force(installation, before)
    assert iban_of(installation, person) == new


def test_an_item_cannot_be_moved_away_from_the_compartment_that_its_values_lie_in(installation):
    put_in_force(installation, APART)
    person = vault.seal(actor=installation.operator, values=PERSON).id
    moved = APART.replace(
        "max_length: 100\n    compartment: address\n    dpv: pd:City", "compartment: contact\n    dpv: pd:City"
    )
    assert moved != APART
    with pytest.raises(Conflict) as refused:
        put_in_force(installation, moved)
    assert refused.value.code == "policy.values-held"
    opened = vault.open_record(actor=installation.operator, person=person, purpose="fulfil_order")
    assert opened.values["city"] == "Kiel"
