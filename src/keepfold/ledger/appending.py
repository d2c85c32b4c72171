"""Rows of an append, by the quickest way that each driver offers: this is on every action's bill.

The driver's own cursor instead of Django's, on Django's connection and in its transaction: no rewriting of marks, no
text form of blobs, prepared statements. SQLite takes one statement per row; PostgreSQL two round trips per entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import psycopg

from keepfold.kernel import db
from keepfold.ledger.store import CHUNK, DATA, chunks


class Counter(NamedTuple):
    """A person's counter after it was counted up: the number taken, and whether the person is being erased."""

    number: int
    is_closing: bool


class Row(NamedTuple):
    """One entry to be written: its short tag if it is about one person, its sealed details if they are to be kept.

    `actor` is what the actor's entries of this hour are found by, None for customers and nobody.
    """

    log: int
    ref: bytes
    tag: bytes | None
    frame: bytes | None
    at_us: int
    body: bytes
    mac: bytes
    actor: bytes | None


# `closing IS NOT NULL` must not stand in RETURNING: with the partial index on that term SQLite 3.40 answers 1 always.
_COUNT_UP = """
    INSERT INTO ledger_subject (log, subject, next) VALUES (?, ?, 1)
    ON CONFLICT (log, subject) DO UPDATE SET next = ledger_subject.next + 1
    RETURNING next, closing
"""
_COUNT_UP_POSTGRES = _COUNT_UP.replace("?", "%b")
_COUNT_UP_MANY = """
    INSERT INTO ledger_subject (log, subject, next)
    SELECT %b, subject, 1 FROM unnest(%b::bytea[]) AS subject ORDER BY subject
    ON CONFLICT (log, subject) DO UPDATE SET next = ledger_subject.next + 1
    RETURNING subject, next
"""
_TAG = "INSERT INTO ledger_tag (tag, log, ref, position) VALUES (?, ?, ?, 0)"
_DETAIL = "INSERT INTO ledger_detail (ref, log, frame) VALUES (?, ?, ?)"
_PENDING = "INSERT INTO ledger_pending (ref, log, at_us, body, mac, actor) VALUES (?, ?, ?, ?, ?, ?)"
_MEMBERS = "INSERT INTO ledger_members (ref, log, tags) VALUES (%s, %s, %s)"


def count_up(log: int, subject: bytes) -> Counter:
    """Take the next number of one person."""
    connection = db.writing(DATA)
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with psycopg.Cursor(connection.connection) as cursor:
                found = cursor.execute(_COUNT_UP_POSTGRES, (log, subject)).fetchone()
        else:
            found = connection.connection.execute(_COUNT_UP, (log, subject)).fetchone()
    assert found is not None  # noqa: S101  RETURNING gives a row; this tells the type checker
    return Counter(found[0] - 1, found[1] is not None)


def count_up_many(log: int, subjects: Sequence[bytes]) -> list[int]:
    """Take the next number of each of many different people; return the numbers in the order given."""
    connection = db.writing(DATA)
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            found = _many_postgres(connection.connection, log, subjects)
        else:
            found = _many_sqlite(connection.connection, log, subjects)
    return [found[subject] - 1 for subject in subjects]


def _many_postgres(driver: Any, log: int, subjects: Sequence[bytes]) -> dict[bytes, int]:
    with psycopg.Cursor(driver) as cursor:
        cursor.execute(_COUNT_UP_MANY, (log, list(subjects)))
        return {bytes(subject): following for subject, following in cursor.fetchall()}


def _many_sqlite(driver: Any, log: int, subjects: Sequence[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for some in chunks(subjects):
        found.update(driver.execute(_upsert(log, len(some)), some))
    return found


@cache
def _upsert(log: int, count: int) -> str:
    assert count <= CHUNK  # noqa: S101  a statement per length is kept, so lengths must be few
    rows = ", ".join([f"({log:d}, ?, 1)"] * count)
    return (
        f"INSERT INTO ledger_subject (log, subject, next) VALUES {rows} ON CONFLICT (log, subject)"  # noqa: S608  a number and marks
        " DO UPDATE SET next = ledger_subject.next + 1 RETURNING subject, next"
    )


def add_entry(row: Row) -> None:
    """Write one entry with what stands beside it."""
    connection = db.writing(DATA)
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with psycopg.Cursor(connection.connection) as cursor:
                cursor.execute(_joined(row.tag is not None, row.frame is not None), _parameters(row))
            return
        execute = connection.connection.execute
        if row.tag is not None:
            execute(_TAG, (row.tag, row.log, row.ref))
        if row.frame is not None:
            execute(_DETAIL, (row.ref, row.log, row.frame))
        execute(_PENDING, (row.ref, row.log, row.at_us, row.body, row.mac, row.actor))


def _parameters(row: Row) -> list[Any]:
    tag = [] if row.tag is None else [row.tag, row.log, row.ref]
    detail = [] if row.frame is None else [row.ref, row.log, row.frame]
    return [*tag, *detail, row.ref, row.log, row.at_us, row.body, row.mac, row.actor]


@cache
def _joined(tag: bool, frame: bool) -> str:  # noqa: FBT001  private
    """Return all inserts as one statement, which costs one round trip."""
    before = ([f"tag AS ({_TAG})"] if tag else []) + ([f"detail AS ({_DETAIL})"] if frame else [])
    return ((f"WITH {', '.join(before)} " if before else "") + _PENDING).replace("?", "%b")


def add_members(log: int, ref: bytes, members: Sequence[bytes], short: int) -> None:
    """Write down whom a batch entry concerns."""
    db.execute(DATA, _MEMBERS, [ref, log, b"".join(members)])
    rows = [(tag[:short], log, ref, position) for position, tag in enumerate(members)]
    db.rows_insert(DATA, "ledger_tag", ("tag", "log", "ref", "position"), rows)
