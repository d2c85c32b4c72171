"""What people see of jobs, schedules and workers, and what they may do about a job that was given up.

Counts stop at `MOST`, so that a page costs the same with a million rows; lists go by a cursor over an index.
"""

from __future__ import annotations

import os
from typing import Literal

import msgspec

from keepfold.kernel import clock, db
from keepfold.kernel.jobs.registry import beat, kinds
from keepfold.kernel.rules import next_slot

MOST = 1000
BEAT_SECONDS = 10.0
State = Literal["waiting", "running", "failing", "given_up", "done"]

_ID = os.urandom(16)
# Open jobs by when they run, ended ones by when they ended: both along an index over part of the rows, which SQLite
# uses where the condition stands word for word (sqlite.org/partialindex.html).
_WHERE = {
    "waiting": "state = 0 AND lease_us <= %s AND attempts = 0",
    "running": "state = 0 AND lease_us > 0 AND lease_us > %s",
    "failing": "state = 0 AND lease_us <= %s AND attempts > 0",
    "given_up": "state = 2 AND state > 0 AND %s > 0",
    "done": "state = 1 AND state > 0 AND %s > 0",
}
_NOT_PLANNED = " AND (key IS NULL OR key NOT LIKE %s OR run_us <= %s)"
_ORDER = {"running": "lease_us"}
_COLUMNS = "id, kind, key, state, attempts, run_us, lease_us, error, created_us, ended_us"


class JobView(msgspec.Struct, frozen=True):
    """One job. Times are microseconds since 1970 UTC; `error` says how it last failed."""

    id: int
    kind: str
    state: State
    attempts: int
    run_us: int
    created_us: int
    ended_us: int | None
    error: str
    scheduled: bool


class Plan(msgspec.Struct, frozen=True):
    """One schedule: its kind, its expression, when it last ended and when it is next."""

    kind: str
    every: str
    last_us: int | None
    last_failed: bool
    next_us: int


class Seen(msgspec.Struct, frozen=True):
    """One worker: when it started and when it was last seen, in microseconds."""

    started_us: int
    seen_us: int


@beat("kernel.worker_seen", seconds=BEAT_SECONDS)
def note_worker() -> None:
    """Write down that this worker lives."""
    now = clock.now_us()
    sql = (
        "INSERT INTO kernel_worker (id, started_us, seen_us) VALUES (%s, %s, %s) "
        "ON CONFLICT (id) DO UPDATE SET seen_us = excluded.seen_us"
    )
    db.execute("default", sql, [_ID, now, now])
    db.execute("default", "DELETE FROM kernel_worker WHERE seen_us < %s", [now - 24 * 3600 * 1_000_000])


def workers() -> list[Seen]:
    """Return the workers of the last day, the one that was seen last first."""
    rows = db.fetch_all("default", "SELECT started_us, seen_us FROM kernel_worker ORDER BY seen_us DESC LIMIT 20")
    return [Seen(*row) for row in rows]


def count(state: State, kind: str = "") -> int:
    """Return how many jobs, or those of one kind, are in a state, at most `MOST` + 1.

    The next times of schedules do not count as waiting.
    """
    now = clock.now_us()
    values: list[int | str] = [now]
    extra = ""
    if state == "waiting":
        extra, values = _NOT_PLANNED, [now, "schedule:%", now]
    if kind:
        extra, values = f"{extra} AND kind = %s", [*values, kind]
    # The order leads the planner to the index of what is leased, which is nearly empty.
    order = " ORDER BY lease_us" if state == "running" else ""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM kernel_job WHERE {_WHERE[state]}{extra}{order} LIMIT %s) AS counted"  # noqa: S608
    row = db.fetch_one("default", sql, [*values, MOST + 1])
    return int(row[0]) if row else 0


def page(
    state: State, *, kind: str = "", after: tuple[int, int] | None = None, limit: int = 50
) -> list[tuple[tuple[int, int], JobView]]:
    """Return (cursor, job) in a state: open ones in the order in which they run, ended ones the newest first."""
    ended = state in {"given_up", "done"}
    # Of one kind, ended ones go by their number, which its index has; that is nearly the order in which they ended.
    column, down = ("id" if kind else "ended_us", True) if ended else (_ORDER.get(state, "run_us"), False)
    now = clock.now_us()
    values: list[int | str] = [now]
    sql = f"SELECT {_COLUMNS} FROM kernel_job WHERE {_WHERE[state]}"  # noqa: S608  constants
    if kind:
        sql, values = sql + " AND kind = %s", [now, kind]
    if after is not None:
        sign = "<" if down else ">"
        sql += f" AND ({column} {sign} %s OR ({column} = %s AND id {sign} %s))"
        values += [after[0], after[0], after[1]]
    order = "DESC" if down else "ASC"
    rows = db.fetch_all("default", f"{sql} ORDER BY {column} {order}, id {order} LIMIT %s", [*values, limit])
    place = {"id": 0, "run_us": 5, "lease_us": 6, "ended_us": 9}[column]
    return [((row[place], row[0]), _view(row, state)) for row in rows]


def one(job: int) -> JobView | None:
    """Return one job."""
    row = db.fetch_one("default", f"SELECT {_COLUMNS} FROM kernel_job WHERE id = %s", [job])  # noqa: S608  constant
    return None if row is None else _view(row, _state_of(row))


def _state_of(row: db.Row) -> State:
    if row[3]:
        return "done" if row[3] == 1 else "given_up"
    if row[6] > clock.now_us():
        return "running"
    return "failing" if row[4] else "waiting"


def _view(row: db.Row, state: State) -> JobView:
    number, kind, key, _, attempts, run_us, _, error, created_us, ended_us = row
    scheduled = bool(key) and key.startswith("schedule:")
    return JobView(number, kind, state, attempts, run_us, created_us, ended_us, error, scheduled)


def plans() -> list[Plan]:
    """Return all schedules with their last and next time."""
    now = clock.now()
    return [
        Plan(kind.name, str(kind.every), *_last(kind.name), int(next_slot(str(kind.every), now).timestamp() * 1e6))
        for kind in sorted(kinds().values(), key=lambda kind: kind.name)
        if kind.every is not None
    ]


def _last(kind: str) -> tuple[int | None, bool]:
    sql = "SELECT ended_us, state FROM kernel_job WHERE kind = %s AND state > 0 ORDER BY id DESC LIMIT 1"
    row = db.fetch_one("default", sql, [kind])
    return (None, False) if row is None else (int(row[0] or 0), row[1] == 2)


def drop(job: int) -> bool:
    """Forget a job that was given up; say whether there was one."""
    return db.execute("default", "DELETE FROM kernel_job WHERE id = %s AND state = 2", [job]) == 1
