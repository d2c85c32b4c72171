"""Tokens at the door: what is good, what is refused, and how long anything is remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from keepfold.kernel.errors import TooMany
from keepfold.people import actions, memory, queries, rules, store
from keepfold.people.errors import TokenRefused
from tests.people.conftest import SYSTEM


@pytest.fixture
def issued(door):
    return actions.create_client(actor=SYSTEM, name="shop", actions=("vault.record.open",), rate=5)


class Ticking:
    """A monotonic clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def ticking(monkeypatch):
    clock = Ticking()
    monkeypatch.setattr(queries.time, "monotonic", clock.monotonic)
    return clock


def last_used(client: bytes) -> int | None:
    row = store.find_client(client)
    assert row is not None
    return row.last_used_s


@pytest.mark.parametrize(
    "token",
    ["", "kf_", "Bearer", "kf_" + "a" * 16 + "_" + "b" * 52, "\x00", "\ud800", "ä" * 100, "kf_" + "a" * 10_000],
)
def test_a_token_that_is_none_is_refused_with_the_same_words(door, token):
    with pytest.raises(TokenRefused) as refused:
        queries.authenticate(token)
    assert refused.value.detail == "This token is not valid."


def test_a_wrong_secret_is_refused_as_if_the_client_did_not_exist(issued):
    parts = rules.split_token(issued.token)
    assert parts is not None
    with pytest.raises(TokenRefused) as refused:
        queries.authenticate(rules.format_token(parts[0], "a" * 52))
    assert refused.value.detail == "This token is not valid."


def test_a_token_that_was_just_checked_costs_no_query(issued, django_assert_num_queries):
    queries.authenticate(issued.token)
    with django_assert_num_queries(0):
        queries.authenticate(issued.token)


def test_a_token_is_looked_up_again_after_ten_seconds(issued, ticking):
    queries.authenticate(issued.token)
    connection.cursor().execute("DELETE FROM people_token")  # behind the room's back, without a new epoch
    ticking.now += memory.REMEMBER_SECONDS - 0.1
    assert queries.authenticate(issued.token).id == issued.client.id
    ticking.now += 0.2
    with pytest.raises(TokenRefused):
        queries.authenticate(issued.token)


def test_a_token_that_expires_is_not_remembered_beyond_its_end(door, ticking):
    end = datetime.now(UTC) + timedelta(seconds=5)
    issued = actions.create_client(actor=SYSTEM, name="brief", actions=("vault.record.open",), expires_at=end)
    queries.authenticate(issued.token)
    ticking.now += 6
    with time_machine.travel(end + timedelta(seconds=1), tick=False), pytest.raises(TokenRefused) as refused:
        queries.authenticate(issued.token)
    assert "expired" in refused.value.detail


def test_a_client_that_sends_too_much_is_told_when_to_come_back(issued, ticking):
    for _ in range(10):
        queries.authenticate(issued.token)
    with pytest.raises(TooMany) as refused:
        queries.authenticate(issued.token)
    assert refused.value.extra == {"retry_after": 1}
    ticking.now += 1
    assert queries.authenticate(issued.token).id == issued.client.id


def test_a_throttle_is_not_refilled_by_being_looked_up_again(issued, ticking):
    for _ in range(10):
        queries.authenticate(issued.token)
    memory.memory.tokens.clear()
    with pytest.raises(TooMany):
        queries.authenticate(issued.token)


def fail(address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(TokenRefused):
            queries.authenticate("kf_" + "a" * 16 + "_" + "b" * 52, address=address)


def test_an_address_that_keeps_failing_must_wait(door, ticking):
    fail("192.0.2.1", memory.FAILURES_AT_ONCE)
    with pytest.raises(TooMany) as refused:
        queries.authenticate("kf_x", address="192.0.2.1")
    assert refused.value.rule == "people.failed-attempts"
    assert refused.value.extra["retry_after"] <= 6
    fail("192.0.2.2", 1)
    ticking.now += 6.1
    fail("192.0.2.1", 1)


def test_a_client_at_work_is_not_locked_out_by_a_failing_neighbour(issued, ticking):
    queries.authenticate(issued.token, address="192.0.2.1")
    ticking.now += memory.REMEMBER_SECONDS + 0.1
    fail("192.0.2.1", memory.FAILURES_AT_ONCE)
    assert queries.authenticate(issued.token, address="192.0.2.1").id == issued.client.id
    with pytest.raises(TooMany):
        queries.authenticate("kf_x", address="192.0.2.1")


def test_a_good_token_passes_however_often_others_fail_behind_the_same_address(issued, ticking):
    fail("127.0.0.1", memory.FAILURES_AT_ONCE)
    with pytest.raises(TooMany):
        queries.authenticate("kf_x", address="127.0.0.1")
    assert queries.authenticate(issued.token, address="127.0.0.1").id == issued.client.id


def test_failing_from_ever_new_addresses_does_not_fill_the_memory(door, ticking, monkeypatch):
    small = memory.Recent(3)
    monkeypatch.setattr(memory.memory, "failures", small)
    for number in range(20):
        fail(f"192.0.2.{number}", 1)
    assert len(small) == 3


def test_use_is_noted_at_most_once_a_minute(issued, ticking):
    queries.authenticate(issued.token)
    first = last_used(issued.client.id)
    assert first is not None
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=200), tick=False):
        ticking.now += 59
        queries.authenticate(issued.token)
        assert last_used(issued.client.id) == first
        ticking.now += 2
        queries.authenticate(issued.token)
        ticking.now += memory.REMEMBER_SECONDS
        queries.authenticate(issued.token)
        assert last_used(issued.client.id) > first
