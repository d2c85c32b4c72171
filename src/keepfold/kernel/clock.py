"""The one clock, with a memory: time that runs backwards is noticed and nothing is decided by it.

Consent ages, retention ends and ledger entries carry times. A clock that was set back would revive what has ended,
so the highest time seen is kept in the database, and the gate refuses while the clock lags behind it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from keepfold.kernel import db
from keepfold.kernel.errors import Unavailable

TOLERANCE_US = 5_000_000
# How often a process reads the mark again, and how often it pushes it forward (seconds of its monotonic clock).
_READ_EVERY = 1.0
_RAISE_EVERY = 30.0


class _Seen:
    """What this process knows of the mark. Monotonic times; 0 means never."""

    mark_us: int = 0
    read_at: float = 0.0
    raised_at: float = 0.0


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


def now_us() -> int:
    """Return microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def now_s() -> int:
    """Return whole seconds since 1970 UTC."""
    return time.time_ns() // 1_000_000_000


def guard() -> None:
    """Raise `Unavailable` (`clock.behind`) when the clock is more than 5 s behind the highest time durably seen.

    Reads the mark once a second and raises it twice a minute; in between it costs less than a microsecond.
    """
    tick = time.monotonic()
    if tick - _Seen.read_at >= _READ_EVERY or not _Seen.read_at:
        _Seen.mark_us = max(_Seen.mark_us, mark())
        _Seen.read_at = tick
    now_us_ = now_us()
    if now_us_ < _Seen.mark_us - TOLERANCE_US:
        raise _behind(_Seen.mark_us - now_us_)
    if tick - _Seen.raised_at >= _RAISE_EVERY or not _Seen.raised_at:
        raise_mark(now_us_)
        _Seen.raised_at = tick


def _behind(by_us: int) -> Unavailable:
    return Unavailable(
        f"The clock of this machine is {by_us // 1_000_000} seconds behind a time that was already recorded.",
        code="clock.behind",
        rule="clock.monotonic",
        next_step="Set the clock right. If the recorded time is the wrong one, run `keepfold config accept-clock`.",
    )


def mark() -> int:
    """Return the highest time durably seen, in microseconds; 0 when there is none yet."""
    row = db.fetch_one("default", "SELECT high_us FROM kernel_mark WHERE id = 1")
    return int(row[0]) if row else 0


def raise_mark(us: int) -> None:
    """Make `us` the highest time seen unless a higher one is there already."""
    db.execute(
        "default",
        "INSERT INTO kernel_mark (id, high_us) VALUES (1, %s) "
        "ON CONFLICT (id) DO UPDATE SET high_us = excluded.high_us WHERE kernel_mark.high_us < excluded.high_us",
        [us],
    )
    _Seen.mark_us = max(_Seen.mark_us, us)


def accept() -> None:
    """Take the present time as the mark, after somebody has found out that the recorded one was wrong."""
    present = now_us()
    db.execute("default", "DELETE FROM kernel_mark WHERE id = 1")
    forget()
    raise_mark(present)


def forget() -> None:
    """Drop what this process knows of the mark; the next guard reads it anew."""
    _Seen.mark_us, _Seen.read_at, _Seen.raised_at = 0, 0.0, 0.0
