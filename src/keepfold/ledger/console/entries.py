"""The list of entries, newest first, with filters."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from keepfold.gate.console import page
from keepfold.ledger.console.needs import SEE


@page(*SEE)
def entries(request: HttpRequest) -> HttpResponse:
    """List entries."""
    return render(request, "ledger/entries.html", {"active": "ledger"})


urlpatterns = [path("ledger/entries", entries, name="ledger_entries")]
