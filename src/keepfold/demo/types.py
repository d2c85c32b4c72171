"""What the demonstration hands out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far the demonstration is loaded. Complete when all people are in and the past was read."""

    seed: int
    day: date
    wanted: int
    loaded: int
    read: bool

    @property
    def complete(self) -> bool:
        """Say whether nothing is left to do."""
        return self.read and self.loaded >= self.wanted


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """One made-up person on the way in: values by data item, and what they said to the newsletter."""

    number: int
    values: Mapping[str, Any]
    agreed: bool = False
    left: bool = False


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch."""

    people: int
    consents: int
    withdrawals: int


class History(msgspec.Struct, frozen=True, kw_only=True):
    """How many readings of the past were allowed and how many refused."""

    allowed: int
    refused: int
