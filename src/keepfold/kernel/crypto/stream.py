"""Streams: long contents in segments of AES-256-GCM, so that no more than one segment is ever in memory.

The format is Tink's AES-GCM-HKDF streaming AEAD (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming), an
instance of nOAE/STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, CRYPTO 2015):

    header  = length(1) | salt(32) | nonce prefix(7)                    length counts the header, itself included
    key     = HKDF-SHA256(secret, salt, info = associated data)         one per stream
    segment = AES-256-GCM(key, nonce prefix | number(4, big-endian) | last(1), plaintext)

The number keeps segments in order, the last byte of the nonce (1 in the last segment, 0 before) keeps the stream from
being cut off. A reader therefore knows only at the end that a stream is whole; what it yields before is genuine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keepfold.kernel.crypto.aead import TAG_BYTES, Cipher
from keepfold.kernel.errors import Unopened

PREFIX_BYTES = 7
_MOST_SEGMENTS = 1 << 32


class Shape(NamedTuple):
    """The parameters of the format: hash of the HKDF, bytes of the stream's key, bytes of a sealed segment."""

    hash: type[HashAlgorithm] = SHA256
    key_bytes: int = 32
    segment_bytes: int = 1 << 18

    @property
    def header_bytes(self) -> int:
        """Return the length of the header, which the first segment is shorter by."""
        return 1 + self.key_bytes + PREFIX_BYTES


SHAPE = Shape()


class Sealer:
    """Seals one stream. Bytes go in by `update`, what is to be stored comes out of it and of `finish`."""

    def __init__(
        self, secret: bytes, aad: bytes, shape: Shape = SHAPE, *, salt: bytes | None = None, prefix: bytes | None = None
    ) -> None:
        """Salt and prefix are random; they are given only to repeat a published vector."""
        salt = os.urandom(shape.key_bytes) if salt is None else salt
        self._prefix = os.urandom(PREFIX_BYTES) if prefix is None else prefix
        self._cipher = _cipher(secret, salt, aad, shape)
        self._header = bytes((shape.header_bytes,)) + salt + self._prefix
        self._shape, self._number, self._waiting = shape, 0, bytearray()

    def __repr__(self) -> str:
        return "Sealer(…)"

    def update(self, plaintext: bytes) -> bytes:
        """Take more of the content; return what is sealed of it: whole segments that are surely not the last."""
        self._waiting += plaintext
        out = []
        while len(self._waiting) > (room := self._room()):
            out.append(self._seal(bytes(self._waiting[:room]), last=False))
            del self._waiting[:room]
        return b"".join(out)

    def finish(self) -> bytes:
        """Return the last segment. Nothing may follow."""
        sealed = self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()
        return sealed

    def _room(self) -> int:
        return self._shape.segment_bytes - TAG_BYTES - len(self._header)

    def _seal(self, plaintext: bytes, *, last: bool) -> bytes:
        sealed = self._header + self._cipher.encrypt(_nonce(self._prefix, self._number, last=last), plaintext, b"")
        self._number, self._header = self._number + 1, b""
        return sealed


def unsealed(secret: bytes, aad: bytes, read: Callable[[int], bytes], shape: Shape = SHAPE) -> Iterator[bytes]:
    """Yield the content of a stream in pieces. `read(n)` returns n bytes, fewer only at the end.

    Raises `Unopened`, the same for every cause, also at the end when the stream was cut off.
    """
    header = read(shape.header_bytes)
    if len(header) != shape.header_bytes or header[0] != shape.header_bytes:
        raise Unopened
    cipher = _cipher(secret, header[1 : 1 + shape.key_bytes], aad, shape)
    prefix, number = header[-PREFIX_BYTES:], 0
    segment = read(shape.segment_bytes - shape.header_bytes)
    while True:
        following = read(shape.segment_bytes)
        yield _open(cipher, _nonce(prefix, number, last=not following), segment)
        if not following:
            return
        segment, number = following, number + 1


def _cipher(secret: bytes, salt: bytes, aad: bytes, shape: Shape) -> Cipher:
    return Cipher(HKDF(algorithm=shape.hash(), length=shape.key_bytes, salt=salt, info=aad).derive(secret))


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    if number >= _MOST_SEGMENTS:
        raise ValueError("A stream has at most 2^32 segments.")
    return prefix + number.to_bytes(4, "big") + bytes((last,))


def _open(cipher: Cipher, nonce: bytes, segment: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, segment, b"")
    except (InvalidTag, ValueError):
        raise Unopened from None
