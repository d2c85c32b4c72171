"""Rows of the ledger: what sequencing, reading and erasing need. Raw SQL, both dialects side by side.

`appending` writes new entries, `audit` holds the queries of verification. All functions work in the
caller's transaction, on the data store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from keepfold.kernel import db

DATA = "default"
CHUNK = 500
ENTRY = "idx, ref, body, mac, actor"

T = TypeVar("T")


class LogRow(NamedTuple):
    """The state of one log."""

    log: int
    origin: str
    size: int
    frontier: bytes
    checkpoints: int
    mac: bytes
    lease_owner: bytes | None
    lease_until_us: int
    beat_us: int
    halted: str | None
    unsigned: str | None


class PendingRow(NamedTuple):
    """An entry that waits for its index."""

    ref: bytes
    at_us: int
    body: bytes
    mac: bytes
    actor: bytes | None


class EntryRow(NamedTuple):
    """An entry at its index."""

    idx: int
    ref: bytes
    body: bytes
    mac: bytes
    actor: bytes | None


class CheckpointRow(NamedTuple):
    """A signed checkpoint."""

    n: int
    size: int
    at_us: int
    note: str
    mac: bytes


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut items into lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def marks(count: int) -> str:
    """Return that many parameter marks."""
    return ", ".join(["%s"] * count)


# ------------------------------------------------------------------------------------------------------------- people


def lock_people(subjects: Sequence[bytes]) -> None:
    """Make other transactions about these people wait. On SQLite the transaction has excluded them already."""
    if not db.is_postgres(DATA):
        return
    for some in chunks(sorted(subjects)):
        sql = f"SELECT 1 FROM ledger_subject WHERE subject IN ({marks(len(some))}) ORDER BY log, subject FOR UPDATE"  # noqa: S608  marks only
        db.fetch_all(DATA, sql, some)


# ---------------------------------------------------------------------------------------------------------- sequencing

_LOG = (
    "SELECT log, origin, size, frontier, checkpoints, mac, lease_owner, lease_until_us, beat_us, halted, unsigned"
    " FROM ledger_log WHERE log = %s"
)


def read_log(log: int) -> LogRow | None:
    """Return the state of a log."""
    row = db.fetch_one(DATA, _LOG, [log])
    return None if row is None else LogRow(*row)


def make_log(log: int, origin: str, frontier: bytes, mac: bytes) -> bool:
    """Begin a log and say so, unless it has begun. Waits for another process that is just beginning it."""
    return bool(
        db.execute(
            DATA,
            "INSERT INTO ledger_log (log, origin, size, frontier, checkpoints, mac, lease_until_us, beat_us)"
            " VALUES (%s, %s, 0, %s, 0, %s, 0, 0) ON CONFLICT (log) DO NOTHING",
            [log, origin, frontier, mac],
        )
    )


def take_lease(log: int, owner: bytes, now_us: int, length_us: int, longest_us: int) -> bool:
    """Become or stay the one sequencer; False while another one's lease runs. Holds the row until the commit."""
    return bool(
        db.execute(
            DATA,
            "UPDATE ledger_log SET lease_owner = %s, lease_until_us = %s WHERE log = %s"
            " AND (lease_owner IS NULL OR lease_owner = %s OR lease_until_us < %s OR lease_until_us > %s)",
            [owner, now_us + length_us, log, owner, now_us, now_us + longest_us],
        )
    )


def has_rows(log: int) -> bool:
    """Say whether anything was ever sequenced into a log."""
    return any(
        db.fetch_one(DATA, f"SELECT 1 FROM {table} WHERE log = %s LIMIT 1", [log])  # noqa: S608  names from here
        for table in ("ledger_entry", "ledger_tile", "ledger_checkpoint")
    )


def has_pending(log: int) -> bool:
    """Say whether an entry waits."""
    return db.fetch_one(DATA, "SELECT 1 FROM ledger_pending WHERE log = %s LIMIT 1", [log]) is not None


def read_pending(log: int, limit: int) -> list[PendingRow]:
    """Return the entries that have waited longest."""
    rows = db.fetch_all(
        DATA,
        "SELECT ref, at_us, body, mac, actor FROM ledger_pending WHERE log = %s ORDER BY at_us, ref LIMIT %s",
        [log, limit],
    )
    return [PendingRow(*row) for row in rows]


def waiting(log: int) -> tuple[int, int]:
    """Return how many entries wait, and since when the oldest does (microseconds, 0 for none)."""
    row = db.fetch_one(DATA, "SELECT COUNT(*), COALESCE(MIN(at_us), 0) FROM ledger_pending WHERE log = %s", [log])
    return (int(row[0]), int(row[1])) if row else (0, 0)


