"""The audit of the console itself: what staff did to the installation, from the ledger."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

NEEDS = ("ledger.detail.show",)
nav.register(nav.Item("audit", "proof", _("Console audit"), "eye", "audit", NEEDS, 40, "G T"))


@page(*NEEDS)
def audit(request: HttpRequest) -> HttpResponse:
    """Show what staff did, the newest first."""
    return render(request, "console/audit.html", {"active": "audit"})


urlpatterns = [path("audit", audit, name="audit")]
