"""What the ledger asks of the keys; it knows this class only by the protocol in `ledger.types`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from keepfold.kernel.crypto import keys
from keepfold.vault.keys import context, people, store
from keepfold.vault.keys.ring import Ring, ring

_KEEP_SECONDS = 60.0
_MOST_KEPT = 1024


class LedgerKeys:
    """Keys for tags and details of ledger entries. Actors' keys are kept for a minute, people's keys never."""

    def __init__(self) -> None:
        self._actors: dict[bytes, tuple[float, Ring, bytes]] = {}

    def __repr__(self) -> str:
        return "LedgerKeys(…)"

    def subject_keys(self, subjects: Sequence[bytes]) -> list[bytes | None]:
        """Return the ledger key of each person; None when destroyed or absent."""
        return people.ledger_keys(ring(), subjects)

    def actor_key(self, actor: bytes) -> bytes:
        """Return the key of a member of staff, a client or the system itself; made on first use."""
        opened, kept, now = ring(), self._actors.get(actor), time.monotonic()
        if kept is not None and kept[0] > now and kept[1] is opened:
            return kept[2]
        if len(self._actors) >= _MOST_KEPT:
            self._actors.clear()
        key = _actor_key(opened, actor)
        self._actors[actor] = (now + _KEEP_SECONDS, opened, key)
        return key

    def log_key(self, name: str) -> bytes:
        """Return one of the ledger's own keys by name, 32 bytes; made on first use."""
        return ring().side(f"ledger/{name}")

    def living_subjects(self) -> Iterator[bytes]:
        """Yield everybody who has keys."""
        return store.walk_people()


def _actor_key(opened: Ring, actor: bytes) -> bytes:
    aad = context.of_actor(opened.tenant, actor)
    wrapped = store.actor_key(actor)
    if wrapped is None:
        store.add_actor_key(actor, opened.wrap(keys.new(), aad))
        wrapped = store.actor_key(actor)  # another process may have been first
    return opened.unwrap(wrapped or b"", aad)
