"""The associated data under which keys are wrapped: each kind names itself and where it belongs.

person  "SGK1" | tenant(16) | person(16) | compartment(4) | generation(1)
tenant  "SGT1" | tenant(16) | version(4)
shard   "SGS1" | tenant(16) | compartment(4) | shard(4) | version(4)
side    "SGN1" | tenant(16) | version(4) | name
actor   "SGA1" | tenant(16) | actor(16)
"""

from __future__ import annotations

import struct

_PERSON = struct.Struct(">IB")
_SHARD = struct.Struct(">III")
_VERSION = struct.Struct(">I")


def of_person(tenant: bytes, person: bytes, compartment: int, generation: int) -> bytes:
    """Return the context of one person's key."""
    return b"SGK1" + tenant + person + _PERSON.pack(compartment, generation)


def of_tenant(tenant: bytes, version: int) -> bytes:
    """Return the context of a tenant key."""
    return b"SGT1" + tenant + _VERSION.pack(version)


def of_shard(tenant: bytes, compartment: int, shard: int, version: int) -> bytes:
    """Return the context of a shard key."""
    return b"SGS1" + tenant + _SHARD.pack(compartment, shard, version)


def of_side(tenant: bytes, name: str, version: int) -> bytes:
    """Return the context of a side key."""
    return b"SGN1" + tenant + _VERSION.pack(version) + name.encode()


def of_actor(tenant: bytes, actor: bytes) -> bytes:
    """Return the context of an actor's key."""
    return b"SGA1" + tenant + actor
