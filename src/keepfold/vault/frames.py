"""The formats of sealed data: associated data, segments, padding. Pure.

    frame    = alg(1) | dek_gen(1) | nonce(12) | ciphertext | tag(16)              alg 1 = AES-256-GCM
    AAD      = "SGF1" | alg(1) | tenant(16) | person(16) | compartment(4) | field(4) | list_index(4) | dek_gen(1)
    record   = segments, one row per person and compartment:  field(4) | length(4) | frame, …

Field 0 is the shared frame: a msgpack map from field numbers to values. A field that the policy isolates has a frame
of its own: the msgpack value, padded so that its length tells little. Whole numbers are big-endian.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from keepfold.kernel.crypto.aead import OVERHEAD
from keepfold.kernel.errors import Unopened

SHARED = 0
FIRST_GENERATION = 1

_SEGMENT = struct.Struct(">II")
HEAD = _SEGMENT.size  # bytes before the frame of a segment
_PLACE = struct.Struct(">IIB")
_COMPARTMENT = struct.Struct(">I")
unpack_head = _SEGMENT.unpack_from
_END = b"\x80"

encode = msgspec.msgpack.Encoder().encode
_decode_map = msgspec.msgpack.Decoder(dict[int, Any]).decode
_decode_any = msgspec.msgpack.Decoder().decode


def aad_prefix(tenant: bytes, person: bytes, compartment: int) -> bytes:
    """Return the first part of the associated data, the same for all frames of one row."""
    return b"SGF1\x01" + tenant + person + _COMPARTMENT.pack(compartment)


def aad_place(field: int, generation: int = FIRST_GENERATION, list_index: int = 0) -> bytes:
    """Return the second part of the associated data: which field, which item of a list, which generation of key."""
    return _PLACE.pack(field, list_index, generation)


def segment_head(field: int, frame_length: int) -> bytes:
    """Return what stands before a frame in a record."""
    return _SEGMENT.pack(field, frame_length)


def segments(record: bytes) -> list[tuple[int, bytes]]:
    """Return (field, frame) of a record, in order. Raises `Unopened` when it does not add up or names a field twice."""
    end = len(record)
    try:
        field, length = unpack_head(record)
        if OVERHEAD <= length == end - HEAD:  # one segment, the usual case
            return [(field, record[HEAD:])]
        at, found = 0, []
        while at < end:
            field, length = unpack_head(record, at)
            at += HEAD + length
            found.append((field, record[at - length : at]))
            if length < OVERHEAD:
                raise Unopened
    except struct.error:
        if not record:
            return []
        raise Unopened from None
    if at != end or len({field for field, _ in found}) < len(found):
        raise Unopened
    return found


def pad(plain: bytes) -> bytes:
    """Pad to 16, 32, 64 … 4096 bytes, then to multiples of 4096 (ISO/IEC 7816-4: one 0x80, then zeros)."""
    # len(plain) is one less than what is needed, so its bit length gives the next power of two.
    size = max(16, 1 << len(plain).bit_length()) if len(plain) < 4096 else -(-(len(plain) + 1) // 4096) * 4096
    return (plain + _END).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """Undo `pad`. Raises `Unopened`."""
    body = padded.rstrip(b"\0")
    if body[-1:] != _END:
        raise Unopened
    return body[:-1]


def pack_shared(values: dict[int, Any]) -> bytes:
    """Return the plaintext of a shared frame."""
    return encode(values)


def unpack_shared(plain: bytes) -> dict[int, Any]:
    """Return the values in a shared frame by field number. Raises `Unopened`."""
    try:
        return _decode_map(plain)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unopened from None


def pack_alone(value: Any) -> bytes:
    """Return the padded plaintext of an isolated field."""
    return pad(encode(value))


def unpack_alone(plain: bytes) -> Any:
    """Return the value of an isolated field. Raises `Unopened`."""
    try:
        return _decode_any(unpad(plain))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unopened from None
