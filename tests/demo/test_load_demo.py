from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner

from keepfold.consent import queries as consent
from keepfold.demo import cli, generator, loading, queries, store
from keepfold.demo.lists import locales
from keepfold.kernel import ids
from keepfold.kernel.errors import Conflict
from keepfold.ledger import queries as ledger
from keepfold.ledger.sequencer import checkpoint_beat, sequence_once
from keepfold.people import actions as people_actions
from keepfold.people import queries as people
from keepfold.policy import queries as policy
from keepfold.site import wiring
from keepfold.vault import actions as vault_actions
from keepfold.vault import queries as vault


@pytest.fixture
def shop(stores):
    """Return a home that was set up with the shop's policy and holds nobody yet."""
    from keepfold.kernel.crypto import argon2
    from keepfold.vault import keys

    wiring.wire()
    keys.init(memory_kib=argon2.MEMORY_KIB, passes=argon2.ITERATIONS)
    people_actions.bootstrap_owner(actor=people.operator(), email="owner@example.org", name="Olga")
    wiring.activate_template("shop")
    return stores


def demo(*words: str):
    done = CliRunner().invoke(cli.demo, list(words), standalone_mode=False)
    if done.exception:
        raise done.exception
    return done


def loaded(*words: str) -> dict:
    return json.loads(demo("--json", *words).stdout)


def emails(found) -> list[str]:
    opened = vault_actions.open_many(actor=people.operator(), persons=list(found), purpose="support", fields=["email"])
    return [one.values["email"] for one in opened if one]


def test_an_empty_store_is_filled_with_a_shop(shop):
    told = loaded("--people", "120")
    assert (told["people"], told["changed"]) == (120, True)
    assert vault.status().people == 120
    assert queries.mark().complete
    made = generator.customers(locales(), 120, seed=1, today=queries.mark().day)
    assert emails(queries.people()) == [customer.email for customer in made]


def test_the_same_seed_makes_the_same_shop(shop):
    loaded("--people", "40", "--seed", "7")
    first = emails(queries.people())
    told = loaded("--reset", "--people", "40", "--seed", "7")
    assert told["people"] == 40
    assert emails(queries.people()) == first
    loaded("--reset", "--people", "40", "--seed", "8")
    assert emails(queries.people()) != first


def test_consents_withdrawals_readings_and_refusals_are_in_the_ledger(shop):
    told = loaded("--people", "200")
    assert told["consents"] > 60
    assert told["withdrawals"] > 3
    assert told["readings"] + told["refused"] == loading.READINGS
    assert 10 < told["refused"] < loading.READINGS / 2
    states = [consent.facts_of(person) for person in queries.people()]
    granted = sum("newsletter" in facts and facts["newsletter"].status == "granted" for facts in states)
    assert granted == told["consents"] - told["withdrawals"]
    while sequence_once():
        pass
    checkpoint_beat()
    assert ledger.status().size > told["readings"] + told["refused"] + told["consents"]
    assert ledger.verify().ok


def test_a_loaded_demonstration_is_left_as_it_is(shop):
    loaded("--people", "10")
    there = queries.people()
    assert "The demonstration is there (10 people" in demo("--people", "99").stdout
    assert demo("--if-empty").stdout == ""
    assert queries.people() == there


def test_an_interrupted_demonstration_goes_on_where_it_stopped(shop, monkeypatch):
    monkeypatch.setattr(loading, "_BATCH", 10)
    actor, mark = people.operator(), loading.fresh_mark(30, 1, date(2026, 11, 1))

    def stop(done: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.load_people(actor, mark, stop)
    assert (queries.mark().loaded, vault.status().people) == (20, 20)
    told = loaded("--if-empty")
    assert (told["people"], vault.status().people) == (30, 30)
    assert queries.mark().day == date(2026, 11, 1)


def test_a_reset_erases_the_old_people_and_their_keys(shop):
    loaded("--people", "12")
    old = list(queries.people())
    loaded("--reset", "--people", "5")
    assert [vault.is_living(person) for person in old] == [False] * 12
    assert vault.is_erased(old[0])
    assert vault.status().people == 5


def test_a_reset_is_refused_where_a_real_customer_is(shop):
    loaded("--people", "6")
    vault_actions.seal(actor=people.operator(), values={"email": "carl@example.com", "first_name": "Carl"})
    with pytest.raises(Conflict) as caught:
        demo("--reset")
    assert caught.value.code == "demo.real-people"
    assert "1 customers who are not of the demonstration" in caught.value.detail
    assert vault.status().people == 7


def test_a_store_with_customers_is_not_filled(shop):
    vault_actions.seal(actor=people.operator(), values={"email": "carl@example.com", "first_name": "Carl"})
    with pytest.raises(Conflict) as caught:
        demo()
    assert caught.value.code == "demo.not-empty"
    assert demo("--if-empty").return_value == 0
    assert vault.status().people == 1


def test_a_reset_where_somebody_of_the_demonstration_was_erased_still_works(shop):
    loaded("--people", "6")
    vault_actions.erase(actor=people.operator(), person=queries.people()[2], reason="asked")
    assert loaded("--reset", "--people", "6")["people"] == 6
    assert store.count() == 6


def test_another_policy_is_not_replaced(installation):
    assert policy.active().policy_id == "media-shop"
    vault_actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    with pytest.raises(Conflict) as caught:
        demo()
    assert caught.value.code == "demo.other-policy"
    assert policy.active().policy_id == "media-shop"


def test_without_any_policy_the_shops_is_put_in_force(stores):
    from keepfold.kernel.crypto import argon2
    from keepfold.vault import keys

    wiring.wire()
    keys.init(memory_kib=argon2.MEMORY_KIB, passes=argon2.ITERATIONS)
    people_actions.bootstrap_owner(actor=people.operator(), email="owner@example.org", name="Olga")
    assert loaded("--people", "3")["people"] == 3
    assert policy.active().policy_id == "shop"


def test_the_cast_can_be_met_afterwards(shop):
    loaded("--people", "3")
    found = {member.email: member.roles for member in people_actions.list_staff(actor=people.operator())}
    assert found["ben@shop.example"] == ("support",)
    assert {"ana@shop.example", "dora@shop.example"} <= set(found)
    assert all(len(person) == 16 and ids.show("cus", person).startswith("cus_") for person in queries.people())
