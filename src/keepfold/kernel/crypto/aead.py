"""Frames: AES-256-GCM under one key, bound to a context by additional authenticated data (AAD).

    ver/alg(1) | dek_gen(1) | nonce(12) | ciphertext | tag(16)          = plaintext + 30 bytes

Version/algorithm 1 is AES-256-GCM (NIST SP 800-38D). Anything else is refused; there is no fallback. The two header
bytes are not sealed by themselves: put both into the AAD, as the vault's does. Nonces are random, 96 bits, from
`pool`; a key of one person sees thousands of frames, far below the 2^32 of SP 800-38D section 8.3.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keepfold.kernel.errors import Unopened

AES_256_GCM = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = 2 + NONCE_BYTES + TAG_BYTES

_HEADS = tuple(bytes((AES_256_GCM, generation)) for generation in range(256))
_BODY = 2 + NONCE_BYTES

Cipher = AESGCM


def cipher(key: bytes | bytearray) -> Cipher:
    """Return a cipher for a key of 32 bytes. Make it once per key: it costs more than sealing a short value."""
    if len(key) != KEY_BYTES:
        raise ValueError("A key has 32 bytes.")
    return AESGCM(key)


def seal(cipher: Cipher, generation: int, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Return a frame. `generation` (0 to 255) is that of the key; `nonce` has 12 bytes and is never used twice."""
    return _HEADS[generation] + nonce + cipher.encrypt(nonce, plaintext, aad)


def unseal(cipher: Cipher, frame: bytes, aad: bytes, at: int = 0) -> bytes:
    """Return the plaintext of a frame, which begins at `at`. Raises `Unopened`, the same for every cause."""
    try:
        if frame[at] != AES_256_GCM:
            raise Unopened
        return cipher.decrypt(frame[at + 2 : at + _BODY], frame[at + _BODY :], aad)
    except (InvalidTag, ValueError, IndexError):
        raise Unopened from None


def generation(frame: bytes) -> int:
    """Return the generation of the key that a frame names. Raises `Unopened` when it is no frame."""
    if len(frame) < OVERHEAD or frame[0] != AES_256_GCM:
        raise Unopened
    return frame[1]
