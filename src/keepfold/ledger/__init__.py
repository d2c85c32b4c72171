"""The transparency log: every action that passed the gate, written where nobody can change it unnoticed.

Owns entries (pseudonymous tags and commitments, 154 bytes each), the Merkle tree over them as tiles, signed
checkpoints, proofs, and the sealed details beside the entries. Promises that an entry is durable when its action
commits, that indexes have no gaps, that no two checkpoints contradict each other, and that an erased person's entries
stay provable and point to nobody. Never holds a customer's value, and never decides anything.

`wire(keys=…)` hands the room its keys; the site does so at start-up.
"""

from __future__ import annotations

from keepfold.ledger.keyring import wire

__all__ = ["wire"]
