"""Making and deriving keys: random ones, and HKDF-Expand (RFC 5869 section 2.3) from one that is random already."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32


def new() -> bytes:
    """Return a new random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def new_many(count: int) -> list[bytes]:
    """Return many new keys with one call to the system's generator."""
    pool = os.urandom(KEY_BYTES * count)
    return [pool[start : start + KEY_BYTES] for start in range(0, len(pool), KEY_BYTES)]


def expand(key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Return `length` bytes derived from a random key for one purpose, named by `info`."""
    if len(key) < KEY_BYTES:
        raise ValueError("HKDF-Expand needs a random key of at least 32 bytes.")
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(key)
