"""Statements go to SQLite's driver past Django's cursors, and nobody notices but the clock."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from keepfold.kernel import db


@pytest.fixture
def table(store):
    db.execute("default", "CREATE TABLE shop_order (name text PRIMARY KEY, amount integer)")


def names():
    return [row[0] for row in db.fetch_all("default", "SELECT name FROM shop_order ORDER BY name")]


def test_a_percent_sign_that_is_written_twice_is_one(table):
    db.execute("default", "INSERT INTO shop_order (name, amount) VALUES (%s, 7 %% 4)", ["50 %s"])
    sql = "SELECT name, amount FROM shop_order WHERE name LIKE '50 %%' AND amount = %s"
    assert db.fetch_one("default", sql, [3]) == ("50 %s", 3)


def test_the_number_of_touched_rows_is_returned(table):
    assert db.execute_many("default", "INSERT INTO shop_order (name) VALUES (%s)", [["milk"], ["tea"]]) == 2
    assert db.execute("default", "UPDATE shop_order SET amount = 1") == 2


def test_errors_of_the_driver_come_as_djangos(table):
    db.execute("default", "INSERT INTO shop_order (name) VALUES ('tea')")
    with pytest.raises(IntegrityError):
        db.execute("default", "INSERT INTO shop_order (name) VALUES ('tea')")
    with pytest.raises(DatabaseError):
        db.fetch_all("default", "SELECT nothing FROM shop_order")


def test_a_transaction_that_must_roll_back_takes_no_further_statement(table):
    with db.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            db.execute("default", "INSERT INTO shop_order (name) VALUES ('tea')")
    assert names() == []


def test_whoever_watches_statements_sees_them(table):
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(watch):
        db.execute("default", "INSERT INTO shop_order (name) VALUES (%s)", ["tea"])
    assert seen == ["INSERT INTO shop_order (name) VALUES (%s)"]
    assert names() == ["tea"]


def test_a_closed_connection_is_opened_again(table):
    db.execute("default", "INSERT INTO shop_order (name) VALUES ('tea')")
    connections["default"].close()
    assert names() == ["tea"]


def test_threads_take_turns_and_one_that_fails_lets_the_next_one_go_on(store):
    inside, left = threading.Event(), threading.Event()
    order = []

    def fail():
        with contextlib.suppress(ValueError), db.turn():
            inside.set()
            left.wait(5)
            order.append("first")
            raise ValueError

    other = threading.Thread(target=fail)
    other.start()
    inside.wait(5)
    threading.Timer(0.05, left.set).start()
    if store == "postgres":  # which lets them write at the same time
        left.wait(5)
        other.join()
    with db.turn():
        order.append("second")
    other.join()
    assert order == ["first", "second"]


def test_whoever_waits_too_long_for_a_turn_goes_on_to_ask_the_database(store, monkeypatch):
    monkeypatch.setattr(db, "_LONGEST_TURN_S", 0.01)
    order = []

    def wait():
        with db.turn():
            order.append("other")

    with db.turn():
        other = threading.Thread(target=wait)
        other.start()
        other.join(5)
        order.append("this")
    assert order == ["other", "this"]


def test_a_thread_that_has_its_turn_does_not_wait_for_itself(store):
    began = time.monotonic()
    with db.turn(), db.turn():
        pass
    assert time.monotonic() - began < 1
