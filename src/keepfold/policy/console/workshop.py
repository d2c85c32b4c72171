"""The workshop: where a policy is drafted, reviewed and put in force."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

NEEDS = ("policy.version.submit",)

nav.register(nav.Item("workshop", "rules", _("Workshop"), "pencil-ruler", "workshop", NEEDS, 20, "G W"))


@page(*NEEDS)
def workshop(request: HttpRequest) -> HttpResponse:
    """List the drafts."""
    return render(request, "policy/workshop.html", {"active": "workshop"})


@page(*NEEDS)
def draft(request: HttpRequest, draft: str) -> HttpResponse:  # noqa: ARG001  comes with the page itself
    """Show one draft."""
    return render(request, "policy/workshop.html", {"active": "workshop"})


urlpatterns = [
    path("policy/workshop", workshop, name="workshop"),
    path("policy/workshop/<str:draft>", draft, name="draft"),
]
