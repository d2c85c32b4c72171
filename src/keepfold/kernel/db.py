"""Database helpers for both dialects: transactions, raw rows, and errors that people can read.

Raw SQL takes `%s` parameters. Ids and frames are bytes, in SQLite (BLOB) and in PostgreSQL (bytea) alike.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, Literal

import psycopg
from django.db import DatabaseError, IntegrityError, InterfaceError, connections, transaction

from keepfold.kernel import readonly
from keepfold.kernel.errors import Unavailable

Row = tuple[Any, ...]


class _Held(threading.local):
    """Django's connection objects of this thread. Looking them up through Django costs as much as a small query."""

    def __init__(self) -> None:
        self.by_alias: dict[str, Any] = {}


_held = _Held()


def connection(using: str) -> Any:
    """Return Django's connection object of this thread, which need not be connected yet."""
    found = _held.by_alias.get(using)
    if found is None:
        found = _held.by_alias[using] = connections[using]
    return found


def forget_connections() -> None:
    """Look the connections of all threads up anew: for whoever puts others in their place."""
    global _held  # noqa: PLW0603  one new object drops what every thread holds
    _held = _Held()


def writing(using: str) -> Any:
    """Return Django's connection object, connected, for writing through its driver past `execute`.

    Raises `Misconfigured` while only reads are allowed.
    """
    readonly.check()
    found = connection(using)
    if found.connection is None:
        found.ensure_connection()
    return found


def atomic(using: str = "default", *, durable: bool = False, savepoint: bool = True) -> AbstractContextManager[None]:
    """Return Django's transaction; with `durable` it must be the outermost one."""
    return transaction.atomic(using=using, durable=durable, savepoint=savepoint)


def is_postgres(using: str = "default") -> bool:
    """Say whether a store lives in PostgreSQL."""
    return bool(connection(using).vendor == "postgresql")


def in_transaction(using: str = "default") -> bool:
    """Say whether a transaction is open."""
    return bool(connection(using).in_atomic_block)


def on_commit(then: Callable[[], object], using: str = "default") -> None:
    """Run `then` after the transaction has committed; never when it rolls back."""
    connection(using).on_commit(then)


