"""Opening: rows and keys of a batch are fetched at once; each key lives in one buffer, overwritten by the next.

Only the fields that were asked for leave this module. Whatever does not fit together raises `Unopened`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """The fields to open, by compartment: shared ones as (number, name), isolated ones by number."""

    __slots__ = ("alone", "compartments", "shared")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.shared: dict[int, list[tuple[int, str]]] = {}
        self.alone: dict[int, dict[int, str]] = {}
        for field in fields:
            if field.isolate:
                self.alone.setdefault(field.compartment, {})[field.number] = field.name
            else:
                self.shared.setdefault(field.compartment, []).append((field.number, field.name))
        self.compartments = sorted({*self.shared, *self.alone})


def open_people(ring: Ring, persons: Sequence[bytes], wanted: Wanted) -> dict[bytes, dict[str, Any]]:
    """Return the wanted values of everybody who is in the vault, by person and name of the field.

    Raises `Unopened` when a frame or a key does not open, or a living person's key is missing.
    """
    rows = store.records(persons, wanted.compartments)
    found: dict[bytes, dict[str, Any]] = {row[0]: {} for row in rows}
    keys = {(row[0], row[1]): row for row in key_store.person_keys(list(found), wanted.compartments)}
    place = {one: (b"SGF1\x01" + ring.tenant, frames.aad_prefix(b"", b"", one)[5:]) for one in wanted.compartments}
    with wipe.buffer() as buffer:
        opener = people.Opener(ring, buffer)
        for person, compartment, record in rows:
            if compartment is not None:
                key = keys.get((person, compartment))
                if key is None:
                    raise Unopened
                head, tail = place[compartment]
                _open_record(
                    aead.cipher(opener.open(key)), head + person + tail, record, wanted, compartment, found[person]
                )
    return found


def _open_record(
    key: aead.Cipher, prefix: bytes, record: bytes, wanted: Wanted, compartment: int, into: dict[str, Any]
) -> None:
    shared, alone = wanted.shared.get(compartment), wanted.alone.get(compartment)
    for number, frame in frames.segments(record):
        if number == frames.SHARED:
            if shared:
                values = frames.unpack_shared(aead.unseal(key, frame, prefix + _SHARED_PLACES[frame[1]]))
                for field, name in shared:
                    if field in values:
                        into[name] = values[field]
        elif alone and number in alone:
            plain = aead.unseal(key, frame, prefix + frames.aad_place(number, frame[1]))
            into[alone[number]] = frames.unpack_alone(plain)


def present(
    person: bytes, values: dict[str, Any] | None, masks: Sequence[tuple[str, Mask]], policy_hash: bytes
) -> Opened | None:
    """Return what leaves the vault of one person, with the masks applied; None when there is no such person."""
    if values is None:
        return None
    masked = []
    for name, mask in masks:
        if name in values:
            values[name] = mask(values[name])
            masked.append(name)
    return Opened(id=person, values=values, masked=tuple(masked), policy_hash=policy_hash)