def drop_pending(log: int, sequenced: Sequence[PendingRow]) -> int:
    """Remove entries that `read_pending` returned in this transaction; return how many there were."""
    if not db.is_postgres(DATA):
        # Nobody else writes meanwhile, so these are all up to the last one; quicker than one by one.
        up_to = "DELETE FROM ledger_pending WHERE log = %s AND (at_us, ref) <= (%s, %s)"
        return db.execute(DATA, up_to, [log, sequenced[-1].at_us, sequenced[-1].ref])
    dropped = 0
    for some in chunks([row.ref for row in sequenced]):
        dropped += db.execute(DATA, f"DELETE FROM ledger_pending WHERE ref IN ({marks(len(some))})", some)  # noqa: S608  marks only
    return dropped


def add_entries(rows: Sequence[tuple[int, int, bytes, bytes, bytes, bytes | None]]) -> None:
    """Write entries (log, index, ref, body, MAC, what the actor is found by)."""
    db.rows_insert(DATA, "ledger_entry", ("log", "idx", "ref", "body", "mac", "actor"), rows)


def read_tile(log: int, level: int, n: int) -> bytes:
    """Return the hashes of one tile; empty when there is none."""
    row = db.fetch_one(DATA, "SELECT hashes FROM ledger_tile WHERE log = %s AND level = %s AND n = %s", [log, level, n])
    return b"" if row is None else bytes(row[0])


def write_tiles(log: int, tiles: Iterable[tuple[int, int, bytes]]) -> None:
    """Write tiles (level, n, hashes), in place of what there was."""
    rows = [(log, *tile) for tile in tiles]
    db.execute_many(
        DATA,
        "INSERT INTO ledger_tile (log, level, n, hashes) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (log, level, n) DO UPDATE SET hashes = excluded.hashes",
        rows,
    )


def advance(before: LogRow, size: int, frontier: bytes, mac: bytes) -> bool:
    """Move the log forward; False when it is no longer where it was."""
    sql = "UPDATE ledger_log SET size = %s, frontier = %s, mac = %s, halted = NULL WHERE log = %s AND size = %s"
    return db.execute(DATA, sql, [size, frontier, mac, before.log, before.size]) == 1


def set_halted(log: int, why: str) -> None:
    """Note why the sequencer stopped."""
    db.execute(DATA, "UPDATE ledger_log SET halted = %s WHERE log = %s", [why[:500], log])


def set_unsigned(log: int, why: str) -> None:
    """Note why no checkpoint was signed."""
    db.execute(DATA, "UPDATE ledger_log SET unsigned = %s WHERE log = %s", [why[:500], log])


# --------------------------------------------------------------------------------------------------------- checkpoints

_CHECKPOINT = "SELECT n, size, at_us, note, mac FROM ledger_checkpoint WHERE log = %s"


def last_checkpoint(log: int) -> CheckpointRow | None:
    """Return the newest checkpoint."""
    row = db.fetch_one(DATA, f"{_CHECKPOINT} ORDER BY n DESC LIMIT 1", [log])
    return None if row is None else CheckpointRow(*row)


def checkpoint_at(log: int, size: int) -> CheckpointRow | None:
    """Return the checkpoint of one size."""
    row = db.fetch_one(DATA, f"{_CHECKPOINT} AND size = %s", [log, size])
    return None if row is None else CheckpointRow(*row)


def add_checkpoint(before: LogRow, row: CheckpointRow, mac: bytes) -> bool:
    """Write a signed checkpoint and count it; False when the log is no longer where it was."""
    db.rows_insert(DATA, "ledger_checkpoint", ("log", "n", "size", "at_us", "note", "mac"), [(before.log, *row)])
    return (
        db.execute(
            DATA,
            "UPDATE ledger_log SET checkpoints = %s, mac = %s, beat_us = %s, unsigned = NULL"
            " WHERE log = %s AND size = %s AND checkpoints = %s",
            [before.checkpoints + 1, mac, row.at_us, before.log, before.size, before.checkpoints],
        )
        == 1
    )


def set_beat(log: int, at_us: int) -> None:
    """Note that the beat came and nothing had changed."""
    db.execute(DATA, "UPDATE ledger_log SET beat_us = %s, unsigned = NULL WHERE log = %s", [at_us, log])


# ------------------------------------------------------------------------------------------------------------- reading


