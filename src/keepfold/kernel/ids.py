"""Time-ordered ids: UUIDv7 (RFC 9562 section 5.7), shown as TypeIDs such as `cus_01h455vb4pex5vsknk084sn02q`.

In memory and in tables an id is 16 bytes. At the surface it is a prefix and 26 characters of
Crockford base 32 (the TypeID specification 0.3, jetify-com/typeid).
"""

from __future__ import annotations

import os
import re
import time

from keepfold.kernel.errors import Invalid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Two letters at a time, and Python's own base 32 for the way back: ids are shown and read in every request.
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_SHIFTS = tuple(range(120, -1, -10))
_TO_BASE_32 = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_SHAPE = re.compile(r"([a-z]{2,8})_([0-7][0-9a-hjkmnp-tv-z]{25})\Z")


def uuid7(*, at_ms: int | None = None) -> bytes:
    """Return 16 new bytes: 48 bits of Unix milliseconds, version 7, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return value.to_bytes(16, "big")


def show(prefix: str, raw: bytes) -> str:
    """Return the public form of 16 bytes: `prefix_` and 26 characters."""
    value = int.from_bytes(raw, "big")
    return prefix + "_" + "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def parse(prefix: str, text: str) -> bytes:
    """Return the 16 bytes of a public id. Raises `Invalid` on another prefix or shape."""
    match = _SHAPE.match(text) if len(text) <= 40 else None
    if match is None or match[1] != prefix:
        raise Invalid(
            f"This is not an id of the form {prefix}_….",
            code="id.malformed",
            next_step=f"Use an id that starts with {prefix}_ as the system gave it.",
        )
    return int(match[2].translate(_TO_BASE_32), 32).to_bytes(16, "big")
