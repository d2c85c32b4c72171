"""Rows for verification, page by page, in one snapshot. Whatever stands in a column comes out as its proper type.

SQLite keeps text in a BLOB column if somebody writes it there; that must become a finding, not an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connections

from keepfold.kernel import db
from keepfold.ledger import store
from keepfold.ledger.classes import Run, TallyRow
from keepfold.ledger.store import DATA, CheckpointRow, EntryRow, LogRow, PendingRow

PAGE = 1024
_FIRST = -(1 << 63)
TABLES = (
    "ledger_log",
    "ledger_pending",
    "ledger_entry",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_detail",
    "ledger_members",
    "ledger_tag",
    "ledger_subject",
    "ledger_closed",
    "ledger_index",
    "ledger_tally",
)


class SubjectRow(NamedTuple):
    """One person's counter."""

    subject: bytes
    next: int
    closing: bytes | None


class ClosedRow(NamedTuple):
    """How many tags one erased person left behind."""

    id: bytes
    tags: int
    mac: bytes


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all reads inside see the same moment, while others go on writing. Nothing is written inside."""
    if db.is_postgres(DATA):
        with _postgres_snapshot():
            yield
        return
    connection = connections[DATA]
    connection.ensure_connection()
    driver, before = connection.connection, connection.connection.text_factory
    # Text that is not UTF-8, where somebody wrote it, must not end the reading.
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        with _sqlite_snapshot():
            yield
    finally:
        driver.text_factory = before


@contextmanager
def _postgres_snapshot() -> Iterator[None]:
    if db.in_transaction(DATA):
        yield
        return
    with db.atomic(DATA):
        db.execute(DATA, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def _sqlite_snapshot() -> Iterator[None]:
    if db.in_transaction(DATA):
        yield
        return
    # Not through Django, whose transactions take the write lock at once.
    db.execute(DATA, "BEGIN DEFERRED")
    try:
        yield
    finally:
        db.execute(DATA, "ROLLBACK")


def blob(value: Any) -> bytes:
    """Return a value of a blob column as bytes."""
    if isinstance(value, bytes):
        return value
    return bytes(value) if isinstance(value, memoryview) else str(value).encode("utf-8", "surrogateescape")


def number(value: Any) -> int:
    """Return a value of an integer column as an integer; an impossible one when it is none."""
    return value if isinstance(value, int) else -2


def text(value: Any) -> str:
    """Return a value of a text column as text."""
    return blob(value).decode("utf-8", "replace")


def optional(value: Any) -> bytes | None:
    """Return a value of a blob column that may be empty."""
    return None if value is None else blob(value)


def log_row(log: int) -> LogRow | None:
    """Return the state of the log."""
    row = store.read_log(log)
    if row is None:
        return None
    return row._replace(
        origin=text(row.origin),
        size=number(row.size),
        frontier=blob(row.frontier),
        checkpoints=number(row.checkpoints),
        mac=blob(row.mac),
    )


def entries(log: int) -> Iterator[list[EntryRow]]:
    """Yield all entries by index."""
    sql = f"SELECT {store.ENTRY} FROM ledger_entry WHERE log = %s AND idx > %s ORDER BY idx LIMIT %s"  # noqa: S608  columns
    after = _FIRST
    while page := db.fetch_all(DATA, sql, [log, after, PAGE]):
        yield [EntryRow(number(row[0]), blob(row[1]), blob(row[2]), blob(row[3]), optional(row[4])) for row in page]
        after = page[-1][0]


def pending(log: int) -> Iterator[list[PendingRow]]:
    """Yield all entries that wait."""
    sql = "SELECT ref, at_us, body, mac, actor FROM ledger_pending WHERE log = %s AND ref > %s ORDER BY ref LIMIT %s"
    after: Any = b""
    while page := db.fetch_all(DATA, sql, [log, after, PAGE]):
        yield [PendingRow(blob(row[0]), number(row[1]), blob(row[2]), blob(row[3]), optional(row[4])) for row in page]
        after = page[-1][0]


def checkpoints(log: int) -> Iterator[CheckpointRow]:
    """Yield all checkpoints by number."""
    sql = "SELECT n, size, at_us, note, mac FROM ledger_checkpoint WHERE log = %s AND n > %s ORDER BY n LIMIT %s"
    after = _FIRST
    while page := db.fetch_all(DATA, sql, [log, after, PAGE]):
        for row in page:
            yield CheckpointRow(number(row[0]), number(row[1]), number(row[2]), text(row[3]), blob(row[4]))
        after = page[-1][0]


def subjects(log: int) -> Iterator[list[SubjectRow]]:
    """Yield all counters by person."""
    sql = "SELECT subject, next, closing FROM ledger_subject WHERE log = %s AND subject > %s ORDER BY subject LIMIT %s"
    after: Any = b""
    while page := db.fetch_all(DATA, sql, [log, after, PAGE]):
        yield [SubjectRow(blob(row[0]), number(row[1]), optional(row[2])) for row in page]
        after = page[-1][0]


def closed(log: int) -> Iterator[list[ClosedRow]]:
    """Yield what erased people left behind."""
    sql = "SELECT id, tags, mac FROM ledger_closed WHERE log = %s AND id > %s ORDER BY id LIMIT %s"
    after: Any = b""
    while page := db.fetch_all(DATA, sql, [log, after, PAGE]):
        yield [ClosedRow(blob(row[0]), number(row[1]), blob(row[2])) for row in page]
        after = page[-1][0]


def runs(log: int) -> Iterator[Run]:
    """Yield the whole index by number and first entry."""
    sql = (
        "SELECT number, low, entries, packed FROM ledger_index WHERE log = %s AND (number, low) > (%s, %s)"
        " ORDER BY number, low LIMIT %s"
    )
    after: tuple[Any, Any] = (_FIRST, _FIRST)
    while page := db.fetch_all(DATA, sql, [log, *after, PAGE]):
        yield from (Run(number(row[0]), number(row[1]), number(row[2]), blob(row[3])) for row in page)
        after = (page[-1][0], page[-1][1])


def tally(log: int, span: int, hour: int) -> list[TallyRow]:
    """Return the tallies of one hour or day, or of all time."""
    sql = (
        "SELECT span, hour, number, entries, low, high FROM ledger_tally"
        " WHERE log = %s AND span = %s AND hour = %s ORDER BY number"
    )
    return [TallyRow(*(number(value) for value in row)) for row in db.fetch_all(DATA, sql, [log, span, hour])]


def tallied(log: int) -> Iterator[tuple[int, int]]:
    """Yield (span, first hour) of every hour and day that has tallies."""
    with connections[DATA].cursor() as cursor:
        cursor.execute("SELECT DISTINCT span, hour FROM ledger_tally WHERE log = %s ORDER BY span, hour", [log])
        while page := cursor.fetchmany(PAGE):
            yield from ((number(row[0]), number(row[1])) for row in page)


def tile(log: int, level: int, n: int) -> bytes:
    """Return the hashes of one tile; empty when there is none."""
    row = db.fetch_one(DATA, "SELECT hashes FROM ledger_tile WHERE log = %s AND level = %s AND n = %s", [log, level, n])
    return b"" if row is None else blob(row[0])


def tile_addresses(log: int) -> Iterator[tuple[int, int]]:
    """Yield (level, n) of all tiles."""
    with connections[DATA].cursor() as cursor:
        cursor.execute("SELECT level, n FROM ledger_tile WHERE log = %s ORDER BY level, n", [log])
        while page := cursor.fetchmany(PAGE):
            yield from ((number(row[0]), number(row[1])) for row in page)


def places(short_tags: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
    """Return {short tag: (ref, position)} of those that are there."""
    return {blob(tag): (blob(ref), number(at)) for tag, (ref, at) in store.places(short_tags).items()}


def bodies(refs: Sequence[bytes]) -> dict[bytes, tuple[int | None, bytes]]:
    """Return {ref: (index or None, entry)} of those that are there."""
    return {blob(ref): (index, blob(body)) for ref, (index, body) in store.bodies(refs).items()}


def indexes(refs: Sequence[bytes]) -> dict[bytes, int]:
    """Return {ref: index} of those that have one."""
    found: dict[bytes, int] = {}
    for some in store.chunks(refs):
        sql = f"SELECT ref, idx FROM ledger_entry WHERE ref IN ({store.marks(len(some))})"  # noqa: S608  marks only
        found.update((blob(ref), number(idx)) for ref, idx in db.fetch_all(DATA, sql, some))
    return found


def frames(refs: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return {ref: sealed details} of those that are there."""
    return {blob(ref): blob(frame) for ref, frame in store.frames(refs).items()}


