"""Keys of the marks on rows that grant something; the other rooms know this class only as `kernel.rowmac.RowKeys`."""

from __future__ import annotations

from keepfold.vault.keys.ring import ring


class RowKeys:
    """One random key per room."""

    def __repr__(self) -> str:
        return "RowKeys(…)"

    def row_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room's rows; made on first use."""
        return ring().side(f"{room}/rows")
