"""Keeps the bodies of reads from writing: their entry is already durable and says that nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db import connections

from keepfold.kernel.errors import Misconfigured

_READS = ("select", "with", "values", "explain", "show", "pragma", "savepoint", "release", "rollback")
_refusing: ContextVar[bool] = ContextVar("keepfold_read_only", default=False)


class read_only:  # noqa: N801  used like a function; a generator would cost three times as much
    """Context: statements that write are refused with `gate.read-only` in every store, through Django's cursors."""

    __slots__ = ("_token", "_wrapped")

    def __enter__(self) -> None:
        """Put the check in front of every connection of this thread."""
        self._token = _refusing.set(True)
        self._wrapped = [connections[alias].execute_wrappers for alias in connections]
        for wrappers in self._wrapped:
            wrappers.append(_check)

    def __exit__(self, *_error: object) -> None:
        """Take it away again."""
        for wrappers in self._wrapped:
            wrappers.remove(_check)
        _refusing.reset(self._token)


class writable:  # noqa: N801  as above
    """Context: the gate itself, or an action inside a read, may write."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        """Suspend the check."""
        self._token = _refusing.set(False)

    def __exit__(self, *_error: object) -> None:
        """Resume it."""
        _refusing.reset(self._token)


def _check(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001  Django's order
    if _refusing.get() and not str(sql).lstrip(" \n(").lower().startswith(_READS):
        raise Misconfigured(
            "The body of a read tried to write.",
            code="gate.read-only",
            next_step="Move the write into an action of its own, logged with its body.",
        )
    return execute(sql, params, many, context)
