"""The entry: 154 bytes that stand in the tree for ever. Pure.

All integers are unsigned and big-endian. Version 1:

====== ==== ===================================================================================================
offset size field
====== ==== ===================================================================================================
0      1    version: 1
1      1    kind of the action: 1 access, 2 change, 3 consent, 4 erasure, 5 policy, 6 key, 7 people, 8 import,
            9 ledger, 10 system (`packs/actions.toml`)
2      1    flags: bit 0 the action was allowed (0: denied), bit 1 the entry concerns a batch of people;
            bits 2 to 7 are 0
3      1    kind of the actor: 0 anonymous, 1 staff, 2 client, 3 customer, 4 system
4      2    number of the action (`packs/actions.toml`)
6      4    hour: whole hours since 1970-01-01T00:00Z. The exact time is in the sealed details only
10     4    number of the purpose in the policy's registry; 0 for none
14     4    how many people the entry concerns (those whose key lived): 0, 1, or more for a batch
18     8    tenant tag: 8 zero bytes while an installation serves one tenant
26     32   SHA-256 of the policy that decided; zero for none
58     32   subject tag: zero for nobody; for one person `tags.subject_tag`, 32 pseudo-random bytes; for a batch
            the RFC 6962 root over the members' subject tags in the order of `ledger_members`
90     32   actor tag: `tags.actor_tag`; zero for an anonymous actor or one without a key
122    32   commitment to the sealed details: `commit.commitment`
====== ==== ===================================================================================================

Nothing in it names or describes anybody: tags are outputs of keyed functions whose keys die with the person, the
commitment hides behind 32 random bytes, everything else is a code. There is no free text.
"""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple

from keepfold.ledger.errors import EntryInvalid

VERSION = 1
ZERO_TAG = bytes(32)
ONE_TENANT = bytes(8)
ALLOWED = 0b01
BATCH = 0b10

Kind = Literal["access", "change", "consent", "erasure", "policy", "key", "people", "import", "ledger", "system"]
ActorKind = Literal["anonymous", "staff", "client", "customer", "system"]

KINDS: tuple[Kind, ...] = (
    "access",
    "change",
    "consent",
    "erasure",
    "policy",
    "key",
    "people",
    "import",
    "ledger",
    "system",
)
ACTOR_KINDS: tuple[ActorKind, ...] = ("anonymous", "staff", "client", "customer", "system")
KIND_CODES = {kind: code for code, kind in enumerate(KINDS, start=1)}
ACTOR_CODES = {kind: code for code, kind in enumerate(ACTOR_KINDS)}

_LAYOUT = struct.Struct(">BBBBHIII8s32s32s32s32s")
SIZE = _LAYOUT.size


class Body(NamedTuple):
    """One entry, unpacked. Tags, hash and commitment have 32 bytes; `hour` counts hours since the epoch."""

    kind: Kind
    allowed: bool
    actor_kind: ActorKind
    action: int
    hour: int
    purpose: int
    subjects: int
    policy_hash: bytes
    subject_tag: bytes
    actor_tag: bytes
    commitment: bytes
    tenant: bytes = ONE_TENANT

    @property
    def is_batch(self) -> bool:
        """Say whether the entry concerns more than one person."""
        return self.subjects > 1

    def pack(self) -> bytes:
        """Return the 154 bytes. Raises `EntryInvalid` when a field does not fit."""
        return pack(*self)


def pack(
    kind: Kind,
    allowed: bool,  # noqa: FBT001  in the order of the fields
    actor_kind: ActorKind,
    action: int,
    hour: int,
    purpose: int,
    subjects: int,
    policy_hash: bytes,
    subject_tag: bytes,
    actor_tag: bytes,
    commitment: bytes,
    tenant: bytes = ONE_TENANT,
) -> bytes:
    """Return the 154 bytes of the fields of a `Body`. Raises `EntryInvalid` when one does not fit."""
    if not len(policy_hash) == len(subject_tag) == len(actor_tag) == len(commitment) == 32 == len(tenant) * 4:
        raise EntryInvalid("A tag, hash or commitment of an entry has the wrong length.")
    flags = (ALLOWED if allowed else 0) | (BATCH if subjects > 1 else 0)
    try:
        return _LAYOUT.pack(
            VERSION,
            KIND_CODES[kind],
            flags,
            ACTOR_CODES[actor_kind],
            action,
            hour,
            purpose,
            subjects,
            tenant,
            policy_hash,
            subject_tag,
            actor_tag,
            commitment,
        )
    except (struct.error, KeyError):
        raise EntryInvalid("A field of the entry is outside of its range.") from None


def unpack(data: bytes) -> Body:
    """Return the entry in 154 bytes. Raises `EntryInvalid` on anything that `pack` would not have written."""
    if len(data) != SIZE:
        raise EntryInvalid(f"An entry has {SIZE} bytes.")
    version, kind, flags, actor, action, hour, purpose, subjects, tenant, *hashes = _LAYOUT.unpack(data)
    if version != VERSION:
        raise EntryInvalid("The entry is of a version that this program does not know.")
    if not 1 <= kind <= len(KINDS) or actor >= len(ACTOR_KINDS):
        raise EntryInvalid("The entry is of an unknown kind.")
    if flags & ~(ALLOWED | BATCH) or bool(flags & BATCH) is not (subjects > 1):
        raise EntryInvalid("The flags of the entry contradict the number of people.")
    if (subjects == 0) is not (hashes[1] == ZERO_TAG):
        raise EntryInvalid("The tag of the entry contradicts the number of people.")
    return Body(
        kind=KINDS[kind - 1],
        allowed=bool(flags & ALLOWED),
        actor_kind=ACTOR_KINDS[actor],
        action=action,
        hour=hour,
        purpose=purpose,
        subjects=subjects,
        policy_hash=hashes[0],
        subject_tag=hashes[1],
        actor_tag=hashes[2],
        commitment=hashes[3],
        tenant=tenant,
    )
