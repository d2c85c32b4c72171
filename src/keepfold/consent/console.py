"""The page about everybody's consents: counts and wording, never a person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

NEEDS = ("consent.event.list",)

nav.register(nav.Item("consents", "customers", _("Consents"), "circle-check", "consents", NEEDS, order=20, keys="G E"))


@page(*NEEDS)
def consents(request: HttpRequest) -> HttpResponse:
    """Show how people stand with each purpose that asks them."""
    return render(request, "consent/consents.html", {"active": "consents"})


urlpatterns = [path("consents", consents, name="consents")]
