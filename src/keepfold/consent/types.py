"""What the room hands out. Times are aware, UTC; ids are 16 bytes, of events too (public form `cev_…`)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

PREFIX = "cev"

# `pending` waits for the second step of a double opt-in; `expired` is a grant whose time is over.
Status = Literal["granted", "withdrawn", "objected", "opted_out", "pending", "expired"]
Said = Literal["asked", "granted", "confirmed", "withdrawn", "objected", "opted_out"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How something was said: the channel, the version of the form that was shown, and which staff was there."""

    channel: str
    form_version: str | None = None
    staff: bytes | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Where one person stands with one purpose. `event` is the last thing said about it."""

    purpose: str
    status: Status
    at: datetime
    expires_at: datetime | None
    event: bytes


class ConsentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said. `policy_hash` is the SHA-256 of the policy version under which it was said."""

    id: bytes
    purpose: str
    said: Said
    at: datetime
    expires_at: datetime | None
    evidence: Evidence
    policy_hash: bytes


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Where one person stands, and the latest events, newest first."""

    consents: tuple[Consent, ...]
    events: tuple[ConsentEvent, ...]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How many people stand where with one purpose now. `waiting` have not confirmed yet; no more than 10,000 counted.

    `expired` agreed once, and their time is over. Whoever never said anything is in none of these.
    """

    purpose: str
    granted: int = 0
    expired: int = 0
    withdrawn: int = 0
    objected: int = 0
    opted_out: int = 0
    unconfirmed: int = 0
    waiting: int = 0

    @property
    def spoken(self) -> int:
        """Return how many people have said anything that counts, or were asked to confirm it."""
        return self.granted + self.expired + self.withdrawn + self.objected + self.opted_out + self.unconfirmed


class SaidOn(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was said on one day, counted from 1970."""

    said: Said
    day: int
    number: int


class RecentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event with the id of the person who said it."""

    person: bytes
    event: ConsentEvent


class Persons(Protocol):
    """Knows who is there. The site hands it over: this room and the vault do not know each other."""

    def __call__(self, person: bytes) -> bool:
        """Say whether this person is there and not erased."""
        ...
