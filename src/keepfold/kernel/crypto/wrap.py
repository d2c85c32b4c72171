"""Wrapped keys: a key of 32 bytes under another key, 65 bytes long.

    ver(1) | kek_ver(4, big-endian) | nonce(12) | key(32) | tag(16)

`ver` 1 is AES-256-GCM. `kek_ver` names the version of the wrapping key; it belongs into the AAD or, as here, is
bound by being the only thing that chooses the wrapping key.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidTag

from keepfold.kernel.crypto.aead import KEY_BYTES, NONCE_BYTES, TAG_BYTES, Cipher
from keepfold.kernel.errors import Unopened

VERSION = 1
WRAPPED_BYTES = 1 + 4 + NONCE_BYTES + KEY_BYTES + TAG_BYTES


@lru_cache(maxsize=4096)
def _head(kek_version: int) -> bytes:
    return bytes((VERSION,)) + kek_version.to_bytes(4, "big")


def wrap(kek: Cipher, kek_version: int, nonce: bytes, key: bytes | bytearray, aad: bytes) -> bytes:
    """Return a key of 32 bytes wrapped under `kek`."""
    if len(key) != KEY_BYTES:
        raise ValueError("A key has 32 bytes.")
    return _head(kek_version) + nonce + kek.encrypt(nonce, key, aad)


def unwrap(kek: Cipher, wrapped: bytes, aad: bytes) -> bytes:
    """Return the wrapped key. Raises `Unopened`, the same for every cause."""
    if len(wrapped) != WRAPPED_BYTES or wrapped[0] != VERSION:
        raise Unopened
    try:
        return kek.decrypt(wrapped[5:17], wrapped[17:], aad)
    except InvalidTag:
        raise Unopened from None


def unwrap_into(kek: Cipher, wrapped: bytes, aad: bytes, buffer: bytearray) -> None:
    """Put the wrapped key into 32 bytes that the caller wipes afterwards. Raises `Unopened`."""
    if len(wrapped) != WRAPPED_BYTES or wrapped[0] != VERSION:
        raise Unopened
    try:
        kek.decrypt_into(wrapped[5:17], wrapped[17:], aad, buffer)
    except InvalidTag:
        raise Unopened from None


def kek_version(wrapped: bytes) -> int:
    """Return the version of the wrapping key. Raises `Unopened` when this is no wrapped key."""
    if len(wrapped) != WRAPPED_BYTES or wrapped[0] != VERSION:
        raise Unopened
    return int.from_bytes(wrapped[1:5], "big")
