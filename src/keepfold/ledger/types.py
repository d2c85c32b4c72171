"""What the ledger hands out, and the keys it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal, Protocol

import msgspec

LogKeyName = Literal["sign", "detail", "pending"]
State = Literal["pending", "sequenced", "checkpointed"]
Progress = Literal["entries", "people", "rest"]
RunState = Literal["waiting", "running", "ended", "stopped", "failed"]
CountedBy = Literal["kind", "action", "allowed", "actor_kind", "purpose"]


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


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of the whole log; what is None is not asked. Nothing here can say whom an entry is about.

    `kind` is a kind of action (`access`, …), `action` a number of the catalogue, `purpose` a number of the policy's
    registry (0: without a purpose), `actor_kind` one of `staff client customer system anonymous`. `since` and `until`
    are days in UTC, both included. `actions` and `actor_kinds` ask for any one of several; empty, they ask nothing.
    """

    kind: str | None = None
    action: int | None = None
    allowed: bool | None = None
    actor_kind: str | None = None
    purpose: int | None = None
    since: date | None = None
    until: date | None = None
    actions: frozenset[int] = frozenset()
    actor_kinds: frozenset[str] = frozenset()


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries, newest first. `total` counts all that fit the filter.

    `before` continues with older ones, None at the end; `after` goes back to newer ones, None at the start.
    """

    entries: tuple[EntryView, ...]
    total: int
    before: int | None
    after: int | None


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries have the same kind, action, outcome, kind of actor and purpose.

    `action` is the name when this version knows the number, `purpose` a number of the policy's registry, 0 for none.
    """

    kind: str
    action_number: int
    action: str | None
    allowed: bool
    actor_kind: str
    purpose: int
    entries: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over a length of time, as `queries.counts` returns them; sums of any kind come from `rows`."""

    rows: tuple[Count, ...]

    @property
    def total(self) -> int:
        """Return how many entries there are in all."""
        return sum(row.entries for row in self.rows)

    @property
    def refused(self) -> int:
        """Return how many of them are refusals."""
        return self.of(allowed=False)

    def of(
        self,
        *,
        kind: str | None = None,
        action: str | None = None,
        allowed: bool | None = None,
        actor_kind: str | None = None,
        purpose: int | None = None,
    ) -> int:
        """Return how many entries fit what is given: `counts.of(kind="access", allowed=True)`."""
        wanted = {"kind": kind, "action": action, "allowed": allowed, "actor_kind": actor_kind, "purpose": purpose}
        given = {name: value for name, value in wanted.items() if value is not None}
        return sum(
            row.entries for row in self.rows if all(getattr(row, name) == value for name, value in given.items())
        )

    def by(self, name: CountedBy) -> dict[Any, int]:
        """Return the sums by one property, the largest first: `counts.by("purpose")` → `{3: 120, 0: 14}`."""
        sums: dict[Any, int] = {}
        for row in self.rows:
            key = getattr(row, name)
            sums[key] = sums.get(key, 0) + row.entries
        return dict(sorted(sums.items(), key=lambda item: -item[1]))


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries an hour or a day brought; `at_s` is its start in seconds since the epoch, UTC."""

    at_s: int
    allowed: int
    refused: int

    @property
    def entries(self) -> int:
        """Return both together."""
        return self.allowed + self.refused


class ActorPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what one actor did, newest first. `before` continues (hour since the epoch, index), None at the end."""

    entries: tuple[EntryView, ...]
    before: tuple[int, int] | None


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


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One verification that somebody asked for. `id` has 16 bytes; times are microseconds since the epoch, or None.

    `stage`, `done` and `total` say how far it is. `stopping`: somebody asked it to end. `report` is there when it
    ended by itself; `altered` says that what stands in the database is not what it found.
    """

    id: bytes
    state: RunState
    asked_us: int
    began_us: int | None
    seen_us: int | None
    ended_us: int | None
    stopping: bool
    stage: str
    done: int
    total: int
    report: Report | None
    altered: bool
