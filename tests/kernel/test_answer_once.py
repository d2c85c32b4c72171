"""Idempotency keys: what was asked twice is done once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections

from keepfold.kernel import clock, db, idempotency, ids
from keepfold.kernel.errors import Conflict, Invalid

ANA, MALLORY = ids.uuid7(), ids.uuid7()
REQUEST = idempotency.request_hash(b"POST", b"/customers", b"{}")


def act():
    """Stand for the outermost action: one transaction, settled before it commits."""
    with db.atomic():
        db.execute("default", "INSERT INTO kernel_epoch (name, value) VALUES (%s, 1)", [ids.uuid7().hex()])
        idempotency.settle("cus_1")
    return "cus_1"


def once(key="k1", actor=ANA, request=REQUEST, act=act):
    return idempotency.once(
        actor=actor, key=key, request=request, act=act, render=lambda result: (201, f"made {result}".encode())
    )


def times_done():
    return db.fetch_one("default", "SELECT count(*) FROM kernel_epoch")[0]


def test_a_repeated_request_is_answered_and_not_repeated(store):
    assert once() == (201, b"made cus_1", False)
    assert once() == (201, b"made cus_1", True)
    assert times_done() == 1


def test_without_a_key_every_request_is_done(store):
    once(key=None)
    once(key=None)
    assert times_done() == 2


def test_another_key_or_another_actor_is_another_request(store):
    once()
    once(key="k2")
    once(actor=MALLORY)
    assert times_done() == 3


def test_a_key_that_was_used_for_another_request_is_refused(store):
    once()
    with pytest.raises(Conflict) as refusal:
        once(request=idempotency.request_hash(b"POST", b"/customers", b"{1}"))
    assert refusal.value.code == "idempotency.mismatch"


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_empty_or_too_long_is_refused(store, key):
    with pytest.raises(Invalid):
        once(key=key)


def test_an_action_that_failed_is_done_anew(store):
    def fail():
        with db.atomic():
            idempotency.settle("cus_1")
            raise Conflict("no")

    with pytest.raises(Conflict):
        once(act=fail)
    assert once() == (201, b"made cus_1", False)


def test_action_and_answer_are_in_one_transaction(store):
    class Killed(BaseException):
        pass

    def die():
        act()
        raise Killed

    with pytest.raises(Killed):
        once(act=die)
    assert once() == (201, b"made cus_1", True), "the action was committed, so its answer was remembered with it"
    assert times_done() == 1


def test_what_passed_no_action_is_remembered_all_the_same(store):
    once(act=lambda: "cus_2")
    assert once() == (201, b"made cus_2", True)


def test_two_that_come_at_the_same_moment_do_it_once(store):
    answers, together = [], threading.Barrier(2)

    def slow():
        together.wait(10)
        return act()

    def run():
        try:
            answers.append(once(act=slow))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.replayed for answer in answers) == [False, True]
    assert times_done() == 1


def test_after_a_day_the_answer_is_forgotten(store):
    once()
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert not once().replayed
        assert idempotency.purge() == 0
    with time_machine.travel(clock.now() + timedelta(hours=51)):
        assert idempotency.purge() == 1


def test_the_key_itself_is_not_kept(store):
    once(key="order-of-carl")
    rows = db.fetch_all("default", "SELECT * FROM kernel_remembered")
    assert b"carl" not in b"".join(value for row in rows for value in row if isinstance(value, bytes))


def test_the_parts_of_a_request_cannot_be_shifted():
    assert idempotency.request_hash(b"ab", b"c") != idempotency.request_hash(b"a", b"bc")
