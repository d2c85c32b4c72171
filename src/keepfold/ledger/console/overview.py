"""The ledger at a glance: one statement, the latest checkpoint, growth, what it proves, and how others verify it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ledger.console.needs import SEE
from keepfold.ui import nav

nav.register(nav.Item("ledger", "proof", _("Ledger"), "layers", "ledger", SEE, 10, "G L"))


@page(*SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """Show where the ledger stands."""
    return render(request, "ledger/overview.html", {"active": "ledger"})


urlpatterns = [path("ledger", overview, name="ledger")]
