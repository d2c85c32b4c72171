"""What the ledger refuses, and what it found to be wrong."""

from __future__ import annotations

from keepfold.kernel.errors import Invalid, Malformed, Unavailable


class ProofInvalid(Invalid):
    """A proof does not prove what it claims, or was asked for where there is none."""

    title = "The proof does not hold"
    default_code = "ledger.proof-invalid"


class NoteInvalid(Malformed):
    """A signed note, verifier key or checkpoint that cannot be read or is not signed by a trusted key."""

    title = "The signed note cannot be trusted"
    default_code = "ledger.note-invalid"


class TileInvalid(Malformed):
    """A path that names no tile."""

    title = "There is no such tile"
    default_code = "ledger.tile-path"


class EntryInvalid(Malformed):
    """Bytes that are not an entry, or facts that do not fit into one."""

    title = "The ledger entry cannot be read"
    default_code = "ledger.entry-invalid"


class LedgerHalted(Unavailable):
    """The ledger found its own tables altered and stops rather than sign what it cannot vouch for (503)."""

    title = "The ledger has stopped"
    default_code = "ledger.halted"


__all__ = ["EntryInvalid", "LedgerHalted", "NoteInvalid", "ProofInvalid", "TileInvalid"]
