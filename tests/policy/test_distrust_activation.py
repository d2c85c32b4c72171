"""The row that names the policy in force, the numbers and the yeses, when somebody else wrote them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keepfold.gate.types import Actor
from keepfold.kernel import config, db
from keepfold.kernel.errors import Unavailable
from keepfold.policy import queries
from keepfold.policy.actions import activate, submit_version
from keepfold.policy.errors import PolicyAltered
from keepfold.policy.templates import text_of
from tests.policy.conftest import ANA, OLGA

SHOP = text_of("shop")
OTHER = SHOP.replace("P90D", "P120D")
CLIENTS = [Actor(kind="client", id=bytes(15) + mark, actions=("policy.*",)) for mark in (b"1", b"2")]


@pytest.fixture
def versions(room):
    """Two versions, of which the second is in force."""
    found = [submit_version(actor=ANA, source=source).version for source in (SHOP, OTHER)]
    for version in found:
        activate(actor=ANA, version=version)
    assert set(queries.altered().values()) == {0}
    return found


@pytest.fixture
def two_people(room):
    config.use(replace(config.current(), two_person_activation=True))


def write(sql, *values):
    assert db.execute("default", sql, values) >= 1
    queries._compiled.clear()


def test_another_version_is_not_put_in_force_by_its_row(versions):
    write("UPDATE policy_active SET version = %s", versions[0])
    with pytest.raises(PolicyAltered) as refused:
        queries.active()
    assert refused.value.code == "policy.altered"
    assert isinstance(refused.value, Unavailable)
    assert queries.altered()["policy_active"] == 1


def test_nor_while_the_process_remembers_the_right_one(versions):
    queries.active()
    db.execute("default", "UPDATE policy_active SET version = %s", [versions[0]])
    with pytest.raises(PolicyAltered):
        queries.active()


def test_a_first_version_is_not_put_in_force_by_a_row(room):
    version = submit_version(actor=ANA, source=SHOP).version
    write("INSERT INTO policy_active (id, version, activated_us, mac) VALUES (1, %s, 1, %s)", version, bytes(32))
    with pytest.raises(PolicyAltered):
        queries.active()


def test_activating_the_right_version_again_repairs_the_row(versions):
    write("UPDATE policy_active SET activated_us = activated_us + 1")
    assert activate(actor=ANA, version=versions[1]).status == "active"
    assert queries.active().version == versions[1]
    assert queries.altered()["policy_active"] == 0


def test_a_purpose_cannot_be_given_the_number_of_another(versions):
    write("UPDATE policy_registry SET number = 1 WHERE kind = 'purpose'")
    with pytest.raises(PolicyAltered):
        queries.active()
    assert queries.altered()["policy_registry"] > 1


def test_one_person_with_two_clients_does_not_activate_alone(two_people):
    version = submit_version(actor=ANA, source=SHOP).version
    for actor in (*CLIENTS, ANA):
        assert activate(actor=actor, version=version).status == "awaiting"
    assert activate(actor=OLGA, version=version).status == "active"


def test_a_yes_that_somebody_planted_does_not_count(two_people):
    version = submit_version(actor=ANA, source=SHOP).version
    sql = "INSERT INTO policy_approval (version, actor, at_us, mac) VALUES (%s, %s, 1, %s)"
    write(sql, version, OLGA.id, bytes(32))
    assert activate(actor=ANA, version=version).status == "awaiting"
    assert activate(actor=OLGA, version=version).status == "active"


def test_a_yes_that_was_used_up_does_not_count_when_it_is_put_back(two_people):
    version, other = (submit_version(actor=ANA, source=source).version for source in (SHOP, OTHER))
    activate(actor=ANA, version=version)
    used = db.fetch_one("default", "SELECT version, actor, at_us, mac FROM policy_approval")
    for actor, wanted in ((OLGA, version), (ANA, other), (OLGA, other)):
        activate(actor=actor, version=wanted)
    assert queries.active().version == other
    write("INSERT INTO policy_approval (version, actor, at_us, mac) VALUES (%s, %s, %s, %s)", *used)
    assert activate(actor=OLGA, version=version).status == "awaiting"


def test_two_people_are_not_counted_before_the_room_knows_who_is_who(two_people):
    queries.wire_people(person_of=None)
    version = submit_version(actor=ANA, source=SHOP).version
    with pytest.raises(Unavailable):
        activate(actor=ANA, version=version)
