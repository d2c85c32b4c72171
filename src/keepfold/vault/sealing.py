"""Sealing: from accepted values to rows. `seal_people` is the bulk path, kept tight on purpose.

Per person: one key per compartment, wrapped by its shard key, and one for the ledger; one shared frame per compartment
and one frame per isolated field. Keys and nonces come from one call each to the system's generator.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    # Everything that is the same for all people of the shard is looked up once: the loop below is the hot path.
    uses = _uses(people)
    wrappers = {one: _wrapper(ring, one, shard, count) for one, count in uses.items()}
    total = sum(uses.values())
    next_key = iter(keys.new_many(total)).__next__
    next_nonce = iter(pool.nonces(2 * total)).__next__  # one to wrap, one for the shared frame
    head, records, key_rows, ledger = b"SGF1\x01" + ring.tenant, rows.records, rows.keys, rows.ledger
    seal, cipher, pack, segment = aead.seal, aead.cipher, frames.pack_shared, frames.segment_head
    wrap_ledger, ledger_head, ledger_tail, ledger_version, _ = wrappers[LEDGER]
    for person, accepted in people:
        ledger[person] = key = next_key()
        wrapped = wrap.wrap(wrap_ledger, ledger_version, next_nonce(), key, ledger_head + person + ledger_tail)
        key_rows.append((person, LEDGER, _GENERATION, shard, wrapped))
        for compartment, shared in accepted.shared.items():
            kek, wrap_head, wrap_tail, version, place = wrappers[compartment]
            key = next_key()
            wrapped = wrap.wrap(kek, version, next_nonce(), key, wrap_head + person + wrap_tail)
            key_rows.append((person, compartment, _GENERATION, shard, wrapped))
            opened = cipher(key)
            sealed = b""
            if shared:
                frame = seal(opened, _GENERATION, next_nonce(), pack(shared), head + person + place + _SHARED_PLACE)
                sealed = segment(frames.SHARED, len(frame)) + frame
            if accepted.alone and compartment in accepted.alone:
                sealed += seal_alone(opened, head + person + place, accepted.alone[compartment])
            records.append((person, compartment, sealed))


def _uses(people: Sequence[tuple[bytes, Accepted]]) -> dict[int, int]:
    uses = {LEDGER: len(people)}
    for _, accepted in people:
        for compartment in accepted.shared:
            uses[compartment] = uses.get(compartment, 0) + 1
    return uses


def _wrapper(ring: Ring, compartment: int, shard: int, count: int) -> tuple[aead.Cipher, bytes, bytes, int, bytes]:
    """Return what wrapping and sealing in one compartment need: cipher, both ends of the contexts, version, place."""
    kek = ring.writer(compartment, shard, count)
    whole = context.of_person(b"", b"", compartment, _GENERATION)
    return kek.cipher, whole[:4] + ring.tenant, whole[4:], kek.version, whole[4:8]


def seal_alone(opened: aead.Cipher, prefix: bytes, fields: Sequence[Alone], generation: int = _GENERATION) -> bytes:
    """Return the segments of isolated fields. `prefix` is the associated data up to the place of the field."""
    sealed = []
    for number, value in fields:
        aad = prefix + frames.aad_place(number, generation)
        frame = aead.seal(opened, generation, pool.nonce(), frames.pack_alone(value), aad)
        sealed += [frames.segment_head(number, len(frame)), frame]
    return b"".join(sealed)


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
