"""The outbox: at least once, in order per person, once per event and handler."""

from __future__ import annotations

import msgspec
import pytest

from keepfold.kernel import clock, db, ids, outbox
from keepfold.kernel.errors import Conflict, Misconfigured

ANA, CARL = ids.uuid7(), ids.uuid7()


class Sealed(msgspec.Struct, frozen=True):
    number: int
    record: bytes = b""


class Erased(msgspec.Struct, frozen=True):
    number: int


@pytest.fixture(autouse=True)
def _store(store):
    pass


def emit(*events):
    with db.atomic():
        return [outbox.emit(event, subject) for event, subject in events]


def pass_time(monkeypatch, seconds):
    later = clock.now_us() + int(seconds * 1e6)
    monkeypatch.setattr(clock, "now_us", lambda: later)


class Handler:
    """Collects numbers; fails for the named ones."""

    def __init__(self, event=Sealed, **options):
        self.seen, self.failing = [], set()
        outbox.on(event, **options)(self.handle)
        self.name = next(iter(outbox._handlers))

    def handle(self, event):
        if event.number in self.failing:
            raise Conflict("carl@example.org")
        self.seen.append(event.number)


def test_an_event_reaches_every_handler_of_its_type_with_what_it_carries():
    one, other = [], []

    @outbox.on(Sealed)
    def first(event):
        one.append(event)

    @outbox.on(Sealed)
    def second(event):
        other.append(event)

    @outbox.on(Erased)
    def third(event):
        pytest.fail("another type of event")

    emit((Sealed(1, CARL), CARL))
    assert outbox.deliver_once() == 2
    assert one == other == [Sealed(1, CARL)]
    assert outbox.deliver_once() == 0


def test_an_event_of_a_transaction_that_rolls_back_never_happened():
    handler = Handler()
    with pytest.raises(Conflict), db.atomic():  # noqa: PT012  the roll-back is the subject
        outbox.emit(Sealed(1), CARL)
        raise Conflict("no")
    assert outbox.deliver_once() == 0
    assert handler.seen == []


def test_an_event_outside_of_a_transaction_is_refused():
    with pytest.raises(Misconfigured, match="inside the transaction"):
        outbox.emit(Sealed(1), CARL)


def test_events_of_one_person_arrive_in_order():
    handler = Handler()
    emit(*((Sealed(number), CARL) for number in range(20)))
    emit(*((Sealed(number), ANA) for number in range(100, 120)))
    assert outbox.deliver_once(1000) == 40
    assert [number for number in handler.seen if number < 100] == list(range(20))
    assert [number for number in handler.seen if number >= 100] == list(range(100, 120))


def test_many_events_at_once_arrive_in_order_too():
    handler = Handler()
    with db.atomic():
        outbox.emit_many([(Sealed(number), CARL if number % 2 else ANA) for number in range(1200)])
    while outbox.deliver_once(5000):
        pass
    assert [number for number in handler.seen if number % 2] == list(range(1, 1200, 2))
    assert [number for number in handler.seen if not number % 2] == list(range(0, 1200, 2))


def test_a_failing_event_holds_back_the_later_ones_of_that_person_and_nobody_elses(monkeypatch):
    handler = Handler()
    handler.failing = {2}
    emit(
        (Sealed(1), CARL),
        (Sealed(2), CARL),
        (Sealed(3), CARL),
        (Sealed(10), ANA),
        (Sealed(11), ANA),
        (Sealed(99), None),
    )
    outbox.deliver_once(1000)
    assert sorted(handler.seen) == [1, 10, 11, 99]
    handler.failing = set()
    outbox.deliver_once()
    assert 2 not in handler.seen, "it waits before it tries again"
    pass_time(monkeypatch, 60)
    outbox.deliver_once()
    assert handler.seen[-2:] == [2, 3]


def test_a_failing_handler_does_not_hold_back_another_handler():
    failing, working = Handler(), []
    failing.failing = {1}

    @outbox.on(Sealed)
    def works(event):
        working.append(event.number)

    emit((Sealed(1), CARL), (Sealed(2), CARL))
    outbox.deliver_once()
    assert (failing.seen, working) == ([], [1, 2])


