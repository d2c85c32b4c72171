"""Time that runs backwards is noticed, across processes and restarts."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
import time_machine

from keepfold.kernel import clock
from keepfold.kernel.errors import Unavailable

HOUR_US = 3_600_000_000


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC
    assert abs(clock.now_us() - clock.now().timestamp() * 1e6) < 1e6
    assert abs(clock.now_s() - clock.now().timestamp()) < 2


def test_a_fresh_installation_has_seen_nothing_and_the_guard_starts_to_remember(store):
    assert clock.mark() == 0
    clock.guard()
    assert abs(clock.mark() - clock.now_us()) < 5_000_000


def test_a_clock_that_was_set_back_is_refused_after_a_restart(store):
    clock.raise_mark(clock.now_us() + HOUR_US)
    clock.forget()
    with pytest.raises(Unavailable) as refusal:
        clock.guard()
    assert refusal.value.code == "clock.behind"
    assert "accept-clock" in refusal.value.next_step


def test_a_clock_that_is_set_back_while_running_is_refused(store):
    clock.guard()
    with time_machine.travel(clock.now() - timedelta(hours=1)), pytest.raises(Unavailable, match="behind"):
        clock.guard()


def test_five_seconds_are_forgiven(store):
    clock.raise_mark(clock.now_us() + 4_000_000)
    clock.guard()


def test_the_mark_never_sinks(store):
    high = clock.now_us() + HOUR_US
    clock.raise_mark(high)
    clock.raise_mark(high - 1)
    assert clock.mark() == high


def test_a_wrong_mark_can_be_corrected_by_hand(store):
    clock.raise_mark(clock.now_us() + HOUR_US)
    clock.accept()
    clock.guard()
    assert clock.mark() < clock.now_us() + 1_000_000


def test_the_guard_asks_the_database_at_most_once_a_second(store, django_assert_max_num_queries):
    clock.guard()
    with django_assert_max_num_queries(0):
        for _ in range(100):
            clock.guard()
