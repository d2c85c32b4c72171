"""Keys from passphrases: Argon2id (RFC 9106), by default with its second recommended parameters (64 MiB, 3, 4)."""

from __future__ import annotations

import unicodedata

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SALT_BYTES = 16
MEMORY_KIB = 64 * 1024
ITERATIONS = 3
LANES = 4


def derive(
    passphrase: str,
    salt: bytes,
    *,
    memory_kib: int = MEMORY_KIB,
    iterations: int = ITERATIONS,
    lanes: int = LANES,
    length: int = 32,
) -> bytes:
    """Return a key of `length` bytes. The passphrase is normalised to NFC, so that keyboards do not matter."""
    if len(salt) < SALT_BYTES:
        raise ValueError("A salt has at least 16 bytes.")
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return Argon2id(salt=salt, length=length, iterations=iterations, lanes=lanes, memory_cost=memory_kib).derive(secret)
