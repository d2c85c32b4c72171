"""Keys made in the test, the cast as actors, and short ways to write entries."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from keepfold.gate.types import Actor, Context, Decision, Entry
from keepfold.kernel import db, ids
from keepfold.ledger import sequencer
from keepfold.ledger.recorder import recorder

ANA = Actor(kind="staff", id=bytes([1]) * 16, name="Ana", roles=("privacy-lead",), actions=("*",), purposes=("*",))
BEN = Actor(kind="staff", id=bytes([2]) * 16, name="Ben", roles=("support",), actions=("vault.record.*",))
CARL = bytes([3]) * 16
NOBODY = Actor(kind="anonymous", id=bytes(16))
POLICY = hashlib.sha256(b"policy").digest()


class MadeKeys:
    """`ledger.types.Keys` from a seed: the same in every process. Who is `gone` has no key any more."""

    def __init__(self, people: Sequence[bytes] = ()) -> None:
        self.people = dict.fromkeys(people)
        self.gone: set[bytes] = set()

    def make(self, count: int = 1) -> list[bytes]:
        """Return new people with keys."""
        made = [ids.uuid7() for _ in range(count)]
        self.people.update(dict.fromkeys(made))
        return made

    def destroy(self, person: bytes) -> None:
        """Destroy a person's key."""
        self.people.pop(person, None)
        self.gone.add(person)

    def subject_keys(self, subjects: Sequence[bytes]) -> list[bytes | None]:
        return [_derived(b"subject" + one) if one in self.people else None for one in subjects]

    def actor_key(self, actor: bytes) -> bytes:
        return _derived(b"actor" + actor)

    def log_key(self, name: str) -> bytes:
        return _derived(b"log" + name.encode())

    def living_subjects(self) -> Iterator[bytes]:
        yield from list(self.people)


def _derived(text: bytes) -> bytes:
    return hashlib.sha256(b"keys of a test" + text).digest()


def entry(
    *subjects: bytes,
    action: str = "vault.record.open",
    actor: Actor = BEN,
    allowed: bool = True,
    details: dict[str, Any] | None = None,
    **context: Any,
) -> Entry:
    """Return an entry as the gate would hand it over."""
    decision = Decision(
        allowed=allowed,
        rules=("purpose.support",),
        reason="" if allowed else "Support does not cover this.",
        purpose_number=7,
        policy_hash=POLICY,
    )
    return Entry(
        id=os.urandom(16),
        context=Context(actor=actor, action=action, subjects=subjects, purpose="support", **context),
        decision=decision,
        subjects=subjects,
        details=details or {},
    )


def write(*subjects: bytes, **facts: Any) -> Entry:
    """Write one entry in a transaction of its own."""
    made = entry(*subjects, **facts)
    with db.atomic(durable=True):
        recorder.lock(subjects)
        recorder.append(made)
    return made


def sequence() -> int:
    """Give all waiting entries their index."""
    total = 0
    while done := sequencer.sequence_once():
        total += done
    return total


def rows(table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return all rows of a table."""
    return db.fetch_all("default", f"SELECT {columns} FROM {table}")


def count(table: str) -> int:
    """Return how many rows a table has."""
    return int(rows(table, "COUNT(*)")[0][0])
