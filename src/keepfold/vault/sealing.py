"""Sealing: from accepted values to rows. `seal_people` is the bulk path, kept tight on purpose.

Per person: one key per compartment, wrapped by its shard key, and one for the ledger; one shared frame per compartment
and one frame per isolated field. Keys and nonces come from one call each to the system's generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from keepfold.kernel import db
from keepfold.kernel.crypto import aead, keys, mac, pool, wrap
from keepfold.vault import frames
from keepfold.vault.keys import context
from keepfold.vault.keys.people import LEDGER
from keepfold.vault.keys.ring import Ring
from keepfold.vault.plan import Accepted, Alone
from keepfold.vault.rules import slot_of

_SHARED_PLACE = frames.aad_place(frames.SHARED)
_GENERATION = frames.FIRST_GENERATION
_FRAME_HEAD = bytes((aead.AES_256_GCM, _GENERATION))
_FRAME_START = len(_FRAME_HEAD) + aead.NONCE_BYTES
Wrapping = tuple[Callable[[bytes, bytes, bytes], bytes], bytes, bytes, bytes, bytes]


class SealedRows(msgspec.Struct):
    """What a batch became: rows of records, rows of keys, and the ledger keys by person."""

    records: list[db.Row]
    keys: list[db.Row]
    ledger: dict[bytes, bytes]


def seal_people(ring: Ring, persons: Sequence[bytes], batch: Sequence[Accepted]) -> SealedRows:
    """Seal new people under new keys. Touches only the key store's shard keys."""
    rows = SealedRows([], [], {})
    by_shard: dict[int, list[int]] = {}
    for position, person in enumerate(persons):
        by_shard.setdefault(ring.shard_of(person), []).append(position)
    for shard, positions in by_shard.items():
        _seal_shard(ring, shard, [(persons[at], batch[at]) for at in positions], rows)
    return rows


def _seal_shard(ring: Ring, shard: int, people: Sequence[tuple[bytes, Accepted]], rows: SealedRows) -> None:
    # The hot path. Everything that is the same for all people of the shard is looked up once; wraps and frames are
    # put together here, as `wrap.wrap` and `aead.seal` do, because a call costs as much as the cipher does.
    uses, alone = _uses(people)
    wraps = {one: _wrapping(ring, one, shard, count) for one, count in uses.items()}
    total = sum(uses.values())
    next_key = iter(keys.new_many(total)).__next__
    next_nonce = iter(pool.nonces(2 * total + alone)).__next__  # one to wrap, one for each frame
    records, key_rows, ledger, start = rows.records, rows.keys, rows.ledger, b"SGF1\x01" + ring.tenant
    cipher, pack, segment = aead.cipher, frames.pack_shared, frames.segment_head
    for person, accepted in people:
        encrypt, head, before, after, _ = wraps[LEDGER]
        key, nonce = next_key(), next_nonce()
        ledger[person] = key
        key_rows.append(
            (person, LEDGER, _GENERATION, shard, head + nonce + encrypt(nonce, key, before + person + after))
        )
        for compartment, shared in accepted.shared.items():
            encrypt, head, before, after, place = wraps[compartment]
            key, nonce = next_key(), next_nonce()
            wrapped = head + nonce + encrypt(nonce, key, before + person + after)
            key_rows.append((person, compartment, _GENERATION, shard, wrapped))
            opened, prefix, sealed = cipher(key), start + person + place, b""
            if shared:
                nonce = next_nonce()
                body = opened.encrypt(nonce, pack(shared), prefix + _SHARED_PLACE)
                sealed = segment(frames.SHARED, len(body) + _FRAME_START) + _FRAME_HEAD + nonce + body
            if compartment in accepted.alone:
                sealed += seal_alone(opened, prefix, accepted.alone[compartment], next_nonce=next_nonce)
            records.append((person, compartment, sealed))


def _uses(people: Sequence[tuple[bytes, Accepted]]) -> tuple[dict[int, int], int]:
    """Return how many keys are needed in each compartment, and how many isolated fields there are."""
    uses, alone = {LEDGER: len(people)}, 0
    for _, accepted in people:
        for compartment in accepted.shared:
            uses[compartment] = uses.get(compartment, 0) + 1
        for fields in accepted.alone.values():
            alone += len(fields)
    return uses, alone


def _wrapping(ring: Ring, compartment: int, shard: int, count: int) -> Wrapping:
    """Return what wrapping in one compartment needs: the cipher, the head, both ends of the context, the place."""
    kek = ring.writer(compartment, shard, count)
    whole = context.of_person(b"", b"", compartment, _GENERATION)
    return kek.cipher.encrypt, _wrap_head(kek.version), whole[:4] + ring.tenant, whole[4:], whole[4:8]


def _wrap_head(version: int) -> bytes:
    return bytes((wrap.VERSION,)) + version.to_bytes(4, "big")


def seal_alone(
    opened: aead.Cipher,
    prefix: bytes,
    fields: Sequence[Alone],
    generation: int = _GENERATION,
    next_nonce: Callable[[], bytes] = pool.nonce,
) -> bytes:
    """Return the segments of isolated fields. `prefix` is the associated data up to the place of the field."""
    sealed = b""
    for number, value in fields:
        aad = prefix + frames.aad_place(number, generation)
        frame = aead.seal(opened, generation, next_nonce(), frames.pack_alone(value), aad)
        sealed += frames.segment_head(number, len(frame)) + frame
    return sealed


def seal_shared(opened: aead.Cipher, prefix: bytes, shared: dict[int, Any], generation: int = _GENERATION) -> bytes:
    """Return the segment of a shared frame; nothing when there is nothing to seal."""
    if not shared:
        return b""
    aad = prefix + frames.aad_place(frames.SHARED, generation)
    frame = aead.seal(opened, generation, pool.nonce(), frames.pack_shared(shared), aad)
    return frames.segment_head(frames.SHARED, len(frame)) + frame


class Tagger:
    """Turns forms into tags under the newest key of each index; looks each key up once."""

    __slots__ = ("_known", "_ring")

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._known: dict[int, tuple[int, mac.Started]] = {}

    def tags(self, accepted: Accepted) -> list[tuple[int, bool, bytes]]:
        """Return (slot, unique, tag) for every form to index."""
        known, tag, found = self._known, mac.tag, []
        for number, unique, form in accepted.forms:
            slot, started = known.get(number) or self._learn(number)
            found.append((slot, unique, tag(started, form)[:8]))
        return found

    def _learn(self, number: int) -> tuple[int, mac.Started]:
        version, started = self._ring.index(number)[-1]
        self._known[number] = slot_of(number, version), started
        return self._known[number]
