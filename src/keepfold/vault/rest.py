"""Customers over REST: the plain views, which the hot ones in `hot.py` are compared with. Translates only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from keepfold.gate import rest
from keepfold.kernel import config, ids
from keepfold.kernel.errors import Malformed
from keepfold.vault import actions, surface
from keepfold.vault.types import PREFIX

router = Router(tags=["customers"])
NAME = r"^[a-z][a-z0-9_]{0,63}$"
Cursor = Annotated[str, Field(pattern=rest.id_pattern(PREFIX))]
Name = Annotated[str, Field(pattern=NAME)]
Reason = Annotated[str, Field(pattern=rest.REASON, description="Why, such as a ticket number; never a person's data.")]


class SealIn(rest.Strict):
    """The values of one new customer, by the names of the policy's data items."""

    values: Annotated[dict[str, Any], Field(max_length=200)]
    partial: Annotated[bool, Field(strict=True, description="Store the rest when some fields are refused.")] = False


class FieldErrorOut(Schema):
    """Why a field was refused. `field` is empty for the whole record."""

    field: str
    code: str
    message: str


class SealedOut(Schema):
    """The id of a new customer; `errors` names the fields that were left out."""

    id: str
    errors: list[FieldErrorOut]


class CustomerOut(Schema):
    """A customer, by id alone."""

    id: str


class CustomersOut(Schema):
    """A page of ids; `next` is the cursor of the next page."""

    items: list[CustomerOut]
    next: str | None


