"""Shard keys: unwrapped once, kept in a bounded cache, their uses counted ahead in blocks."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from keepfold.kernel import clock
from keepfold.kernel.crypto import aead, keys
from keepfold.kernel.errors import Unopened
from keepfold.vault.keys import context, store

# Random nonces of 96 bits: a new key well before 2^32 uses (NIST SP 800-38D section 8.3).
MOST_WRAPS = 2**28
BLOCK = 4096
MOST_CACHED = 16_384
MOST_SHARDS = 4096
PEOPLE_PER_SHARD = 2500


class Shard:
    """One open shard key. `left` uses are reserved for this process. Its repr does not show the key."""

    __slots__ = ("cipher", "compartment", "left", "shard", "version")

    def __init__(self, compartment: int, shard: int, version: int, cipher: aead.Cipher) -> None:
        self.compartment, self.shard, self.version, self.cipher = compartment, shard, version, cipher
        self.left = 0

    def __repr__(self) -> str:
        return f"Shard(compartment={self.compartment}, shard={self.shard}, version={self.version})"


class Wrapper(Protocol):
    """The ring, as far as shard keys need it."""

    tenant: bytes

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """Wrap a key under the newest tenant key."""
        ...

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Unwrap what a tenant key wrapped."""
        ...


class Shards:
    """The shard keys of one ring."""

    def __init__(self, ring: Wrapper) -> None:
        self._ring = ring
        self._open: OrderedDict[tuple[int, int, int], Shard] = OrderedDict()
        self._newest: OrderedDict[tuple[int, int], int] = OrderedDict()

    def reader(self, compartment: int, shard: int, version: int) -> Shard:
        """Return one shard key. Raises `Unopened` when it does not exist or does not open."""
        place = (compartment, shard, version)
        found = self._open.get(place)
        if found is None:
            wrapped = store.shard_key(*place)
            if wrapped is None:
                raise Unopened
            found = self._keep(place, wrapped)
        return found

    def writer(self, compartment: int, shard: int, wraps: int) -> Shard:
        """Return the newest key of a shard with that many uses reserved; the first one is made when asked for."""
        version = self._newest.get((compartment, shard)) or self._find(compartment, shard)
        found = self.reader(compartment, shard, version)
        if found.left < wraps:
            found = self._reserve(found, wraps)
        found.left -= wraps
        return found

    def _find(self, compartment: int, shard: int) -> int:
        newest = store.newest_shard(compartment, shard)
        version = newest[0] if newest else self._make(compartment, shard, 1)
        self._newest[compartment, shard] = version
        while len(self._newest) > MOST_CACHED:
            self._newest.popitem(last=False)
        return version

    def _reserve(self, found: Shard, wraps: int) -> Shard:
        block = max(BLOCK, wraps)
        used = store.reserve_wraps(found.compartment, found.shard, found.version, block)
        if not 0 < used <= MOST_WRAPS:
            self._make(found.compartment, found.shard, found.version + 1)
            version = self._find(found.compartment, found.shard)
            found = self.reader(found.compartment, found.shard, version)
            store.reserve_wraps(found.compartment, found.shard, found.version, block)
        found.left = block
        return found

    def _make(self, compartment: int, shard: int, version: int) -> int:
        aad = context.of_shard(self._ring.tenant, compartment, shard, version)
        store.add_shard(compartment, shard, version, self._ring.wrap(keys.new(), aad), clock.now_us())
        return version

    def _keep(self, place: tuple[int, int, int], wrapped: bytes) -> Shard:
        key = self._ring.unwrap(wrapped, context.of_shard(self._ring.tenant, *place))
        found = self._open[place] = Shard(*place, aead.cipher(key))
        while len(self._open) > MOST_CACHED:
            self._open.popitem(last=False)
        return found


def shards_for(people: int) -> int:
    """Return how many shards suit that many people: a power of two near one per 2,500, at most 4096."""
    count = 1
    while count < MOST_SHARDS and count * PEOPLE_PER_SHARD < people:
        count *= 2
    return count
