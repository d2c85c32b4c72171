"""API clients over REST, and who one is. Translates only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from keepfold.gate import rest
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.people import actions, surface
from keepfold.people.actions import LONGEST_OVERLAP_S, STANDARD_RATE
from keepfold.people.types import IssuedToken

router = Router(tags=["people"])
_PREFIXES = {"staff": "stf", "client": "cli"}
_ACTION = r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*){0,3}(\.\*)?$"
_PURPOSE = r"^([a-z][a-z0-9_-]{0,63}|\*)$"

Cursor = Annotated[str, Field(pattern=rest.id_pattern("cli"))]


class WhoAmI(Schema):
    """Who is asking, and what they hold."""

    kind: str
    id: str
    name: str
    roles: list[str]
    actions: list[str]
    purposes: list[str]


class ClientIn(rest.Strict):
    """A client to be made. It can hold no more than whoever makes it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    actions: Annotated[
        list[Annotated[str, Field(pattern=_ACTION, max_length=120)]], Field(min_length=1, max_length=100)
    ]
    purposes: Annotated[list[Annotated[str, Field(pattern=_PURPOSE)]], Field(default_factory=list, max_length=100)]
    expires_at: datetime | None = None
    rate: Annotated[int, Field(ge=1, le=100_000, description="Requests per second and process.")] = STANDARD_RATE


class ClientOut(Schema):
    """A client, without its token."""

    id: str
    name: str
    actions: list[str]
    purposes: list[str]
    rate: int
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class Issued(Schema):
    """A client and its token, which is shown in the first answer only, never in a repetition."""

    client: ClientOut
    token: str | None


class Clients(Schema):
    """A page of clients; `next` is the cursor of the next one."""

    items: list[ClientOut]
    next: str | None


class RotateIn(rest.Strict):
    """How long old tokens still work."""

    overlap_s: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_S)] = 0


class ClientsQuery(rest.Strict):
    """Which page of clients."""

    after: Annotated[Cursor | None, Field(description="The cursor `next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=rest.MOST_PER_PAGE)] = rest.PAGE
    revoked: Annotated[bool, Field(description="Revoked ones too.")] = True


@router.get("/whoami", response=WhoAmI)
def whoami(request: HttpRequest) -> HttpResponse:
    """Say who is asking and what they hold."""
    return rest.answer(_actor(rest.actor_of(request)))


def _actor(actor: Actor) -> dict[str, object]:
    return {
        "kind": actor.kind,
        "id": ids.show(_PREFIXES.get(actor.kind, "sys"), actor.id),
        "name": actor.name,
        "roles": list(actor.roles),
        "actions": list(actor.actions),
        "purposes": list(actor.purposes),
    }


@router.post("/clients", response={201: Issued}, openapi_extra=rest.WRITES)
def create_client(request: HttpRequest, body: ClientIn) -> HttpResponse:
    """Make a client; its token is shown once."""
    return rest.write(
        request,
        lambda: actions.create_client(
            actor=rest.actor_of(request),
            name=body.name,
            actions=body.actions,
            purposes=body.purposes,
            expires_at=body.expires_at,
            rate=body.rate,
        ),
        _without_token,
        status=201,
        show_first=surface.issued,
    )


def _without_token(issued: IssuedToken) -> dict[str, object]:
    return {"client": surface.client(issued.client), "token": None}


@router.get("/clients", response=Clients)
def list_clients(request: HttpRequest, query: Query[ClientsQuery]) -> HttpResponse:
    """List clients in the order of their making."""
    after = rest.cursor("cli", query.after)
    found = actions.list_clients(actor=rest.actor_of(request), after=after, limit=query.limit, revoked=query.revoked)
    return rest.answer(rest.page([surface.client(one) for one in found], query.limit, lambda one: one["id"]))


@router.delete("/clients/{client_id}", response=ClientOut, openapi_extra=rest.WRITES)
def revoke_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Revoke a client and every client it made, within a second."""
    client = rest.parse_id("cli", client_id, "client")
    return rest.write(
        request, lambda: actions.revoke_client(actor=rest.actor_of(request), client=client), surface.client
    )


@router.post("/clients/{client_id}/rotate", response=Issued, openapi_extra=rest.WRITES)
def rotate_client(request: HttpRequest, client_id: str, body: RotateIn) -> HttpResponse:
    """Give a client a new token, shown once, and end its old ones."""
    client = rest.parse_id("cli", client_id, "client")
    return rest.write(
        request,
        lambda: actions.rotate_client(actor=rest.actor_of(request), client=client, overlap_s=body.overlap_s),
        _without_token,
        show_first=surface.issued,
    )
