"""Raw SQL of the room, the same for SQLite and PostgreSQL. Reads return plain tuples; rows of models stay inside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any, NamedTuple

from keepfold.kernel import db, rowmac
from keepfold.people.models import RoleOverride, Staff
from keepfold.people.rules import IDLE_AFTER_S
from keepfold.people.types import ClientState, Grants

DATA = "default"
_CLIENT = "id, name, actions, purposes, rate, created_by, created_s, expires_s, revoked_s, last_used_s, mac"
# Any number will do; it only has to differ from the other rooms' advisory locks.
_LOCK = 0x6B66_7065


class ClientRow(NamedTuple):
    """One client as stored; `mac` marks everything but when it was last used."""

    id: bytes
    name: str
    grants: Grants
    rate: int
    created_by: bytes
    created_s: int
    expires_s: int | None
    revoked_s: int | None
    last_used_s: int | None
    mac: bytes = b""


class TokenRow(NamedTuple):
    """One token as stored: its public part, the hash to compare with, when it ends, and its row's mark."""

    kid: str
    client: bytes
    digest: bytes
    created_s: int
    ends_s: int | None
    mac: bytes


_TOKENS = "kid, client_id, digest, created_s, ends_s, mac"


def grants_of(actions: str, purposes: str) -> Grants:
    """Return grants from their stored form: names split by spaces."""
    return Grants(tuple(actions.split()), tuple(purposes.split()))


def find_token(kid: str) -> tuple[TokenRow, ClientRow] | None:
    """Return what belongs to a token's public part, or None. Neither row's mark has been looked at."""
    columns = ", ".join([f"t.{name}" for name in _TOKENS.split(", ")] + [f"c.{name}" for name in _CLIENT.split(", ")])
    row = db.fetch_one(
        DATA,
        f"SELECT {columns} FROM people_token t JOIN people_client c ON c.id = t.client_id WHERE t.kid = %s",  # noqa: S608  constants
        (kid,),
    )
    if row is None:
        return None
    split = len(TokenRow._fields)
    return TokenRow(*row[:split]), _client(row[split:])


def token_mark(row: TokenRow) -> bytes:
    """Return the mark that a token's row must carry."""
    return rowmac.mark("people_token", *row[:-1])


def client_mark(row: ClientRow) -> bytes:
    """Return the mark that a client's row must carry."""
    actions, purposes = " ".join(row.grants.actions), " ".join(row.grants.purposes)
    return rowmac.mark("people_client", row.id, row.name, actions, purposes, *row[3:8])


def staff_mark(row: Staff, roles: Iterable[str]) -> bytes:
    """Return the mark that a member's row must carry: over row and roles. Whoever sets a password renews it."""
    added = row.added_at.astimezone(UTC).isoformat(timespec="microseconds")
    columns = (row.id.bytes, row.email, row.name, row.password, int(row.is_active), added)
    # Nobody's role has a hyphen. Whoever never signed in keeps the mark of a row without these columns.
    signed_in = (row.first_s, row.password_s, row.devices_s, row.factors)
    more = ("sign-in", *signed_in) if any(signed_in) else ()
    return rowmac.mark("people_staff", *columns, *more, *sorted(set(roles)))


def role_mark(row: RoleOverride) -> bytes:
    """Return the mark that the row of a role must carry."""
    return rowmac.mark("people_role", row.name, row.label, row.actions, row.purposes)


def is_genuine(row: TokenRow | ClientRow) -> bool:
    """Say whether a row is as this installation wrote it."""
    expected = token_mark(row) if isinstance(row, TokenRow) else client_mark(row)
    return rowmac.same(row.mac, expected)


def is_genuine_staff(row: Staff, roles: Iterable[str]) -> bool:
    """Say whether a member's row, and the roles held, are as this installation wrote them."""
    return rowmac.same(bytes(row.mac), staff_mark(row, roles))


def is_genuine_role(row: RoleOverride) -> bool:
    """Say whether the row of a role is as this installation wrote it."""
    return rowmac.same(bytes(row.mac), role_mark(row))


def find_client(client: bytes) -> ClientRow | None:
    """Return one client, or None."""
    row = db.fetch_one(DATA, f"SELECT {_CLIENT} FROM people_client WHERE id = %s", (client,))  # noqa: S608  constant
    return _client(row) if row else None


class Wanted(NamedTuple):
    """Which clients are looked for: revoked ones too, one alone, those of a maker, a part of the name, a state."""

    revoked: bool = True
    only: bytes | None = None
    maker: bytes | None = None
    search: str = ""
    state: ClientState | None = None
    now_s: int = 0


_ALIVE = "revoked_s IS NULL AND (expires_s IS NULL OR expires_s > %s)"
_USED = "COALESCE(last_used_s, created_s) >= %s"


def all_clients(wanted: Wanted, *, after: bytes, limit: int, falling: bool = False) -> list[ClientRow]:
    """Return up to `limit` clients whose ids follow `after`, in the order of their making, or the newest first."""
    terms = _terms(wanted)
    if any(after):
        terms.append((f"id {'<' if falling else '>'} %s", (after,)))
    where = " AND ".join(f"({term})" for term, _values in terms) or "TRUE"
    sql = f"SELECT {_CLIENT} FROM people_client WHERE {where} ORDER BY id {'DESC' if falling else 'ASC'} LIMIT %s"  # noqa: S608  constants
    values = [value for _term, some in terms for value in some]
    return [_client(row) for row in db.fetch_all(DATA, sql, (*values, limit))]


