"""Raw SQL of the room, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keepfold.kernel import db

DATA = "default"
NONE, GRANTED, WITHDRAWN, OBJECTED, OPTED_OUT = range(5)
STATUS = {"granted": GRANTED, "withdrawn": WITHDRAWN, "objected": OBJECTED, "opted_out": OPTED_OUT}
SAID = {"asked": 1, "granted": 2, "confirmed": 3, "withdrawn": 4, "objected": 5, "opted_out": 6}
_EVENT = (
    "id",
    "person",
    "purpose",
    "said",
    "at_us",
    "expires_s",
    "channel",
    "form_version",
    "staff",
    "policy_hash",
    "entry",
)


class EventRow(NamedTuple):
    """One event as stored; `form_version` is "" when none was named."""

    id: bytes
    person: bytes
    purpose: int
    said: int
    at_us: int
    expires_s: int | None
    channel: str
    form_version: str
    staff: bytes | None
    policy_hash: bytes
    entry: bytes


class StateRow(NamedTuple):
    """The state of one person and purpose as stored; `pending_s` says since when a confirmation is awaited."""

    purpose: int
    status: int
    at_s: int
    expires_s: int | None
    event: bytes
    pending_s: int | None


_FACTS = "SELECT purpose, status, at_s, expires_s FROM consent_state WHERE person = %s AND status > 0"
_FACTS_OF_MANY = "SELECT person, status, at_s, expires_s FROM consent_state WHERE purpose = %s AND status > 0"
_CHUNK = 500
_STATES = "SELECT purpose, status, at_s, expires_s, event, pending_s FROM consent_state WHERE person = %s"


def facts(person: bytes) -> list[db.Row]:
    """Return (purpose number, status, at_s, expires_s) of everything that a person has decided: one query."""
    return db.fetch_all(DATA, _FACTS, (person,))


def facts_of_many(persons: Sequence[bytes], purpose: int) -> Iterator[db.Row]:
    """Yield (person, status, at_s, expires_s) of everybody among these who has decided about one purpose."""
    for start in range(0, len(persons), _CHUNK):
        some = persons[start : start + _CHUNK]
        marks = ", ".join(["%s"] * len(some))
        sql = f"{_FACTS_OF_MANY} AND person IN ({marks})"
        yield from db.fetch_all(DATA, sql, [purpose, *some])


def states(person: bytes) -> list[StateRow]:
    """Return the states of one person, by purpose."""
    return [StateRow(*row) for row in db.fetch_all(DATA, _STATES + " ORDER BY purpose", (person,))]


def state(person: bytes, purpose: int) -> StateRow | None:
    """Return the state of one person and purpose, or None."""
    row = db.fetch_one(DATA, _STATES + " AND purpose = %s", (person, purpose))
    return StateRow(*row) if row else None


def events(person: bytes, *, limit: int) -> list[EventRow]:
    """Return the latest events of one person, newest first."""
    sql = f"SELECT {', '.join(_EVENT)} FROM consent_event WHERE person = %s ORDER BY at_us DESC, id DESC LIMIT %s"  # noqa: S608  constants
    return [EventRow(*row) for row in db.fetch_all(DATA, sql, (person, limit))]


def append(row: EventRow) -> None:
    """Store one event. There is nothing that changes or removes one."""
    db.rows_insert(DATA, "consent_event", _EVENT, [row])


def put_state(person: bytes, row: StateRow) -> None:
    """Make this the state of one person and purpose."""
    db.execute(
        DATA,
        "INSERT INTO consent_state (person, purpose, status, at_s, expires_s, event, pending_s)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (person, purpose) DO UPDATE SET status = excluded.status, at_s = excluded.at_s,"
        " expires_s = excluded.expires_s, event = excluded.event, pending_s = excluded.pending_s",
        (person, *row),
    )


def last_asked(person: bytes, purpose: int) -> EventRow:
    """Return the latest yes that had to be confirmed. There must be one."""
    sql = (
        f"SELECT {', '.join(_EVENT)} FROM consent_event"  # noqa: S608  constants
        " WHERE person = %s AND purpose = %s AND said = %s ORDER BY at_us DESC, id DESC LIMIT 1"
    )
    row = db.fetch_one(DATA, sql, (person, purpose, SAID["asked"]))
    if row is None:
        raise LookupError("a pending state without its event")
    return EventRow(*row)
