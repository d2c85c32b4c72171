"""A denial is an entry, whatever happens around it."""

from __future__ import annotations

import pytest

from keepfold import gate
from keepfold.kernel.errors import Conflict, NotAllowed, Unavailable
from tests.gate.conftest import BEN, CARL, CAROL, orders, put


@pytest.fixture
def place_order(door):
    @gate.action("shop.order.place", subject="customer")
    def place_order(*, actor, customer):
        put("tea")

    door.decider.denied = {"shop.order.place"}
    return place_order


def test_a_denied_action_is_not_done_and_says_which_rule_and_what_to_do(door, place_order):
    with pytest.raises(NotAllowed) as denial:
        place_order(actor=BEN, customer=CARL)
    assert (denial.value.detail, denial.value.rule, denial.value.next_step) == (
        "Ben may not.",
        "shop.rule-7",
        "Ask Ana.",
    )
    assert orders() == []


def test_a_denial_is_written_down(door, place_order):
    with pytest.raises(NotAllowed):
        place_order(actor=BEN, customer=CARL)
    (entry,) = door.recorder.kept()
    assert (entry.decision.allowed, entry.decision.rules[0], entry.subjects) == (False, "shop.rule-7", (CARL,))
    assert entry.cause is None


def test_a_denial_that_cannot_be_written_down_is_an_unavailable_ledger(door, place_order):
    door.recorder.failing = {"shop.order.place"}
    with pytest.raises(Unavailable, match="ledger"):
        place_order(actor=BEN, customer=CARL)
    assert orders() == []


def test_an_inner_denial_undoes_the_outer_action_and_is_written_down_after_the_roll_back(door, place_order):
    @gate.action("shop.stock.take", subject="customer")
    def take(*, actor, customer):
        put("milk")
        place_order(actor=actor, customer=customer)

    with pytest.raises(NotAllowed, match="Ben may not"):
        take(actor=BEN, customer=CAROL)
    assert orders() == []
    (entry,) = door.recorder.kept()
    assert (entry.context.action, entry.decision.allowed, entry.subjects) == ("shop.order.place", False, (CAROL,))
    # The outer action left no entry, so the denial names it instead of pointing nowhere.
    assert (entry.cause, entry.details) == (None, {"within": "shop.stock.take"})


def test_an_inner_denial_that_the_outer_action_catches_is_written_down_with_it_as_cause(door, place_order):
    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(NotAllowed):
            place_order(actor=actor, customer=CARL)
        put("milk")

    take(actor=BEN)
    assert orders() == ["milk"]
    denial, outer = door.recorder.kept()
    assert (denial.decision.allowed, denial.cause) == (False, outer.id)


def test_an_inner_denial_is_written_down_when_the_outer_action_fails_of_something_else(door, place_order):
    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(NotAllowed):
            place_order(actor=actor, customer=CARL)
        raise Conflict("The shelf fell over.")

    with pytest.raises(Conflict):
        take(actor=BEN)
    assert door.written() == [("shop.order.place", False)]


def test_an_inner_denial_does_not_name_an_outer_entry_that_could_not_be_written(door, place_order):
    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(NotAllowed):
            place_order(actor=actor, customer=CARL)

    door.recorder.failing = {"shop.stock.take"}
    with pytest.raises(Unavailable):
        take(actor=BEN)
    (denial,) = door.recorder.kept()
    assert (denial.cause, denial.details) == (None, {"within": "shop.stock.take"})


def test_a_denial_two_levels_down_is_written_down_once(door, place_order):
    @gate.action("shop.order.cancel")
    def middle(*, actor):
        place_order(actor=actor, customer=CARL)

    @gate.action("shop.stock.take")
    def outer(*, actor):
        middle(actor=actor)

    with pytest.raises(NotAllowed):
        outer(actor=BEN)
    assert door.written() == [("shop.order.place", False)]


def test_a_denial_that_is_caught_two_levels_down_names_the_action_that_asked(door, place_order):
    @gate.action("shop.order.cancel")
    def middle(*, actor):
        with pytest.raises(NotAllowed):
            place_order(actor=actor, customer=CARL)

    @gate.action("shop.stock.take")
    def outer(*, actor):
        middle(actor=actor)

    outer(actor=BEN)
    entries = {entry.context.action: entry for entry in door.recorder.kept()}
    assert entries["shop.order.place"].cause == entries["shop.order.cancel"].id
    assert entries["shop.order.cancel"].cause == entries["shop.stock.take"].id


def test_a_refusal_by_the_body_itself_is_a_denial_as_well(door):
    @gate.action("shop.stock.take")
    def take(*, actor):
        put("milk")
        raise NotAllowed("The last owner cannot leave.", rule="people.last-owner")

    with pytest.raises(NotAllowed, match="last owner"):
        take(actor=BEN)
    assert orders() == []
    (entry,) = door.recorder.kept()
    assert (entry.decision.allowed, entry.decision.rules) == (False, ("people.last-owner",))


def test_a_decider_that_breaks_is_no_permission(door):
    def decide(_context):
        raise RuntimeError

    door.decider.decide = decide

    @gate.action("shop.stock.take")
    def take(*, actor):
        put("milk")

    with pytest.raises(RuntimeError):
        take(actor=BEN)
    assert orders() == []
    assert door.written() == []