def members(refs: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return {ref: tags of a batch} of those that are there."""
    return {blob(ref): blob(packed) for ref, packed in store.members(refs).items()}


def count(table: str, log: int) -> int:
    """Return how many rows of a log a table has."""
    row = db.fetch_one(DATA, f"SELECT COUNT(*) FROM {table} WHERE log = %s", [log])  # noqa: S608  names from here
    return int(row[0]) if row else 0


def strangers(log: int) -> Iterator[tuple[str, int]]:
    """Yield (table, log) of rows that belong to no log that there is."""
    for table in TABLES:
        sql = f"SELECT DISTINCT log FROM {table} WHERE log <> %s"  # noqa: S608  names from here
        yield from ((table, number(row[0])) for row in db.fetch_all(DATA, sql, [log]))


def orphans(table: str, limit: int) -> list[bytes]:
    """Return refs of rows of a table that stand beside no entry."""
    sql = (
        f"SELECT ref FROM {table} AS beside"  # noqa: S608  names from here
        " WHERE NOT EXISTS (SELECT 1 FROM ledger_entry WHERE ledger_entry.ref = beside.ref)"
        " AND NOT EXISTS (SELECT 1 FROM ledger_pending WHERE ledger_pending.ref = beside.ref) LIMIT %s"
    )
    return [blob(row[0]) for row in db.fetch_all(DATA, sql, [limit])]


def crowded(limit: int) -> list[tuple[bytes, int]]:
    """Return (ref, how many) of entries that more tags point to than they have people."""
    sql = (
        "SELECT t.ref, COUNT(*) FROM ledger_tag AS t LEFT JOIN ledger_members AS m ON m.ref = t.ref"
        " GROUP BY t.ref, m.tags HAVING COUNT(*) > COALESCE(LENGTH(m.tags) / 32, 1) LIMIT %s"
    )
    return [(blob(row[0]), int(row[1])) for row in db.fetch_all(DATA, sql, [limit])]
