"""What a database says in its own words comes out as one of a few clear sentences, with no row in it."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from django.db import OperationalError, connections

from keepfold.kernel import db
from keepfold.kernel.errors import Unavailable
from keepfold.kernel.problems import as_problem


def refusal(act):
    with pytest.raises(Unavailable) as caught, db.translate_errors():
        act()
    assert caught.value.next_step
    return caught.value


def write(name="x"):
    db.execute("default", "INSERT INTO kernel_epoch (name, value) VALUES (%s, 1)", [name])


def test_a_full_disk_is_named_and_nothing_is_changed(stores):
    pages = db.fetch_one("default", "PRAGMA page_count")[0]
    db.fetch_one("default", f"PRAGMA max_page_count = {pages}")

    def fill():
        with db.atomic():
            for number in range(5000):
                write(f"{number:060}")

    assert refusal(fill).code == "storage.full"
    assert db.fetch_one("default", "SELECT count(*) FROM kernel_epoch") == (0,)


def test_a_locked_database_is_named(stores):
    other = sqlite3.connect(stores / "data.sqlite3", isolation_level=None)
    db.execute("default", "PRAGMA busy_timeout = 10")
    other.execute("BEGIN IMMEDIATE")
    try:
        assert refusal(write).code == "storage.busy"
    finally:
        other.close()


def test_a_file_that_is_no_database_is_named(stores):
    connections["default"].close()
    (stores / "data.sqlite3").write_bytes(b"this is not a database" * 100)
    assert refusal(write).code == "storage.unreadable"


def test_a_damaged_database_is_named(stores):
    write("a")
    connections["default"].close()
    for suffix in ("-wal", "-shm"):
        (stores / f"data.sqlite3{suffix}").unlink(missing_ok=True)
    file = stores / "data.sqlite3"
    content = bytearray(file.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    file.write_bytes(content)
    assert refusal(write).code == "storage.unreadable"


def test_a_folder_that_is_not_there_is_named(stores, monkeypatch):
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", str(stores / "none" / "data.sqlite3"))
    assert refusal(write).code == "storage.unreadable"


def test_missing_tables_are_named_with_what_to_do(store):
    problem = refusal(lambda: db.execute("default", "SELECT * FROM kernel_nothing"))
    assert problem.code == "storage.schema"
    assert "keepfold init" in problem.next_step


@pytest.mark.postgres
def test_a_server_that_is_away_is_named(postgres_stores, monkeypatch):
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "/nonexistent")
    assert refusal(write).code == "storage.unreadable"


@pytest.mark.postgres
def test_a_server_that_goes_away_in_between_is_named(postgres_stores, postgres):
    write("a")
    (process,) = db.fetch_one("default", "SELECT pg_backend_pid()")
    postgres.execute(f"SELECT pg_terminate_backend({process})")
    assert refusal(lambda: write("b")).code == "storage.unreadable"


@pytest.mark.postgres
def test_a_lock_that_is_not_given_in_time_is_named(postgres_stores):
    write("a")
    held, done = threading.Event(), threading.Event()

    def hold():
        with db.atomic():
            db.execute("default", "UPDATE kernel_epoch SET value = 2")
            held.set()
            done.wait(10)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        db.execute("default", "SET lock_timeout = 50")
        assert refusal(lambda: db.execute("default", "UPDATE kernel_epoch SET value = 3")).code == "storage.busy"
    finally:
        done.set()
        holder.join()


def test_a_broken_rule_of_a_table_stays_its_callers_to_explain(store):
    from django.db import IntegrityError

    write("a")
    with pytest.raises(IntegrityError), db.translate_errors():
        write("a")


def test_no_drivers_message_reaches_the_person(store):
    problem = refusal(lambda: db.execute("default", "SELECT 'carl@example.org' FROM nowhere"))
    assert "carl" not in problem.readable() + repr(problem.problem())


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("database or disk is full", "storage.full"),
        ("disk I/O error", "storage.full"),
        ("database is locked", "storage.busy"),
        ("unable to open database file", "storage.unreadable"),
        ("database disk image is malformed", "storage.unreadable"),
        ("file is not a database", "storage.unreadable"),
        ("attempt to write a readonly database", "storage.unreadable"),
        ("no such column: x", "storage.schema"),
        ("something else", "storage.failed"),
    ],
)
def test_each_of_sqlites_messages_has_its_meaning(message, code):
    assert as_problem(OperationalError(message)).code == code