def test_pauses_grow_and_after_the_last_attempt_it_is_a_dead_letter_that_blocks_nobody(monkeypatch):
    handler = Handler()
    handler.failing = {1}
    emit((Sealed(1), CARL), (Sealed(2), CARL))
    pauses = []
    for _ in range(outbox.MOST_ATTEMPTS):
        outbox.deliver_once()
        due, state = db.fetch_one("default", "SELECT due_us, state FROM kernel_delivery ORDER BY id LIMIT 1")
        pauses.append(due - clock.now_us())
        pass_time(monkeypatch, 7200)
    assert state == outbox.DEAD
    assert pauses[5] > pauses[0] * 4
    outbox.deliver_once()
    assert handler.seen == [2]
    (dead,) = outbox.dead_letters()
    assert (dead.handler, dead.attempts) == (handler.name, outbox.MOST_ATTEMPTS)
    assert dead.error.startswith("Conflict(conflict) at ")
    assert "carl" not in repr(dead)
    handler.failing = set()
    assert outbox.redeliver(dead.id)
    assert not outbox.redeliver(dead.id)
    outbox.deliver_once()
    assert handler.seen == [2, 1]


def test_a_process_that_dies_while_handling_gets_the_event_delivered_again(monkeypatch):
    handler = Handler()
    emit((Sealed(1), CARL), (Sealed(2), CARL))
    handler.failing = {1}

    class Killed(BaseException):
        pass

    def die(_event):
        raise Killed

    registered = outbox._handlers[handler.name]
    monkeypatch.setitem(outbox._handlers, handler.name, outbox.Handler(handler.name, Sealed, die, atomic=False))
    with pytest.raises(Killed):
        outbox.deliver_once()
    monkeypatch.setitem(outbox._handlers, handler.name, registered)
    handler.failing = set()
    assert outbox.deliver_once() == 0, "its lease still stands, and the second event waits for the first"
    pass_time(monkeypatch, outbox.LEASE_US / 1e6 + 1)
    outbox.deliver_once()
    assert handler.seen == [1, 2]


def test_a_delivery_that_another_process_has_claimed_is_left_alone():
    handler = Handler()
    emit((Sealed(1), CARL))
    (head,) = outbox._heads(10)
    assert outbox._deliver(head)
    assert not outbox._deliver(head), "the second process looked before the first one claimed"
    assert handler.seen == [1]


def test_an_atomic_handler_and_the_mark_that_it_is_done_are_one():
    done = []

    @outbox.on(Sealed, atomic=True)
    def write(event):
        db.execute("default", "INSERT INTO kernel_epoch (name, value) VALUES (%s, 1)", [f"n{event.number}"])
        done.append(1)
        if len(done) == 1:
            raise Conflict("after writing")

    emit((Sealed(1), CARL))
    outbox.deliver_once()
    assert db.fetch_all("default", "SELECT name FROM kernel_epoch") == []
    db.execute("default", "UPDATE kernel_delivery SET due_us = 0")
    outbox.deliver_once()
    assert db.fetch_all("default", "SELECT name FROM kernel_epoch") == [("n1",)]
    assert outbox.waiting() == 0


def test_one_event_and_one_handler_meet_once_in_the_table():
    Handler()
    emit((Sealed(1), CARL))
    row = db.fetch_one("default", "SELECT seq, handler FROM kernel_delivery")
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), db.atomic():
        db.rows_insert("default", "kernel_delivery", outbox._DELIVERY, [(*row, None, 0, 0, 0, 0, "")])


def test_deliver_once_tries_no_more_than_its_limit():
    handler = Handler()
    emit(*((Sealed(number), None) for number in range(10)))
    assert outbox.deliver_once(4) == 4
    assert len(handler.seen) == 4


def test_a_field_that_was_added_later_has_its_default_in_old_events():
    class Grown(msgspec.Struct, frozen=True):
        number: int
        note: str = "none"

    seen = []
    outbox.on(Grown)(seen.append)
    outbox._names[Sealed] = outbox._names[Grown]
    emit((Sealed(1), CARL))
    outbox._types[outbox.kind_of(Sealed)] = Grown
    outbox.deliver_once()
    assert seen == [Grown(1)]


def test_the_name_of_an_event_type_is_room_and_class():
    class Fact(msgspec.Struct):
        pass

    Fact.__module__ = "keepfold.vault.events"
    assert outbox.kind_of(Fact) == "vault.Fact"


def test_old_events_are_forgotten_unless_somebody_still_waits_for_them():
    handler = Handler()
    handler.failing = {2}
    emit((Sealed(1), CARL), (Sealed(2), ANA), (Erased(3), CARL))
    outbox.deliver_once()
    assert outbox.purge(clock.now_us() - 10_000_000) == 0
    assert outbox.purge(clock.now_us() + 1) == 2
    assert db.fetch_all("default", "SELECT count(*) FROM kernel_event") == [(1,)]
    assert outbox.waiting() == 1
