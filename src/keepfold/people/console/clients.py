"""Pages about API clients."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(
    nav.Item("clients", "running", _("API clients"), "plug", "clients", ("people.client.list",), 30, "G A"),
    nav.Item(
        "client_new",
        "running",
        _("Make an API client"),
        "plug",
        "client_new",
        ("people.client.create",),
        31,
        hidden=True,
    ),
)


@page("people.client.list")
def clients(request: HttpRequest) -> HttpResponse:
    """List the API clients."""
    return render(request, "people/clients.html", {"active": "clients"})


@page("people.client.create", methods=("GET", "POST"), fresh=True)
def client_new(request: HttpRequest) -> HttpResponse:
    """Make an API client."""
    return render(request, "people/client_new.html", {"active": "clients"})


@page("people.client.list")
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show one API client."""
    return render(request, "people/client.html", {"active": "clients", "client_id": client_id})


urlpatterns = [
    path("clients", clients, name="clients"),
    path("clients/new", client_new, name="client_new"),
    path("clients/<str:client_id>", client, name="client"),
]
