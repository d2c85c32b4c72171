"""Secrets that the room keeps: sealed with AES-256-GCM under keys derived from the room's own side key of the vault.

Each kind of secret has a key of its own (HKDF-Expand, RFC 5869), and each sealed text is bound to its place: what
somebody copies into another row, or into another kind, does not open there. The site hands the keys over.
"""

from __future__ import annotations

from typing import Protocol

from keepfold.kernel.crypto import aead, mac, pool
from keepfold.kernel.crypto import keys as derivation
from keepfold.kernel.errors import Unavailable

_GENERATION = 1


class SecretKeys(Protocol):
    """Gives each room the key of its secrets. The vault has them; the site hands them over."""

    def secret_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room's secrets; made on first use."""
        ...


class _State:
    """What the site has handed over."""

    keys: SecretKeys | None = None


_derived: dict[str, bytes] = {}


def wire(*, keys: SecretKeys | None) -> None:
    """Hand over the keys; None takes them away."""
    _State.keys = keys
    forget()


def forget() -> None:
    """Drop everything derived; the next use asks the vault again."""
    _derived.clear()


def key(kind: str) -> bytes:
    """Return the 32-byte key of one kind of secret. Raises `Unavailable` (`secrets.unwired`) before there is one."""
    found = _derived.get(kind)
    if found is None:
        if _State.keys is None:
            raise Unavailable("Nobody can sign in yet: the keys are not there.", code="secrets.unwired")
        root = _State.keys.secret_key("people")
        found = _derived[kind] = derivation.expand(root, b"keepfold/people/" + kind.encode())
    return found


def seal(kind: str, plain: bytes, place: bytes) -> bytes:
    """Return a sealed secret, which opens only as this kind and in this place."""
    return aead.seal(aead.cipher(key(kind)), _GENERATION, pool.nonce(), plain, place)


def unseal(kind: str, sealed: bytes, place: bytes) -> bytes:
    """Return the secret. Raises `Unopened` when it was altered or belongs elsewhere."""
    return aead.unseal(aead.cipher(key(kind)), sealed, place)


def tag(kind: str, message: bytes) -> bytes:
    """Return a keyed hash (32 bytes) that says nothing to those without the key."""
    return mac.tag(mac.start(key(kind)), message)
