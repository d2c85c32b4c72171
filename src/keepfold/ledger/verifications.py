"""Verifications that somebody asked for: their rows, how far they are, and what they found.

A run waits until a worker takes it, and runs in a thread of its own there (`jobs`). What it found is kept under a mark
made with a key of the log, so that nobody with the database alone writes a good result. At most a hundred are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from keepfold.kernel import clock, db, ids
from keepfold.kernel.errors import NotFound
from keepfold.ledger import keyring
from keepfold.ledger.store import DATA
from keepfold.ledger.types import Report, Run, RunState

STATES: tuple[RunState, ...] = ("waiting", "running", "ended", "stopped", "failed")
WAITING, RUNNING, ENDED, STOPPED, FAILED = range(5)
# A worker that was not heard of for so long is gone, and its run begins anew elsewhere.
GONE_US = 30_000_000
_KEPT = 100
_COLUMNS = "id, state, asked_us, began_us, seen_us, ended_us, stop, stage, done, total, report, mac"


def ask() -> bytes:
    """Write down that a verification is wanted and return its id; one that is not over yet counts for both."""
    row = db.fetch_one(DATA, "SELECT id FROM ledger_verification WHERE log = %s AND state < 2", [keyring.LOG])
    if row is not None:
        return bytes(row[0])
    made = ids.uuid7()
    db.execute(
        DATA,
        "INSERT INTO ledger_verification (id, log, state, asked_us, stop, stage, done, total, report)"
        " VALUES (%s, %s, 0, %s, %s, '', 0, 0, '')",
        [made, keyring.LOG, clock.now_us(), False],
    )
    _forget_old()
    return made


def _forget_old() -> None:
    old = "SELECT asked_us FROM ledger_verification WHERE log = %s ORDER BY asked_us DESC LIMIT 1 OFFSET %s"
    row = db.fetch_one(DATA, old, [keyring.LOG, _KEPT])
    if row is not None:
        sql = "DELETE FROM ledger_verification WHERE log = %s AND asked_us <= %s AND state > 1"
        db.execute(DATA, sql, [keyring.LOG, row[0]])


def stop(run: bytes) -> None:
    """Ask a run to end. One that nobody has taken yet ends at once. Raises `NotFound` when there is no such run."""
    one(run)
    now = clock.now_us()
    ended = "UPDATE ledger_verification SET state = 3, ended_us = %s, stop = %s WHERE id = %s AND state = 0"
    db.execute(DATA, ended, [now, True, run])
    db.execute(DATA, "UPDATE ledger_verification SET stop = %s WHERE id = %s AND state = 1", [True, run])


def recent(limit: int = 20) -> tuple[Run, ...]:
    """Return the newest runs first."""
    sql = f"SELECT {_COLUMNS} FROM ledger_verification WHERE log = %s ORDER BY asked_us DESC, id DESC LIMIT %s"  # noqa: S608  columns
    return tuple(_run(row) for row in db.fetch_all(DATA, sql, [keyring.LOG, limit]))


def one(run: bytes) -> Run:
    """Return one run. Raises `NotFound`."""
    row = db.fetch_one(DATA, f"SELECT {_COLUMNS} FROM ledger_verification WHERE id = %s", [run])  # noqa: S608  columns
    if row is None:
        raise NotFound("There is no such verification.", code="ledger.no-verification")
    return _run(row)


def _run(row: Sequence[Any]) -> Run:
    run, state, asked, began, seen, ended, wanted_stop, stage, done, total, report, mac = row
    ours = state != ENDED or mac == keyring.verification_mac(bytes(run), ended or 0, report)
    return Run(
        id=bytes(run),
        state=STATES[state] if 0 <= state < len(STATES) else "failed",
        asked_us=asked,
        began_us=began,
        seen_us=seen,
        ended_us=ended,
        stopping=bool(wanted_stop) and state < ENDED,
        stage=stage,
        done=done,
        total=total,
        report=msgspec.json.decode(report, type=Report) if report and ours else None,
        altered=not ours,
    )


# ------------------------------------------------------------------------------------------------------- for the worker


def take() -> bytes | None:
    """Take a run that waits, or one whose worker is gone; None when there is none."""
    now = clock.now_us()
    sql = "SELECT id, state, seen_us FROM ledger_verification WHERE log = %s AND state < 2 ORDER BY asked_us LIMIT 1"
    row = db.fetch_one(DATA, sql, [keyring.LOG])
    if row is None or (row[1] == RUNNING and row[2] is not None and 0 <= now - row[2] <= GONE_US):
        return None
    took = (
        "UPDATE ledger_verification SET state = 1, began_us = %s, seen_us = %s, stage = '', done = 0, total = 0"
        " WHERE id = %s AND state = %s AND COALESCE(seen_us, 0) = %s"
    )
    return bytes(row[0]) if db.execute(DATA, took, [now, now, row[0], row[1], row[2] or 0]) else None


def note(run: bytes, stage: str, done: int, total: int) -> bool:
    """Write down how far a run is; say whether it should end: somebody asked for it, or it was taken away."""
    sql = (
        "UPDATE ledger_verification SET seen_us = %s, stage = %s, done = %s, total = %s"
        " WHERE id = %s AND state = 1 RETURNING stop"
    )
    row = db.fetch_one(DATA, sql, [clock.now_us(), stage, done, total, run])
    return row is None or bool(row[0])


def end(run: bytes, state: int, report: Report | None = None) -> None:
    """Write down that a run is over, and what it found."""
    now, text = clock.now_us(), "" if report is None else msgspec.json.encode(report).decode()
    mac = keyring.verification_mac(run, now, text) if state == ENDED else None
    db.execute(
        DATA,
        "UPDATE ledger_verification SET state = %s, ended_us = %s, report = %s, mac = %s WHERE id = %s AND state = 1",
        [state, now, text, mac, run],
    )
