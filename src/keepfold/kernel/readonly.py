"""Statements that write are refused while a read runs, on every way to a database that this process has.

The gate switches it (`gate.readonly`); `kernel.db` asks before it hands a statement to the driver, and `guard` stands
in front of Django's own cursors.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from keepfold.kernel.errors import Misconfigured

_READS = ("select", "with", "values", "explain", "show", "pragma", "savepoint", "release", "rollback")
# A statement that begins with WITH may still write at its end.
_WRITE_WITHIN = re.compile(r"\b(insert\s+into|delete\s+from|update\s+\S+\s+set)\b")

refusing: ContextVar[bool] = ContextVar("keepfold_read_only", default=False)


@lru_cache(maxsize=256)
def is_read(sql: str) -> bool:
    """Say whether a statement only reads."""
    words = sql.lstrip(" \n(").lower()
    return words.startswith(_READS) and not (words.startswith("with") and _WRITE_WITHIN.search(words))


def check(sql: str = "") -> None:
    """Raise `Misconfigured` (`gate.read-only`) when this is not a read, and reads only are allowed now."""
    if refusing.get() and not is_read(sql):
        raise Misconfigured(
            "The body of a read tried to write.",
            code="gate.read-only",
            next_step="Move the write into an action of its own, logged with its body.",
        )


def guard(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001  Django's order
    """Check what Django's cursors are about to execute."""
    check(str(sql))
    return execute(sql, params, many, context)
