"""Marks on rows that grant something: an HMAC-SHA256 over the table's name and every column that means something.

Whoever writes to the data store without the vault's keys can change or add such a row but cannot mark it, so a room
that reads it treats it as worth nothing. A mark shows that the row was written by this installation at some time; it
does not show that no later one took its place. Rooms that need to know that bind their rows to one another.

The keys come from the vault through the site's wiring: one random key per room, `<room>/rows`, and from it one per
table (HKDF-Expand, RFC 5869). The message is the tuple of columns in MessagePack, in which every value carries its
type and length (github.com/msgpack/msgpack/blob/master/spec.md), so that no two rows make the same message.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from keepfold.kernel.crypto import keys as derivation
from keepfold.kernel.crypto import mac as hmac
from keepfold.kernel.errors import Unavailable

SIZE = 32
Column = bytes | str | int | None

_encode = msgspec.msgpack.Encoder().encode


class RowKeys(Protocol):
    """Gives each room the key of its rows. The vault has them; the site hands them over."""

    def row_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room's rows; made on first use."""
        ...


class _State:
    """What the site has handed over, and what this process derived from it."""

    keys: RowKeys | None = None


_started: dict[str, hmac.Started] = {}


def wire(*, keys: RowKeys | None) -> None:
    """Hand over the keys. Until the site does so at start-up, and after None, rows are neither marked nor believed."""
    _State.keys = keys
    forget()


def forget() -> None:
    """Drop everything derived; the next use asks the vault again."""
    _started.clear()


def mark(table: str, *columns: Column) -> bytes:
    """Return the 32-byte mark of a row. Raises `Unavailable` (`rows.unwired`) before the keys were handed over."""
    return hmac.tag(_started.get(table) or _start(table), _encode(columns))


def same(found: bytes | None, expected: bytes) -> bool:
    """Say whether a row carries the mark that it must, without telling by time where the difference is."""
    return found is not None and hmac.equal(found, expected)


def holds(found: bytes | None, table: str, columns: tuple[Column, ...]) -> bool:
    """Say both at once: whether a row of these columns carries its mark."""
    if found is None:
        return False
    return hmac.equal(found, hmac.tag(_started.get(table) or _start(table), _encode(columns)))


def _start(table: str) -> hmac.Started:
    if _State.keys is None:
        raise Unavailable(
            "The rows that grant something cannot be checked yet, so nothing is granted.",
            code="rows.unwired",
            next_step="Start the program through `keepfold`; it wires the rooms.",
        )
    key = _State.keys.row_key(table.partition("_")[0])
    started = _started[table] = hmac.start(derivation.expand(key, b"keepfold/rows/" + table.encode()))
    return started
