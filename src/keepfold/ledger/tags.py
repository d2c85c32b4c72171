"""Pseudonymous tags, and the keys that make them. Pure.

From the 32-byte ledger key of a person (compartment 0 in the vault) two keys are derived by HKDF-Expand (RFC 5869
section 2.3, one block of SHA-256): one for tags, which a customer may be given to check completeness, and one for the
details. From the ledger key of an actor one key is derived. Once the ledger key is destroyed, nobody can say which
entries concern the person.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence

from keepfold.kernel.crypto import mac
from keepfold.ledger.hashing import LEAF_PREFIX
from keepfold.ledger.tree import root_of

TAG_SIZE = 32
# What `ledger_tag` looks rows up by: 128 bits of a pseudo-random function do not collide by accident.
SHORT = 16
# What `ledger_entry.actor` holds. 64 bits do not collide by accident among the actors of a log, and every hit is held
# against the full tag in the entry.
ACTOR_SHORT = 8

_TAG_PREFIX = b"ledger/tag/v1"
_INFO_TAG = b"keepfold/ledger/tag/v1"
_INFO_DETAIL = b"keepfold/ledger/detail/v1"
_INFO_ACTOR = b"keepfold/ledger/actor/v1"


def expand(key: bytes, info: bytes) -> bytes:
    """Return HKDF-Expand(key, info, 32) with SHA-256."""
    return hmac.digest(key, info + b"\x01", "sha256")


def tag_key(ledger_key: bytes) -> bytes:
    """Return the key of a person's tags."""
    return expand(ledger_key, _INFO_TAG)


def detail_key(ledger_key: bytes) -> bytes:
    """Return the key that seals the details of a person's entries."""
    return expand(ledger_key, _INFO_DETAIL)


def log_id(origin: str) -> bytes:
    """Return the id of a log: SHA-256 of its origin, the hash that C2SP tlog-witness uses."""
    return hashlib.sha256(origin.encode()).digest()


def subject_tag(key: bytes, log: bytes, number: int) -> bytes:
    """Return a person's tag number i: HMAC-SHA256(key, "ledger/tag/v1" ‖ log id ‖ u64(i)); `key` is `tag_key`."""
    return hmac.digest(key, _TAG_PREFIX + log + number.to_bytes(8, "big"), "sha256")


def subject_tags(ledger_keys: Iterable[bytes], log: bytes, numbers: Iterable[int]) -> list[bytes]:
    """Return one tag for each person of a batch, straight from their ledger keys."""
    prefix = _TAG_PREFIX + log
    return mac.chained(ledger_keys, _INFO_TAG + b"\x01", [prefix + number.to_bytes(8, "big") for number in numbers])


def actor_tag(ledger_key: bytes, log: bytes, commitment: bytes) -> bytes:
    """Return an actor's tag of one entry: HMAC-SHA256(derived key, "ledger/actor/v1" ‖ log id ‖ commitment).

    Another one for every entry, so that nobody without the key sees which entries one member of staff made.
    """
    return hmac.digest(expand(ledger_key, _INFO_ACTOR), b"ledger/actor/v1" + log + commitment, "sha256")


def actor_hour(ledger_key: bytes, log: bytes, hour: int) -> bytes:
    """Return what an actor's entries of one hour are looked up by: 8 bytes that only the actor's key can make again.

    HMAC-SHA256(derived key, "ledger/actor-hour/v1" ‖ log id ‖ u32(hour)), cut. It stands beside the entries, never in
    the tree. Whoever reads the table without keys sees that entries of one hour have the same actor, and not whose
    they are; entries of two hours have nothing in common.
    """
    return next(actor_hours(ledger_key, log, (hour,)))[1]


def actor_hours(ledger_key: bytes, log: bytes, hours: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Yield (hour, what the actor's entries of that hour are looked up by) for many hours."""
    state, prefix = mac.start(expand(ledger_key, _INFO_ACTOR)), b"ledger/actor-hour/v1" + log
    for hour in hours:
        yield hour, mac.tag(state, prefix + hour.to_bytes(4, "big"))[:ACTOR_SHORT]


def batch_root(tags: Sequence[bytes]) -> bytes:
    """Return the subject tag of a batch: the RFC 6962 root over its members' tags."""
    sha256 = hashlib.sha256  # `leaf_hash` without a call for each of thousands
    return root_of([sha256(LEAF_PREFIX + tag).digest() for tag in tags])
