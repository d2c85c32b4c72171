"""Details of an entry: their one written form, the commitment to them, and the sealed frame beside the entry. Pure."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import orjson

from keepfold.ledger.errors import EntryInvalid

NONCE_SIZE = 32
LARGEST = 8 * 1024
_DEEPEST = 6
_JCS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def commitment(nonce: bytes, written: bytes) -> bytes:
    """Return C = SHA-256("ledger/commit/v1" ‖ nonce ‖ details); hiding as long as the 32-byte nonce is unknown."""
    return hashlib.sha256(b"ledger/commit/v1" + nonce + written).digest()


def fresh_nonce() -> bytes:
    """Return 32 random bytes."""
    return os.urandom(NONCE_SIZE)


def write(details: Mapping[str, Any]) -> bytes:
    """Return details in canonical JSON (RFC 8785). Bytes become hex, tuples lists, lone surrogates a question mark.

    Keys are ASCII (those of the outermost level are ours) and numbers whole and within ±2⁵³, so that the writer here
    and RFC 8785 agree in every case.
    Raises `EntryInvalid` on anything else, and on more than 8 KiB.
    """
    try:
        written = orjson.dumps({key: _plain(value, 0) for key, value in details.items()}, option=_JCS)
    except TypeError:
        raise EntryInvalid(
            "The details of an entry hold names, ids, whole numbers and lists of them only.", code="ledger.details"
        ) from None
    if len(written) > LARGEST:
        raise EntryInvalid("The details of an entry have at most 8 KiB.", code="ledger.details-size")
    return written


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if kind is int or kind is bool or value is None:
        return value
    if kind is bytes:
        return value.hex()
    if depth < _DEEPEST:
        if kind is tuple or kind is list:
            return [_plain(item, depth + 1) for item in value]
        if isinstance(value, set | frozenset):
            return [_plain(item, depth + 1) for item in sorted(value)]
        if isinstance(value, Mapping):
            return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    raise TypeError


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise TypeError
    return key


def read(written: bytes) -> dict[str, Any]:
    """Return details from their written form."""
    details: dict[str, Any] = orjson.loads(written)
    return details
