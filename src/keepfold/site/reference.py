"""The id of a request: short, random, in every log line while the request runs and in the answer afterwards."""

from __future__ import annotations

import os
from contextvars import ContextVar

from keepfold.kernel import log

_current: ContextVar[str] = ContextVar("keepfold_request_id", default="")


def enter() -> str:
    """Begin a request; return its id of 16 hex digits."""
    request_id = os.urandom(8).hex()
    _current.set(request_id)
    return request_id


def leave() -> None:
    """End the request."""
    _current.set("")


def _context() -> dict[str, str]:
    request_id = _current.get()
    return {"request_id": request_id} if request_id else {}


log.context_from(_context)
