"""Nonces for a batch: one call to the system's generator instead of one per frame.

No state outlives a call, so a forked process can never hand out the nonces of its parent.
"""

from __future__ import annotations

import os

from keepfold.kernel.crypto.aead import NONCE_BYTES


def nonce() -> bytes:
    """Return one random nonce of 12 bytes."""
    return os.urandom(NONCE_BYTES)


def nonces(count: int) -> list[bytes]:
    """Return `count` random nonces."""
    pool = os.urandom(NONCE_BYTES * count)
    return [pool[start : start + NONCE_BYTES] for start in range(0, len(pool), NONCE_BYTES)]
