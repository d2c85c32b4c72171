"""The three busiest addresses without the framework around them: create a customer, create many, open one.

A hot view answers only what is plainly well-formed; for anything else `route` returns None and the plain view in
`rest.py` answers, so that every error of form is worded in one place. What actions raise goes through to the caller.
A differential test sends the same requests through both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import msgspec
import orjson

from keepfold.gate import rest
from keepfold.gate.types import Actor
from keepfold.kernel import config, idempotency, ids
from keepfold.kernel.errors import Invalid
from keepfold.people import queries as people
from keepfold.vault import actions, surface
from keepfold.vault.types import PREFIX, OnConflict

CUSTOMERS = "/api/v1/customers"
_ID_LENGTH = len(CUSTOMERS) + 1 + len("cus_") + 26
# Queries of these letters mean what they say: nothing is escaped, and Django would write them the same way.
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.,=&-]*\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_TRUTH = {"true": True, "false": False}
_CONFLICTS = frozenset({"reject", "skip", "update"})
_MOST_FIELDS = 200
_JSON = (("Content-Type", rest.JSON),)
_NDJSON = (("Content-Type", rest.NDJSON),)
_REPLAYED = ((rest.REPLAYED_HEADER, "true"),)


class Reply(NamedTuple):
    """Status, headers (those of all API answers come on top) and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Seal(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a new customer."""

    values: dict[str, Any]
    partial: bool = False


class Call(NamedTuple):
    """One request. `headers` are in the form of WSGI (`HTTP_AUTHORIZATION`); `read` gives the body."""

    path: str
    query: str
    headers: Mapping[str, Any]
    read: Callable[[], bytes]
    actor: Actor


_SEAL = msgspec.json.Decoder(Seal)


def route(
    *, method: str, path: str, query: str, headers: Mapping[str, Any], body: Callable[[], bytes], client_addr: str
) -> Reply | None:
    """Answer a request, or return None for whatever the plain views should answer.

    `headers` is a WSGI environment or the like. When None is returned the body may have been read: the caller hands
    the same bytes to the plain view. Raises `KeepfoldError`.
    """
    view = find(method, path)
    token = headers.get("HTTP_AUTHORIZATION", "")
    if view is None or not token.startswith("Bearer ") or not _PLAIN_QUERY.match(query):
        return None
    actor = people.authenticate(token[7:], address=client_addr)
    return view(Call(path, query, headers, body, actor))


def find(method: str, path: str) -> Callable[[Call], Reply | None] | None:
    """Return the hot view of an address, or None."""
    if not path.startswith(CUSTOMERS):
        return None
    if method == "GET":
        return open_customer if len(path) == _ID_LENGTH and path.startswith("/cus_", len(CUSTOMERS)) else None
    return _POSTS.get(path) if method == "POST" else None


def create_customer(call: Call) -> Reply | None:
    """Seal a new customer."""
    body = call.read()
    wanted = None if call.query else _decode(body)
    if wanted is None or len(wanted.values) > _MOST_FIELDS:
        return None
    done = _once(
        call,
        body,
        lambda: actions.seal(actor=call.actor, values=wanted.values, partial=wanted.partial),
        lambda sealed: (201, orjson.dumps(surface.sealed(sealed))),
    )
    return Reply(done.status, _JSON + _REPLAYED if done.replayed else _JSON, done.body)


def create_customers(call: Call) -> Reply | None:
    """Seal many customers."""
    options = _options(call.query, ("partial", "on_conflict"))
    if options is None or call.headers.get("CONTENT_TYPE") != rest.NDJSON:
        return None
    partial, on_conflict = _TRUTH.get(options.get("partial", "false")), options.get("on_conflict", "reject")
    if partial is None or on_conflict not in _CONFLICTS:
        return None
    body = call.read()
    records = surface.split_lines(body, config.current().max_bulk_records)
    whole = cast(
        "list[dict[str, Any]]", records if None not in records else [one for one in records if one is not None]
    )
    done = _once(
        call,
        body,
        lambda: actions.seal_many(
            actor=call.actor, records=whole, partial=partial, on_conflict=cast("OnConflict", on_conflict)
        ),
        lambda outcomes: (200, surface.outcomes(records, outcomes)),
    )
    return Reply(done.status, _NDJSON + _REPLAYED if done.replayed else _NDJSON, done.body)


def open_customer(call: Call) -> Reply | None:
    """Open a customer's values for a purpose."""
    options = _options(call.query, ("purpose", "fields"))
    if options is None:
        return None
    purpose, fields = options.get("purpose", ""), tuple(options["fields"].split(",")) if "fields" in options else None
    names = (purpose,) if fields is None else (purpose, *fields)
    if len(names) > _MOST_FIELDS or not all(_NAME.match(name) for name in names):
        return None
    try:
        person = ids.parse(PREFIX, call.path[len(CUSTOMERS) + 1 :])
    except Invalid:
        return None
    opened = actions.open_record(actor=call.actor, person=person, purpose=purpose, fields=fields)
    return Reply(200, _JSON, orjson.dumps(surface.opened(opened, purpose)))


_POSTS: dict[str, Callable[[Call], Reply | None]] = {
    CUSTOMERS: create_customer,
    CUSTOMERS + "/bulk": create_customers,
}


def _decode(body: bytes) -> Seal | None:
    try:
        return _SEAL.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return None


def _options(query: str, known: tuple[str, ...]) -> dict[str, str] | None:
    """Return the options of a plain query, or None when one is unknown, empty or given twice."""
    if not query:
        return {}
    options: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name not in known or not value or name in options:
            return None
        options[name] = value
    return options


def _once(
    call: Call, body: bytes, act: Callable[[], Any], render: Callable[[Any], tuple[int, bytes]]
) -> idempotency.Answer:
    key = call.headers.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return idempotency.Answer(*render(act()))
    full_path = f"{call.path}?{call.query}" if call.query else call.path
    request = rest.fingerprint("POST", full_path, body)
    return idempotency.once(actor=call.actor.id, key=key, request=request, act=act, render=render)
