"""A read answers only after its entry is durable, and writes nothing."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import connections

from keepfold import gate
from keepfold.kernel import config, db
from keepfold.kernel.errors import Conflict, Misconfigured, NotAllowed, Unavailable
from tests.gate.conftest import BEN, CARL, orders, put


def entries_seen_from_outside(store, home):
    """Read the table of entries through a connection that shares nothing with the gate's."""
    if store == "postgres":
        connection = psycopg.connect(config.current().data_url)
    else:
        connection = sqlite3.connect(home / "data.sqlite3")
    try:
        return connection.execute("SELECT action FROM gate_entry").fetchall()
    finally:
        connection.close()


def reading(body):
    @gate.action("shop.order.read", subject="customer", log="before")
    def read_orders(*, actor, customer):
        return body()

    return read_orders


def test_the_entry_is_committed_before_the_body_runs(door, store, home):
    seen = []
    read = reading(lambda: seen.extend(entries_seen_from_outside(store, home)))
    read(actor=BEN, customer=CARL)
    assert seen == [("shop.order.read",)]


def test_the_body_runs_outside_of_a_transaction(door):
    assert reading(lambda: connections["default"].in_atomic_block)(actor=BEN, customer=CARL) is False


def test_an_entry_that_cannot_be_written_means_that_nothing_is_read(door):
    door.recorder.failing = {"shop.order.read"}
    ran = []
    with pytest.raises(Unavailable):
        reading(lambda: ran.append(1))(actor=BEN, customer=CARL)
    assert ran == []


def test_a_denied_read_does_not_run_and_is_written_down(door):
    door.decider.denied = {"shop.order.read"}
    ran = []
    with pytest.raises(NotAllowed):
        reading(lambda: ran.append(1))(actor=BEN, customer=CARL)
    assert ran == []
    assert door.written() == [("shop.order.read", False)]


def test_the_body_of_a_read_cannot_write(door):
    with pytest.raises(Misconfigured) as refusal:
        reading(lambda: put("tea"))(actor=BEN, customer=CARL)
    assert refusal.value.code == "gate.read-only"
    assert orders() == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: db.execute_many("default", "INSERT INTO shop_order (name) VALUES (%s)", [["tea"]]),
        lambda: db.fetch_all("default", "INSERT INTO shop_order (name) VALUES (%s) RETURNING name", ["tea"]),
        lambda: db.fetch_one("default", "WITH x AS (SELECT 1) INSERT INTO shop_order (name) VALUES (%s)", ["tea"]),
        lambda: connections["default"].cursor().execute("INSERT INTO shop_order (name) VALUES (%s)", ["tea"]),
        lambda: db.rows_insert("default", "shop_order", ("name",), [("tea",)]),
        lambda: db.writing("default"),
    ],
    ids=["many", "returning", "with", "django", "rows", "driver"],
)
def test_no_way_to_the_database_lets_the_body_of_a_read_write(door, attempt):
    with pytest.raises(Misconfigured) as refusal:
        reading(attempt)(actor=BEN, customer=CARL)
    assert refusal.value.code == "gate.read-only"
    assert orders() == []


def test_the_body_of_a_read_cannot_change_its_entry_or_emit_events(door):
    for attempt in (
        lambda: gate.current().note(found=1),
        lambda: gate.current().add_subjects([CARL]),
        lambda: gate.emit(None),
    ):
        with pytest.raises(Misconfigured) as refusal:
            reading(attempt)(actor=BEN, customer=CARL)
        assert refusal.value.code == "gate.entry-written"


def test_a_refusal_by_the_body_of_a_read_becomes_a_further_entry(door):
    def body():
        raise NotAllowed("Not this one.", rule="shop.rule-3")

    with pytest.raises(NotAllowed):
        reading(body)(actor=BEN, customer=CARL)
    first, second = door.recorder.kept()
    assert (first.decision.allowed, second.decision.allowed, second.cause) == (True, False, first.id)


def test_writing_is_possible_again_after_a_read(door):
    reading(lambda: None)(actor=BEN, customer=CARL)
    put("tea")
    assert orders() == ["tea"]


def test_an_action_inside_a_read_has_a_transaction_of_its_own_and_the_read_as_cause(door):
    @gate.action("shop.order.place")
    def place_order(*, actor):
        put("tea")

    reading(lambda: place_order(actor=BEN))(actor=BEN, customer=CARL)
    read, place = door.recorder.kept()
    assert (read.context.action, place.context.action, place.cause) == ("shop.order.read", "shop.order.place", read.id)
    assert orders() == ["tea"]


def test_a_read_inside_a_writing_action_is_written_down_before_anything_leaves(door, store, home):
    read = reading(lambda: "orders")

    @gate.action("shop.stock.take")
    def take(*, actor):
        put("milk")
        return read(actor=actor, customer=CARL)

    assert take(actor=BEN) == "orders"
    read_entry, outer = door.recorder.kept()
    assert (read_entry.context.action, read_entry.cause) == ("shop.order.read", outer.id)
    assert len(entries_seen_from_outside(store, home)) == 2


def test_a_read_inside_a_writing_action_stays_written_down_when_that_one_fails(door):
    read = reading(lambda: "orders")

    @gate.action("shop.stock.take")
    def take(*, actor):
        put("milk")
        read(actor=actor, customer=CARL)
        raise Conflict("The shelf fell over.")

    with pytest.raises(Conflict):
        take(actor=BEN)
    assert orders() == []
    (entry,) = door.recorder.kept()
    assert (entry.context.action, entry.decision.allowed, entry.cause) == ("shop.order.read", True, None)
    assert entry.details == {"within": "shop.stock.take"}


def test_a_read_inside_a_writing_action_cannot_write_itself(door):
    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(Misconfigured, match="read tried to write"):
            reading(lambda: put("tea"))(actor=actor, customer=CARL)
        put("milk")

    take(actor=BEN)
    assert orders() == ["milk"]


def test_a_refusal_by_a_read_inside_a_writing_action_becomes_a_further_entry(door):
    def body():
        raise NotAllowed("Not this one.", rule="shop.rule-3")

    @gate.action("shop.stock.take")
    def take(*, actor):
        with pytest.raises(NotAllowed):
            reading(body)(actor=actor, customer=CARL)

    take(actor=BEN)
    assert door.written() == [("shop.order.read", True), ("shop.order.read", False), ("shop.stock.take", True)]


def test_a_refusal_that_passes_through_a_read_is_written_down_once(door):
    @gate.action("shop.order.place")
    def place_order(*, actor):
        raise NotAllowed("Not this one.", rule="shop.rule-3")

    with pytest.raises(NotAllowed):
        reading(lambda: place_order(actor=BEN))(actor=BEN, customer=CARL)
    assert door.written() == [("shop.order.read", True), ("shop.order.place", False)]


def test_the_clock_may_be_noted_by_an_action_inside_a_read(door):
    from keepfold.kernel import clock

    @gate.action("shop.order.place")
    def place_order(*, actor):
        put("tea")

    def body():
        clock.forget()
        place_order(actor=BEN)

    reading(body)(actor=BEN, customer=CARL)
    assert orders() == ["tea"]


def test_a_read_inside_a_read_names_it_as_cause(door):
    @gate.action("shop.note.read", log="before")
    def read_notes(*, actor):
        return db.fetch_all("default", "SELECT name FROM shop_order")

    assert reading(lambda: read_notes(actor=BEN))(actor=BEN, customer=CARL) == []
    first, second = door.recorder.kept()
    assert (second.context.action, second.cause) == ("shop.note.read", first.id)
