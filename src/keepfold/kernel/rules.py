"""Pure rules of the kernel: the nearest name, the wait before a retry, the times of a schedule, safe payloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from cronsim import CronSim

_PLAIN = re.compile(r"[A-Za-z0-9_.:+/=-]{0,200}\Z")
_DEEPEST = 4


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that looks most like `name`, or None when nothing does."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else None


def backoff_seconds(attempt: int, chance: float, *, base: float = 5.0, most: float = 3600.0) -> float:
    """Return how long to wait after failure number `attempt` (from 1): doubling, at most `most`, ± 25 %.

    `chance` in [0, 1) spreads the retries of many failures that happened at the same moment.
    """
    wait = min(base * 2.0 ** min(max(attempt - 1, 0), 30), most)
    return wait * (0.75 + 0.5 * chance)


def next_slot(expression: str, after: datetime) -> datetime:
    """Return the first time of a cron expression (five fields, or six with seconds first) later than `after`."""
    return next(CronSim(expression, after))


def unsafe_payload(value: Any, depth: int = 0) -> str | None:
    """Return why a job's payload may not be stored, or None. Ids, names and numbers pass; prose does not.

    A string may hold letters, digits and `_ . : + / = -` only, so that an address or a free text cannot slip in.
    """
    if value is None or isinstance(value, bool | int):
        return None
    if isinstance(value, str):
        return None if _PLAIN.match(value) else "a text that is not an id or a name"
    if depth >= _DEEPEST:
        return "too deep a structure"
    if isinstance(value, Mapping):
        return _first(unsafe_payload(item, depth + 1) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return _first(unsafe_payload(item, depth + 1) for item in value)
    return f"a {type(value).__name__}"


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason), None)
