"""Keys of people: made in bulk, opened one batch at a time, never kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from keepfold.kernel import db
from keepfold.kernel.crypto import wrap
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
        _fresh.keys = dict(made) if len(_fresh.keys) > _MOST_FRESH else _fresh.keys | made
        db.on_commit(forget_fresh)


def forget_fresh() -> None:
    """Drop the ledger keys of the transaction that has ended."""
    _fresh.keys.clear()


def ledger_keys(ring: Ring, persons: Sequence[bytes]) -> list[bytes | None]:
    """Return the ledger key of each person; None for those who have none, or no longer."""
    found: dict[bytes, bytes] = {person: _fresh.keys[person] for person in persons if person in _fresh.keys}
    missing = [person for person in dict.fromkeys(persons) if person not in found]
    for person, compartment, generation, shard, wrapped in store.person_keys(missing, (LEDGER,)):
        kek = ring.reader(compartment, shard, wrap.kek_version(wrapped)).cipher
        found[person] = wrap.unwrap(kek, wrapped, context.of_person(ring.tenant, person, compartment, generation))
    return [found.get(person) for person in persons]


def unwrap_into(ring: Ring, row: db.Row, buffer: bytearray) -> None:
    """Put the key of one row into a buffer that the caller wipes. Raises `Unopened`."""
    person, compartment, generation, shard, wrapped = row
    kek = ring.reader(compartment, shard, wrap.kek_version(wrapped)).cipher
    aad = context.of_person(ring.tenant, person, compartment, generation)
    wrap.unwrap_into(kek, wrapped, aad, buffer)
