"""Finding a customer: first for what, then by something they told us."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from keepfold.gate.console import page

NEEDS = ("vault.record.search", "vault.record.list", "ledger.entries.list_of_person")


@page(*NEEDS, methods=("GET", "POST"))
def customers(request: HttpRequest) -> HttpResponse:
    """Show the search."""
    return render(request, "console/customers/page.html", {"active": "customers"})
