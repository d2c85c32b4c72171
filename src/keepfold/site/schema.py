"""Whether the tables fit this version: the migrations in the code against those that a database has recorded.

Django's own loader would answer too, but it imports every migration; this compares names and costs one small query.
"""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

import keepfold

_NUMBERED = re.compile(r"\d{4}_\w+\.py\Z")
_KEEP_S = 30.0


def expected() -> set[tuple[str, str]]:
    """Return (room, name) of every migration in the code."""
    rooms = Path(keepfold.__file__).parent
    return {
        (file.parent.parent.name, file.stem)
        for file in rooms.glob("*/migrations/*.py")
        if _NUMBERED.fullmatch(file.name)
    }


def stamp(*facts: str) -> str:
    """Return a short text that changes when the version, a migration, or one of the given facts does."""
    names = sorted(f"{room}.{name}" for room, name in expected())
    return hashlib.sha256("\n".join([keepfold.__version__, *names, *facts]).encode()).hexdigest()


def missing() -> int:
    """Return how many migrations a database lacks. Raises Django's errors when it cannot be asked."""
    from keepfold.kernel import db  # noqa: PLC0415  `stamp` must work without Django

    lacking = 0
    for alias in ("default", "keys"):
        rows = db.fetch_all(alias, "SELECT app, name FROM django_migrations")
        lacking += len(expected() - {(str(app), str(name)) for app, name in rows})
    return lacking


class _Last:
    """When this process last saw that nothing was missing."""

    complete_at: float = -1e9


def forget() -> None:
    """Ask the databases again at the next question."""
    _Last.complete_at = -1e9


def missing_cached() -> int:
    """Return `missing()`; a complete schema is believed for half a minute."""
    if time.monotonic() - _Last.complete_at < _KEEP_S:
        return 0
    lacking = missing()
    if not lacking:
        _Last.complete_at = time.monotonic()
    return lacking
