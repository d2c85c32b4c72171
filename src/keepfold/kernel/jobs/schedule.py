"""Schedules as rows: the next time of each scheduled kind is an open job whose key names kind and time.

The key is unique, so any number of workers may tick. A time that passed while no worker ran is made up for once.
A run that is not over yet holds back the next one of its kind.
"""

from __future__ import annotations

from datetime import datetime

from keepfold.kernel import clock, db
from keepfold.kernel.jobs.registry import Kind, kinds
from keepfold.kernel.jobs.store import enqueue
from keepfold.kernel.rules import next_slot

PREFIX = "schedule:"
_OPEN = "SELECT 1 FROM kernel_job WHERE state = 0 AND kind = %s AND key >= 'schedule:' AND key < 'schedule;' LIMIT 1"

_written: dict[str, datetime] = {}


def tick() -> int:
    """Make sure that each scheduled kind has its next run in the table; return how many rows were new."""
    at = clock.now()
    return sum(_ensure(kind, at) for kind in kinds().values() if kind.every is not None)


def _ensure(kind: Kind, at: datetime) -> bool:
    written = _written.get(kind.name)
    if written is not None and written > at:
        return False
    if db.fetch_one("default", _OPEN, [kind.name]) is not None:
        return False
    slot = next_slot(str(kind.every), at)
    enqueue(kind.name, key=f"{PREFIX}{kind.name}:{slot:%Y%m%dT%H%M%SZ}", run_at=slot)
    _written[kind.name] = slot
    return True


def forget() -> None:
    """Drop what this process remembers of the rows it wrote."""
    _written.clear()
