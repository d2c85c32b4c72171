"""Contents that wait for a moment and must not lie open while they do: files that were uploaded, drafts, names.

Each thing has a random key of its own, wrapped under a side key of the vault; without the row that holds the wrapped
key nothing opens the thing, so deleting that row is enough to lose it. Values are frames (`crypto.aead`), files are
streams (`crypto.stream`); both are bound to the thing they belong to.

The side keys come from the vault through the site's wiring, one per room: `<room>/files`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from keepfold.kernel.crypto import aead, keys, pool, stream, wrap
from keepfold.kernel.errors import Unavailable

Sealer = stream.Sealer


class FileKeys(Protocol):
    """Gives each room the key under which the keys of its things are wrapped. The vault has them."""

    def file_key(self, room: str) -> bytes:
        """Return the 32-byte key of one room; made on first use."""
        ...


class _State:
    """What the site has handed over."""

    keys: FileKeys | None = None


def wire(*, keys: FileKeys | None) -> None:
    """Hand over the keys. Until the site does so at start-up, nothing can be sealed or opened."""
    _State.keys = keys


class Key:
    """The open key of one thing. Its repr shows nothing of it."""

    __slots__ = ("_context", "_secret", "_values")

    def __init__(self, secret: bytes, context: bytes) -> None:
        self._secret, self._context = secret, context
        self._values = aead.cipher(keys.expand(secret, b"keepfold/sealed/value"))

    def __repr__(self) -> str:
        return "Key(…)"

    def seal(self, what: str, value: bytes) -> bytes:
        """Return a frame of a value; `what` says which of the thing's values it is."""
        return aead.seal(self._values, 0, pool.nonce(), value, self._aad(what))

    def unseal(self, what: str, frame: bytes) -> bytes:
        """Return a value. Raises `Unopened`."""
        return aead.unseal(self._values, frame, self._aad(what))

    def sealer(self, what: str) -> Sealer:
        """Return what seals a file as it comes in."""
        return stream.Sealer(self._stream_secret(), self._aad(what))

    def unsealed(self, what: str, read: Callable[[int], bytes]) -> Iterator[bytes]:
        """Yield the content of a file in pieces. Raises `Unopened`, also at the end when it was cut off."""
        return stream.unsealed(self._stream_secret(), self._aad(what), read)

    def _stream_secret(self) -> bytes:
        return keys.expand(self._secret, b"keepfold/sealed/stream")

    def _aad(self, what: str) -> bytes:
        return self._context + b"/" + what.encode()


def new_key(room: str, thing: bytes) -> tuple[Key, bytes]:
    """Return a new key for a thing with this id (16 bytes), and the same key wrapped, for the thing's row."""
    secret, context = keys.new(), _context(room, thing)
    kek = aead.cipher(_room_key(room))
    return Key(secret, context), wrap.wrap(kek, 1, pool.nonce(), secret, context)


def open_key(room: str, thing: bytes, wrapped: bytes) -> Key:
    """Return the key of a thing. Raises `Unopened` when it is wrapped for another thing or under another key."""
    context = _context(room, thing)
    return Key(wrap.unwrap(aead.cipher(_room_key(room)), wrapped, context), context)


def lasting_key(room: str, thing: bytes) -> Key:
    """Return a key for what stays as long as the installation does, such as a name that somebody gave."""
    context = _context(room, thing)
    return Key(keys.expand(_room_key(room), b"keepfold/sealed/lasting/" + context), context)


def _context(room: str, thing: bytes) -> bytes:
    return b"keepfold/" + room.encode() + b"/" + thing


def _room_key(room: str) -> bytes:
    if _State.keys is None:
        raise Unavailable(
            "Nothing can be sealed yet, because the keys were not handed over.",
            code="sealed.unwired",
            next_step="Start the program through `keepfold`; it wires the rooms.",
        )
    return _State.keys.file_key(room)
