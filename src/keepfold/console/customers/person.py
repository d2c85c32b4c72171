"""One customer: what is held, for what, until when."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from keepfold.gate.console import page


@page("vault.record.open", "ledger.entries.list_of_person")
def held(request: HttpRequest, customer: str) -> HttpResponse:
    """Show what is held, without opening it."""
    return _skeleton(request, customer)


@page("vault.record.open", methods=("GET", "POST"))
def reveal(request: HttpRequest, customer: str) -> HttpResponse:
    """Open for a purpose."""
    return _skeleton(request, customer)


@page("ledger.entries.list_of_person")
def openings(request: HttpRequest, customer: str) -> HttpResponse:
    """Show who opened what."""
    return _skeleton(request, customer)


@page("consent.event.list", methods=("GET", "POST"))
def consents(request: HttpRequest, customer: str) -> HttpResponse:
    """Show what the customer agreed to."""
    return _skeleton(request, customer)


@page("vault.record.update", methods=("GET", "POST"))
def edit(request: HttpRequest, customer: str) -> HttpResponse:
    """Change values."""
    return _skeleton(request, customer)


@page("vault.record.erase", methods=("GET", "POST"), fresh=True)
def erase(request: HttpRequest, customer: str) -> HttpResponse:
    """Erase."""
    return _skeleton(request, customer)


@page("vault.record.seal", methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Bring a customer in by hand."""
    return _skeleton(request, "")


def _skeleton(request: HttpRequest, customer: str) -> HttpResponse:
    return render(request, "console/customers/page.html", {"active": "customers", "customer": customer})
