"""Ed25519 signatures (RFC 8032)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32
SIGNATURE_BYTES = 64

Signer = Ed25519PrivateKey


def signer(seed: bytes) -> Signer:
    """Return the signer of a seed of 32 random bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public(signer: Signer) -> bytes:
    """Return the 32 bytes of the public key."""
    return signer.public_key().public_bytes_raw()


def sign(signer: Signer, message: bytes) -> bytes:
    """Return the 64 bytes of the signature."""
    return signer.sign(message)


def is_valid(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature belongs to message and public key; malformed ones do not."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
