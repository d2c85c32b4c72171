"""Keys of people: made in bulk, opened one batch at a time, never kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from keepfold.kernel import db
from keepfold.kernel.crypto import aead, wipe, wrap
from keepfold.vault.keys import context, store
from keepfold.vault.keys.ring import Ring

LEDGER = 0
_MOST_FRESH = 20_000


class _Fresh(threading.local):
    """Ledger keys made in the transaction that this thread has open, so that its entry need not read them back."""

    keys: dict[bytes, bytes]

    def __init__(self) -> None:
        self.keys = {}


_fresh = _Fresh()


def remember_fresh(made: Mapping[bytes, bytes]) -> None:
    """Keep ledger keys made just now until the open transaction ends."""
    if db.in_transaction():
        # What a rolled-back transaction left behind opens nothing, and goes here or at the next commit.
        _fresh.keys = dict(made) if len(_fresh.keys) > _MOST_FRESH else {**_fresh.keys, **made}
        db.on_commit(forget_fresh)


def forget_fresh() -> None:
    """Drop the ledger keys of the transaction that has ended."""
    _fresh.keys.clear()


class Opener:
    """Opens keys of many people: what is the same for all keys of a shard is worked out once."""

    __slots__ = ("_buffer", "_known", "_ring")

    def __init__(self, ring: Ring, buffer: bytearray) -> None:
        self._ring, self._buffer = ring, buffer
        self._known: dict[tuple[int, int, int, bytes], tuple[aead.Cipher, bytes, bytes]] = {}

    def open(self, row: db.Row) -> bytearray:
        """Put the key of one row into the buffer, which the caller wipes, and return it. Raises `Unopened`."""
        person, compartment, generation, shard, wrapped = row
        known = self._known.get((compartment, generation, shard, wrapped[:5])) or self._learn(row)
        kek, head, tail = known
        wrap.unwrap_into(kek, wrapped, head + person + tail, self._buffer)
        return self._buffer

    def _learn(self, row: db.Row) -> tuple[aead.Cipher, bytes, bytes]:
        _, compartment, generation, shard, wrapped = row
        kek = self._ring.reader(compartment, shard, wrap.kek_version(wrapped)).cipher
        whole = context.of_person(b"", b"", compartment, generation)
        known = self._known[compartment, generation, shard, wrapped[:5]] = (
            kek,
            whole[:4] + self._ring.tenant,
            whole[4:],
        )
        return known


def ledger_keys(ring: Ring, persons: Sequence[bytes]) -> list[bytes | None]:
    """Return the ledger key of each person; None for those who have none, or no longer."""
    fresh = _fresh.keys
    found: dict[bytes, bytes] = {person: fresh[person] for person in persons if person in fresh} if fresh else {}
    missing = [person for person in dict.fromkeys(persons) if person not in found] if found else persons
    with wipe.buffer() as buffer:
        opener = Opener(ring, buffer)
        for row in store.person_keys(missing, (LEDGER,)):
            found[row[0]] = bytes(opener.open(row))
    return [found.get(person) for person in persons]
