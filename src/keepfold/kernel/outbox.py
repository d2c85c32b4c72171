"""Typed events: written in the transaction that made them true, delivered at least once, in order per person.

    class RecordSealed(msgspec.Struct, frozen=True): ...      # in <room>/events.py, ids only
    outbox.emit(RecordSealed(...), subject=person)            # inside a transaction (actions use gate.emit)
    @outbox.on(RecordSealed)                                  # in <room>/reactions.py, idempotent
    def index_it(event: RecordSealed) -> None: ...

A delivery row is made per handler when the event is emitted; (event, handler) is unique. A handler that fails holds
back only the later events of the same person for itself, waits with growing pauses, and after `MOST_ATTEMPTS`
the delivery becomes a dead letter that an operator can redeliver; what came after it then goes on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from keepfold.kernel import clock, db, ids
from keepfold.kernel.errors import Misconfigured
from keepfold.kernel.problems import told
from keepfold.kernel.rules import backoff_seconds

E = TypeVar("E", bound=msgspec.Struct)

MOST_ATTEMPTS = 12
LEASE_US = 120_000_000
LONGEST_ERROR = 500
OPEN, DONE, DEAD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Handler:
    """One reaction. With `atomic` it runs in one transaction with the mark that it is done, hence exactly once."""

    name: str
    event: type[msgspec.Struct]
    run: Callable[[Any], object]
    atomic: bool


_types: dict[str, type[msgspec.Struct]] = {}
_handlers: dict[str, Handler] = {}
_names: dict[type[msgspec.Struct], list[str]] = {}


def kind_of(event: type[msgspec.Struct]) -> str:
    """Return the stable name of an event type: `vault.RecordSealed` for `keepfold.vault.events.RecordSealed`."""
    parts = event.__module__.split(".")
    room = parts[1] if parts[0] == "keepfold" and len(parts) > 1 else parts[-1]
    return f"{room}.{event.__name__}"


def on(event: type[E], *, atomic: bool = False) -> Callable[[Callable[[E], object]], Callable[[E], object]]:
    """Register a handler. It must be idempotent unless it is `atomic` and writes to the `default` store only.

    A handler that calls actions cannot be atomic, since an action opens its own durable transaction.
    """

    def register(run: Callable[[E], object]) -> Callable[[E], object]:
        name = f"{run.__module__}.{run.__qualname__}".removeprefix("keepfold.")
        known = _handlers.get(name)
        if known is not None and known.run.__code__ is not run.__code__ and known.event is not event:
            raise Misconfigured(f"Two handlers are called {name}.", code="outbox.twice")
        _types[kind_of(event)] = event
        _handlers[name] = Handler(name, event, run, atomic)
        names = _names.setdefault(event, [])
        if name not in names:
            names.append(name)
        return run

    return register


def handlers() -> Sequence[Handler]:
    """Return all registered handlers."""
    return tuple(_handlers.values())


def emit(event: msgspec.Struct, subject: bytes | None = None) -> bytes:
    """Write one event and its deliveries into the open transaction; return the event's id."""
    return emit_many([(event, subject)])[0]


def emit_many(events: Sequence[tuple[msgspec.Struct, bytes | None]]) -> list[bytes]:
    """Write events, in order, into the open transaction. Raises `Misconfigured` when none is open."""
    if not db.in_transaction():
        raise Misconfigured("An event must be emitted inside the transaction that makes it true.", code="outbox.open")
    at = clock.now_us()
    rows = [_row(event, subject, at) for event, subject in events]
    db.rows_insert("default", "kernel_event", _EVENT, rows)
    if any(_names.get(type(event)) for event, _ in events):
        for start in range(0, len(rows), _CHUNK):
            _address(rows[start : start + _CHUNK], events[start : start + _CHUNK], at)
    return [row[0] for row in rows]


_EVENT = ("event_id", "kind", "subject", "payload", "created_us")
_DELIVERY = ("seq", "handler", "subject", "state", "attempts", "due_us", "lease_us", "error")
_CHUNK = 500


def _row(event: msgspec.Struct, subject: bytes | None, at: int) -> db.Row:
    return (ids.uuid7(), kind_of(type(event)), subject, msgspec.msgpack.encode(event), at)


def _address(rows: Sequence[db.Row], events: Sequence[tuple[msgspec.Struct, bytes | None]], at: int) -> None:
    """Write one delivery per event and handler. The database has numbered the events in the order of `rows`."""
    marks = ", ".join(["%s"] * len(rows))
    numbers: dict[bytes, int] = dict(
        db.fetch_all(
            "default",
            f"SELECT event_id, seq FROM kernel_event WHERE event_id IN ({marks})",  # noqa: S608  marks only
            [row[0] for row in rows],
        )
    )
    deliveries = [
        (numbers[row[0]], name, subject, OPEN, 0, at, 0, "")
        for row, (event, subject) in zip(rows, events, strict=True)
        for name in _names.get(type(event), ())
    ]
    db.rows_insert("default", "kernel_delivery", _DELIVERY, deliveries)


@dataclass(frozen=True, slots=True)
class _Claim:
    """One delivery that this process has leased."""

    id: int
    handler: str
    kind: str
    payload: bytes
    attempts: int
    lease_us: int


