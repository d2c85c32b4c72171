"""The SQL of the demonstration's marks; the same statements run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from keepfold.demo.types import Mark
from keepfold.kernel import db


def mark() -> Mark | None:
    """Return how far the demonstration is loaded, or None when it never was."""
    row = db.fetch_one("default", "SELECT seed, day, wanted, loaded, read FROM demo_mark WHERE id = 1")
    if row is None:
        return None
    return Mark(seed=row[0], day=date.fromisoformat(row[1]), wanted=row[2], loaded=row[3], read=bool(row[4]))


def put_mark(found: Mark) -> None:
    """Write the mark."""
    db.execute("default", "DELETE FROM demo_mark WHERE id = 1")
    row = (1, found.seed, found.day.isoformat(), found.wanted, found.loaded, found.read)
    db.rows_insert("default", "demo_mark", ("id", "seed", "day", "wanted", "loaded", "read"), [row])


def remove_mark() -> None:
    """Forget that there was a demonstration."""
    db.execute("default", "DELETE FROM demo_mark WHERE id = 1")


def add_people(rows: Sequence[tuple[bytes, int]]) -> None:
    """Note made-up people: (id, number)."""
    db.rows_insert("default", "demo_person", ("person", "number"), rows)


def remove_people(people: Sequence[bytes]) -> None:
    """Take people off the list."""
    for person in people:
        db.execute("default", "DELETE FROM demo_person WHERE person = %s", [person])


def people(limit: int = 1_000_000) -> list[bytes]:
    """Return the made-up people in the order in which they were made."""
    sql = "SELECT person FROM demo_person ORDER BY number LIMIT %s"
    return [row[0] for row in db.fetch_all("default", sql, [limit])]


def count() -> int:
    """Return how many made-up people are on the list."""
    row = db.fetch_one("default", "SELECT count(*) FROM demo_person")
    return int(row[0]) if row else 0
