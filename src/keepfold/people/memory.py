"""What one process remembers: tokens it has just checked, and how busy clients and addresses are. All bounded.

Nothing here is needed for correctness. A token is remembered for ten seconds and never beyond a change of the
security epoch (`kernel.epoch`), which every process reads at least once a second: that is the worst delay of a
revocation. Limits count per process; several web processes multiply them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from keepfold.gate.types import Actor
from keepfold.people.rules import Bucket

REMEMBER_SECONDS = 10.0
REMEMBER_TOKENS = 4096
LIMITED_ADDRESSES = 10_000
FAILURES_AT_ONCE = 10
FAILURES_PER_SECOND = 1 / 6
USE_NOTED_EVERY = 60.0

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """A mapping of at most `size` entries: the one that was touched longest ago makes room."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """Return the value and count it as touched."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep a value."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def ensure(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value, making it when there is none."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def drop(self, key: Key) -> None:
        """Forget one value."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()


class Remembered(NamedTuple):
    """A token that was good: whose, until when (monotonic seconds), under which security epoch, and its throttle."""

    actor: Actor
    until: float
    epoch: int
    bucket: Bucket


class Memory:
    """The memory of one process."""

    def __init__(self) -> None:
        self.tokens: Recent[bytes, Remembered] = Recent(REMEMBER_TOKENS)
        self.buckets: Recent[bytes, Bucket] = Recent(REMEMBER_TOKENS)
        self.failures: Recent[str, Bucket] = Recent(LIMITED_ADDRESSES)
        self.noted: Recent[bytes, float] = Recent(REMEMBER_TOKENS)

    def bucket(self, client: bytes, rate: int, now: float) -> Bucket:
        """Return the throttle of a client: `rate` a second, twice as many at once."""
        found = self.buckets.get(client)
        if found is None or found.rate != rate:
            found = Bucket(rate=rate, burst=2 * rate, now=now)
            self.buckets.put(client, found)
        return found

    def failure_bucket(self, group: str, now: float) -> Bucket:
        """Return the limiter of failed sign-ins from one address group."""
        return self.failures.ensure(group, lambda: Bucket(rate=FAILURES_PER_SECOND, burst=FAILURES_AT_ONCE, now=now))

    def is_use_worth_noting(self, client: bytes, now: float) -> bool:
        """Say whether a minute has passed since this process last noted that a client was used."""
        last = self.noted.get(client)
        if last is not None and now - last < USE_NOTED_EVERY:
            return False
        self.noted.put(client, now)
        return True

    def forget(self) -> None:
        """Forget everything, as a fresh process would."""
        for part in (self.tokens, self.buckets, self.failures, self.noted):
            part.clear()


memory = Memory()