# An earlier open delivery to the same handler about the same person goes first. Events about nobody have no order.
_HEADS = """
SELECT d.id, d.handler, d.subject, e.kind, e.payload, d.attempts
FROM kernel_delivery d JOIN kernel_event e ON e.seq = d.seq
WHERE d.state = 0 AND d.due_us <= %s AND d.lease_us <= %s AND d.handler IN ({handlers})
AND (d.subject IS NULL OR NOT EXISTS (
    SELECT 1 FROM kernel_delivery x
    WHERE x.state = 0 AND x.handler = d.handler AND x.subject = d.subject AND x.seq < d.seq))
ORDER BY d.due_us, d.seq LIMIT %s
"""
_NEXT = """
SELECT d.id, d.handler, d.subject, e.kind, e.payload, d.attempts
FROM kernel_delivery d JOIN kernel_event e ON e.seq = d.seq
WHERE d.state = 0 AND d.handler = %s AND d.subject = %s ORDER BY d.seq LIMIT 1
"""
_CLAIM = """
UPDATE kernel_delivery SET lease_us = %s, attempts = attempts + 1
WHERE id = %s AND state = 0 AND lease_us <= %s AND attempts = %s
"""
_SETTLE = """
UPDATE kernel_delivery SET state = %s, lease_us = 0, due_us = %s, error = %s WHERE id = %s AND lease_us = %s
"""


def deliver_once(limit: int = 100) -> int:
    """Deliver what is due, at most `limit` deliveries; return how many were tried. Call outside of a transaction."""
    if not _handlers:
        return 0
    tried = 0
    while tried < limit:
        heads = _heads(limit - tried)
        before = tried
        for head in heads:
            tried += _follow(head, limit - tried)
        if tried == before:
            break
    return tried


def _heads(limit: int) -> list[db.Row]:
    at = clock.now_us()
    marks = ", ".join(["%s"] * len(_handlers))
    return db.fetch_all("default", _HEADS.format(handlers=marks), [at, at, *_handlers, limit])


def _follow(head: db.Row | None, most: int) -> int:
    """Deliver a head and, as long as all goes well, what comes after it for the same person and handler."""
    tried = 0
    while head is not None and tried < most:
        done = _deliver(head)
        tried += done is not None
        handler, subject = head[1], head[2]
        head = db.fetch_one("default", _NEXT, [handler, subject]) if done and subject is not None else None
    return tried


def _deliver(head: db.Row) -> bool | None:
    """Try one delivery: done, failed, or None when another process was faster."""
    key, handler, _, kind, payload, attempts = head
    at = clock.now_us()
    claim = _Claim(key, handler, kind, payload, attempts + 1, at + LEASE_US)
    if db.execute("default", _CLAIM, [claim.lease_us, claim.id, at, attempts]) != 1:
        return None
    try:
        _run(claim, _handlers[handler])
    except Exception as error:  # noqa: BLE001  whatever a handler raises must not stop the others
        _failed(claim, error)
        return False
    return True


def _run(claim: _Claim, handler: Handler) -> None:
    event = msgspec.msgpack.decode(claim.payload, type=_types[claim.kind])
    if handler.atomic:
        with db.atomic(durable=True):
            handler.run(event)
            _settle(claim, DONE, 0, "")
        return
    handler.run(event)
    _settle(claim, DONE, 0, "")


def _failed(claim: _Claim, error: Exception) -> None:
    state = DEAD if claim.attempts >= MOST_ATTEMPTS else OPEN
    wait = backoff_seconds(claim.attempts, random.random(), base=2.0)  # noqa: S311  spreads retries, hides nothing
    _settle(claim, state, clock.now_us() + int(wait * 1e6), told(error))


def _settle(claim: _Claim, state: int, due_us: int, error: str) -> None:
    db.execute("default", _SETTLE, [state, due_us, error[:LONGEST_ERROR], claim.id, claim.lease_us])


class DeadLetter(msgspec.Struct, frozen=True):
    """A delivery that was given up. `error` holds kind and place of the exception, never its message."""

    id: int
    handler: str
    kind: str
    attempts: int
    error: str


def dead_letters(limit: int = 100) -> list[DeadLetter]:
    """Return deliveries that were given up, oldest first."""
    rows = db.fetch_all(
        "default",
        "SELECT d.id, d.handler, e.kind, d.attempts, d.error FROM kernel_delivery d "
        "JOIN kernel_event e ON e.seq = d.seq WHERE d.state = 2 ORDER BY d.id LIMIT %s",
        [limit],
    )
    return [DeadLetter(*row) for row in rows]


def redeliver(delivery: int) -> bool:
    """Open a dead letter again; say whether there was one."""
    again = "UPDATE kernel_delivery SET state = 0, attempts = 0, due_us = %s WHERE id = %s AND state = 2"
    return db.execute("default", again, [clock.now_us(), delivery]) == 1


def waiting() -> int:
    """Return how many deliveries are open."""
    row = db.fetch_one("default", "SELECT count(*) FROM kernel_delivery WHERE state = 0")
    return int(row[0]) if row else 0


def purge(before_us: int) -> int:
    """Forget events that were emitted before and wait for nobody, dead letters included; return how many."""
    old = (
        "SELECT seq FROM kernel_event e WHERE created_us < %s "
        "AND NOT EXISTS (SELECT 1 FROM kernel_delivery d WHERE d.seq = e.seq AND d.state <> 1)"
    )
    with db.atomic():
        db.execute("default", f"DELETE FROM kernel_delivery WHERE seq IN ({old})", [before_us])  # noqa: S608  constant
        return db.execute("default", f"DELETE FROM kernel_event WHERE seq IN ({old})", [before_us])  # noqa: S608  constant
