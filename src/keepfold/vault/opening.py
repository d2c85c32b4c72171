"""Opening: rows and keys of a batch are fetched at once; each key lives in one buffer, overwritten by the next.

Only the fields that were asked for leave this module. Whatever does not fit together raises `Unopened`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keepfold.kernel.crypto import aead, wipe
from keepfold.kernel.errors import Unopened
from keepfold.vault import frames, store
from keepfold.vault.keys import people
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import Ring
from keepfold.vault.masks import Mask
from keepfold.vault.plan import Field
from keepfold.vault.types import Opened

_SHARED_PLACES = tuple(frames.aad_place(frames.SHARED, generation) for generation in range(256))


class Wanted:
    """The fields to open: by compartment, then by number, their names; shared and isolated ones apart."""

    __slots__ = ("alone", "compartments", "shared")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.shared: dict[int, dict[int, str]] = {}
        self.alone: dict[int, dict[int, str]] = {}
        for field in fields:
            side = self.alone if field.isolate else self.shared
            side.setdefault(field.compartment, {})[field.number] = field.name
        self.compartments = sorted({*self.shared, *self.alone})


def open_people(ring: Ring, persons: Sequence[bytes], wanted: Wanted) -> dict[bytes, dict[str, Any]]:
    """Return the wanted values of everybody who is in the vault, by person and name of the field.

    Raises `Unopened` when a frame or a key does not open, or a living person's key is missing.
    """
    rows = store.records(persons, wanted.compartments)
    found: dict[bytes, dict[str, Any]] = {row[0]: {} for row in rows}
    if len(found) < len(persons):
        found |= {person: {} for person in store.living_among([one for one in persons if one not in found])}
    keys = {(row[0], row[1]): row for row in key_store.person_keys(list(found), wanted.compartments)}
    head, places = b"SGF1\x01" + ring.tenant, {one: _place(wanted, one) for one in wanted.compartments}
    cipher = aead.Cipher
    with wipe.buffer() as buffer:
        open_key = people.Opener(ring, buffer).open
        for person, compartment, record in rows:
            key = keys.get((person, compartment))
            if key is None:
                raise Unopened
            tail, shared, alone = places[compartment]
            _open_record(cipher(open_key(key)), head + person + tail, record, shared, alone, found[person])
    return found


def numbers_held(ring: Ring, person: bytes) -> frozenset[int]:
    """Return the numbers of the data items of which a value of this person is sealed; the values stay in here.

    Raises `Unopened` like `open_people`.
    """
    rows = store.records_of(person)
    keys = {row[1]: row for row in key_store.person_keys([person], [compartment for compartment, _ in rows])}
    found: set[int] = set()
    with wipe.buffer() as buffer:
        open_key = people.Opener(ring, buffer).open
        for compartment, record in rows:
            segments = frames.segments(record)
            found |= {number for number, _ in segments if number != frames.SHARED}
            shared = next((frame for number, frame in segments if number == frames.SHARED), None)
            if shared is None:
                continue
            if compartment not in keys:
                raise Unopened
            place = frames.aad_prefix(ring.tenant, person, compartment) + _SHARED_PLACES[shared[1]]
            found |= frames.unpack_shared(aead.unseal(aead.Cipher(open_key(keys[compartment])), shared, place)).keys()
    return frozenset(found)


def _place(wanted: Wanted, compartment: int) -> tuple[bytes, dict[int, str], dict[int, str]]:
    tail = frames.aad_prefix(b"", b"", compartment)[5:]
    return tail, wanted.shared.get(compartment, {}), wanted.alone.get(compartment, {})


def _open_record(
    key: aead.Cipher, prefix: bytes, record: bytes, shared: dict[int, str], alone: dict[int, str], into: dict[str, Any]
) -> None:
    """Open what is wanted of one record. Nearly all are one frame, wanted as it lies: that is opened in place."""
    if len(record) >= frames.HEAD + aead.OVERHEAD:
        number, length = frames.unpack_head(record)
        is_wanted_alone = number in alone and not shared if number else not alone
        if is_wanted_alone and length == len(record) - frames.HEAD:
            generation = record[frames.HEAD + 1]
            place = frames.aad_place(number, generation) if number else _SHARED_PLACES[generation]
            _take(number, aead.unseal(key, record, prefix + place, frames.HEAD), shared, alone, into)
            return
    found = frames.segments(record)
    shared, alone = _where_they_lie(found, shared, alone)
    for number, frame in found:
        if number in alone or (number == frames.SHARED and shared):
            plain = aead.unseal(key, frame, prefix + frames.aad_place(number, frame[1]))
            _take(number, plain, shared, alone, into)


def _take(number: int, plain: bytes, shared: dict[int, str], alone: dict[int, str], into: dict[str, Any]) -> None:
    """Put the wanted values of an opened frame under their names."""
    if number != frames.SHARED:
        into[alone[number]] = frames.unpack_alone(plain)
        return
    values = frames.unpack_shared(plain)
    for field, name in shared.items():
        if field in values:
            into[name] = values[field]


def _where_they_lie(
    found: Sequence[tuple[int, bytes]], shared: dict[int, str], alone: dict[int, str]
) -> tuple[dict[int, str], dict[int, str]]:
    """Return what to look for in which frame. The policy may have changed `isolate` since this record was sealed."""
    apart = {number for number, _ in found}
    if alone.keys() <= apart and not shared.keys() & apart:
        return shared, alone
    wanted = shared | alone
    return (
        {number: name for number, name in wanted.items() if number not in apart},
        {number: name for number, name in wanted.items() if number in apart},
    )


def present(
    persons: Sequence[bytes],
    found: Mapping[bytes, dict[str, Any]],
    masks: Sequence[tuple[str, Mask]],
    policy_hash: bytes,
) -> list[Opened | None]:
    """Return what leaves the vault, in the order of `persons`, masked as ruled; None where there is no such person."""
    if masks:
        return [_masked(person, found[person], masks, policy_hash) if person in found else None for person in persons]
    return [
        None if (values := found.get(person)) is None else Opened(id=person, values=values, policy_hash=policy_hash)
        for person in persons
    ]


def _masked(person: bytes, values: dict[str, Any], masks: Sequence[tuple[str, Mask]], policy_hash: bytes) -> Opened:
    shown = {name: mask(values[name]) for name, mask in masks if name in values}
    return Opened(id=person, values=values | shown, masked=tuple(shown), policy_hash=policy_hash)
