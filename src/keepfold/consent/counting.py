"""How many people stand where with each purpose, and what was said on which day: counted as it happens.

Nobody is ever counted by going through everybody. A number is kept in a few rows (`slot`), so that two transactions
seldom wait for each other, and only their sum means anything. A consent that ends is counted under the day of its end,
so that it leaves the number of those who agree by itself, at midnight UTC.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from keepfold.kernel import db

DATA = "default"
STANDING, SAID = 0, 1
NEVER = 0
_DAY_S = 86_400
_SLOTS = 8

Key = tuple[int, int, int, int, int]
Standing = tuple[int, int | None]


class Count(NamedTuple):
    """How many: for a purpose and a status with the day on which it ends (0: never), or a word and the day it fell."""

    purpose: int
    word: int
    day: int
    number: int


def day_of(second: int) -> int:
    """Return the day of a second since 1970, UTC, counted from 1970."""
    return second // _DAY_S


def add_said(person: bytes, purpose: int, said: int, at_us: int) -> None:
    """Count one event."""
    _add({(SAID, purpose, said, day_of(at_us // 1_000_000), _slot(person)): 1})


def move(person: bytes, purpose: int, before: Standing | None, now: Standing | None) -> None:
    """Count one person who stood somewhere, (status, expires_s), and stands elsewhere now; None is nowhere."""
    changed: Counter[Key] = Counter()
    for standing, more in ((before, -1), (now, 1)):
        if standing is not None:
            status, expires_s = standing
            ends = NEVER if expires_s is None else max(1, day_of(expires_s))
            changed[STANDING, purpose, status, ends, _slot(person)] += more
    _add(changed)


def _slot(person: bytes) -> int:
    return person[-1] % _SLOTS


def _add(changed: dict[Key, int]) -> None:
    # In one order for everybody, so that two transactions wait for each other instead of dying of it.
    rows = [(*key, number) for key, number in sorted(changed.items()) if number]
    if not rows:
        return
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    sql = (
        f"INSERT INTO consent_count (kind, purpose, word, day, slot, number) VALUES {marks}"  # noqa: S608  marks only
        " ON CONFLICT (kind, purpose, word, day, slot) DO UPDATE SET number = consent_count.number + excluded.number"
    )
    db.execute(DATA, sql, [item for row in rows for item in row])


def standings() -> list[Count]:
    """Return how many people stand where, by purpose, status and day of its end."""
    return _sums("kind = %s", [STANDING])


def said_since(purpose: int, day: int) -> list[Count]:
    """Return how often what was said about a purpose, on each day from this one on."""
    return _sums("kind = %s AND purpose = %s AND day >= %s", [SAID, purpose, day])


def _sums(where: str, parameters: list[int]) -> list[Count]:
    sql = (
        f"SELECT purpose, word, day, sum(number) FROM consent_count WHERE {where}"  # noqa: S608  constants
        " GROUP BY purpose, word, day ORDER BY purpose, word, day"
    )
    return [Count(row[0], row[1], row[2], int(row[3])) for row in db.fetch_all(DATA, sql, parameters)]
