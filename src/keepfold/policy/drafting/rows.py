"""Storage of drafts, the same SQL for SQLite and PostgreSQL. Every row is marked (`kernel.rowmac`).

What happened to a draft is a chain: each event is numbered and holds the mark of the one before; the draft's own row
holds how many there are and the mark of the last. Whoever writes to the database without the keys can add no approval
that nobody gave, change no text that was approved, and leave out no event beside the draft's row as it is now:
`genuine` says so.

It does not say that this is the newest state. Whoever kept a copy of the draft's row can put it back and remove what
happened since: all of that was written here once and fits together, so a draft that was sent back is approved again.
Nothing in these tables shows it; the ledger has an entry for each of these steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from keepfold.kernel import db, rowmac
from keepfold.policy.drafting.rules import State
from keepfold.policy.types import DraftKind

DATA = "default"
STATES: tuple[State, ...] = ("drafting", "review", "approved", "active", "discarded")
KINDS: tuple[DraftKind, ...] = (
    "started",
    "sent",
    "approved",
    "returned",
    "reopened",
    "told",
    "agreed",
    "activated",
    "discarded",
)
_START = bytes(32)


class DraftRow(NamedTuple):
    """One draft as stored; `state` and `kind` of its events are numbers of the lists above."""

    id: bytes
    title: str
    base: str
    state: int
    revision: int
    version: str
    events: int
    chain: bytes
    created_by: bytes
    created_us: int
    changed_us: int
    mac: bytes = b""


class RevisionRow(NamedTuple):
    """One text of a draft as stored."""

    draft: bytes
    number: int
    before: int
    text: str
    author: bytes
    at_us: int
    how: str
    part: str
    mac: bytes = b""


class EventRow(NamedTuple):
    """One thing that happened to a draft, as stored."""

    draft: bytes
    number: int
    kind: int
    person: bytes
    at_us: int
    revision: int
    version: str
    in_force: str
    in_force_us: int
    day: str
    comment: str
    before: bytes
    mac: bytes = b""


def mark_of(row: DraftRow | RevisionRow | EventRow) -> bytes:
    """Return the mark that a row must carry."""
    if isinstance(row, DraftRow):
        return rowmac.mark("policy_draft", *row[:-1])
    if isinstance(row, RevisionRow):
        digest = sha256(row.text.encode()).digest()
        return rowmac.mark("policy_draft_revision", row.draft, row.number, row.before, digest, *row[4:-1])
    return rowmac.mark("policy_draft_event", *row[:-1])


def is_genuine(row: DraftRow | RevisionRow | EventRow) -> bool:
    """Say whether one row is as this installation wrote it."""
    return rowmac.same(row.mac, mark_of(row))


def genuine(row: DraftRow, events: Sequence[EventRow], head: RevisionRow | None) -> bool:
    """Say whether a draft, its newest text and what happened to it fit together and were written by this installation.

    An earlier state that was put back whole fits together as well.
    """
    has_text = head is not None and head.number == row.revision and is_genuine(head)
    return has_text and is_whole(row, events)


def is_whole(row: DraftRow, events: Sequence[EventRow]) -> bool:
    """Say the same without looking at the text, for lists."""
    before = _START
    for number, event in enumerate(events, start=1):
        if event.number != number or event.before != before or not is_genuine(event):
            return False
        before = event.mac
    return len(events) == row.events and before == row.chain and is_genuine(row)


def all_genuine(row: DraftRow) -> bool:
    """Say whether every text of a draft is there and as this installation wrote it; who wrote which counts."""
    texts = [
        RevisionRow(*one) for one in db.fetch_all(DATA, f"{_REVISIONS} WHERE draft = %s ORDER BY number", [row.id])
    ]
    return [one.number for one in texts] == list(range(1, row.revision + 1)) and all(map(is_genuine, texts))


def altered() -> dict[str, int]:
    """Return how many rows of each table are not as this installation wrote them. Looks at all."""
    tables: tuple[tuple[str, type[DraftRow | RevisionRow | EventRow]], ...] = (
        ("policy_draft", DraftRow),
        ("policy_draft_revision", RevisionRow),
        ("policy_draft_event", EventRow),
    )
    found = {}
    for table, kind in tables:
        sql = f"SELECT {', '.join(kind._fields)} FROM {table}"  # noqa: S608  constants
        found[table] = sum(not is_genuine(kind(*row)) for row in db.fetch_all(DATA, sql))
    return found


# ------------------------------------------------------------------------------------------------- reading


def one(draft: bytes, *, lock: bool = False) -> DraftRow | None:
    """Return a draft, or None; with `lock` it is kept from others until the transaction ends."""
    # SQLite's transactions begin as the only writer.
    last = " FOR UPDATE" if lock and db.is_postgres(DATA) else ""
    row = db.fetch_one(DATA, f"{_DRAFTS} WHERE id = %s{last}", [draft])
    return None if row is None else DraftRow(*row)


def listed(states: Sequence[int], limit: int) -> list[DraftRow]:
    """Return the drafts in these states, the one that was changed last first."""
    marks = ", ".join(["%s"] * len(states))
    sql = f"{_DRAFTS} WHERE state IN ({marks}) ORDER BY changed_us DESC, id DESC LIMIT %s"
    return [DraftRow(*row) for row in db.fetch_all(DATA, sql, [*states, limit])]


def count(states: Sequence[int]) -> int:
    """Return how many drafts are in these states."""
    marks = ", ".join(["%s"] * len(states))
    row = db.fetch_one(DATA, f"SELECT count(*) FROM policy_draft WHERE state IN ({marks})", list(states))  # noqa: S608  marks
    return int(row[0]) if row else 0


def revision(draft: bytes, number: int) -> RevisionRow | None:
    """Return one text of a draft, or None."""
    row = db.fetch_one(DATA, f"{_REVISIONS} WHERE draft = %s AND number = %s", [draft, number])
    return None if row is None else RevisionRow(*row)


def revisions(draft: bytes, limit: int) -> list[RevisionRow]:
    """Return the newest revisions of a draft without their texts; their marks cannot be looked at."""
    sql = (
        "SELECT draft, number, before, '', author, at_us, how, part, mac FROM policy_draft_revision "
        "WHERE draft = %s ORDER BY number DESC LIMIT %s"
    )
    return [RevisionRow(*row) for row in db.fetch_all(DATA, sql, [draft, limit])]


def authors(draft: bytes) -> frozenset[bytes]:
    """Return everybody who wrote any revision of a draft."""
    rows = db.fetch_all(DATA, "SELECT DISTINCT author FROM policy_draft_revision WHERE draft = %s", [draft])
    return frozenset(row[0] for row in rows)


def authors_of(drafts: Sequence[bytes]) -> dict[bytes, frozenset[bytes]]:
    """Return everybody who wrote a part of each of these drafts, in one query."""
    marks = ", ".join(["%s"] * len(drafts))
    sql = f"SELECT DISTINCT draft, author FROM policy_draft_revision WHERE draft IN ({marks})"  # noqa: S608  marks
    found: dict[bytes, set[bytes]] = {draft: set() for draft in drafts}
    for draft, author in db.fetch_all(DATA, sql, list(drafts)):
        found[draft].add(author)
    return {draft: frozenset(people) for draft, people in found.items()}


def events_of(drafts: Sequence[bytes]) -> dict[bytes, list[EventRow]]:
    """Return what happened to each of these drafts, in order, in one query."""
    marks = ", ".join(["%s"] * len(drafts))
    found: dict[bytes, list[EventRow]] = {draft: [] for draft in drafts}
    for row in db.fetch_all(DATA, f"{_EVENTS} WHERE draft IN ({marks}) ORDER BY draft, number", list(drafts)):
        found[row[0]].append(EventRow(*row))
    return found


def events(draft: bytes) -> list[EventRow]:
    """Return what happened to a draft, in order."""
    return [EventRow(*row) for row in db.fetch_all(DATA, f"{_EVENTS} WHERE draft = %s ORDER BY number", [draft])]


def drafts_of_version(version: str) -> list[bytes]:
    """Return the drafts that became a version, or were approved as one."""
    sql = "SELECT DISTINCT draft FROM policy_draft_event WHERE version = %s"
    return [row[0] for row in db.fetch_all(DATA, sql, [version])]


# ------------------------------------------------------------------------------------------------- writing


def add(row: DraftRow) -> None:
    """Store a new draft."""
    db.rows_insert(DATA, "policy_draft", DraftRow._fields, [row._replace(mac=mark_of(row))])


def put(row: DraftRow) -> None:
    """Store a draft as it is now."""
    db.execute(
        DATA,
        "UPDATE policy_draft SET title = %s, state = %s, revision = %s, version = %s, events = %s, chain = %s, "
        "changed_us = %s, mac = %s WHERE id = %s",
        [row.title, row.state, row.revision, row.version, row.events, row.chain, row.changed_us, mark_of(row), row.id],
    )


def add_revision(row: RevisionRow) -> None:
    """Store a text."""
    db.rows_insert(DATA, "policy_draft_revision", RevisionRow._fields, [row._replace(mac=mark_of(row))])


def add_event(row: DraftRow, event: EventRow) -> DraftRow:
    """Store what happened to a draft after everything before; return the draft's row that knows of it, not stored."""
    numbered = event._replace(number=row.events + 1, before=row.chain)
    marked = numbered._replace(mac=mark_of(numbered))
    db.rows_insert(DATA, "policy_draft_event", EventRow._fields, [marked])
    return row._replace(events=marked.number, chain=marked.mac, changed_us=event.at_us)


def fresh(*, draft: bytes, title: str, base: str, person: bytes, at_us: int) -> DraftRow:
    """Return the row of a new draft to which nothing has happened."""
    return DraftRow(draft, title, base, 0, 0, "", 0, _START, person, at_us, at_us)


_DRAFTS = f"SELECT {', '.join(DraftRow._fields)} FROM policy_draft"  # noqa: S608  constants
_REVISIONS = f"SELECT {', '.join(RevisionRow._fields)} FROM policy_draft_revision"  # noqa: S608  constants
_EVENTS = f"SELECT {', '.join(EventRow._fields)} FROM policy_draft_event"  # noqa: S608  constants
