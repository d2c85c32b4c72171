"""Reading many rows, asked for in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keepfold.kernel import db

# SQLite before 3.32 binds at most 999 parameters; larger chunks gain little.
CHUNK = 900


def rows_among(using: str, sql: str, wanted: Sequence[Any], before: Sequence[Any] = ()) -> list[db.Row]:
    """Return the rows of a statement with `IN ({marks})`, asked for in chunks; `before` are its earlier parameters."""
    found: list[db.Row] = []
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        found += db.fetch_all(using, sql.format(marks=", ".join(["%s"] * len(chunk))), [*before, *chunk])
    return found


def whole(numbers: Sequence[int]) -> str:
    """Return whole numbers as a list in SQL; never empty."""
    return ", ".join(str(int(number)) for number in numbers) or "NULL"
