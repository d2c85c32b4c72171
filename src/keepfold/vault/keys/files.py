"""Keys of things that wait sealed outside of the vault; others know this class only as `kernel.sealed.FileKeys`."""

from __future__ import annotations

from keepfold.vault.keys.ring import ring


class FileKeys:
    """One random key per room; the keys of its things are wrapped under it."""

    def __repr__(self) -> str:
        return "FileKeys(…)"

    def file_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room's things; made on first use."""
        return ring().side(f"{room}/files")
