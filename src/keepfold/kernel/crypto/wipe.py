"""Overwriting keys in memory, and keeping the process out of core dumps.

CPython cannot promise that a `bytes` object is gone: only what lives in a `bytearray` can be overwritten.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def wipe(buffer: bytearray) -> None:
    """Overwrite a buffer with zeros, in place."""
    buffer[:] = bytes(len(buffer))


@contextmanager
def buffer(length: int = 32) -> Iterator[bytearray]:
    """Yield a buffer that is wiped when the block ends, also by an error."""
    room = bytearray(length)
    try:
        yield room
    finally:
        wipe(room)


def forbid_dumps() -> bool:
    """Forbid core dumps and reading this process's memory by others of the same user; say whether both worked."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
