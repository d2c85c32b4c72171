"""Jobs: enqueued with what they belong to, leased, retried, given up, scheduled."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import clock, db, jobs
from keepfold.kernel.errors import Conflict, Misconfigured
from keepfold.kernel.jobs import store as table
from keepfold.kernel.rules import backoff_seconds, next_slot, unsafe_payload

NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def worker(store):
    return jobs.Worker(lease_seconds=30, poll_seconds=0.01)


def open_rows():
    return db.fetch_all("default", "SELECT kind, attempts, error FROM kernel_job WHERE state = 0 ORDER BY id")


def make_due():
    db.execute("default", "UPDATE kernel_job SET run_us = 0")


def test_a_job_runs_once_with_its_payload(worker):
    seen = []

    @jobs.job("shop.count")
    def count(*, person, numbers):
        seen.append((person, numbers))

    jobs.enqueue("shop.count", {"person": "cus_1", "numbers": [1, 2]})
    assert worker.drain() == 1
    assert worker.drain() == 0
    assert seen == [("cus_1", [1, 2])]


def test_a_job_joins_the_transaction_of_its_caller(worker):
    jobs.job("shop.count")(lambda: None)
    with pytest.raises(Conflict), db.atomic():  # noqa: PT012  the roll-back is the subject
        jobs.enqueue("shop.count")
        raise Conflict("no")
    assert open_rows() == []


def test_a_key_makes_a_job_unique_even_after_it_was_done(worker):
    ran = []
    jobs.job("shop.count")(lambda: ran.append(1))
    first = jobs.enqueue("shop.count", key="count:1")
    assert jobs.enqueue("shop.count", key="count:1") == first
    worker.drain()
    assert jobs.enqueue("shop.count", key="count:1") == first
    worker.drain()
    assert ran == [1]


def test_a_job_waits_for_its_time(worker):
    ran = []
    jobs.job("shop.count")(lambda: ran.append(1))
    jobs.enqueue("shop.count", run_at=clock.now() + timedelta(hours=1))
    assert worker.drain() == 0
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        worker.drain()
    assert ran == [1]


def test_a_job_that_fails_is_tried_again_later_and_its_message_is_not_kept(worker):
    def fail():
        raise ValueError("carl@example.org")

    jobs.job("shop.count")(fail)
    jobs.enqueue("shop.count")
    assert worker.drain() == 1
    ((kind, attempts, error),) = open_rows()
    assert (kind, attempts) == ("shop.count", 1)
    assert error.startswith("ValueError at ")
    assert "carl" not in error
    (run_us,) = db.fetch_one("default", "SELECT run_us FROM kernel_job")
    assert 3e6 < run_us - clock.now_us() < 7e6


def test_a_job_that_fails_too_often_is_a_dead_letter_that_can_be_retried(worker):
    failing = [True]

    @jobs.job("shop.count", attempts=3)
    def count():
        if failing[0]:
            raise Conflict("carl@example.org")

    jobs.enqueue("shop.count")
    for _ in range(5):
        worker.drain()
        make_due()
    (dead,) = jobs.dead_letters()
    assert (dead.kind, dead.attempts) == ("shop.count", 3)
    assert dead.error.startswith("Conflict(conflict) at ")
    failing[0] = False
    assert jobs.retry(dead.id)
    assert not jobs.retry(dead.id)
    assert worker.drain() == 1
    assert jobs.dead_letters() == []


def test_a_job_that_kills_its_worker_each_time_is_given_up(worker):
    class Killed(BaseException):
        pass

    @jobs.job("shop.count", attempts=2)
    def count():
        raise Killed

    jobs.enqueue("shop.count")
    for _ in range(2):
        with pytest.raises(Killed):
            worker.once()
        db.execute("default", "UPDATE kernel_job SET lease_us = 0")
    assert worker.once() == 1
    (dead,) = jobs.dead_letters()
    assert dead.error == "the worker died while running it"


def test_a_leased_job_is_not_taken_by_another_worker_until_the_lease_runs_out(worker):
    jobs.job("shop.count")(lambda: None)
    jobs.enqueue("shop.count")
    held = table.claim(["shop.count"], os.urandom(16), 30_000_000)
    assert held is not None
    assert worker.drain() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=31)):
        assert worker.drain() == 1
    assert not table.settle(held, table.DONE), "the first worker's answer comes too late and changes nothing"
    assert not table.extend(held, 1_000_000)


def test_a_heartbeat_keeps_a_long_job_leased(store):
    worker, taken = jobs.Worker(lease_seconds=0.6), []

    @jobs.job("shop.count")
    def count():
        other = os.urandom(16)
        for _ in range(12):
            threading.Event().wait(0.1)
            taken.append(table.claim(["shop.count"], other, 1_000_000))

    jobs.enqueue("shop.count")
    worker.once()
    assert taken == [None] * 12
    assert jobs.waiting() == {}


def test_a_job_learns_that_its_lease_was_lost(store):
    worker, told = jobs.Worker(lease_seconds=0.3), []

    @jobs.job("shop.count")
    def count():
        db.execute("default", "UPDATE kernel_job SET holder = %s", [os.urandom(16)])
        for _ in range(50):
            if jobs.stopping():
                break
            threading.Event().wait(0.05)
        told.append(jobs.stopping())

    jobs.enqueue("shop.count")
    worker.once()
    assert told == [True]
    assert not jobs.stopping()
    assert open_rows() == [("shop.count", 1, "")]


def test_a_job_that_stops_for_later_is_continued_and_no_attempt_is_counted(worker):
    rounds = []

    @jobs.job("shop.count", attempts=1)
    def count():
        rounds.append(1)
        if len(rounds) < 4:
            raise jobs.Again

    jobs.enqueue("shop.count")
    assert worker.drain() == 4
    assert jobs.dead_letters() == []
    assert jobs.waiting() == {}


def test_a_worker_that_is_told_to_stop_finishes_the_running_job_and_takes_no_other(store):
    worker, ran = jobs.Worker(poll_seconds=0.01), []

    @jobs.job("shop.count")
    def count():
        worker.stop()
        ran.append(jobs.stopping())

    jobs.enqueue("shop.count")
    jobs.enqueue("shop.count")
    worker.run(worker._stop)
    assert ran == [True]
    assert jobs.waiting() == {"shop.count": 1}


def test_a_worker_takes_only_the_kinds_it_is_for(store):
    jobs.job("shop.count")(lambda: None)
    jobs.job("mail.send")(lambda: None)
    jobs.enqueue("shop.count")
    jobs.enqueue("mail.send")
    assert jobs.Worker(only=["mail.send"]).drain() == 1
    assert jobs.waiting() == {"shop.count": 1}


def test_a_job_of_a_kind_that_this_version_does_not_know_is_left_for_one_that_does(worker, monkeypatch):
    jobs.job("shop.count")(lambda: None)
    jobs.enqueue("shop.count")
    monkeypatch.setattr(jobs.registry, "_kinds", {})
    assert worker.drain() == 0
    assert jobs.waiting() == {"shop.count": 1}


def test_a_beat_is_called_again_and_again_and_survives_its_own_failure(store):
    beats, worker = [], jobs.Worker(poll_seconds=0.01)

    @jobs.beat("ledger.checkpoint", seconds=0.02)
    def checkpoint():
        beats.append(1)
        if len(beats) == 2:
            raise Conflict("once")
        if len(beats) == 4:
            worker.stop()

    worker.run(worker._stop)
    assert len(beats) == 4


class TestSchedules:
    def test_the_next_time_is_a_row_and_two_workers_make_one(self, store):
        jobs.job("shop.sweep", every="*/5 * * * *")(lambda: None)
        with time_machine.travel(NOON, tick=False):
            assert jobs.tick() == 1
            jobs.schedule.forget()
            assert jobs.tick() == 0
        rows = db.fetch_all("default", "SELECT key FROM kernel_job")
        assert rows == [("schedule:shop.sweep:20260301T120500Z",)]

    def test_it_runs_at_its_time_and_then_the_next_one_is_made(self, worker):
        ran = []
        jobs.job("shop.sweep", every="*/5 * * * *")(lambda: ran.append(clock.now()))
        for minutes in range(16):
            with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
                worker.drain()
        assert [at.minute for at in ran] == [5, 10, 15]

    def test_a_time_that_passed_while_nobody_worked_is_made_up_for_once(self, worker):
        ran = []
        jobs.job("shop.sweep", every="*/5 * * * *")(lambda: ran.append(1))
        with time_machine.travel(NOON, tick=False):
            worker.drain()
        with time_machine.travel(NOON + timedelta(hours=3), tick=False):
            worker.drain()
            worker.drain()
        assert ran == [1]

    def test_a_run_that_is_not_over_holds_back_the_next(self, worker):
        @jobs.job("shop.sweep", every="*/5 * * * *", attempts=99)
        def sweep():
            raise Conflict("not yet")

        for minutes in range(0, 30, 5):
            with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
                worker.drain()
        assert jobs.waiting() == {"shop.sweep": 1}

    @pytest.mark.parametrize("expression", ["", "nonsense", "61 * * * *", "* * *", "0 0 31 2 *"])
    def test_a_wrong_expression_is_refused_when_it_is_defined(self, expression):
        with pytest.raises(Misconfigured, match="cron"):
            jobs.job("shop.sweep", every=expression)(lambda: None)

    def test_seconds_are_possible(self):
        assert next_slot("*/10 * * * * *", NOON) == NOON.replace(second=40)


@pytest.mark.parametrize(
    "payload",
    [
        {"mail": "carl@example.org"},
        {"name": "Carl Nowak"},
        {"name": "Józef"},
        {"raw": b"bytes"},
        {"share": 0.5},
        {"carl@example.org": 1},
        {"deep": [[[[[1]]]]]},
        {"long": "x" * 201},
        {"many": ["x" * 199] * 100},
    ],
    ids=lambda payload: next(iter(payload)) + str(len(str(payload))),
)
def test_a_payload_with_more_than_ids_names_and_numbers_is_refused_and_not_quoted(store, payload):
    jobs.job("shop.count")(lambda: None)
    with pytest.raises(Misconfigured) as refusal:
        jobs.enqueue("shop.count", payload)
    assert refusal.value.code == "jobs.payload"
    assert "carl" not in refusal.value.readable().lower()
    assert open_rows() == []


def test_an_unknown_kind_is_refused_and_the_nearest_named(store):
    jobs.job("shop.count")(lambda: None)
    with pytest.raises(Misconfigured, match=r"Did you mean shop\.count"):
        jobs.enqueue("shop.cuont")


def test_a_kind_belongs_to_one_function_with_keywords_only():
    def one(*, a): ...

    def other(*, a): ...

    jobs.job("shop.count")(one)
    jobs.job("shop.count")(one)
    with pytest.raises(Misconfigured, match="twice"):
        jobs.job("shop.count")(other)
    with pytest.raises(Misconfigured, match="keyword-only"):
        jobs.job("shop.sum")(lambda a: a)


def test_done_jobs_are_forgotten_in_time_and_dead_ones_stay(worker):
    jobs.job("shop.count", attempts=1)(lambda: None)

    @jobs.job("shop.fail", attempts=1)
    def fail():
        raise Conflict("no")

    jobs.enqueue("shop.count")
    jobs.enqueue("shop.fail")
    worker.drain()
    assert jobs.purge(clock.now_us() - 10_000_000) == 0
    assert jobs.purge(clock.now_us() + 1) == 1
    assert len(jobs.dead_letters()) == 1


@given(st.integers(1, 200), st.floats(0, 0.999))
def test_pauses_double_up_to_an_hour_and_are_spread_by_a_quarter(attempt, chance):
    wait = backoff_seconds(attempt, chance)
    middle = min(5 * 2 ** (attempt - 1), 3600)
    assert 0.75 * middle <= wait <= 1.25 * middle


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_a_safe_payload_holds_no_character_of_an_address_or_a_sentence(value):
    if unsafe_payload(value) is None:
        assert not {"@", " ", "'", '"'} & set("".join(texts(value)))


def texts(value):
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in texts(part)] if isinstance(value, list) else []
