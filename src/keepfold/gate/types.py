"""What passes through the door: actors, contexts, decisions, and the two protocols the site wires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

ActorKind = Literal["staff", "client", "customer", "system", "anonymous"]
Treatment = Literal["clear", "masked"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. `id` is 16 bytes; `actions` are names or prefixes ending in `.*`; `purposes` names or `*`."""

    kind: ActorKind
    id: bytes
    name: str = ""
    roles: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The question put to the decider: who does what, to whom, which fields, for which purpose.

    `subjects` are person ids of 16 bytes. `details` may hold ids, names of things, counts and a reason;
    it is sealed beside the ledger entry and never holds a customer's value.
    """

    actor: Actor
    action: str
    purpose: str | None = None
    subjects: tuple[bytes, ...] = ()
    fields: tuple[str, ...] = ()
    reason: str | None = None
    details: Mapping[str, Any] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `rules` are the ids of the rules that decided, the decisive one first.

    `fields` maps each field that may leave to its treatment; empty when the action has no fields.
    `purpose_number` and `policy_hash` go into the ledger entry (0 and 32 zero bytes when there is none).
    """

    allowed: bool
    rules: tuple[str, ...]
    reason: str = ""
    next_step: str | None = None
    fields: Mapping[str, Treatment] = {}
    purpose_number: int = 0
    policy_hash: bytes = bytes(32)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the recorder is asked to write down. `subjects` may have grown while the body ran."""

    id: bytes
    context: Context
    decision: Decision
    subjects: tuple[bytes, ...]
    details: Mapping[str, Any]
    cause: bytes | None = None


class Decider(Protocol):
    """Decides. Must be free of side effects and raise nothing but `KeepfoldError`."""

    def decide(self, context: Context) -> Decision:
        """Return the decision for one context."""
        ...


class Recorder(Protocol):
    """Writes entries in the caller's transaction. A refusal to append is an exception."""

    def lock(self, subjects: Sequence[bytes]) -> None:
        """Serialise what happens to these people until the transaction ends."""
        ...

    def append(self, entry: Entry) -> None:
        """Write one entry; durable when the surrounding transaction commits."""
        ...
