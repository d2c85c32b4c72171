"""The table of jobs: enqueue, claim, keep alive, settle; both dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import orjson

from keepfold.kernel import clock, db
from keepfold.kernel.errors import Misconfigured
from keepfold.kernel.jobs.registry import kind as known_kind
from keepfold.kernel.rules import unsafe_payload

OPEN, DONE, DEAD = 0, 1, 2
_MOST_BYTES = 16 * 1024
LONGEST_ERROR = 500

_INSERT = """
INSERT INTO kernel_job (kind, payload, key, state, attempts, run_us, lease_us, error, created_us)
VALUES (%s, %s, %s, 0, 0, %s, 0, '', %s) ON CONFLICT (key) DO NOTHING RETURNING id
"""
_DUE = "SELECT id FROM kernel_job WHERE state = 0 AND run_us <= %s AND lease_us <= %s AND kind IN ({kinds})"
_CLAIM = """
UPDATE kernel_job SET lease_us = %s, holder = %s, attempts = attempts + 1
WHERE id = ({due} ORDER BY run_us, id LIMIT 1{lock}) RETURNING id, kind, payload, attempts
"""
_EXTEND = "UPDATE kernel_job SET lease_us = %s WHERE id = %s AND holder = %s AND state = 0"
_SETTLE = """
UPDATE kernel_job SET state = %s, lease_us = 0, holder = NULL, attempts = %s, run_us = %s, error = %s, ended_us = %s
WHERE id = %s AND holder = %s AND attempts = %s AND state = 0
"""


class Claim(msgspec.Struct, frozen=True):
    """One job that this worker holds. `attempts` counts the present one; `holder` is 16 bytes, new per worker."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempts: int
    holder: bytes


class Dead(msgspec.Struct, frozen=True):
    """A job that was given up. `error` holds kind and place of the exception, never its message."""

    id: int
    kind: str
    attempts: int
    error: str
    ended_us: int


def enqueue(
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    run_at: datetime | None = None,
) -> int:
    """Write a job in the caller's transaction and return its id; a `key` that is there already adds nothing.

    Raises `Misconfigured` on an unknown kind, or a payload that holds more than ids, names and numbers.
    """
    known_kind(kind)
    text = _checked(kind, payload or {})
    at = clock.now_us()
    run_us = at if run_at is None else int(run_at.timestamp() * 1e6)
    row = db.fetch_one("default", _INSERT, [kind, text, key, run_us, at])
    row = row or db.fetch_one("default", "SELECT id FROM kernel_job WHERE key = %s", [key])
    return int(row[0]) if row else 0


def _checked(kind: str, payload: Mapping[str, Any]) -> str:
    reason = unsafe_payload(payload)
    text = "" if reason else orjson.dumps(payload).decode()
    if reason is None and len(text) > _MOST_BYTES:
        reason = "more than 16 KiB"
    if reason:
        raise Misconfigured(
            f"The payload of a job {kind} may hold ids, names and numbers only; this one holds {reason}.",
            code="jobs.payload",
            next_step="Store the data where it belongs and put its id into the payload.",
        )
    return text


def claim(kinds: Sequence[str], holder: bytes, lease_us: int) -> Claim | None:
    """Lease the job that is due first, or return None. Looks before it writes, so that idling costs no write."""
    if not kinds:
        return None
    at = clock.now_us()
    due = _DUE.format(kinds=", ".join(["%s"] * len(kinds)))
    if db.fetch_one("default", f"{due} LIMIT 1", [at, at, *kinds]) is None:
        return None
    sql = _CLAIM.format(due=due, lock=" FOR UPDATE SKIP LOCKED" if db.is_postgres() else "")
    row = db.fetch_one("default", sql, [at + lease_us, holder, at, at, *kinds])
    return None if row is None else Claim(row[0], row[1], orjson.loads(row[2]), row[3], holder)


def extend(claim: Claim, lease_us: int) -> bool:
    """Keep a lease alive; False when it was lost."""
    return db.execute("default", _EXTEND, [clock.now_us() + lease_us, claim.id, claim.holder]) == 1


def settle(claim: Claim, state: int, *, run_us: int = 0, error: str = "", attempts: int | None = None) -> bool:
    """End one attempt: done, dead, or open again at `run_us`. False when the lease was lost in the meantime."""
    ended = None if state == OPEN else clock.now_us()
    kept = claim.attempts if attempts is None else attempts
    values = [state, kept, run_us, error[:LONGEST_ERROR], ended, claim.id, claim.holder, claim.attempts]
    return db.execute("default", _SETTLE, values) == 1


def waiting() -> dict[str, int]:
    """Return how many jobs of each kind are open."""
    rows = db.fetch_all("default", "SELECT kind, count(*) FROM kernel_job WHERE state = 0 GROUP BY kind ORDER BY kind")
    return {kind: int(number) for kind, number in rows}


def dead_letters(limit: int = 100) -> list[Dead]:
    """Return the jobs that were given up, the latest first."""
    where = "state = 2 AND state > 0"  # both, for the index over part of the rows
    sql = f"SELECT id, kind, attempts, error, ended_us FROM kernel_job WHERE {where} ORDER BY ended_us DESC LIMIT %s"  # noqa: S608
    return [Dead(*row) for row in db.fetch_all("default", sql, [limit])]


def retry(job: int) -> bool:
    """Open a dead letter again; say whether there was one."""
    again = "UPDATE kernel_job SET state = 0, attempts = 0, run_us = %s, ended_us = NULL WHERE id = %s AND state = 2"
    return db.execute("default", again, [clock.now_us(), job]) == 1


def purge(before_us: int) -> int:
    """Forget jobs that were done before; dead letters stay until somebody looks at them. Return how many."""
    return db.execute("default", "DELETE FROM kernel_job WHERE state = 1 AND state > 0 AND ended_us < %s", [before_us])
