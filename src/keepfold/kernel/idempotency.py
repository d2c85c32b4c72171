"""Idempotency keys: a request that is repeated is answered again and not done again.

The answer is written in the transaction of the action itself, so there is no moment in which the action is done and
its answer is not remembered. Of the key only a hash is kept, bound to the actor. Answers must hold no personal values:
ids, counts and field names only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import IntegrityError

from keepfold.kernel import clock, db
from keepfold.kernel.errors import Conflict, Invalid, KeepfoldError

KEPT_SECONDS = 24 * 3600
_LONGEST = 200


class Answer(NamedTuple):
    """An HTTP status, the bytes of the body, and whether it was given before."""

    status: int
    body: bytes
    replayed: bool = False


class _Pending(NamedTuple):
    key_hash: bytes
    actor: bytes
    request_hash: bytes
    render: Callable[[Any], tuple[int, bytes]]
    answers: list[Answer]


_pending: ContextVar[_Pending | None] = ContextVar("keepfold_idempotency", default=None)


def request_hash(*parts: bytes) -> bytes:
    """Return 32 bytes that stand for method, path and body of a request."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def once(
    *,
    actor: bytes,
    key: str | None,
    request: bytes,
    act: Callable[[], Any],
    render: Callable[[Any], tuple[int, bytes]],
) -> Answer:
    """Do `act`, which calls exactly one action, unless this actor did it before under this key; return the answer.

    `request` is `request_hash(…)`. Raises `Conflict` (`idempotency.mismatch`) when the key was used for another
    request, `Invalid` on a key that is empty or too long. An action that fails is not remembered. Without a key
    the action is simply done.
    """
    if key is None:
        return Answer(*render(act()))
    pending = _Pending(key_hash(actor, key), actor, request, render, [])
    known = replay(pending.key_hash, request)
    return known if known is not None else _first(pending, act)


def _first(pending: _Pending, act: Callable[[], Any]) -> Answer:
    token = _pending.set(pending)
    try:
        result = act()
    except (IntegrityError, KeepfoldError):
        # Somebody else sent the same key a moment earlier and committed first: ours was rolled back, or refused
        # because what it asks for is done.
        known = replay(pending.key_hash, pending.request_hash)
        if known is None:
            raise
        return known
    finally:
        _pending.reset(token)
    if not pending.answers:
        with db.atomic():
            remember(pending, result)
    return pending.answers[0]


def key_hash(actor: bytes, key: str) -> bytes:
    """Return what is kept of a key, bound to the actor. Raises `Invalid` on an empty or too long key."""
    if not key or len(key) > _LONGEST:
        raise Invalid(
            f"An idempotency key has 1 to {_LONGEST} characters.",
            code="idempotency.key",
            next_step="Send a new random id, such as a UUID, with every new request.",
        )
    return request_hash(actor, key.encode("utf-8", "surrogatepass"))


def replay(key_hash: bytes, request: bytes) -> Answer | None:
    """Return the answer given before under this key, or None. Raises `Conflict` when it was another request."""
    row = db.fetch_one(
        "default",
        "SELECT request_hash, status, response FROM kernel_remembered WHERE key_hash = %s AND expires_us > %s",
        [key_hash, clock.now_us()],
    )
    if row is None:
        return None
    if row[0] != request:
        raise Conflict(
            "This idempotency key was used for another request.",
            code="idempotency.mismatch",
            next_step="Send a new key with a new request.",
        )
    return Answer(row[1], row[2], replayed=True)


def settle(result: Any) -> None:
    """Remember the answer of the outermost action in its transaction. Called by the gate before it commits."""
    pending = _pending.get()
    if pending is not None and not pending.answers:
        remember(pending, result)


def remember(pending: _Pending, result: Any) -> None:
    """Write the answer into the open transaction."""
    status, body = pending.render(result)
    at = clock.now_us()
    db.execute("default", "DELETE FROM kernel_remembered WHERE key_hash = %s AND expires_us <= %s", [pending[0], at])
    db.rows_insert(
        "default",
        "kernel_remembered",
        ("key_hash", "actor", "request_hash", "status", "response", "expires_us"),
        [(*pending[:3], status, body, at + KEPT_SECONDS * 1_000_000)],
    )
    pending.answers.append(Answer(status, body))


def purge() -> int:
    """Forget answers that have expired; return how many."""
    return db.execute("default", "DELETE FROM kernel_remembered WHERE expires_us <= %s", [clock.now_us()])
