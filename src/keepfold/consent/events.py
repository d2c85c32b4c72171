"""Facts that other rooms may react to. Purposes are named as in the policy of that moment."""

from __future__ import annotations

import msgspec


class ConsentAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody said yes and has to confirm it (double opt-in)."""

    person: bytes
    purpose: str


class ConsentGranted(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose may be served from now on, as far as the person is concerned. `expires_s` is seconds since 1970."""

    person: bytes
    purpose: str
    expires_s: int | None


class ConsentWithdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A person withdrew, objected or opted out; `status` says which."""

    person: bytes
    purpose: str
    status: str
