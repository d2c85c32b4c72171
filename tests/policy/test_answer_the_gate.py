"""The gate's decider: grants first, then the active policy, then each person."""

from __future__ import annotations

import pytest

from keepfold.gate.types import Actor, Context
from keepfold.kernel import db
from keepfold.kernel.errors import KeepfoldError
from keepfold.policy import decider, queries
from keepfold.policy.actions import activate, submit_version
from keepfold.policy.decider import PolicyDecider, rule_of
from keepfold.policy.templates import text_of
from keepfold.policy.types import ConsentFact, PersonFacts
from keepfold.vault import actions as vault
from tests.policy.conftest import ANA

CARL, DORA = bytes(15) + b"c", bytes(15) + b"d"
BEN = Actor(kind="staff", id=bytes(15) + b"b", roles=("support",), actions=("vault.*", "people.*"), purposes=("*",))
YES = PersonFacts(consents={"newsletter": ConsentFact(status="granted", at_s=1)})


def context(action: str = "vault.record.open", actor: Actor = BEN, **more) -> Context:
    return Context(actor=actor, action=action, **more)


@pytest.fixture
def ask(room):
    asked: list[tuple[bytes, str]] = []

    def facts_of(person: bytes, purpose: str) -> PersonFacts:
        asked.append((person, purpose))
        return room.facts.get(person, PersonFacts())

    made = PolicyDecider(facts_of)
    made.asked = asked
    return made


@pytest.fixture
def policy(room):
    return activate(actor=ANA, version=submit_version(actor=ANA, source=text_of("media-shop")).version)


def test_an_action_that_is_not_granted_is_refused_without_a_look_at_anything(ask):
    decision = ask.decide(context(actor=Actor(kind="client", id=bytes(16)), purpose="support", subjects=(CARL,)))
    assert (decision.allowed, decision.rules) == (False, ("actor.action",))
    assert ask.asked == []


def test_actions_without_purpose_work_before_any_policy_is_active(ask):
    assert ask.decide(context("people.client.create")).allowed


def test_actions_for_a_purpose_are_refused_before_any_policy_is_active(ask):
    decision = ask.decide(context(purpose="support", subjects=(CARL,)))
    assert (decision.allowed, decision.rules) == (False, ("policy.none-active",))
    assert decision.next_step


def test_grants_alone_are_decided_without_the_database(ask, django_assert_num_queries, policy):
    queries.active()
    with django_assert_num_queries(0):
        assert ask.decide(context("people.client.create")).allowed
    with django_assert_num_queries(1):
        assert ask.decide(context(purpose="support")).allowed


def test_opening_data_needs_a_purpose(ask, policy, monkeypatch):
    monkeypatch.setitem(decider._rules, "vault.record.open", decider.Rule(uses_data=True, needs_purpose=True))
    assert ask.decide(context()).rules == ("purpose.missing",)


def test_a_person_is_looked_at_for_the_purpose(ask, room, policy):
    reading = context(purpose="newsletter", subjects=(CARL,), fields=("email",))
    assert ask.decide(reading).rules == ("consent.missing",)
    room.facts[CARL] = YES
    decision = ask.decide(reading)
    assert decision.allowed
    assert decision.fields == {"email": "clear"}
    assert ask.asked == [(CARL, "newsletter")] * 2


def test_one_of_many_people_without_ground_refuses_all(ask, room, policy):
    room.facts[CARL] = YES
    assert ask.decide(context(purpose="newsletter", subjects=(CARL, DORA))).rules == ("consent.missing",)
    room.facts[DORA] = YES
    assert ask.decide(context(purpose="newsletter", subjects=(CARL, DORA))).allowed


def test_what_is_refused_for_everybody_asks_for_nobodys_facts(ask, policy):
    assert ask.decide(context(purpose="newsletter", subjects=(CARL, DORA), fields=("phone",))).rules == (
        "field.not-in-purpose",
    )
    assert ask.asked == []


def test_a_search_without_a_person_is_decided_by_purpose_and_grants(ask, policy):
    assert ask.decide(context("vault.record.search", purpose="support", fields=("email",))).allowed
    assert ask.decide(context("vault.record.search", purpose="suport")).rules == ("purpose.unknown",)


def test_recording_a_withdrawal_is_not_stopped_by_the_withdrawal_before(ask, policy, room):
    room.facts[CARL] = PersonFacts(consents={"newsletter": ConsentFact(status="withdrawn", at_s=1)})
    actor = Actor(kind="client", id=bytes(16), actions=("consent.*",), purposes=("newsletter",))
    allowed = ask.decide(context("consent.event.grant", actor, purpose="newsletter", subjects=(CARL,)))
    assert allowed.allowed
    assert allowed.purpose_number > 0
    assert ask.decide(context("consent.event.grant", actor, purpose="support", subjects=(CARL,))).rules == (
        "actor.purpose",
    )


def test_the_decision_names_the_policy_version(ask, policy):
    assert ask.decide(context(purpose="support")).policy_hash.hex() == policy.version


def test_a_damaged_database_is_a_refusal_and_not_an_answer(ask, policy):
    queries._compiled.clear()
    db.execute("default", "DELETE FROM policy_version")
    with pytest.raises(KeepfoldError):
        ask.decide(context(purpose="support"))


def test_the_vaults_openings_use_data_and_need_a_purpose_and_changes_do_not():
    assert vault.open_record
    assert rule_of("vault.record.open") == decider.Rule(uses_data=True, needs_purpose=True)
    assert rule_of("vault.record.search") == decider.Rule(uses_data=True, needs_purpose=True)
    assert not rule_of("vault.record.seal").needs_purpose
    assert not rule_of("vault.record.erase").uses_data
    assert not rule_of("policy.version.activate").needs_purpose


def test_a_batch_asks_for_the_facts_of_all_at_once_and_an_unknown_person_has_none(room, policy):
    asked: list[tuple[bytes, ...]] = []

    def facts_of_many(people, _purpose):
        asked.append(tuple(people))
        return {person: room.facts[person] for person in people if person in room.facts}

    many = PolicyDecider(lambda _person, _purpose: PersonFacts(), facts_of_many)
    reading = context(purpose="newsletter", subjects=(CARL, DORA))
    room.facts[CARL] = YES
    assert many.decide(reading).rules == ("consent.missing",)
    room.facts[DORA] = YES
    assert many.decide(reading).allowed
    assert asked == [(CARL, DORA)] * 2
