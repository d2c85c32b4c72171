"""The SQL of the data store. Where the dialects differ, both forms stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg

from keepfold.kernel import db
from keepfold.vault.reading import rows_among, whole

DATA = "default"
PERSON = ("id", "created_us", "changed_us", "tags")
RECORD = ("person", "compartment", "sealed")
INDEX = ("slot", "tag", "person")

_CLAIM_SQLITE = "INSERT INTO vault_identity (slot, tag, person) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_CLAIM_POSTGRES = (
    "INSERT INTO vault_identity (slot, tag, person) "
    "SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[]) ON CONFLICT DO NOTHING"
)

_COUNT_SLOTS = 8

Tag = tuple[int, bytes]
Claim = tuple[int, bytes, bytes]


class Build(NamedTuple):
    """How far an index has everybody: `reached` is the last id looked at, None when it is complete."""

    number: int
    unique: bool
    reached: bytes | None
    done: int
    total: int


def claim(rows: Sequence[Claim]) -> bool:
    """Claim unique values, each (slot, tag, person), where they are free; say whether all were. The first one wins."""
    if not rows:
        return True
    if db.is_postgres(DATA):
        connection = db.writing(DATA)
        # In one order for everybody, so that two batches wait for each other instead of dying of it.
        columns = [list(column) for column in zip(*sorted(rows, key=itemgetter(0, 1)), strict=True)]
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as raw:
            raw.execute(_CLAIM_POSTGRES, columns)
            return raw.rowcount == len(rows)
    return db.execute_many(DATA, _CLAIM_SQLITE, rows) == len(rows)


def owners(tags: Iterable[Tag]) -> dict[Tag, bytes]:
    """Return who owns which unique value."""
    return {(row[0], row[1]): row[2] for row in _by_tag("vault_identity", tags)}


def holders(tags: Iterable[Tag]) -> list[bytes]:
    """Return everybody with one of these values, unique or not, in order of ids and without repetition."""
    wanted = list(tags)
    rows = [*_by_tag("vault_identity", wanted), *_by_tag("vault_index", wanted)]
    return sorted({row[2] for row in rows})


def _by_tag(table: str, tags: Iterable[Tag]) -> Iterator[db.Row]:
    by_slot: dict[int, list[bytes]] = {}
    for slot, tag in tags:
        by_slot.setdefault(slot, []).append(tag)
    sql = f"SELECT slot, tag, person FROM {table} WHERE slot = %s AND tag IN ({{marks}})"  # noqa: S608  constant
    for slot, wanted in by_slot.items():
        yield from rows_among(DATA, sql, wanted, [slot])


def release(rows: Sequence[Claim]) -> None:
    """Give up claims: only rows that name this very person go."""
    for table in ("vault_identity", "vault_index"):
        _run_many(f"DELETE FROM {table} WHERE slot = %s AND tag = %s AND person = %s", rows)  # noqa: S608  constant


def add_people(rows: Sequence[db.Row]) -> None:
    """Write people: (id, created_us, changed_us, tags)."""
    db.rows_insert(DATA, "vault_person", PERSON, rows)
    if rows:
        _count(rows[0][0], len(rows))


def _count(person: bytes, more: int) -> None:
    # In several rows, so that two transactions seldom wait for each other; only their sum means anything.
    sql = (
        "INSERT INTO vault_count (slot, people) VALUES (%s, %s) "
        "ON CONFLICT (slot) DO UPDATE SET people = vault_count.people + excluded.people"
    )
    db.execute(DATA, sql, [person[-1] % _COUNT_SLOTS, more])


def counted_people() -> int:
    """Return how many people are in the vault, from the running count."""
    row = db.fetch_one(DATA, "SELECT coalesce(sum(people), 0) FROM vault_count")
    return int(row[0]) if row else 0


def add_records(rows: Sequence[db.Row]) -> None:
    """Write sealed records: (person, compartment, sealed)."""
    db.rows_insert(DATA, "vault_record", RECORD, rows)


def add_index(rows: Sequence[Claim]) -> None:
    """Write rows of the non-unique indexes: (slot, tag, person)."""
    db.rows_insert(DATA, "vault_index", INDEX, rows)


def lock_person(person: bytes) -> bytes | None:
    """Return a living person's tags and keep everybody else from changing that person; None when there is none."""
    lock = " FOR UPDATE" if db.is_postgres(DATA) else ""
    row = db.fetch_one(DATA, f"SELECT tags FROM vault_person WHERE id = %s{lock}", [person])  # noqa: S608  constant
    return row[0] if row else None


