"""HMAC-SHA256 (RFC 2104), with a started state that is copied per message: a third of the cost of starting anew."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

Started = HMAC


def start(key: bytes) -> Started:
    """Return the state of a key; pass it to `tag` as often as needed."""
    return HMAC(key, SHA256())


def tag(started: Started, message: bytes) -> bytes:
    """Return the 32 bytes of one message's tag."""
    state = started.copy()
    state.update(message)
    return state.finalize()


def chained(keys: Iterable[bytes], info: bytes, messages: Iterable[bytes]) -> list[bytes]:
    """Return HMAC(HMAC(key, info), message) for each pair of key and message: a tag under an expanded key.

    In one loop, because a batch makes thousands.
    """
    made, sha256 = [], SHA256()
    for key, message in zip(keys, messages, strict=True):
        expanding = HMAC(key, sha256)
        expanding.update(info)
        tagging = HMAC(expanding.finalize(), sha256)
        tagging.update(message)
        made.append(tagging.finalize())
    return made


def equal(one: bytes, other: bytes) -> bool:
    """Compare without telling by time where the difference is."""
    return bytes_eq(one, other)
