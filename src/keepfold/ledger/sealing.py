"""The sealed frame beside an entry: nonce of the commitment and details, bound to log and entry. Pure.

Frame as in `kernel.crypto.aead`, generation 1. AAD: "KLD1" ‖ algorithm(1) ‖ generation(1) ‖ log id(32) ‖ entry id(16).
Plaintext: nonce(32) ‖ details in canonical JSON.
"""

from __future__ import annotations

from typing import Any

from keepfold.kernel.crypto import aead, pool
from keepfold.kernel.errors import Unopened
from keepfold.ledger import commit

GENERATION = 1
_AAD = b"KLD1" + bytes((aead.AES_256_GCM, GENERATION))


def seal(key: bytes, log: bytes, ref: bytes, nonce: bytes, written: bytes) -> bytes:
    """Return the frame of an entry's nonce and details."""
    return aead.seal(aead.cipher(key), GENERATION, pool.nonce(), nonce + written, _AAD + log + ref)


def unseal(key: bytes, log: bytes, ref: bytes, frame: bytes, commitment: bytes) -> dict[str, Any]:
    """Return the details. Raises `Unopened` when frame, key or entry differ or the commitment is to other details."""
    if frame[1:2] != _AAD[5:6]:
        raise Unopened
    plain = aead.unseal(aead.cipher(key), frame, _AAD + log + ref)
    nonce, written = plain[: commit.NONCE_SIZE], plain[commit.NONCE_SIZE :]
    if commit.commitment(nonce, written) != commitment:
        raise Unopened
    return commit.read(written)
