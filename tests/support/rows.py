"""Keys for marks of rows, where a test runs a room without the vault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from keepfold.kernel import rowmac
from keepfold.people import sealing


class PlainKeys:
    """Keys that anybody can work out: for tests only."""

    def row_key(self, room: str) -> bytes:
        return sha256(room.encode()).digest()

    def secret_key(self, room: str) -> bytes:
        return sha256(b"secrets of " + room.encode()).digest()


@contextmanager
def marked() -> Iterator[None]:
    """Let rows be marked while this lasts, and put back what was wired before."""
    before, secrets_before = rowmac._State.keys, sealing._State.keys
    rowmac.wire(keys=PlainKeys())
    sealing.wire(keys=PlainKeys())
    try:
        yield
    finally:
        rowmac.wire(keys=before)
        sealing.wire(keys=secrets_before)
