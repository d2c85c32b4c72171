"""What happens around an action: decided, done and written down in one transaction, or not at all."""

from __future__ import annotations

import msgspec
import pytest

from keepfold import gate
from keepfold.kernel import db, outbox
from keepfold.kernel.errors import Conflict, Misconfigured, NotAllowed, Unavailable
from tests.gate.conftest import BEN, CARL, CAROL, orders, put


class OrderPlaced(msgspec.Struct, frozen=True):
    order: str


def place(**changes):
    @gate.action("shop.order.place", subject="customer", purpose="purpose", fields="fields", reason="reason", **changes)
    def place_order(*, actor, customer, name, purpose="delivery", fields=None, reason=None):
        put(name)
        return name.upper()

    return place_order


def test_an_allowed_action_is_done_and_written_down(door):
    assert place()(actor=BEN, customer=CARL, name="tea") == "TEA"
    assert orders() == ["tea"]
    (entry,) = door.recorder.kept()
    assert entry.context.action == "shop.order.place"
    assert entry.context.actor == BEN
    assert entry.subjects == (CARL,)
    assert entry.decision.rules == ("shop.rule-1",)
    assert entry.cause is None


def test_the_decider_sees_purpose_fields_reason_and_defaults(door):
    place()(actor=BEN, customer=CARL, name="tea", fields=["email"], reason="call 7")
    (context,) = door.decider.asked
    assert (context.purpose, context.fields, context.reason) == ("delivery", ("email",), "call 7")
    assert context.subjects == (CARL,)


def test_the_people_are_locked_before_the_decision(door):
    order = []
    door.recorder.lock = lambda people: order.append(("lock", tuple(people)))
    decide = door.decider.decide
    door.decider.decide = lambda context: (order.append(("decide", context.subjects)), decide(context))[1]
    place()(actor=BEN, customer=CARL, name="tea")
    assert order == [("lock", (CARL,)), ("decide", (CARL,))]


def test_a_recorder_that_cannot_write_undoes_the_body(door):
    door.recorder.failing = {"shop.order.place"}
    with pytest.raises(Unavailable, match="ledger does not answer"):
        place()(actor=BEN, customer=CARL, name="tea")
    assert orders() == []
    assert door.written() == []


def test_a_body_that_raises_leaves_nothing_and_no_entry(door):
    @gate.action("shop.order.place")
    def place_order(*, actor):
        put("tea")
        raise Conflict("There is no tea.")

    with pytest.raises(Conflict):
        place_order(actor=BEN)
    assert orders() == []
    assert door.written() == []


def test_people_and_notes_found_by_the_body_come_into_the_entry(door):
    @gate.action("shop.stock.take", subject="customer", details=lambda given: {"shelf": given["shelf"]})
    def take(*, actor, customer, shelf):
        gate.current().add_subjects([CAROL, CARL])
        gate.current().note(found=2)

    take(actor=BEN, customer=CARL, shelf="b4")
    (entry,) = door.recorder.kept()
    assert entry.subjects == (CARL, CAROL)
    assert entry.details == {"shelf": "b4", "found": 2}


def test_an_event_is_written_with_the_action_and_names_its_person(door, monkeypatch):
    seen = []
    monkeypatch.setattr(outbox, "_handlers", {})
    monkeypatch.setattr(outbox, "_names", {})
    outbox.on(OrderPlaced)(seen.append)

    @gate.action("shop.order.place", subject="customer")
    def place_order(*, actor, customer, fail=False):
        gate.emit(OrderPlaced("tea"))
        if fail:
            raise Conflict("There is no tea.")

    with pytest.raises(Conflict):
        place_order(actor=BEN, customer=CARL, fail=True)
    place_order(actor=BEN, customer=CARL)
    assert db.fetch_all("default", "SELECT subject FROM kernel_event") == [(CARL,)]
    assert outbox.deliver_once() == 1
    assert seen == [OrderPlaced("tea")]


def test_outside_of_an_action_there_is_no_current_call(door):
    with pytest.raises(Misconfigured, match="No action"):
        gate.current()
    with pytest.raises(Misconfigured, match="No action"):
        gate.emit(OrderPlaced("tea"))