class ListQuery(rest.Strict):
    """Which page of customers."""

    after: Annotated[Cursor | None, Field(description="The cursor `next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=rest.MOST_PER_PAGE)] = rest.PAGE


class OutcomeOut(Schema):
    """What became of one record; `record` counts from 1."""

    record: int
    id: str | None
    state: Literal["sealed", "partial", "skipped", "updated", "refused"]
    errors: list[FieldErrorOut]


class BulkQuery(rest.Strict):
    """How a bulk intake treats what does not fit."""

    partial: Annotated[bool, Field(description="Store the rest of a record when some fields are refused.")] = False
    on_conflict: Annotated[
        Literal["reject", "skip", "update"], Field(description="When somebody with this identity is there already.")
    ] = "reject"


class OpenQuery(rest.Strict):
    """For which purpose, which fields, and why."""

    purpose: Annotated[Name, Field(description="A purpose of the active policy.")]
    fields: Annotated[
        str | None,
        Field(pattern=r"^[a-z][a-z0-9_]{0,63}(,[a-z][a-z0-9_]{0,63}){0,199}$", description="Names, with commas; all."),
    ] = None
    reason: Reason | None = None


class OpenedOut(Schema):
    """What was opened; `masked` names the values that are masked, `policy` the version that allowed it."""

    id: str
    purpose: str
    values: dict[str, Any]
    masked: list[str]
    policy: str


class UpdateIn(rest.Strict):
    """Values to set; null removes one."""

    values: Annotated[dict[str, Any], Field(min_length=1, max_length=200)]


class UpdatedOut(Schema):
    """Which fields were set and removed."""

    id: str
    set: list[str]
    removed: list[str]


class SearchIn(rest.Strict):
    """An exact value in an indexed field. It stands in the body, never in an address."""

    field: Name
    value: str | int | float | bool
    purpose: Name
    reason: Reason | None = None


class FoundOut(Schema):
    """Ids of the customers who have this value."""

    items: list[str]


class EraseQuery(rest.Strict):
    """Why somebody is erased."""

    reason: Reason = "request"


class ErasedOut(Schema):
    """The receipt of an erasure."""

    id: str
    erased_at: str
    keys_destroyed: int


_LINES = {"description": "One JSON object a line (NDJSON): a record, by the names of the policy's data items."}
_BULK: dict[str, Any] = {
    **rest.WRITES,
    "requestBody": {
        "required": True,
        "description": "One record a line: the values of one customer, by the names of the policy's data items.",
        "content": {rest.NDJSON: {"schema": _LINES, "examples": {"two": {"value": '{"email":"a@example.com"}\n'}}}},
    },
    "responses": {200: {"description": "One outcome a line, in the order of the body.", "content": {rest.NDJSON: {}}}},
}


@router.post("/customers", response={201: SealedOut}, openapi_extra=rest.WRITES)
def create_customer(request: HttpRequest, body: SealIn) -> HttpResponse:
    """Seal a new customer."""
    return rest.write(
        request,
        lambda: actions.seal(actor=rest.actor_of(request), values=body.values, partial=body.partial),
        surface.sealed,
        status=201,
    )


@router.get("/customers", response=CustomersOut)
def list_customers(request: HttpRequest, query: Query[ListQuery]) -> HttpResponse:
    """List the ids of customers in the order of their arrival; their values are opened one by one, for a purpose."""
    after = rest.cursor(PREFIX, query.after)
    found = actions.list_people(actor=rest.actor_of(request), after=after, limit=query.limit)
    return rest.answer(rest.page([{"id": ids.show(PREFIX, one)} for one in found], query.limit, lambda one: one["id"]))


@router.post("/customers/bulk", response=OutcomeOut, openapi_extra=_BULK)
def create_customers(request: HttpRequest, query: Query[BulkQuery]) -> HttpResponse:
    """Seal many customers, each with an outcome of its own."""
    refuse_other_type(request.content_type or "")
    records = surface.split_lines(request.body, config.current().max_bulk_records)
    return rest.write(
        request,
        lambda: actions.seal_many(
            actor=rest.actor_of(request),
            records=[record for record in records if record is not None],
            partial=query.partial,
            on_conflict=query.on_conflict,
        ),
        lambda done: surface.outcomes(records, done),
        content_type=rest.NDJSON,
    )


def refuse_other_type(content_type: str) -> None:
    """Raise `Malformed` unless the body is announced as NDJSON."""
    if content_type != rest.NDJSON:
        raise Malformed(
            f"A bulk request is {rest.NDJSON}: one JSON object a line.",
            code="bulk.content-type",
            next_step=f"Send the header Content-Type: {rest.NDJSON}.",
        )


@router.post("/customers/search", response=FoundOut)
def search_customers(request: HttpRequest, body: SearchIn) -> HttpResponse:
    """Find customers by an exact value, for a purpose."""
    found = actions.search(
        actor=rest.actor_of(request), field=body.field, value=body.value, purpose=body.purpose, reason=body.reason
    )
    return rest.answer(surface.found(found))


@router.get("/customers/{customer_id}", response=OpenedOut)
def open_customer(request: HttpRequest, customer_id: str, query: Query[OpenQuery]) -> HttpResponse:
    """Open a customer's values for a purpose. The ledger entry is durable before anything is read."""
    opened = actions.open_record(
        actor=rest.actor_of(request),
        person=rest.person_id(customer_id),
        purpose=query.purpose,
        fields=tuple(query.fields.split(",")) if query.fields else None,
        reason=query.reason,
    )
    return rest.answer(surface.opened(opened, query.purpose))


@router.patch("/customers/{customer_id}", response=UpdatedOut, openapi_extra=rest.WRITES)
def update_customer(request: HttpRequest, customer_id: str, body: UpdateIn) -> HttpResponse:
    """Set or remove values of a customer; all of them or none."""
    person = rest.person_id(customer_id)
    return rest.write(
        request,
        lambda: actions.update(actor=rest.actor_of(request), person=person, values=body.values),
        surface.updated,
    )


@router.delete("/customers/{customer_id}", response=ErasedOut, openapi_extra=rest.WRITES)
def erase_customer(request: HttpRequest, customer_id: str, query: Query[EraseQuery]) -> HttpResponse:
    """Erase a customer: rows now, keys with them, backups thereby."""
    person = rest.person_id(customer_id)
    return rest.write(
        request,
        lambda: actions.erase(actor=rest.actor_of(request), person=person, reason=query.reason),
        surface.erased,
    )
