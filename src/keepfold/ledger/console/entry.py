"""One entry as a person reads it, its bytes, and its proof."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from keepfold.gate.console import page
from keepfold.ledger import queries
from keepfold.ledger.console.needs import SEE


@page(*SEE)
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry."""
    return render(request, "ledger/entry.html", {"active": "ledger", "entry": queries.show(index)})


urlpatterns = [path("ledger/entries/<int:index>", entry, name="ledger_entry")]
