"""Keys from passphrases, and what is stored of passwords: Argon2id (RFC 9106).

By default with its second recommended parameters (64 MiB, 3, 4).
"""

from __future__ import annotations

import unicodedata

from cryptography.exceptions import InvalidKey
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


def phc(
    password: bytes,
    salt: bytes,
    secret: bytes,
    *,
    memory_kib: int = MEMORY_KIB,
    iterations: int = ITERATIONS,
    lanes: int = LANES,
) -> str:
    """Return what is stored of a password: a PHC string (`$argon2id$v=19$…`).

    `secret` is Argon2's own (RFC 9106 section 3.1): without it nobody can try passwords against the string.
    """
    made = Argon2id(
        salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory_kib, secret=secret
    ).derive_phc_encoded(password)
    return str(made)


def phc_matches(password: bytes, stored: str, secret: bytes) -> bool:
    """Say whether a PHC string is that of a password."""
    try:
        Argon2id.verify_phc_encoded(password, stored, secret)
    except (InvalidKey, ValueError):
        return False
    return True
