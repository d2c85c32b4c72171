"""Keys of a room's own: of the marks on rows that grant something, and of the secrets that it keeps.

The other rooms know this class only by what it offers (`kernel.rowmac.RowKeys`, `people.sealing.SecretKeys`).
"""

from __future__ import annotations

from keepfold.vault.keys.ring import ring


class RowKeys:
    """One random key per room."""

    def __repr__(self) -> str:
        return "RowKeys(…)"

    def row_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room's rows; made on first use."""
        return ring().side(f"{room}/rows")

    def secret_key(self, room: str) -> bytes:
        """Return the 32-byte key under which one room keeps its secrets; made on first use."""
        return ring().side(f"{room}/secrets")
