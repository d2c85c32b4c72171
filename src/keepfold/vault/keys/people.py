"""Keys of people: made in bulk, opened one batch at a time, never kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag

from keepfold.kernel import db
from keepfold.kernel.crypto import wipe, wrap
from keepfold.kernel.errors import Unopened
from keepfold.vault.keys import context, store
from keepfold.vault.keys.ring import Ring

LEDGER = 0
Known = tuple[Callable[[bytes, bytes, bytes, bytearray], int], bytes, bytes]
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
    """Opens keys of many people: what is the same for all keys of a shard is worked out once.

    `open` does what `wrap.unwrap_into` does without the call, because it runs for every key of every batch.
    """

    __slots__ = ("_buffer", "_known", "_ring")

    def __init__(self, ring: Ring, buffer: bytearray) -> None:
        self._ring, self._buffer = ring, buffer
        self._known: dict[tuple[int, int, int, bytes], Known] = {}

    def open(self, row: db.Row) -> bytearray:
        """Put the key of one row into the buffer, which the caller wipes, and return it. Raises `Unopened`."""
        person, compartment, generation, shard, wrapped = row
        place = (compartment, generation, shard, wrapped[:5])
        decrypt_into, head, tail = self._known.get(place) or self._learn(place)
        try:
            decrypt_into(wrapped[5:17], wrapped[17:], head + person + tail, self._buffer)
        except (InvalidTag, ValueError):
            raise Unopened from None
        return self._buffer

    def _learn(self, place: tuple[int, int, int, bytes]) -> Known:
        compartment, generation, shard, head = place
        if head[:1] != bytes((wrap.VERSION,)):
            raise Unopened
        kek = self._ring.reader(compartment, shard, int.from_bytes(head[1:], "big"))
        whole = context.of_person(b"", b"", compartment, generation)
        known = self._known[place] = (kek.cipher.decrypt_into, whole[:4] + self._ring.tenant, whole[4:])
        return known


def ledger_keys(ring: Ring, persons: Sequence[bytes]) -> list[bytes | None]:
    """Return the ledger key of each person; None for those who have none, or no longer."""
    fresh = _fresh.keys
    found: dict[bytes, bytes] = {person: fresh[person] for person in persons if person in fresh} if fresh else {}
    missing = [person for person in dict.fromkeys(persons) if person not in found] if found else persons
    with wipe.buffer() as buffer:
        open_key = Opener(ring, buffer).open
        for row in store.person_keys(missing, (LEDGER,)):
            found[row[0]] = bytes(open_key(row))
    return [found.get(person) for person in persons]
