"""The policy in force as people read it, as a file, and as a table of who may see what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(nav.Item("policy", "rules", _("Policy"), "scroll-text", "policy", (), 10, "G P"))


@page()
def policy(request: HttpRequest) -> HttpResponse:
    """Show the policy in force."""
    return render(request, "policy/document.html", {"active": "policy"})


urlpatterns = [path("policy", policy, name="policy")]
