"""Raw SQL of the room, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keepfold.consent import counting
from keepfold.kernel import db, rowmac

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
    "number",
    "before",
    "mac",
)
_EVENT_COLUMNS = ", ".join(_EVENT)


class EventRow(NamedTuple):
    """One event as stored; `form_version` is "" when none was named. `append` numbers and marks it."""

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
    number: int = 0
    before: bytes = b""
    mac: bytes = b""


class StateRow(NamedTuple):
    """The state of one person and purpose as stored; `pending_s` says since when a confirmation is awaited.

    `number` is that of the newest event about the purpose. `put_state` marks the row.
    """

    purpose: int
    status: int
    at_s: int
    expires_s: int | None
    event: bytes
    pending_s: int | None
    number: int = 0
    mac: bytes = b""


# The events come first: a state that was removed or is not the one after the newest event is missed, and one without
# an event counts for nothing. In the order in which the columns are marked.
_FACTS = (
    "SELECT e.person, e.purpose, e.number, s.status, s.at_s, s.expires_s, s.event, s.pending_s, s.mac"
    " FROM (SELECT person, purpose, max(number) AS number FROM consent_event WHERE {} GROUP BY person, purpose) e"
    " LEFT JOIN consent_state s ON s.person = e.person AND s.purpose = e.purpose AND s.number = e.number"
)
_FACTS_OF_ONE = _FACTS.format("person = %s")
_STATE = "purpose, status, at_s, expires_s, event, pending_s, number, mac"
_CHUNK = 500
_PAGE = 500


def facts(person: bytes) -> list[db.Row]:
    """Return what a person has decided, by purpose: one query.

    Rows are (person, purpose number, number of the newest event, status, at_s, expires_s, event, pending_s, mac); from
    the status on None where no state follows that event. `is_current` says whether the row counts.
    """
    return db.fetch_all(DATA, _FACTS_OF_ONE, (person,))


def facts_of_many(persons: Sequence[bytes], purpose: int) -> Iterator[db.Row]:
    """Yield the same of everybody among these who has spoken about one purpose: a query for each 500."""
    for start in range(0, len(persons), _CHUNK):
        some = persons[start : start + _CHUNK]
        marks = ", ".join(["%s"] * len(some))
        yield from db.fetch_all(DATA, _FACTS.format(f"purpose = %s AND person IN ({marks})"), [purpose, *some])


def is_current(row: db.Row) -> bool:
    """Say whether there is a state in a row of facts, and carries its mark."""
    return rowmac.holds(row[8], "consent_state", row[:8])


def state_of(row: db.Row) -> StateRow:
    """Return the state in a row of facts that is current."""
    _, purpose, number, status, at_s, expires_s, event, pending_s, mac = row
    return StateRow(purpose, status, at_s, expires_s, event, pending_s, number, mac)


def state_mark(person: bytes, row: StateRow) -> bytes:
    """Return the mark that a state's row must carry."""
    return rowmac.mark("consent_state", person, row.purpose, row.number, *row[1:6])


def event_mark(row: EventRow) -> bytes:
    """Return the mark that an event's row must carry."""
    return rowmac.mark("consent_event", *row[:-1])


def events(person: bytes, *, limit: int) -> list[EventRow]:
    """Return the latest events of one person, newest first."""
    sql = f"SELECT {_EVENT_COLUMNS} FROM consent_event WHERE person = %s ORDER BY number DESC LIMIT %s"  # noqa: S608  constants
    return [EventRow(*row) for row in db.fetch_all(DATA, sql, (person, limit))]


def append(row: EventRow) -> EventRow:
    """Store one event after the person's last and return it numbered. There is nothing that changes or removes one."""
    sql = "SELECT number, mac FROM consent_event WHERE person = %s ORDER BY number DESC LIMIT 1"
    last = db.fetch_one(DATA, sql, (row.person,)) or (0, b"")
    row = row._replace(number=last[0] + 1, before=last[1])
    row = row._replace(mac=event_mark(row))
    db.rows_insert(DATA, "consent_event", _EVENT, [row])
    counting.add_said(row.person, row.purpose, row.said, row.at_us)
    return row


