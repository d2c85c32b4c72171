"""What the vault hands out and takes in. Person ids are 16 bytes; their public form has the prefix `cus_`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from keepfold.gate.types import Decision

PREFIX = "cus"

# A value as it is sealed: JSON-like, already brought into its one form by the field's type.
Value = str | int | float | bool | list[Any] | dict[str, Any]
OnConflict = Literal["reject", "skip", "update"]
State = Literal["sealed", "partial", "skipped", "updated", "refused"]


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """Why one field was refused: a stable code and a sentence, never the value. `field` is "" for the whole record."""

    field: str
    code: str
    message: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record of a batch.

    `id` is the person's id; None when nothing was stored. `state` says what happened: `sealed` whole, `partial`
    (sealed without the refused fields), `skipped` (somebody with this identity is there already; `id` is theirs),
    `updated` (the same, and their values were replaced), or `refused`.
    """

    id: bytes | None
    state: State
    errors: tuple[FieldError, ...] = ()


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed person. `errors` is filled only when partial intake was asked for."""

    id: bytes
    errors: tuple[FieldError, ...] = ()


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of one person, without a character of any value.

    `fields` names what is held, in the order of the policy. `withheld` names items of special categories that the
    actor works for no purpose with: whether they are held would tell something by itself. `unnamed` counts values of
    items that the policy no longer has. `decisions` say for each purpose what opening for it would be answered now.
    Times are microseconds since the epoch. `keys` counts the person's own keys, that of the ledger included.
    """

    id: bytes
    created_us: int
    changed_us: int
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    unnamed: int
    keys: int
    index_rows: int
    decisions: Mapping[str, Decision]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What was opened of one person: only the fields that the decision allowed and that have a value.

    `masked` names the fields whose value is a masked one. `policy_hash` is the SHA-256 of the policy that decided.
    `entry` is the id of the ledger entry that was written before; empty for one of many.
    """

    id: bytes
    values: Mapping[str, Any]
    masked: tuple[str, ...] = ()
    policy_hash: bytes = bytes(32)
    entry: bytes = b""


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    """One changed person: the names of the fields that were set and of those that were removed."""

    id: bytes
    set: tuple[str, ...]
    removed: tuple[str, ...]


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """One erased person: when the erasure was recorded (microseconds since the epoch) and how many keys die with it.

    `entry` is the id of the ledger entry.
    """

    id: bytes
    erased_us: int
    keys_destroyed: int
    entry: bytes = b""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for status pages; nothing about any person."""

    people: int
    records: int
    index_rows: int
    identity_rows: int
    erased: int
    erasures_pending: int
    keys: int
    shards: int
    root: str