def execute(using: str, sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement and return how many rows it touched."""
    direct = _direct(using, sql)
    if direct is not None:
        with direct.wrap_database_errors:
            return int(direct.connection.execute(_qmarks(sql), parameters).rowcount)
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def execute_many(using: str, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run one statement for each row and return how many rows were touched."""
    direct = _direct(using, sql)
    if direct is not None:
        with direct.wrap_database_errors:
            return int(direct.connection.executemany(_qmarks(sql), rows).rowcount)
    with connections[using].cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def fetch_one(using: str, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
    """Return the first row with blobs as bytes, or None."""
    direct = _direct(using, sql)
    if direct is not None:
        with direct.wrap_database_errors:
            found: Row | None = direct.connection.execute(_qmarks(sql), parameters).fetchone()
            return found
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return None if row is None else plain(row)


def fetch_all(using: str, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """Return all rows with blobs as bytes."""
    direct = _direct(using, sql)
    if direct is not None:
        with direct.wrap_database_errors:
            found: list[Row] = direct.connection.execute(_qmarks(sql), parameters).fetchall()
            return found
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return [plain(row) for row in cursor.fetchall()]


_ONLY_GUARD = [readonly.guard]


def _direct(using: str, sql: str) -> Any:
    """Return Django's connection when a statement may go straight to SQLite's driver, else None.

    Django's cursor costs more than most of our statements. It is left out when nobody but the check for reads wants
    to see statements on their way, and no error has broken the transaction; SQLite's blobs are bytes already.
    """
    found = connection(using)
    if found.vendor != "sqlite" or found.needs_rollback or found.force_debug_cursor:
        return None
    if found.execute_wrappers and found.execute_wrappers != _ONLY_GUARD:
        return None
    readonly.check(sql)
    if found.connection is None:
        found.ensure_connection()
    return found


@lru_cache(maxsize=256)
def _qmarks(sql: str) -> str:
    """Return a statement with SQLite's marks, as Django's cursor would write it."""
    return _MARK.sub("?", sql).replace("%%", "%")


_MARK = re.compile(r"(?<!%)%s")


def plain(row: Iterable[Any]) -> Row:
    """Return a row whose memoryviews have become bytes."""
    return tuple(bytes(value) if type(value) is memoryview else value for value in row)


def rows_insert(using: str, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows: `executemany` on SQLite, binary COPY on PostgreSQL, inside the caller's transaction.

    COPY is the quickest way from the first row on, and blobs stay binary. Values must have the types of their columns.
    Names of table and columns come from code, never from input.
    """
    if not rows:
        return
    if not is_postgres(using):
        execute_many(using, _insert(table, tuple(columns)), rows)
        return
    with _binary_cursor(using) as cursor:
        _copy(cursor, table, tuple(columns), rows)


@contextmanager
def _binary_cursor(using: str) -> Iterator[psycopg.Cursor[Any]]:
    # Django's own cursors bind parameters as text on the client, which doubles every blob.
    django = writing(using)
    with django.wrap_database_errors, psycopg.Cursor(django.connection) as cursor:
        yield cursor


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  names come from code


_column_types: dict[tuple[str, tuple[str, ...]], list[int]] = {}


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    types = _column_types.get((table, columns))
    if types is None:
        cursor.execute(f'SELECT {names} FROM "{table}" LIMIT 0')  # noqa: S608  as above
        types = [column.type_code for column in cursor.description or ()]
        _column_types[table, columns] = types
    with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)') as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


StorageCode = Literal["storage.full", "storage.busy", "storage.unreadable", "storage.schema", "storage.failed"]

_ADVICE: dict[StorageCode, tuple[str, str]] = {
    "storage.full": (
        "The disk of the database is full. Nothing was changed.",
        "Free some space, then repeat the request.",
    ),
    "storage.busy": (
        "The database is busy with another long write. Nothing was changed.",
        "Repeat the request in a moment.",
    ),
    "storage.unreadable": (
        "The database cannot be opened or is damaged.",
        "Check that the file or server is there and readable; if it is damaged, restore the last backup.",
    ),
    "storage.schema": (
        "The tables of the database do not fit this version of the program.",
        "Run `keepfold init`; it brings the tables up to date and keeps all rows.",
    ),
    "storage.failed": ("The database refused the operation. Nothing was changed.", "See the log of the server."),
}

# Words of SQLite's messages (sqlite.org/rescode.html) and SQLSTATE classes (PostgreSQL manual, appendix A).
_WORDS: tuple[tuple[StorageCode, tuple[str, ...]], ...] = (
    ("storage.full", ("disk is full", "disk i/o error")),
    ("storage.busy", ("database is locked", "table is locked", "database is busy")),
    ("storage.unreadable", ("unable to open", "malformed", "not a database", "readonly database", "connection")),
    ("storage.schema", ("no such table", "no such column", "has no column named")),
)
_STATES: tuple[tuple[StorageCode, tuple[str, ...]], ...] = (
    ("storage.full", ("53100",)),
    ("storage.busy", ("40001", "40P01", "55P03", "57014")),
    ("storage.unreadable", ("08", "57P", "58", "XX", "28", "3D", "53300", "25006")),
    ("storage.schema", ("42P01", "42703")),
)


def storage_code(error: BaseException) -> StorageCode:
    """Return what kind of storage failure a database error is."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state:
        return next((code for code, states in _STATES if str(state).startswith(states)), "storage.failed")
    text = str(error).lower()
    return next((code for code, words in _WORDS if any(word in text for word in words)), "storage.failed")


def storage_error(error: BaseException) -> Unavailable:
    """Return the readable error for a database error; the driver's message, which may quote a row, is dropped."""
    code = storage_code(error)
    detail, next_step = _ADVICE[code]
    return Unavailable(detail, code=code, next_step=next_step)


class translate_errors:  # noqa: N801  used like a function
    """Context: database errors leave as `Unavailable`, except an `IntegrityError`, which is its caller's to explain.

    A class, because it stands around every action and a generator would cost three times as much.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise the readable error in place of a database error."""
        if isinstance(error, DatabaseError | InterfaceError) and not isinstance(error, IntegrityError):
            raise storage_error(error) from error


__all__ = [
    "atomic",
    "connection",
    "execute",
    "execute_many",
    "fetch_all",
    "fetch_one",
    "forget_connections",
    "in_transaction",
    "is_postgres",
    "on_commit",
    "plain",
    "rows_insert",
    "storage_code",
    "storage_error",
    "translate_errors",
    "writing",
]
