"""Keeps the bodies of reads from writing: their entry is already durable and says that nothing changed."""

from __future__ import annotations

from django.db import connections

from keepfold.kernel import db
from keepfold.kernel.readonly import guard, refusing


class read_only:  # noqa: N801  used like a function; a generator would cost three times as much
    """Context: statements that write are refused with `gate.read-only` in every store."""

    __slots__ = ("_token", "_wrapped")

    def __enter__(self) -> None:
        """Refuse, and put the check in front of Django's cursors of this thread."""
        self._token = refusing.set(True)
        self._wrapped = [db.connection(alias).execute_wrappers for alias in connections.settings]
        for wrappers in self._wrapped:
            wrappers.append(guard)

    def __exit__(self, *_error: object) -> None:
        """Take it away again."""
        for wrappers in self._wrapped:
            wrappers.remove(guard)
        refusing.reset(self._token)


class writable:  # noqa: N801  as above
    """Context: the gate itself, or an action inside a read, may write."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        """Suspend the check."""
        self._token = refusing.set(False)

    def __exit__(self, *_error: object) -> None:
        """Resume it."""
        refusing.reset(self._token)
