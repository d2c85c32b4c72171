"""The SQL of the key store. Both dialects understand every statement here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from keepfold.kernel import db
from keepfold.vault.reading import rows_among, whole

KEYS = "keys"
PERSON_KEY = ("person", "compartment", "generation", "shard", "wrapped")


class KeyringRow(msgspec.Struct, frozen=True):
    """The one row that says whose keys these are and how the root key is obtained."""

    tenant: bytes
    root_kind: str
    root_id: bytes
    salt: bytes
    lanes: int
    memory_kib: int
    passes: int
    shards: int


_KEYRING = "tenant, root_kind, root_id, salt, lanes, memory_kib, passes, shards"


def keyring() -> KeyringRow | None:
    """Return the keyring row, or None."""
    row = db.fetch_one(KEYS, f"SELECT {_KEYRING} FROM vault_keyring WHERE id = 1")  # noqa: S608  constant
    return KeyringRow(*row) if row else None


def insert_keyring(row: KeyringRow, created_us: int) -> None:
    """Write the keyring row; it can be written once."""
    sql = f"INSERT INTO vault_keyring (id, {_KEYRING}, created_us) VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608  constant
    db.execute(KEYS, sql, [*msgspec.structs.astuple(row), created_us])


def set_shards(count: int) -> None:
    """Set the number of shards for people sealed from now on; it never shrinks."""
    db.execute(KEYS, "UPDATE vault_keyring SET shards = %s WHERE id = 1 AND shards < %s", [count, count])


def named(name: str) -> list[tuple[int, bytes]]:
    """Return (version, wrapped) of all versions of a named key, oldest first."""
    sql = "SELECT version, wrapped FROM vault_named_key WHERE name = %s ORDER BY version"
    return [(row[0], row[1]) for row in db.fetch_all(KEYS, sql, [name])]


def add_named(name: str, version: int, wrapped: bytes, created_us: int) -> None:
    """Write one version of a named key unless somebody else just did."""
    sql = (
        "INSERT INTO vault_named_key (name, version, wrapped, created_us) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (name, version) DO NOTHING"
    )
    db.execute(KEYS, sql, [name, version, wrapped, created_us])


def newest_shard(compartment: int, shard: int) -> tuple[int, bytes] | None:
    """Return (version, wrapped) of the newest key of a shard, or None."""
    sql = (
        "SELECT version, wrapped FROM vault_shard_key WHERE compartment = %s AND shard = %s "
        "ORDER BY version DESC LIMIT 1"
    )
    row = db.fetch_one(KEYS, sql, [compartment, shard])
    return (row[0], row[1]) if row else None


def shard_key(compartment: int, shard: int, version: int) -> bytes | None:
    """Return one wrapped shard key, or None."""
    sql = "SELECT wrapped FROM vault_shard_key WHERE compartment = %s AND shard = %s AND version = %s"
    row = db.fetch_one(KEYS, sql, [compartment, shard, version])
    return row[0] if row else None


def add_shard(compartment: int, shard: int, version: int, wrapped: bytes, created_us: int) -> None:
    """Write one version of a shard key unless somebody else just did."""
    sql = (
        "INSERT INTO vault_shard_key (compartment, shard, version, wrapped, wraps, created_us) "
        "VALUES (%s, %s, %s, %s, 0, %s) ON CONFLICT (compartment, shard, version) DO NOTHING"
    )
    db.execute(KEYS, sql, [compartment, shard, version, wrapped, created_us])


def reserve_wraps(compartment: int, shard: int, version: int, count: int) -> int:
    """Add to the number of uses of a shard key and return the sum, which bounds the real number from above."""
    sql = (
        "UPDATE vault_shard_key SET wraps = wraps + %s WHERE compartment = %s AND shard = %s AND version = %s "
        "RETURNING wraps"
    )
    row = db.fetch_one(KEYS, sql, [count, compartment, shard, version])
    return int(row[0]) if row else 0


def add_person_keys(rows: Sequence[db.Row]) -> None:
    """Write keys of people: rows of (person, compartment, generation, shard, wrapped)."""
    db.rows_insert(KEYS, "vault_person_key", PERSON_KEY, rows)


def person_keys(persons: Sequence[bytes], compartments: Sequence[int]) -> list[db.Row]:
    """Return (person, compartment, generation, shard, wrapped) of these people in these compartments."""
    # The plus keeps SQLite from seeking once per compartment: one person's rows lie next to each other.
    sql = (
        "SELECT person, compartment, generation, shard, wrapped FROM vault_person_key "  # noqa: S608  whole numbers
        f"WHERE person IN ({{marks}}) AND +compartment IN ({whole(compartments)})"
    )
    return rows_among(KEYS, sql, persons)


def count_person_keys(person: bytes) -> int:
    """Return how many keys a person has."""
    row = db.fetch_one(KEYS, "SELECT count(*) FROM vault_person_key WHERE person = %s", [person])
    return int(row[0]) if row else 0


def people_among(persons: Sequence[bytes]) -> set[bytes]:
    """Return which of these people have keys."""
    sql = "SELECT DISTINCT person FROM vault_person_key WHERE person IN ({marks})"
    return {row[0] for row in rows_among(KEYS, sql, list(persons))}


def destroy_person_keys(person: bytes) -> int:
    """Delete all keys of one person; return how many there were."""
    return db.execute(KEYS, "DELETE FROM vault_person_key WHERE person = %s", [person])


def truncate_log() -> None:
    """Overwrite what SQLite keeps of deleted keys in its write-ahead log; PostgreSQL recycles its own."""
    if not db.is_postgres(KEYS):
        db.fetch_all(KEYS, "PRAGMA wal_checkpoint(TRUNCATE)")


def mark_shredded(mark: bytes, at_us: int) -> None:
    """Note, beside the keys, that somebody's are destroyed."""
    sql = "INSERT INTO vault_shredded (mark, destroyed_us) VALUES (%s, %s) ON CONFLICT (mark) DO NOTHING"
    db.execute(KEYS, sql, [mark, at_us])