def entry_at(log: int, index: int) -> EntryRow | None:
    """Return the entry at an index."""
    row = db.fetch_one(DATA, f"SELECT {ENTRY} FROM ledger_entry WHERE log = %s AND idx = %s", [log, index])  # noqa: S608  columns
    return None if row is None else EntryRow(*row)


def entries_between(log: int, low: int, high: int) -> list[EntryRow]:
    """Return the entries at indexes [low, high)."""
    sql = f"SELECT {ENTRY} FROM ledger_entry WHERE log = %s AND idx >= %s AND idx < %s ORDER BY idx"  # noqa: S608  columns
    return [EntryRow(*row) for row in db.fetch_all(DATA, sql, [log, low, high])]


def places(short_tags: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
    """Return {short tag: (ref, position)} of those that are there."""
    found: dict[bytes, tuple[bytes, int]] = {}
    for some in chunks(short_tags):
        sql = f"SELECT tag, ref, position FROM ledger_tag WHERE tag IN ({marks(len(some))})"  # noqa: S608  marks only
        found.update((row[0], (row[1], row[2])) for row in db.fetch_all(DATA, sql, some))
    return found


def bodies(refs: Sequence[bytes]) -> dict[bytes, tuple[int | None, bytes]]:
    """Return {ref: (index or None while pending, entry)} of those that are there."""
    found: dict[bytes, tuple[int | None, bytes]] = {}
    for some in chunks(refs):
        one, other = f"ref IN ({marks(len(some))})", f"ref IN ({marks(len(some))})"
        sql = (
            f"SELECT ref, idx, body FROM ledger_entry WHERE {one}"  # noqa: S608  marks only
            f" UNION ALL SELECT ref, NULL, body FROM ledger_pending WHERE {other}"
        )
        found.update((row[0], (row[1], row[2])) for row in db.fetch_all(DATA, sql, [*some, *some]))
    return found


def frames(refs: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return {ref: sealed details} of those that are there."""
    return _by_ref("ledger_detail", "frame", refs)


def members(refs: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return {ref: tags of a batch, 32 bytes each} of those that are there."""
    return _by_ref("ledger_members", "tags", refs)


def _by_ref(table: str, column: str, refs: Sequence[bytes]) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    for some in chunks(refs):
        sql = f"SELECT ref, {column} FROM {table} WHERE ref IN ({marks(len(some))})"  # noqa: S608  names from here
        found.update(db.fetch_all(DATA, sql, some))
    return found


def counter_of(log: int, subject: bytes) -> tuple[int, bytes | None] | None:
    """Return (how many tags a person has, mark of being erased or None), or None when there are none."""
    sql = "SELECT next, closing FROM ledger_subject WHERE log = %s AND subject = %s"
    row = db.fetch_one(DATA, sql, [log, subject])
    return None if row is None else (int(row[0]), row[1])


# ------------------------------------------------------------------------------------------------------------- erasure


def drop_details(refs: Sequence[bytes]) -> int:
    """Remove the sealed details of entries about one person; those of batches stay."""
    dropped = 0
    for some in chunks(refs):
        sql = (
            f"DELETE FROM ledger_detail WHERE ref IN ({marks(len(some))})"  # noqa: S608  marks only
            " AND NOT EXISTS (SELECT 1 FROM ledger_members WHERE ledger_members.ref = ledger_detail.ref)"
        )
        dropped += db.execute(DATA, sql, some)
    return dropped


def mark_closing(log: int, subject: bytes, mark: bytes) -> None:
    """Note that a person is being erased."""
    db.execute(DATA, "UPDATE ledger_subject SET closing = %s WHERE log = %s AND subject = %s", [mark, log, subject])


def closing(log: int, limit: int) -> list[tuple[bytes, int, bytes]]:
    """Return (person, number of tags, mark) of people who are being erased."""
    sql = "SELECT subject, next, closing FROM ledger_subject WHERE log = %s AND closing IS NOT NULL LIMIT %s"
    return [(row[0], int(row[1]), row[2]) for row in db.fetch_all(DATA, sql, [log, limit])]


def close(log: int, subject: bytes, count: int, number: bytes, mac: bytes) -> bool:
    """Forget a person and keep how many tags they had; False when the person got another tag meanwhile."""
    sql = "DELETE FROM ledger_subject WHERE log = %s AND subject = %s AND next = %s AND closing IS NOT NULL"
    if db.execute(DATA, sql, [log, subject, count]) != 1:
        return False
    db.execute(
        DATA, "INSERT INTO ledger_closed (id, log, tags, mac) VALUES (%s, %s, %s, %s)", [number, log, count, mac]
    )
    return True
