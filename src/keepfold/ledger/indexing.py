"""Rows of the index and of the tallies: which entries a class has, and how many an hour, a day or all time has.

Written by the sequencer in the transaction that gives entries their index, so a crash leaves both or neither. Nothing
is decided and nothing is proven by them: they find entries, and count. `rebuild` makes them anew from the entries,
and `verify` compares.

One sequencing writes one row per class and actor, however many entries it has, and reading asks for as many rows as
it shows entries at most: neither depends on the size of the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keepfold.kernel import db
from keepfold.kernel.db import Row
from keepfold.ledger import classes
from keepfold.ledger.classes import ALL_ALLOWED, LONGEST, TallyRow
from keepfold.ledger.store import DATA, ENTRY, EntryRow, chunks, marks

LAST = (1 << 63) - 1
_PAGE = 4096
_RUNS = ("log", "number", "low", "entries", "packed")
_COUNT = (
    "INSERT INTO ledger_tally (log, span, hour, number, entries, low, high) {rows}"
    " ON CONFLICT (log, span, hour, number) DO UPDATE SET"
    " entries = ledger_tally.entries + excluded.entries, high = excluded.high"
)
_COUNT_ONE = _COUNT.format(rows="VALUES (%s, %s, %s, %s, %s, %s, %s)")
_COUNT_MANY = _COUNT.format(
    rows="SELECT %s, * FROM unnest"
    "(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
)


class Tally(NamedTuple):
    """How many entries of one class there are in some time, and the first and last index of these."""

    number: int
    entries: int
    low: int
    high: int


class Wanted(NamedTuple):
    """Where to look for entries: a number, and the first and last index that may be of interest."""

    number: int
    low: int = 0
    high: int = LAST

    def indexes(self, runs: Sequence[Row]) -> list[int]:
        """Return what is wanted of some runs (low, entries, packed)."""
        found = (index for run in runs for index in classes.indexes_of(*run))
        return [index for index in found if self.low <= index <= self.high]


# ------------------------------------------------------------------------------------------------------------- writing


def add(log: int, first: int, bodies: Sequence[bytes], actors: Sequence[bytes | None]) -> None:
    """Enter entries that have just got the indexes from `first` on."""
    found = classes.groups(bodies, first)
    numbers = classes.by_class(found) | classes.by_actor(actors, first)
    rows = [(log, *run) for number, indexes in numbers.items() for run in classes.runs(number, indexes)]
    db.rows_insert(DATA, "ledger_index", _RUNS, rows)
    _count(log, classes.tallies(found))


def _count(log: int, rows: Sequence[TallyRow]) -> None:
    if db.is_postgres(DATA):
        # One statement: hundreds would each be planned, and the others wait for the log meanwhile.
        db.execute(DATA, _COUNT_MANY, [log, *(list(column) for column in zip(*rows, strict=True))])
    else:
        db.execute_many(DATA, _COUNT_ONE, [(log, *row) for row in rows])


def rebuild(log: int) -> int:
    """Make index and tallies anew from the entries, in the caller's transaction; return how many entries there are."""
    if db.is_postgres(DATA):
        # Whoever sequences holds this row until the commit; nobody begins before ours.
        db.fetch_all(DATA, "SELECT 1 FROM ledger_log WHERE log = %s FOR UPDATE", [log])
    db.execute(DATA, "DELETE FROM ledger_index WHERE log = %s", [log])
    db.execute(DATA, "DELETE FROM ledger_tally WHERE log = %s", [log])
    first = total = 0
    while rows := oldest(log, first, _PAGE)[::-1]:
        for some in _without_gaps(rows):
            add(log, some[0].idx, [row.body for row in some], [row.actor for row in some])
        first, total = rows[-1].idx + 1, total + len(rows)
    return total


def _without_gaps(rows: list[EntryRow]) -> Iterator[list[EntryRow]]:
    """Cut rows where entries between them are missing."""
    some: list[EntryRow] = []
    for row in rows:
        if some and row.idx != some[-1].idx + 1:
            yield some
            some = []
        some.append(row)
    if some:
        yield some


# ------------------------------------------------------------------------------------------------------------ counting


def tallies(log: int, span: int, since: int = 0, until: int = LAST) -> list[Tally]:
    """Return the sums over all rows of one span whose first hour lies in [since, until), one for each class."""
    sql = (
        "SELECT number, SUM(entries), MIN(low), MAX(high) FROM ledger_tally"
        " WHERE log = %s AND span = %s AND hour >= %s AND hour < %s AND number >= 0 GROUP BY number"
    )
    return [Tally(*(int(value) for value in row)) for row in db.fetch_all(DATA, sql, [log, span, since, until])]


def by_time(log: int, span: int, since: int, until: int) -> list[tuple[int, bool, int]]:
    """Return (first hour, allowed, entries) of each hour or day in [since, until), rising."""
    sql = (
        "SELECT hour, number, entries FROM ledger_tally"
        " WHERE log = %s AND span = %s AND hour >= %s AND hour < %s AND number < 0 ORDER BY hour"
    )
    rows = db.fetch_all(DATA, sql, [log, span, since, until])
    return [(int(hour), number == ALL_ALLOWED, int(entries)) for hour, number, entries in rows]


def first_hour(log: int) -> int | None:
    """Return the first day that has entries, as its first hour; None when there are none."""
    row = db.fetch_one(DATA, "SELECT MIN(hour) FROM ledger_tally WHERE log = %s AND span = 24", [log])
    return None if row is None or row[0] is None else int(row[0])


