"""Facts that other rooms may react to."""

from __future__ import annotations

import msgspec


class PolicySubmitted(msgspec.Struct, frozen=True, kw_only=True):
    """A version was stored; it decides nothing yet."""

    version: str
    policy_id: str


class PolicyActivated(msgspec.Struct, frozen=True, kw_only=True):
    """A version decides from now on, in place of `previous`. `purposes` are those that a material change touches."""

    version: str
    previous: str | None
    policy_id: str
    material: bool
    purposes: tuple[str, ...]