def put_state(person: bytes, row: StateRow) -> None:
    """Make this the state of one person and purpose, and count it."""
    counting.move(person, row.purpose, _standing(person, row.purpose), (row.status, row.expires_s))
    db.execute(
        DATA,
        f"INSERT INTO consent_state (person, {_STATE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608  constants
        " ON CONFLICT (person, purpose) DO UPDATE SET status = excluded.status, at_s = excluded.at_s,"
        " expires_s = excluded.expires_s, event = excluded.event, pending_s = excluded.pending_s,"
        " number = excluded.number, mac = excluded.mac",
        (person, *row[:-1], state_mark(person, row)),
    )


def _standing(person: bytes, purpose: int) -> counting.Standing | None:
    sql = "SELECT status, expires_s FROM consent_state WHERE person = %s AND purpose = %s"
    row = db.fetch_one(DATA, sql, (person, purpose))
    return None if row is None else (row[0], row[1])


def uncount(person: bytes) -> None:
    """Leave one person out of all counts of where people stand. What was said stays counted."""
    sql = "SELECT purpose, status, expires_s FROM consent_state WHERE person = %s"
    for purpose, status, expires_s in db.fetch_all(DATA, sql, (person,)):
        counting.move(person, purpose, (status, expires_s), None)


def waiting(purpose: int, since_s: int, most: int) -> int:
    """Return how many people were asked to confirm since then and have not; no more than `most` are counted."""
    sql = (
        "SELECT count(*) FROM (SELECT 1 FROM consent_state WHERE purpose = %s AND pending_s >= %s"
        " AND pending_s IS NOT NULL LIMIT %s) AS found"
    )
    row = db.fetch_one(DATA, sql, (purpose, since_s, most))
    return int(row[0]) if row else 0


def latest(purpose: int | None, before: bytes, limit: int) -> list[EventRow]:
    """Return events of everybody from the newest to the oldest, of those whose ids are below `before`."""
    where, parameters = ("purpose = %s AND ", [purpose]) if purpose is not None else ("", [])
    sql = f"SELECT {_EVENT_COLUMNS} FROM consent_event WHERE {where}id < %s ORDER BY id DESC LIMIT %s"  # noqa: S608  constants
    return [EventRow(*row) for row in db.fetch_all(DATA, sql, [*parameters, before, limit])]


def last_asked(person: bytes, purpose: int) -> EventRow:
    """Return the latest yes that had to be confirmed. There must be one."""
    sql = (
        f"SELECT {_EVENT_COLUMNS} FROM consent_event"  # noqa: S608  constants
        " WHERE person = %s AND purpose = %s AND said = %s ORDER BY number DESC LIMIT 1"
    )
    row = db.fetch_one(DATA, sql, (person, purpose, SAID["asked"]))
    if row is None:
        raise LookupError("a pending state without its event")
    return EventRow(*row)


def people() -> Iterator[list[bytes]]:
    """Yield everybody who has said something, or of whom a state is there, in pages."""
    sql = (
        "SELECT person FROM consent_event WHERE person > %s UNION SELECT person FROM consent_state WHERE person > %s"
        " ORDER BY person LIMIT %s"
    )
    after = b""
    while page := [row[0] for row in db.fetch_all(DATA, sql, (after, after, _PAGE))]:
        yield page
        after = page[-1]


def altered_events(persons: Sequence[bytes]) -> int:
    """Return how many events of these people lack their mark, or do not follow the one before."""
    marks = ", ".join(["%s"] * len(persons))
    sql = f"SELECT {_EVENT_COLUMNS} FROM consent_event WHERE person IN ({marks}) ORDER BY person, number"  # noqa: S608  constants
    wrong, last = 0, None
    for row in (EventRow(*found) for found in db.fetch_all(DATA, sql, persons)):
        follows = (last.number + 1, last.mac) if last is not None and last.person == row.person else (1, b"")
        wrong += (row.number, row.before) != follows or not rowmac.same(row.mac, event_mark(row))
        last = row
    return wrong


def altered_states(persons: Sequence[bytes]) -> int:
    """Return how many states of these people are missing, lack their mark, or do not follow the newest event."""
    marks = ", ".join(["%s"] * len(persons))
    rows = db.fetch_all(DATA, _FACTS.format(f"person IN ({marks})"), persons)
    sql = (
        f"SELECT count(*) FROM consent_state s WHERE person IN ({marks}) AND NOT EXISTS"  # noqa: S608  marks only
        " (SELECT 1 FROM consent_event e WHERE e.person = s.person AND e.purpose = s.purpose)"
    )
    row = db.fetch_one(DATA, sql, persons)
    return (int(row[0]) if row else 0) + sum(not is_current(found) for found in rows)