def is_living(person: bytes) -> bool:
    """Say whether a person is in the vault."""
    return db.fetch_one(DATA, "SELECT 1 FROM vault_person WHERE id = %s", [person]) is not None


def person_row(person: bytes) -> tuple[int, int, bytes] | None:
    """Return (created_us, changed_us, tags) of a living person, or None."""
    sql = "SELECT created_us, changed_us, tags FROM vault_person WHERE id = %s"
    row = db.fetch_one(DATA, sql, [person])
    return None if row is None else (int(row[0]), int(row[1]), row[2])


def records_of(person: bytes) -> list[tuple[int, bytes]]:
    """Return (compartment, sealed) of everything that is held of one person."""
    sql = "SELECT compartment, sealed FROM vault_record WHERE person = %s ORDER BY compartment"
    return [(row[0], row[1]) for row in db.fetch_all(DATA, sql, [person])]


def records(persons: Sequence[bytes], compartments: Sequence[int]) -> list[db.Row]:
    """Return (person, compartment, sealed) of these people in these compartments."""
    # The plus keeps SQLite from seeking once per compartment: one person's rows lie next to each other.
    sql = (
        "SELECT person, compartment, sealed FROM vault_record "  # noqa: S608  whole numbers
        f"WHERE person IN ({{marks}}) AND +compartment IN ({whole(compartments)})"
    )
    return rows_among(DATA, sql, persons)


def put_record(person: bytes, compartment: int, sealed: bytes) -> None:
    """Write or replace one sealed record."""
    sql = (
        "INSERT INTO vault_record (person, compartment, sealed) VALUES (%s, %s, %s) "
        "ON CONFLICT (person, compartment) DO UPDATE SET sealed = excluded.sealed"
    )
    db.execute(DATA, sql, [person, compartment, sealed])


def drop_record(person: bytes, compartment: int) -> None:
    """Remove one sealed record that has become empty."""
    db.execute(DATA, "DELETE FROM vault_record WHERE person = %s AND compartment = %s", [person, compartment])


def touch_person(person: bytes, changed_us: int, tags: bytes) -> None:
    """Write when a person was changed last and which index rows they have."""
    db.execute(DATA, "UPDATE vault_person SET changed_us = %s, tags = %s WHERE id = %s", [changed_us, tags, person])


def bury(person: bytes, mark: bytes, erased_us: int) -> None:
    """Remove a person's rows and set a tombstone; index rows go by `release`."""
    db.execute(DATA, "DELETE FROM vault_record WHERE person = %s", [person])
    _count(person, -db.execute(DATA, "DELETE FROM vault_person WHERE id = %s", [person]))
    sql = (
        "INSERT INTO vault_tombstone (mark, person, erased_us) VALUES (%s, %s, %s) "
        "ON CONFLICT (mark) DO UPDATE SET person = excluded.person"
    )
    db.execute(DATA, sql, [mark, person, erased_us])


def add_tombstones(rows: Sequence[db.Row]) -> None:
    """Write tombstones (mark, person, erased_us, destroyed_us) that an older data store does not have."""
    sql = (
        "INSERT INTO vault_tombstone (mark, person, erased_us, destroyed_us) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (mark) DO NOTHING"
    )
    _run_many(sql, rows)


def close_tombstone(mark: bytes, destroyed_us: int) -> None:
    """Note that the keys are destroyed, and forget whose they were."""
    sql = "UPDATE vault_tombstone SET person = NULL, destroyed_us = %s WHERE mark = %s AND person IS NOT NULL"
    db.execute(DATA, sql, [destroyed_us, mark])


def open_tombstones(limit: int = 1000) -> list[tuple[bytes, bytes]]:
    """Return (mark, person) of erasures whose keys are not destroyed yet."""
    sql = "SELECT mark, person FROM vault_tombstone WHERE person IS NOT NULL LIMIT %s"
    return [(row[0], row[1]) for row in db.fetch_all(DATA, sql, [limit])]


def has_tombstone(mark: bytes) -> bool:
    """Say whether somebody was erased."""
    return db.fetch_one(DATA, "SELECT 1 FROM vault_tombstone WHERE mark = %s", [mark]) is not None


