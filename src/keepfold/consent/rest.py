"""Consents of one customer over REST. Translates only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Query, Router, Schema

from keepfold.consent import actions
from keepfold.consent.types import PREFIX, Consent, ConsentEvent, History, Said, Status
from keepfold.gate import rest
from keepfold.kernel import ids

router = Router(tags=["consents"])
_WORD = r"^[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}$"
_NAME = r"^[a-z][a-z0-9_]{0,63}$"
PurposeName = Annotated[str, Path(pattern=_NAME)]
Word = Annotated[str, Field(pattern=_WORD)]


class GrantIn(rest.Strict):
    """A yes to a purpose, with its evidence."""

    purpose: Annotated[str, Field(pattern=_NAME, description="A purpose of the active policy.")]
    channel: Annotated[Word, Field(description="One of the policy's `ask_in`, such as api.")]
    form_version: Annotated[Word | None, Field(description="Version of the form or notice that was shown.")] = None
    staff: Annotated[str | None, Field(description="Id of the member of staff who was there.", max_length=40)] = None


class WithdrawIn(rest.Strict):
    """A no to a purpose."""

    channel: Word = "api"


class ConsentOut(Schema):
    """Where a person stands with one purpose."""

    purpose: str
    status: Status
    at: str
    expires_at: str | None
    event: str


class EventOut(Schema):
    """One thing that was said."""

    id: str
    purpose: str
    said: Said
    at: str
    expires_at: str | None
    channel: str
    form_version: str | None
    staff: str | None
    policy: str


class HistoryOut(Schema):
    """Where a person stands with every purpose, and the latest events, newest first."""

    consents: list[ConsentOut]
    events: list[EventOut]


class ListQuery(rest.Strict):
    """How many events."""

    limit: Annotated[int, Field(ge=1, le=rest.MOST_PER_PAGE)] = actions.MOST_EVENTS


@router.post("/customers/{customer_id}/consents", response={201: ConsentOut}, openapi_extra=rest.WRITES)
def grant_consent(request: HttpRequest, customer_id: str, body: GrantIn) -> HttpResponse:
    """Record a yes; `pending` when the policy wants it confirmed (double opt-in)."""
    customer = rest.person_id(customer_id)
    staff = None if body.staff is None else ids.parse("stf", body.staff)
    return rest.write(
        request,
        lambda: actions.grant_consent(
            actor=rest.actor_of(request),
            customer=customer,
            purpose=body.purpose,
            channel=body.channel,
            form_version=body.form_version,
            staff=staff,
        ),
        _consent,
        status=201,
    )


@router.post("/customers/{customer_id}/consents/{purpose}/confirm", response=ConsentOut, openapi_extra=rest.WRITES)
def confirm_consent(request: HttpRequest, customer_id: str, purpose: PurposeName) -> HttpResponse:
    """Record the second step of a double opt-in."""
    customer = rest.person_id(customer_id)
    return rest.write(
        request,
        lambda: actions.confirm_consent(actor=rest.actor_of(request), customer=customer, purpose=purpose),
        _consent,
    )


@router.post("/customers/{customer_id}/consents/{purpose}/withdraw", response=ConsentOut, openapi_extra=rest.WRITES)
def withdraw_consent(
    request: HttpRequest, customer_id: str, purpose: PurposeName, body: WithdrawIn | None = None
) -> HttpResponse:
    """Record a no: a withdrawal, an objection or an opt-out, as the purpose has it. It counts at once."""
    customer = rest.person_id(customer_id)
    channel = body.channel if body else "api"
    return rest.write(
        request,
        lambda: actions.withdraw_consent(
            actor=rest.actor_of(request), customer=customer, purpose=purpose, channel=channel
        ),
        _consent,
    )


@router.get("/customers/{customer_id}/consents", response=HistoryOut)
def list_consents(request: HttpRequest, customer_id: str, query: Query[ListQuery]) -> HttpResponse:
    """Say where a customer stands with each purpose. Asking is written down in the ledger."""
    customer = rest.person_id(customer_id)
    found = actions.list_consents(actor=rest.actor_of(request), customer=customer, limit=query.limit)
    return rest.answer(_history(found))


def _history(found: History) -> dict[str, Any]:
    return {
        "consents": [_consent(one) for one in found.consents],
        "events": [_event(one) for one in found.events],
    }


def _consent(one: Consent) -> dict[str, Any]:
    return {
        "purpose": one.purpose,
        "status": one.status,
        "at": _time(one.at),
        "expires_at": None if one.expires_at is None else _time(one.expires_at),
        "event": ids.show(PREFIX, one.event),
    }


def _event(one: ConsentEvent) -> dict[str, Any]:
    return {
        "id": ids.show(PREFIX, one.id),
        "purpose": one.purpose,
        "said": one.said,
        "at": _time(one.at),
        "expires_at": None if one.expires_at is None else _time(one.expires_at),
        "channel": one.evidence.channel,
        "form_version": one.evidence.form_version,
        "staff": None if one.evidence.staff is None else ids.show("stf", one.evidence.staff),
        "policy": one.policy_hash.hex(),
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
