"""The decision explainer: who may do what, for which purpose, of whom; every rule behind the answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(nav.Item("decisions", "rules", _("Decisions"), "scale", "decisions", (), 30, "G D"))


@page()
def decisions(request: HttpRequest) -> HttpResponse:
    """Ask and answer."""
    return render(request, "policy/decisions.html", {"active": "decisions"})


urlpatterns = [path("decisions", decisions, name="decisions")]
