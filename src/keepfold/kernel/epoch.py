"""Named counters that tell other processes to drop what they cached: `bump` after a change, compare `value` before use.

A value is at most `STALE_SECONDS` old, which bounds how long, say, a revoked token can still be believed.
"""

from __future__ import annotations

import time

from keepfold.kernel import db

STALE_SECONDS = 1.0

_seen: dict[str, tuple[float, int]] = {}


def bump(name: str) -> None:
    """Advance a counter, in the caller's transaction."""
    db.execute(
        "default",
        "INSERT INTO kernel_epoch (name, value) VALUES (%s, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = kernel_epoch.value + 1",
        [name],
    )
    db.on_commit(lambda: _seen.pop(name, None))


def value(name: str) -> int:
    """Return a counter, at most a second old; 0 when it was never bumped."""
    tick = time.monotonic()
    seen = _seen.get(name)
    if seen is not None and tick - seen[0] < STALE_SECONDS:
        return seen[1]
    row = db.fetch_one("default", "SELECT value FROM kernel_epoch WHERE name = %s", [name])
    fresh = int(row[0]) if row else 0
    _seen[name] = (tick, fresh)
    return fresh


def forget() -> None:
    """Drop what this process has seen; the next reads go to the database."""
    _seen.clear()