def count_clients(wanted: Wanted) -> int:
    """Return how many clients there are of those looked for."""
    terms = _terms(wanted)
    where = " AND ".join(f"({term})" for term, _values in terms) or "TRUE"
    row = db.fetch_one(
        DATA,
        f"SELECT COUNT(*) FROM people_client WHERE {where}",  # noqa: S608  constants
        [value for _term, some in terms for value in some],
    )
    return int(row[0]) if row else 0


def _terms(wanted: Wanted) -> list[tuple[str, tuple[Any, ...]]]:
    used_since = wanted.now_s - IDLE_AFTER_S
    states: dict[ClientState | None, tuple[str, tuple[Any, ...]]] = {
        "alive": (f"{_ALIVE} AND {_USED}", (wanted.now_s, used_since)),
        "idle": (f"{_ALIVE} AND NOT {_USED}", (wanted.now_s, used_since)),
        "expired": ("revoked_s IS NULL AND expires_s <= %s", (wanted.now_s,)),
        "revoked": ("revoked_s IS NOT NULL", ()),
    }
    terms = [states[wanted.state]] if wanted.state else []
    if not wanted.revoked:
        terms.append(("revoked_s IS NULL", ()))
    terms += [
        (f"{column} = %s", (value,))
        for column, value in (("id", wanted.only), ("created_by", wanted.maker))
        if value is not None
    ]
    like = wanted.search.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return terms + ([("LOWER(name) LIKE %s ESCAPE '!'", (f"%{like}%",))] if like else [])


def _client(row: Any) -> ClientRow:
    return ClientRow(bytes(row[0]), row[1], grants_of(row[2], row[3]), row[4], bytes(row[5]), *row[6:])


def client_names(clients: Iterable[bytes]) -> dict[bytes, str]:
    """Return the names of clients by their ids; those that are not there are left out."""
    wanted = list(clients)
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    rows = db.fetch_all(DATA, f"SELECT id, name FROM people_client WHERE id IN ({marks})", wanted)  # noqa: S608  marks only
    return {bytes(row[0]): row[1] for row in rows}


def tokens_of(client: bytes) -> list[TokenRow]:
    """Return the tokens of one client, the newest first."""
    sql = f"SELECT {_TOKENS} FROM people_token WHERE client_id = %s ORDER BY created_s DESC, kid"  # noqa: S608  constant
    return [TokenRow(*row) for row in db.fetch_all(DATA, sql, (client,))]


def all_tokens() -> list[TokenRow]:
    """Return every token's row."""
    return [TokenRow(*row) for row in db.fetch_all(DATA, f"SELECT {_TOKENS} FROM people_token ORDER BY kid")]  # noqa: S608  constant


def living_makers() -> list[tuple[bytes, bytes]]:
    """Return (client, who made it) for every client that is not revoked."""
    rows = db.fetch_all(DATA, "SELECT id, created_by FROM people_client WHERE revoked_s IS NULL", ())
    return [(bytes(row[0]), bytes(row[1])) for row in rows]


def add_client(row: ClientRow) -> None:
    """Store a new client."""
    db.execute(
        DATA,
        "INSERT INTO people_client (id, name, actions, purposes, rate, created_by, created_s, expires_s, mac)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.id,
            row.name,
            " ".join(row.grants.actions),
            " ".join(row.grants.purposes),
            row.rate,
            row.created_by,
            row.created_s,
            row.expires_s,
            client_mark(row),
        ),
    )


def add_token(*, kid: str, client: bytes, digest: bytes, now_s: int) -> None:
    """Store the public part and the hash of a new token."""
    row = TokenRow(kid, client, digest, now_s, None, b"")
    sql = f"INSERT INTO people_token ({_TOKENS}) VALUES (%s, %s, %s, %s, %s, %s)"  # noqa: S608  constant
    db.execute(DATA, sql, (*row[:-1], token_mark(row)))


def end_tokens(client: bytes, ends_s: int) -> None:
    """Let every living token of a client end at `ends_s`, or earlier where that was decided before."""
    sql = f"SELECT {_TOKENS} FROM people_token WHERE client_id = %s AND (ends_s IS NULL OR ends_s > %s)"  # noqa: S608  constant
    for row in [TokenRow(*found) for found in db.fetch_all(DATA, sql, (client, ends_s))]:
        # A row that somebody altered ends, too, but is never marked as ours.
        mac = token_mark(row._replace(ends_s=ends_s)) if is_genuine(row) else row.mac
        db.execute(DATA, "UPDATE people_token SET ends_s = %s, mac = %s WHERE kid = %s", (ends_s, mac, row.kid))


def revoke_clients(clients: Iterable[bytes], now_s: int) -> None:
    """Mark clients as revoked; those that were already keep their time."""
    for client in clients:
        row = find_client(client)
        if row is None or row.revoked_s is not None:
            continue
        mac = client_mark(row._replace(revoked_s=now_s)) if is_genuine(row) else row.mac
        db.execute(DATA, "UPDATE people_client SET revoked_s = %s, mac = %s WHERE id = %s", (now_s, mac, client))


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
