"""The SQL of the intake room; the same statements run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keepfold.intake.types import Flaw, Position, Run, Tally
from keepfold.kernel import db

_COLUMNS = (
    "id, source, policy_hash, position_row, position_key, sealed, partial, updated, skipped, refused, "
    "started_us, finished_us"
)
_REJECT = ("run", "row", "field", "code", "message")
_PAGE = 5000


def add_run(run: bytes, *, terms: bytes, source: str, policy_hash: bytes, now_us: int) -> None:
    """Write a run that has read nothing yet."""
    columns = ("id", "terms", "source", "policy_hash", "started_us", "changed_us")
    counts = ("position_row", "sealed", "partial", "updated", "skipped", "refused")
    row = (run, terms, source[:200], policy_hash, now_us, now_us, *[0] * len(counts))
    db.rows_insert("default", "intake_run", (*columns, *counts), [row])


def latest_run(terms: bytes) -> Run | None:
    """Return the newest run with these terms."""
    sql = f"SELECT {_COLUMNS} FROM intake_run WHERE terms = %s ORDER BY started_us DESC, id DESC LIMIT 1"  # noqa: S608
    row = db.fetch_one("default", sql, [terms])
    return _run(row) if row else None


def run_of(run: bytes) -> Run | None:
    """Return one run."""
    row = db.fetch_one("default", f"SELECT {_COLUMNS} FROM intake_run WHERE id = %s", [run])  # noqa: S608  constant
    return _run(row) if row else None


def runs(limit: int) -> list[Run]:
    """Return the newest runs."""
    sql = f"SELECT {_COLUMNS} FROM intake_run ORDER BY started_us DESC, id DESC LIMIT %s"  # noqa: S608  constant
    return [_run(row) for row in db.fetch_all("default", sql, [limit])]


def runs_elsewhere(limit: int) -> list[Run]:
    """Return those of the newest runs that were not begun in the console."""
    sql = (
        f"SELECT {_COLUMNS} FROM (SELECT * FROM intake_run ORDER BY started_us DESC, id DESC LIMIT %s) AS newest "  # noqa: S608
        "WHERE NOT EXISTS (SELECT 1 FROM intake_import i WHERE i.run = newest.id) ORDER BY started_us DESC, id DESC"
    )
    return [_run(row) for row in db.fetch_all("default", sql, [limit])]


def advance(run: bytes, before: Position, after: Position, *, now_us: int, finished: bool) -> bool:
    """Move a run's position if it still stands where the caller left it; say whether it did.

    The row stays locked until the transaction ends, so that two processes cannot take the same batch.
    """
    sql = (
        "UPDATE intake_run SET position_row = %s, position_key = %s, changed_us = %s, finished_us = %s "
        "WHERE id = %s AND position_row = %s AND finished_us IS NULL"
    )
    ended = now_us if finished else None
    return db.execute("default", sql, [after.row, after.key, now_us, ended, run, before.row]) == 1


def add_counts(run: bytes, tally: Tally) -> None:
    """Add what became of one batch."""
    sql = (
        "UPDATE intake_run SET sealed = sealed + %s, partial = partial + %s, updated = updated + %s, "
        "skipped = skipped + %s, refused = refused + %s WHERE id = %s"
    )
    db.execute("default", sql, [tally.sealed, tally.partial, tally.updated, tally.skipped, tally.refused, run])


def add_rejects(run: bytes, flaws: Sequence[Flaw]) -> None:
    """Write reasons of refusal."""
    rows = [(run, flaw.row, flaw.field[:100], flaw.code[:100], flaw.message[:500]) for flaw in flaws]
    db.rows_insert("default", "intake_reject", _REJECT, rows)


def rejects(run: bytes) -> Iterator[Flaw]:
    """Yield a run's refusals in the order of rows."""
    last = 0
    while True:
        sql = "SELECT id, row, field, code, message FROM intake_reject WHERE run = %s AND id > %s ORDER BY id LIMIT %s"
        page = db.fetch_all("default", sql, [run, last, _PAGE])
        for row in page:
            yield Flaw(*row[1:])
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def rejects_after(run: bytes, after: int, limit: int) -> list[tuple[int, Flaw]]:
    """Return the next refusals of a run as (cursor, refusal), in the order of rows."""
    sql = "SELECT id, row, field, code, message FROM intake_reject WHERE run = %s AND id > %s ORDER BY id LIMIT %s"
    return [(int(row[0]), Flaw(*row[1:])) for row in db.fetch_all("default", sql, [run, after, limit])]


def end_run(run: bytes, now_us: int) -> bool:
    """Close a run, so that no further batch is stored; say whether it was open."""
    sql = "UPDATE intake_run SET finished_us = %s, changed_us = %s WHERE id = %s AND finished_us IS NULL"
    return db.execute("default", sql, [now_us, now_us, run]) == 1


def reject_counts(run: bytes) -> list[tuple[str, str, str, int, int]]:
    """Return (field, code, message, how often, first row) of a run's refusals, the most frequent first."""
    sql = (
        "SELECT field, code, message, count(*), min(row) FROM intake_reject WHERE run = %s "
        "GROUP BY field, code, message ORDER BY 4 DESC, 1, 2, 3"
    )
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in db.fetch_all("default", sql, [run])]


def _run(row: Sequence[Any]) -> Run:
    return Run(
        id=row[0],
        source=row[1],
        policy_hash=row[2],
        position=Position(row[3], row[4]),
        tally=Tally(sealed=row[5], partial=row[6], updated=row[7], skipped=row[8], refused=row[9]),
        started_us=row[10],
        finished_us=row[11],
    )
