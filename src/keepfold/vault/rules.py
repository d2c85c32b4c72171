"""Pure rules of the vault: index rows in their packed form, and who owns what."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

_ROW = struct.Struct(">q8s")

Tag = tuple[int, bytes]


def slot_of(number: int, version: int) -> int:
    """Return the slot of an index under one version of its key."""
    return number << 8 | version


def number_of(slot: int) -> int:
    """Return the number of the index that a slot belongs to."""
    return slot >> 8


def pack_tags(tags: Iterable[tuple[int, bool, bytes]]) -> bytes:
    """Return index rows (slot, unique, tag) in the form in which a person's row keeps them: `slot(8) | tag(8)` each."""
    return b"".join([_ROW.pack(slot, tag) for slot, _, tag in tags])


def unpack_tags(packed: bytes) -> list[Tag]:
    """Return (slot, tag) of a person's index rows."""
    return [(slot, tag) for slot, tag in _ROW.iter_unpack(packed)]


def join_tags(tags: Iterable[Tag]) -> bytes:
    """Return the packed form of (slot, tag)."""
    return b"".join([_ROW.pack(slot, tag) for slot, tag in tags])


def others(claims: Iterable[tuple[int, bytes, bytes]], owners: Mapping[Tag, bytes]) -> set[bytes]:
    """Return who else owns one of these claims (slot, tag, person)."""
    return {owners[slot, tag] for slot, tag, person in claims if owners.get((slot, tag), person) != person}
