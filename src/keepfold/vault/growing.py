"""Keeping shards small as the vault grows: people sealed from now on are spread over more of them."""

from __future__ import annotations

from keepfold.vault import store
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import forget, ring
from keepfold.vault.keys.shards import shards_for


def grow() -> int:
    """Raise the number of shards to what the people need, and return it. Never lowers it."""
    wanted = shards_for(store.counts()["person"])
    if wanted > ring().shard_count:
        key_store.set_shards(wanted)
        forget()
    return max(wanted, ring().shard_count)
