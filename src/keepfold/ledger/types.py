"""What the ledger hands out, and the keys it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

LogKeyName = Literal["sign", "detail", "pending"]
State = Literal["pending", "sequenced", "checkpointed"]
Progress = Literal["entries", "people", "rest"]


class Keys(Protocol):
    """The keys that the vault keeps for the ledger. All have 32 bytes.

    A person's ledger key is the key of compartment 0. It is made with the person, never replaced by a newer
    generation (tags could not be found any more), and destroyed with the person.
    """

    def subject_keys(self, subjects: Sequence[bytes]) -> list[bytes | None]:
        """Return people's ledger keys in the order asked; None where it is destroyed or was never made."""
        ...

    def actor_key(self, actor: bytes) -> bytes:
        """Return the ledger key of a member of staff or a client; made on first use."""
        ...

    def log_key(self, name: LogKeyName) -> bytes:
        """Return a key of the log itself; made on first use. `sign` is an Ed25519 seed."""
        ...

    def living_subjects(self) -> Iterator[bytes]:
        """Yield everybody whose ledger key exists."""
        ...


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that an entry stands in the tree of `size` entries: hashes from leaf to root (RFC 6962)."""

    index: int
    size: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    root: bytes
    checkpoint: str | None = None


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that a person is one of the `count` members of a batch entry: hashes from their tag to the entry's tag."""

    position: int
    count: int
    hashes: tuple[bytes, ...]


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that the tree of size `new` begins with the tree of size `old`."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    hashes: tuple[bytes, ...]


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """The public part of one entry. `hour_s` is the start of its hour, seconds since the epoch; `index` None: pending.

    `action` is the action's name when this version knows its number, `label` its names by language.
    """

    index: int | None
    kind: str
    action_number: int
    action: str | None
    label: Mapping[str, str]
    hour_s: int
    allowed: bool
    actor_kind: str
    purpose_number: int
    policy_hash: bytes
    subjects: int
    body: bytes
    leaf: bytes


class PersonEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry about a person. `number` is the person's own counter, without gaps from 0; `tag` proves it is theirs.

    `details` is None when they cannot be opened. `proof` is there once a checkpoint covers the entry; `membership`
    when the entry concerns several people.
    """

    number: int
    tag: bytes
    state: State
    entry: EntryView
    details: Mapping[str, Any] | None
    proof: Inclusion | None
    membership: Membership | None


class PersonEntries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a person's entries, newest first. `total` counts them all; `before` continues, None at the end."""

    entries: tuple[PersonEntry, ...]
    total: int
    before: int | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log stands. Times are microseconds since the epoch, 0 for never.

    `size` entries have their place, `pending` wait for it. `halted` says why nothing is sequenced or signed.
    `waiting_since_us` is when the oldest of these was written. `vkey` is the key by which others verify checkpoints.
    """

    origin: str
    vkey: str
    size: int
    pending: int
    waiting_since_us: int
    root: bytes
    checkpoints: int
    checkpoint_size: int
    checkpoint_at_us: int
    beat_at_us: int
    halted: str | None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: a stable code, a sentence that names index or row, and the table and index."""

    code: str
    message: str
    table: str
    index: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found. `ok` when there is no finding; `notes` are facts that are no error.

    `more` counts findings beyond the first hundred. `seconds` is how long it took.
    """

    ok: bool
    origin: str
    size: int
    root: bytes
    checkpoints: int
    pending: int
    people: int
    details: int
    findings: tuple[Finding, ...]
    more: int
    notes: tuple[str, ...]
    seconds: float
