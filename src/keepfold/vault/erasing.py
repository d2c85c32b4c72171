"""Erasing a person: rows and index rows go, a tombstone is set, and then the keys are destroyed.

Data first: the tombstone commits with the ledger entry, then the keys die. What is interrupted in between is finished
by `reconcile`, at start and every few minutes. A tombstone is also kept beside the keys, so that people who come back
with an old backup of the data store are noticed and erased again; their data was unreadable all along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError

from keepfold.kernel import clock, db, log
from keepfold.kernel.db import storage_code
from keepfold.kernel.errors import Unavailable
from keepfold.ledger.actions import recorder
from keepfold.vault import rules, store
from keepfold.vault.changing import missing
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import Ring, ring
from keepfold.vault.types import Erased

_log = log.get_logger(__name__)
_STEP = 1000
_SWEEP_AGE_MS = 3_600_000
_MOST_SHARE, _MOST_FEW = 0.01, 5000


class Swept(msgspec.Struct, frozen=True):
    """What a sweep found: people with keys and no data, and how many of them were old enough to be removed."""

    found: int
    removed: int


def bury(keys: Ring, person: bytes) -> Erased:
    """Remove the rows of one person and set a tombstone, in the caller's transaction; the keys die after its commit."""
    tags = store.lock_person(person)
    if tags is None:
        raise missing()
    now, mark = clock.now_us(), keys.mark(person)
    count = key_store.count_person_keys(person)
    store.release([(slot, tag, person) for slot, tag in rules.unpack_tags(tags)])
    store.bury(person, mark, now)
    return Erased(id=person, erased_us=now, keys_destroyed=count)


def destroy(mark: bytes, person: bytes) -> None:
    """Destroy the keys of a buried person. Repeating it is harmless."""
    now = clock.now_us()
    with db.atomic(key_store.KEYS):
        key_store.destroy_person_keys(person)
        key_store.mark_shredded(mark, now)
    store.close_tombstone(mark, now)
    key_store.truncate_log()


def destroy_after_commit(person: bytes) -> None:
    """Destroy a buried person's keys once the erasure is durable. What fails then is left to `finish_interrupted`."""
    mark = ring().mark(person)
    db.on_commit(lambda: _try_destroy(mark, person))


def _try_destroy(mark: bytes, person: bytes) -> None:
    try:
        destroy(mark, person)
    except (DatabaseError, InterfaceError) as error:
        # The erasure itself stands; the tombstone stays open, which the status page and the job see.
        _log.warning("vault.erasure.unfinished", error=storage_code(error))


def finish_interrupted() -> list[bytes]:
    """Destroy the keys of everybody who is buried and still has some; return who they were."""
    done = []
    while pending := store.open_tombstones(_STEP):
        for mark, person in pending:
            destroy(mark, person)
            done.append(person)
    return done


def erase_returned(keys: Ring) -> list[bytes]:
    """Erase again whoever came back with an older data store, and bring its tombstones up to date; return who it was.

    Looks closer only at living people without keys, so somebody whose keys were lost otherwise is left alone.
    """
    again = []
    for page in _pages(store.living):
        with_keys = key_store.people_among(page)
        again += [one for one in page if one not in with_keys and key_store.is_shredded(keys.mark(one))]
    for person in again:
        bury(keys, person)  # the ledger was closed the first time, when the key still lived
        destroy_after_commit(person)
    for rows in _pages(key_store.shredded_after):
        store.add_tombstones([(mark, None, at_us, at_us) for mark, at_us in rows])
    return again


def _pages(read: Callable[[bytes, int], list[Any]]) -> Iterator[list[Any]]:
    after = b""
    while page := read(after, _STEP):
        yield page
        after = page[-1] if isinstance(page[-1], bytes) else page[-1][0]


def close_ledger(person: bytes) -> None:
    """Let the ledger drop what it keeps about the person beside the tree, while the key still lives."""
    recorder.close_subject(person)


def may_have_returned() -> bool:
    """Say whether the key store knows of more erasures than the data store, as after restoring old data."""
    return key_store.shredded() > store.counts()["tombstone"]


def sweep(*, now_ms: int) -> Swept:
    """Remove keys of people who never got any data: what a crash between the two stores leaves behind.

    Only keys older than an hour and older than the newest person in the vault are touched, so that a restored older
    data store does not cost the keys of those sealed since. Raises `Unavailable` when there are suspiciously many.
    """
    newest = store.newest_person() or b""
    orphans, total = _orphans(before=newest, oldest_ms=now_ms - _SWEEP_AGE_MS)
    if len(orphans) > max(_MOST_FEW, int(total * _MOST_SHARE)):
        raise Unavailable(
            f"{len(orphans)} people have keys but no data, too many for an accident. Nothing was removed.",
            code="keys.sweep-suspicious",
            next_step="Check that the data store is the newest one and complete.",
        )
    for person in orphans:
        with db.atomic(key_store.KEYS):
            key_store.destroy_person_keys(person)
    return Swept(len(orphans), len(orphans))


def _orphans(*, before: bytes, oldest_ms: int) -> tuple[list[bytes], int]:
    orphans: list[bytes] = []
    total = 0
    for page in _pages(key_store.people_with_keys):
        total += len(page)
        living = store.living_among(page)
        orphans += [one for one in page if one not in living and one < before and _made_ms(one) < oldest_ms]
    return orphans, total


def _made_ms(person: bytes) -> int:
    return int.from_bytes(person[:6], "big")
