"""What the rooms' REST routers share: who is asking, answers, writes that may be repeated, and limits of pages.

A router translates only: it reads ids and options, calls one action, and shows its result. Errors are exceptions of
`kernel.errors`; the site turns them into problem documents (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import ConfigDict

from keepfold.gate.types import Actor
from keepfold.kernel import config, idempotency, ids
from keepfold.kernel.errors import KeepfoldError, NotFound

JSON = "application/json"
NDJSON = "application/x-ndjson"
IDEMPOTENCY_HEADER = "Idempotency-Key"
# What an answer says when it is a repetition of an earlier one.
REPLAYED_HEADER = "Idempotency-Replayed"

# Why something is done: a ticket number or a few words. It may stand in an address, where values of people must not.
REASON = r"^[A-Za-z0-9][A-Za-z0-9 _.:#-]{0,79}$"

PAGE = 100
MOST_PER_PAGE = 1000

# `openapi_extra` of a write: the site's document adds the header and the 409 that come with it.
WRITES: dict[str, Any] = {"x-idempotent": True}
# The same for an operation without an id in its path that may find nothing (404).
MAY_MISS: dict[str, Any] = {"x-may-miss": True}


class Strict(Schema):
    """Base of what comes in: a name that is not expected is an error, so that a slip is never silently ignored."""

    model_config = ConfigDict(extra="forbid")


def actor_of(request: HttpRequest) -> Actor:
    """Return who is asking; the site has checked the token before any router runs."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]


def answer(document: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return a JSON answer."""
    return HttpResponse(orjson.dumps(document), status=status, content_type=JSON, headers=headers)


def write(
    request: HttpRequest,
    act: Callable[[], Any],
    show: Callable[[Any], Any],
    *,
    status: int = 200,
    show_first: Callable[[Any], Any] | None = None,
    content_type: str = JSON,
) -> HttpResponse:
    """Do one write and answer; under an `Idempotency-Key` that was used before, answer as before and do nothing.

    `act` calls exactly one action. `show` makes its answer, which is kept for a day with the key and therefore must
    hold no personal values and no secrets; `show_first` makes the answer to the first request, when that differs.
    """
    results: list[Any] = []

    def once() -> Any:
        result = act()
        results.append(result)
        return result

    done = idempotency.once(
        actor=actor_of(request).id,
        key=request.headers.get(IDEMPOTENCY_HEADER),
        request=fingerprint(request.method or "", request.get_full_path(), request.body),
        act=once,
        render=lambda result: (status, encoded(show(result))),
    )
    if show_first is not None and not done.replayed:
        return answer(show_first(results[0]), status=status)
    headers = {REPLAYED_HEADER: "true"} if done.replayed else None
    return HttpResponse(done.body, status=done.status, content_type=content_type, headers=headers)


def encoded(document: Any) -> bytes:
    """Return a document as JSON; what was encoded before (as NDJSON) stays as it is."""
    return document if isinstance(document, bytes) else orjson.dumps(document)


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return 32 bytes that stand for a request.

    Keyed with a secret that is not in the database: a short body, such as one address, could otherwise be guessed
    from its hash by whoever steals the tables.
    """
    secret = config.current().secret_key.encode()
    return idempotency.request_hash(secret, method.encode(), path.encode("utf-8", "surrogatepass"), body)


def id_pattern(prefix: str) -> str:
    """Return the pattern of a public id."""
    return f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"


def cursor(prefix: str, after: str | None) -> bytes:
    """Return the id after which a page begins."""
    return bytes(16) if after is None else ids.parse(prefix, after)


def person_id(text: str) -> bytes:
    """Return the id of a customer in a path. What cannot be one is answered like one that is not there."""
    return parse_id("cus", text, "customer")


def parse_id(prefix: str, text: str, what: str) -> bytes:
    """Return the 16 bytes of a public id in a path, or raise `NotFound`."""
    try:
        return ids.parse(prefix, text)
    except KeepfoldError:
        raise NotFound(f"There is no such {what}.", code=f"{what}-unknown") from None


def page(documents: list[Any], limit: int, last: Callable[[Any], str]) -> dict[str, Any]:
    """Return one page: its items, and the cursor of the next one when there may be more."""
    more = len(documents) >= limit
    return {"items": documents, "next": last(documents[-1]) if more and documents else None}


def lines(documents: Iterable[Any]) -> bytes:
    """Return documents as NDJSON (one JSON text a line)."""
    return b"".join([orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in documents])
