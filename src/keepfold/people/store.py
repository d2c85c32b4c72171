"""Raw SQL of the room, the same for SQLite and PostgreSQL. Reads return plain tuples; rows of models stay inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from keepfold.kernel import db
from keepfold.people.types import Grants

DATA = "default"
_CLIENT = "id, name, actions, purposes, rate, created_by, created_s, expires_s, revoked_s, last_used_s"
# Any number will do; it only has to differ from the other rooms' advisory locks.
_LOCK = 0x6B66_7065


class TokenRow(NamedTuple):
    """What one look at a token gives: the hash to compare with, and the client behind it."""

    digest: bytes
    ends_s: int | None
    client: bytes
    name: str
    grants: Grants
    rate: int
    expires_s: int | None
    revoked_s: int | None


class ClientRow(NamedTuple):
    """One client as stored."""

    id: bytes
    name: str
    grants: Grants
    rate: int
    created_by: bytes
    created_s: int
    expires_s: int | None
    revoked_s: int | None
    last_used_s: int | None


def grants_of(actions: str, purposes: str) -> Grants:
    """Return grants from their stored form: names split by spaces."""
    return Grants(tuple(actions.split()), tuple(purposes.split()))


def find_token(kid: str) -> TokenRow | None:
    """Return what belongs to a token's public part, or None."""
    row = db.fetch_one(
        DATA,
        "SELECT t.digest, t.ends_s, c.id, c.name, c.actions, c.purposes, c.rate, c.expires_s, c.revoked_s"
        " FROM people_token t JOIN people_client c ON c.id = t.client_id WHERE t.kid = %s",
        (kid,),
    )
    if row is None:
        return None
    grants = grants_of(row[4], row[5])
    return TokenRow(bytes(row[0]), row[1], bytes(row[2]), row[3], grants, *row[6:])


def find_client(client: bytes) -> ClientRow | None:
    """Return one client, or None."""
    row = db.fetch_one(DATA, f"SELECT {_CLIENT} FROM people_client WHERE id = %s", (client,))  # noqa: S608  constant
    return _client(row) if row else None


def all_clients(*, after: bytes, limit: int, revoked: bool) -> list[ClientRow]:
    """Return up to `limit` clients whose ids follow `after`, in the order of their making."""
    where = "" if revoked else " AND revoked_s IS NULL"
    sql = f"SELECT {_CLIENT} FROM people_client WHERE id > %s{where} ORDER BY id LIMIT %s"  # noqa: S608  constants
    return [_client(row) for row in db.fetch_all(DATA, sql, (after, limit))]


def _client(row: Any) -> ClientRow:
    return ClientRow(bytes(row[0]), row[1], grants_of(row[2], row[3]), row[4], bytes(row[5]), *row[6:])


def living_makers() -> list[tuple[bytes, bytes]]:
    """Return (client, who made it) for every client that is not revoked."""
    rows = db.fetch_all(DATA, "SELECT id, created_by FROM people_client WHERE revoked_s IS NULL", ())
    return [(bytes(row[0]), bytes(row[1])) for row in rows]


def add_client(row: ClientRow) -> None:
    """Store a new client."""
    db.execute(
        DATA,
        "INSERT INTO people_client (id, name, actions, purposes, rate, created_by, created_s, expires_s)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.id,
            row.name,
            " ".join(row.grants.actions),
            " ".join(row.grants.purposes),
            row.rate,
            row.created_by,
            row.created_s,
            row.expires_s,
        ),
    )


def add_token(*, kid: str, client: bytes, digest: bytes, now_s: int) -> None:
    """Store the public part and the hash of a new token."""
    db.execute(
        DATA,
        "INSERT INTO people_token (kid, client_id, digest, created_s) VALUES (%s, %s, %s, %s)",
        (kid, client, digest, now_s),
    )


def end_tokens(client: bytes, ends_s: int) -> None:
    """Let every living token of a client end at `ends_s`, or earlier where that was decided before."""
    db.execute(
        DATA,
        "UPDATE people_token SET ends_s = %s WHERE client_id = %s AND (ends_s IS NULL OR ends_s > %s)",
        (ends_s, client, ends_s),
    )


def revoke_clients(clients: Iterable[bytes], now_s: int) -> None:
    """Mark clients as revoked; those that were already keep their time."""
    for client in clients:
        db.execute(
            DATA,
            "UPDATE people_client SET revoked_s = %s WHERE id = %s AND revoked_s IS NULL",
            (now_s, client),
        )


def touch_client(client: bytes, now_s: int, *, older_than_s: int) -> None:
    """Note that a client was used now, unless that was noted since `older_than_s`."""
    db.execute(
        DATA,
        "UPDATE people_client SET last_used_s = %s WHERE id = %s AND (last_used_s IS NULL OR last_used_s < %s)",
        (now_s, client, older_than_s),
    )


def serialise() -> None:
    """Let one change of who-may-do-what happen at a time, until the transaction ends."""
    if db.is_postgres(DATA):
        db.fetch_one(DATA, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
