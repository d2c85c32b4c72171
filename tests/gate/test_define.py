"""A wrong definition fails when the module is imported, not when somebody acts."""

from __future__ import annotations

import inspect

import pytest

from keepfold import gate
from keepfold.gate import door as flow
from keepfold.kernel.errors import Misconfigured
from tests.gate.conftest import BEN, CARL, NAMES


def plain(*, actor, customer=None, purpose=None):
    return customer


def test_an_action_must_be_in_the_catalogue(monkeypatch):
    from keepfold.gate import catalogue, spec

    monkeypatch.setattr(spec, "known", catalogue.known)
    with pytest.raises(Misconfigured, match=r"shop\.order\.place is not in packs/actions\.toml"):
        gate.action("shop.order.place")(plain)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda actor: None, "keyword-only"),
        (lambda *, actor, **more: None, "keyword-only"),
        (lambda *, customer: None, "must take an actor"),
        (lambda *, actor=BEN: None, "must take an actor"),
    ],
    ids=["positional", "open-ended", "without-actor", "actor-by-default"],
)
def test_an_action_takes_keywords_and_demands_an_actor(function, what):
    with pytest.raises(Misconfigured, match=what):
        gate.action("shop.order.place")(function)


def test_an_action_is_over_when_it_returns():
    def generator(*, actor):
        yield 1

    async def coroutine(*, actor):
        pass

    for function in (generator, coroutine):
        with pytest.raises(Misconfigured, match="plain function"):
            gate.action("shop.order.place")(function)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"subject": "person"}, "person"),
        ({"purpose": "why"}, "why"),
        ({"subject": "customer", "subjects": "customer"}, "both"),
        ({"log": "never"}, "with or before"),
    ],
)
def test_an_option_must_fit_the_function(options, what):
    with pytest.raises(Misconfigured, match=what):
        gate.action("shop.order.place", **options)(plain)


def test_two_functions_cannot_share_a_name():
    gate.action("shop.order.place")(plain)

    def another(*, actor):
        pass

    with pytest.raises(Misconfigured, match="defined twice"):
        gate.action("shop.order.place")(another)
    gate.action("shop.order.place")(plain)


def test_registered_actions_are_listed_with_their_lines_of_the_catalogue():
    action = gate.action("shop.order.cancel", subject="customer")(plain)
    assert list(gate.registered_actions()) == ["shop.order.cancel"]
    spec = gate.registered_actions()["shop.order.cancel"]
    assert (spec.known.number, spec.log) == (NAMES.index("shop.order.cancel") + 1, "with")
    assert gate.is_action(action)
    assert not gate.is_action(plain)
    with pytest.raises(TypeError):
        gate.registered_actions()["shop.order.place"] = spec


def test_an_action_keeps_its_name_its_words_and_its_signature():
    def place_order(*, actor: gate.Actor, customer: bytes, purpose: str | None = None) -> bytes:
        """Place an order."""

    action = gate.action("shop.order.place")(place_order)
    assert (action.__name__, action.__doc__) == ("place_order", "Place an order.")
    assert inspect.signature(action) == inspect.signature(place_order)


def test_there_is_no_way_round_the_gate_in_the_action_or_in_its_options():
    action = gate.action("shop.order.place")(plain)
    assert not hasattr(action, "__wrapped__")
    assert not hasattr(action, "original")
    options = set(inspect.signature(gate.action).parameters)
    assert options == {"name", "subject", "subjects", "purpose", "fields", "reason", "details", "log"}
    assert set(inspect.signature(flow.wire).parameters) == {"decider", "recorder"}


@pytest.mark.parametrize("extra", [{"skip_checks": True}, {"force": True}, {"log": "never"}, {"_decision": None}])
def test_an_argument_that_the_function_does_not_take_is_refused_before_anything_happens(door, extra):
    action = gate.action("shop.order.place", subject="customer")(plain)
    with pytest.raises(TypeError, match="does not take"):
        action(actor=BEN, customer=CARL, **extra)
    assert door.written() == []


def test_a_missing_argument_is_refused_before_anything_happens(door):
    def needs(*, actor, customer):
        pass

    with pytest.raises(TypeError, match="needs"):
        gate.action("shop.order.place")(needs)(actor=BEN)
    with pytest.raises(TypeError):
        gate.action("shop.order.place")(needs)(BEN, CARL)
    assert door.decider.asked == []


def test_subjects_may_be_a_sequence(door):
    def many(*, actor, people):
        return len(people)

    action = gate.action("shop.order.place", subjects="people")(many)
    assert action(actor=BEN, people=[CARL, BEN.id]) == 2
    assert door.recorder.kept()[0].subjects == (CARL, BEN.id)