def living(after: bytes, limit: int) -> list[bytes]:
    """Return the next living people, in order of their ids."""
    sql = "SELECT id FROM vault_person WHERE id > %s ORDER BY id LIMIT %s"
    return [row[0] for row in db.fetch_all(DATA, sql, [after, limit])]


def newest(before: bytes, limit: int) -> list[bytes]:
    """Return living people from the newest to the oldest, of those whose ids are below `before`."""
    sql = "SELECT id FROM vault_person WHERE id < %s ORDER BY id DESC LIMIT %s"
    return [row[0] for row in db.fetch_all(DATA, sql, [before, limit])]


def living_among(persons: Sequence[bytes]) -> set[bytes]:
    """Return which of these people are in the vault."""
    return {row[0] for row in rows_among(DATA, "SELECT id FROM vault_person WHERE id IN ({marks})", list(persons))}


def newest_person() -> bytes | None:
    """Return the highest id in the vault, that of the person sealed last."""
    row = db.fetch_one(DATA, "SELECT id FROM vault_person ORDER BY id DESC LIMIT 1")
    return row[0] if row else None


def builds() -> list[Build]:
    """Return every index of the policy in force with how far it has everybody."""
    return [_build(row) for row in db.fetch_all(DATA, f"{_BUILDS} ORDER BY number")]


def build_of(number: int) -> Build | None:
    """Return how far one index has everybody."""
    row = db.fetch_one(DATA, f"{_BUILDS} WHERE number = %s", [number])
    return _build(row) if row else None


def lock_next_build() -> Build | None:
    """Return an index that is not complete, and keep others from going on with it."""
    lock = " FOR UPDATE" if db.is_postgres(DATA) else ""
    row = db.fetch_one(DATA, f"{_BUILDS} WHERE reached IS NOT NULL ORDER BY number LIMIT 1{lock}")
    return _build(row) if row else None


def put_build(build: Build) -> None:
    """Write how far an index has everybody."""
    db.execute(
        DATA,
        "INSERT INTO vault_index_build (number, is_unique, reached, done, total) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (number) DO UPDATE SET is_unique = excluded.is_unique, reached = excluded.reached, "
        "done = excluded.done, total = excluded.total",
        [build.number, int(build.unique), build.reached, build.done, build.total],
    )


def drop_builds(numbers: Sequence[int]) -> None:
    """Forget indexes that the policy no longer has: whoever is sealed from now on is not in them."""
    _run_many("DELETE FROM vault_index_build WHERE number = %s", [[number] for number in numbers])


def lock_people(after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
    """Return (id, tags) of the next living people in order of ids, and keep everybody else from changing them."""
    lock = " FOR UPDATE" if db.is_postgres(DATA) else ""
    sql = f"SELECT id, tags FROM vault_person WHERE id > %s ORDER BY id LIMIT %s{lock}"  # noqa: S608  constant
    return [(row[0], row[1]) for row in db.fetch_all(DATA, sql, [after, limit])]


def set_tags(person: bytes, tags: bytes) -> None:
    """Write which index rows a person has, without it counting as a change."""
    db.execute(DATA, "UPDATE vault_person SET tags = %s WHERE id = %s", [tags, person])


def count_people() -> int:
    """Return how many people are in the vault."""
    row = db.fetch_one(DATA, "SELECT count(*) FROM vault_person")
    return int(row[0]) if row else 0


def _build(row: db.Row) -> Build:
    return Build(int(row[0]), bool(row[1]), row[2], int(row[3]), int(row[4]))


_BUILDS = "SELECT number, is_unique, reached, done, total FROM vault_index_build"


def counts() -> dict[str, int]:
    """Return how many rows there are of each kind."""
    tables = ("person", "record", "index", "identity", "tombstone")
    parts = [f"(SELECT count(*) FROM vault_{table})" for table in tables]  # noqa: S608  constant
    parts.append("(SELECT count(*) FROM vault_tombstone WHERE person IS NOT NULL)")
    row = db.fetch_one(DATA, f"SELECT {', '.join(parts)}") or (0,) * len(parts)
    return dict(zip((*tables, "pending"), map(int, row), strict=True))


def _run_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        db.execute_many(DATA, sql, rows)
