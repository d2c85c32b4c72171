"""What the rooms tell the status page."""

from __future__ import annotations

from typing import NamedTuple


class Policy(NamedTuple):
    """The active policy."""

    name: str
    hash: str
    purposes: int
    items: int

    @property
    def short(self) -> str:
        """Return the first eight digits of the hash."""
        return self.hash[:8]


class Ledger(NamedTuple):
    """The ledger: entries, and the last signed checkpoint (0 and empty before the first)."""

    size: int
    checkpoint_size: int
    checkpoint_root: str

    @property
    def root(self) -> str:
        """Return the first characters of the root hash."""
        return self.checkpoint_root[:8]
