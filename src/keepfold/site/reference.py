"""The id of a request: short, random, in the log context while the request runs and in the answer afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bind_contextvars, reset_contextvars


def new() -> str:
    """Return a new id of 16 hex digits."""
    return os.urandom(8).hex()


@contextmanager
def bound() -> Iterator[str]:
    """Bind a new id to the log context for the length of a block."""
    request_id = new()
    tokens = bind_contextvars(request_id=request_id)
    try:
        yield request_id
    finally:
        reset_contextvars(**tokens)