def is_shredded(mark: bytes) -> bool:
    """Say whether an erasure is noted beside the keys."""
    return db.fetch_one(KEYS, "SELECT 1 FROM vault_shredded WHERE mark = %s", [mark]) is not None


def shredded() -> int:
    """Return how many erasures are noted beside the keys."""
    row = db.fetch_one(KEYS, "SELECT count(*) FROM vault_shredded")
    return int(row[0]) if row else 0


def shredded_after(after: bytes, limit: int) -> list[tuple[bytes, int]]:
    """Return the next (mark, destroyed_us) of erasures noted beside the keys."""
    sql = "SELECT mark, destroyed_us FROM vault_shredded WHERE mark > %s ORDER BY mark LIMIT %s"
    return [(row[0], row[1]) for row in db.fetch_all(KEYS, sql, [after, limit])]


def people_with_keys(after: bytes, limit: int) -> list[bytes]:
    """Return the next people with keys, in order of their ids."""
    sql = "SELECT DISTINCT person FROM vault_person_key WHERE person > %s ORDER BY person LIMIT %s"
    return [row[0] for row in db.fetch_all(KEYS, sql, [after, limit])]


def walk_people(step: int = 1000) -> Iterator[bytes]:
    """Yield everybody who has keys."""
    after = b""
    while page := people_with_keys(after, step):
        yield from page
        after = page[-1]


def actor_key(actor: bytes) -> bytes | None:
    """Return the wrapped key of a member of staff or a client, or None."""
    row = db.fetch_one(KEYS, "SELECT wrapped FROM vault_actor_key WHERE actor = %s", [actor])
    return row[0] if row else None


def add_actor_key(actor: bytes, wrapped: bytes) -> None:
    """Write an actor's key unless somebody else just did."""
    sql = "INSERT INTO vault_actor_key (actor, wrapped) VALUES (%s, %s) ON CONFLICT (actor) DO NOTHING"
    db.execute(KEYS, sql, [actor, wrapped])


def counts() -> tuple[int, int]:
    """Return (number of people's keys, number of shard keys)."""
    row = db.fetch_one(KEYS, "SELECT (SELECT count(*) FROM vault_person_key), (SELECT count(*) FROM vault_shard_key)")
    return (int(row[0]), int(row[1])) if row else (0, 0)
