"""Keys of the vault. Protected: only the vault and the site's wiring import this package.

    root      a 0600 file, or a passphrase through Argon2id                 never stored
    tenant    one random key, wrapped by the root                           side keys and shard keys are wrapped by it
    shard     per compartment and shard (1 … 4096), random, versioned       uses are counted; a new version at 2^28
    person    per person and compartment, random                            the unit of erasure; never cached
    side      index keys, the ledger's keys, by name and version            random, wrapped by the tenant key

Nothing here shows a key: not in a repr, not in an error, not in a log. What is missing is never made silently:
`init` is the one place where a root or a tenant key comes into being.
"""

from __future__ import annotations

from keepfold.kernel.crypto.wipe import forbid_dumps as harden
from keepfold.vault.keys.begin import init
from keepfold.vault.keys.files import FileKeys
from keepfold.vault.keys.ledger import LedgerKeys
from keepfold.vault.keys.ring import Ring, forget, ring
from keepfold.vault.keys.rows import RowKeys

__all__ = ["FileKeys", "LedgerKeys", "Ring", "RowKeys", "forget", "harden", "init", "ring"]
