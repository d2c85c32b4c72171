"""The ledger over REST: checkpoint, tiles and proofs as others verify them; one person's entries. Translates only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from keepfold.gate import rest
from keepfold.kernel.errors import KeepfoldError, NotFound
from keepfold.ledger import actions, queries, tiles
from keepfold.ledger.types import EntryView, Inclusion, Membership, PersonEntries, PersonEntry, State

router = Router(tags=["ledger"])
_LARGEST = 2**53 - 1
_MOST = 200
Count = Annotated[int, Field(ge=0, le=_LARGEST)]
Base64 = Annotated[str, Field(description="Standard base 64.")]


class InclusionQuery(rest.Strict):
    """Which entry, and in the tree of which size; by default that of the newest checkpoint."""

    index: Count
    size: Count | None = None


class InclusionOut(Schema):
    """An audit path (RFC 6962 section 2.1.1), from the leaf to the root."""

    index: int
    size: int
    leaf: Base64
    hashes: list[Base64]
    root: Base64
    checkpoint: str | None


class ConsistencyQuery(rest.Strict):
    """Two sizes of the tree; `second` is by default that of the newest checkpoint."""

    first: Count
    second: Count | None = None


class ConsistencyOut(Schema):
    """A consistency proof (RFC 6962 section 2.1.2)."""

    first: int
    second: int
    first_root: Base64
    second_root: Base64
    hashes: list[Base64]


class EntriesQuery(rest.Strict):
    """Which page of a person's entries, newest first."""

    before: Annotated[Count | None, Field(description="The cursor `next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 50
    reason: Annotated[str | None, Field(pattern=rest.REASON)] = None


class MembershipOut(Schema):
    """Proof that the person is one of those whom a batch entry concerns."""

    position: int
    count: int
    hashes: list[Base64]


class EntryOut(Schema):
    """One entry about a person. `number` counts that person's entries from 0 without a gap."""

    number: int
    state: State
    index: int | None
    action: str | None
    label: dict[str, str]
    kind: str
    allowed: bool
    hour: str
    actor_kind: str
    policy: str
    tag: Base64
    body: Base64
    details: dict[str, Any] | None
    proof: InclusionOut | None
    membership: MembershipOut | None


class EntriesOut(Schema):
    """A page of entries; `next` is the cursor of the following one, `total` counts all of them."""

    items: list[EntryOut]
    next: int | None
    total: int


def _binary(content_type: str, description: str) -> dict[str, Any]:
    content = {content_type: {"schema": {"type": "string"}}}
    return {"responses": {200: {"description": description, "content": content}}, **rest.MAY_MISS}


@router.get("/ledger/checkpoint", response=None, openapi_extra=_binary("text/plain", "A signed note (C2SP)."))
def checkpoint(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  ninja passes it
    """Return the newest signed checkpoint (C2SP tlog-checkpoint)."""
    return HttpResponse(queries.checkpoint(), content_type="text/plain; charset=utf-8")


@router.get(
    "/ledger/tile/{level}/{path:index}",
    response=None,
    openapi_extra=_binary("application/octet-stream", "Hashes, or entries each after its length (C2SP tlog-tiles)."),
)
def tile(request: HttpRequest, level: str, index: str) -> HttpResponse:  # noqa: ARG001  ninja passes it
    """Return a tile, or with the level `entries` a bundle of entries: `0/x001/x234/067`, `entries/000.p/12`."""
    try:
        data = _bundle(index) if level == "entries" else queries.tile(*tiles.parse_tile(level, index))
    except KeepfoldError as error:
        if error.status == 400:
            raise NotFound("There is no such tile.", code="ledger.no-tile") from None
        raise
    return HttpResponse(data, content_type="application/octet-stream")


def _bundle(index: str) -> bytes:
    return queries.entries_tile(*tiles.parse_index(index))


@router.get("/ledger/proof/inclusion", response=InclusionOut, openapi_extra=rest.MAY_MISS)
def inclusion_proof(request: HttpRequest, query: Query[InclusionQuery]) -> HttpResponse:  # noqa: ARG001  ninja passes it
    """Prove that an entry stands in the tree."""
    return rest.answer(_inclusion(queries.inclusion(query.index, query.size)))


@router.get("/ledger/proof/consistency", response=ConsistencyOut, openapi_extra=rest.MAY_MISS)
def consistency_proof(request: HttpRequest, query: Query[ConsistencyQuery]) -> HttpResponse:  # noqa: ARG001  ninja passes it
    """Prove that the larger tree begins with the smaller one: nothing was changed or removed in between."""
    proof = queries.consistency(query.first, query.second)
    return rest.answer(
        {
            "first": proof.old,
            "second": proof.new,
            "first_root": _base64(proof.old_root),
            "second_root": _base64(proof.new_root),
            "hashes": _all_base64(proof.hashes),
        }
    )


@router.get("/customers/{customer_id}/ledger", response=EntriesOut)
def entries_of_customer(request: HttpRequest, customer_id: str, query: Query[EntriesQuery]) -> HttpResponse:
    """Return what the ledger says about a customer, newest first. Asking is an entry itself."""
    found = actions.entries_of(
        actor=rest.actor_of(request),
        person=rest.person_id(customer_id),
        before=query.before,
        limit=query.limit,
        reason=query.reason,
    )
    return rest.answer(_entries(found))


def _entries(found: PersonEntries) -> dict[str, Any]:
    return {"items": [_entry(one) for one in found.entries], "next": found.before, "total": found.total}


def _entry(one: PersonEntry) -> dict[str, Any]:
    return {
        "number": one.number,
        "state": one.state,
        **_view(one.entry),
        "tag": _base64(one.tag),
        "details": None if one.details is None else dict(one.details),
        "proof": None if one.proof is None else _inclusion(one.proof),
        "membership": None if one.membership is None else _membership(one.membership),
    }


def _view(entry: EntryView) -> dict[str, Any]:
    return {
        "index": entry.index,
        "action": entry.action,
        "label": dict(entry.label),
        "kind": entry.kind,
        "allowed": entry.allowed,
        "hour": datetime.fromtimestamp(entry.hour_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "actor_kind": entry.actor_kind,
        "policy": entry.policy_hash.hex(),
        "body": _base64(entry.body),
    }


def _inclusion(proof: Inclusion) -> dict[str, Any]:
    return {
        "index": proof.index,
        "size": proof.size,
        "leaf": _base64(proof.leaf),
        "hashes": _all_base64(proof.hashes),
        "root": _base64(proof.root),
        "checkpoint": proof.checkpoint,
    }


def _membership(proof: Membership) -> dict[str, Any]:
    return {"position": proof.position, "count": proof.count, "hashes": _all_base64(proof.hashes)}


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(one) for one in hashes]


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
