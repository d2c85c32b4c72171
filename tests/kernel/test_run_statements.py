"""Statements go to SQLite's driver past Django's cursors, and nobody notices but the clock."""

from __future__ import annotations

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