def test_an_action_inside_an_action_is_decided_and_recorded_on_its_own_with_its_cause(door):
    place_order = place()

    @gate.action("shop.stock.take", subject="customer")
    def take(*, actor, customer):
        place_order(actor=actor, customer=CAROL, name="tea")

    take(actor=BEN, customer=CARL)
    assert [context.action for context in door.decider.asked] == ["shop.stock.take", "shop.order.place"]
    inner, outer = door.recorder.kept()
    assert (inner.context.action, inner.subjects, inner.cause) == ("shop.order.place", (CAROL,), outer.id)
    assert (outer.context.action, outer.subjects, outer.cause) == ("shop.stock.take", (CARL,), None)
    assert orders() == ["tea"]


def test_an_inner_action_that_fails_and_is_caught_leaves_no_trace_in_an_outer_one_that_succeeds(door):
    @gate.action("shop.order.place")
    def place_order(*, actor):
        put("tea")
        raise Conflict("There is no tea.")

    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(Conflict):
            place_order(actor=actor)
        put("milk")

    take(actor=BEN)
    assert orders() == ["milk"]
    assert door.written() == [("shop.stock.take", True)]


def test_an_inner_action_whose_entry_fails_is_undone_even_when_the_outer_one_catches_it(door):
    place_order = place()
    door.recorder.failing = {"shop.order.place"}

    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(Unavailable):
            place_order(actor=actor, customer=CARL, name="tea")
        put("milk")

    take(actor=BEN)
    assert orders() == ["milk"]
    assert door.written() == [("shop.stock.take", True)]


def test_an_outer_action_that_fails_undoes_the_inner_one_and_its_entry(door):
    place_order = place()

    @gate.action("shop.stock.take")
    def take(*, actor):
        place_order(actor=actor, customer=CARL, name="tea")
        raise Conflict("The shelf fell over.")

    with pytest.raises(Conflict):
        take(actor=BEN)
    assert orders() == []
    assert door.written() == []


def test_an_action_inside_a_foreign_transaction_is_refused_since_it_could_not_be_durable(door):
    with db.atomic(), pytest.raises(RuntimeError, match="durable"):
        place()(actor=BEN, customer=CARL, name="tea")
    assert orders() == []


def test_a_gate_that_is_not_wired_refuses_everything(door):
    action = place()
    with gate.wired(None, None), pytest.raises(Unavailable) as refusal:
        action(actor=BEN, customer=CARL, name="tea")
    assert refusal.value.code == "gate.unwired"
    assert orders() == []
    assert door.decider.asked == []


def test_a_clock_that_runs_behind_is_refused_before_anything_is_decided(door):
    from keepfold.kernel import clock

    clock.raise_mark(clock.now_us() + 3_600_000_000)
    with pytest.raises(Unavailable) as refusal:
        place()(actor=BEN, customer=CARL, name="tea")
    assert refusal.value.code == "clock.behind"
    assert door.decider.asked == []


def test_an_unexpected_database_error_in_a_body_comes_out_readable_and_without_the_rows(door):
    @gate.action("shop.order.place")
    def place_order(*, actor):
        db.execute("default", "INSERT INTO no_such_table VALUES ('carl@example.org')")

    with pytest.raises(Unavailable) as refusal:
        place_order(actor=BEN)
    assert refusal.value.code == "storage.schema"
    assert "carl" not in refusal.value.readable()


def test_nothing_but_an_actor_may_act(door):
    with pytest.raises(TypeError, match="needs an Actor"):
        place()(actor="Ben", customer=CARL, name="tea")
    with pytest.raises(TypeError):
        place()(customer=CARL, name="tea")
    assert orders() == []


@pytest.mark.parametrize(
    "customer",
    ["carl@example.org", b"short", b"x" * 17, bytearray(16)],
    ids=["address", "short", "long", "bytearray"],
)
def test_a_person_is_an_id_of_16_bytes_and_what_was_given_instead_is_not_shown(door, customer):
    with pytest.raises(TypeError) as refusal:
        place()(actor=BEN, customer=customer, name="tea")
    assert "carl" not in str(refusal.value)
    assert orders() == []


def test_the_call_is_over_when_the_action_is_over_also_by_an_error(door):
    door.decider.denied = {"shop.order.place"}
    with pytest.raises(NotAllowed):
        place()(actor=BEN, customer=CARL, name="tea")
    with pytest.raises(Misconfigured):
        gate.current()