def hours(log: int, since: int, until: int, limit: int) -> list[int]:
    """Return the newest hours in [since, until) in which anything happened, falling."""
    sql = (
        "SELECT DISTINCT hour FROM ledger_tally WHERE log = %s AND span = 1 AND hour >= %s AND hour < %s"
        " AND number < 0 ORDER BY hour DESC LIMIT %s"
    )
    return [int(row[0]) for row in db.fetch_all(DATA, sql, [log, since, until, limit])]


def known(log: int, numbers: Sequence[int]) -> set[int]:
    """Return those of these numbers that have entries."""
    found: set[int] = set()
    for some in chunks(numbers):
        sql = f"SELECT DISTINCT number FROM ledger_index WHERE log = %s AND number IN ({marks(len(some))})"  # noqa: S608  marks only
        found.update(row[0] for row in db.fetch_all(DATA, sql, [log, *some]))
    return found


# ------------------------------------------------------------------------------------------------------------- finding

# The newest runs that begin at or below an index: as many as may be needed, which is known once they are counted.
_NEWEST = (
    "SELECT low, entries, packed FROM ledger_index WHERE log = %s AND number = %s AND low <= %s"
    " ORDER BY low DESC LIMIT %s"
)
_NEWEST_OF_MANY = """
SELECT wanted.number, found.low, found.entries, found.packed
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(number, high)
CROSS JOIN LATERAL (
  SELECT low, entries, packed, SUM(entries) OVER (ORDER BY low DESC) AS counted
  FROM (
    SELECT low, entries, packed FROM ledger_index AS here
    WHERE here.log = %s AND here.number = wanted.number AND here.low <= wanted.high ORDER BY here.low DESC LIMIT %s
  ) AS newest
) AS found
WHERE found.counted - found.entries < %s
"""
# The oldest runs that end at or above an index; the first one may begin before it.
_OLDEST = (
    "SELECT low, entries, packed FROM ledger_index WHERE log = %s AND number = %s AND low >= COALESCE("
    "(SELECT MAX(low) FROM ledger_index WHERE log = %s AND number = %s AND low <= %s), 0) ORDER BY low LIMIT %s"
)
_AT_ONCE = 16


def find(log: int, wanted: Sequence[Wanted], limit: int) -> list[int]:
    """Return the newest `limit` indexes of entries of any of these numbers, falling.

    Those that reach furthest are asked first; the others cannot have anything newer once enough is found.
    """
    found: list[int] = []
    at_once = len(wanted) if db.is_postgres(DATA) else 1
    for some in chunks(sorted(wanted, key=lambda one: -one.high), at_once):
        if len(found) == limit and some[0].high < found[-1]:
            break
        more = (index for indexes in find_each(log, some, limit).values() for index in indexes)
        found = sorted([*found, *more], reverse=True)[:limit]
    return found


def find_each(log: int, wanted: Sequence[Wanted], limit: int) -> dict[int, list[int]]:
    """Return the newest `limit` indexes of each of these numbers, falling."""
    rows = _newest_of_many(log, wanted, limit) if db.is_postgres(DATA) else None
    found = {}
    for one in wanted:
        indexes = _newest_of_one(log, one, limit) if rows is None else one.indexes(rows.get(one.number, []))
        found[one.number] = sorted(indexes, reverse=True)[:limit]
    return found


def _newest_of_one(log: int, one: Wanted, limit: int) -> list[int]:
    found: list[int] = []
    high = one.high
    while len(found) < limit and high >= one.low:
        page = db.fetch_all(DATA, _NEWEST, [log, one.number, high, min(limit, _AT_ONCE)])
        if not page:
            break
        found += one.indexes(page)
        high = page[-1][0] - 1
    return found


def _newest_of_many(log: int, wanted: Sequence[Wanted], limit: int) -> dict[int, list[Row]]:
    numbers, highs = [one.number for one in wanted], [one.high for one in wanted]
    rows: dict[int, list[Row]] = {}
    # The first run may lie above what is wanted with all but one of its entries.
    for number, *run in db.fetch_all(DATA, _NEWEST_OF_MANY, [numbers, highs, log, limit + 1, limit + LONGEST]):
        rows.setdefault(number, []).append(tuple(run))
    return rows


def find_above(log: int, wanted: Sequence[Wanted], limit: int) -> list[int]:
    """Return the oldest `limit` indexes within what is wanted, falling: for going back by a page."""
    found: list[int] = []
    for one in wanted:
        runs = db.fetch_all(DATA, _OLDEST, [log, one.number, log, one.number, one.low, limit + 1])
        found = sorted([*found, *one.indexes(runs)])[:limit]
    return found[::-1]


def entries_at(log: int, indexes: Sequence[int]) -> list[EntryRow]:
    """Return the entries at these indexes, falling."""
    rows: list[EntryRow] = []
    for some in chunks(indexes):
        sql = f"SELECT {ENTRY} FROM ledger_entry WHERE log = %s AND idx IN ({marks(len(some))})"  # noqa: S608  marks only
        rows += [EntryRow(*row) for row in db.fetch_all(DATA, sql, [log, *some])]
    return sorted(rows, key=lambda row: -row.idx)


def newest(log: int, high: int, limit: int) -> list[EntryRow]:
    """Return the newest entries at or below an index, falling."""
    sql = f"SELECT {ENTRY} FROM ledger_entry WHERE log = %s AND idx <= %s ORDER BY idx DESC LIMIT %s"  # noqa: S608  columns
    return [EntryRow(*row) for row in db.fetch_all(DATA, sql, [log, high, limit])]


def oldest(log: int, low: int, limit: int) -> list[EntryRow]:
    """Return the oldest entries at or above an index, falling."""
    sql = f"SELECT {ENTRY} FROM ledger_entry WHERE log = %s AND idx >= %s ORDER BY idx LIMIT %s"  # noqa: S608  columns
    return [EntryRow(*row) for row in reversed(db.fetch_all(DATA, sql, [log, low, limit]))]
