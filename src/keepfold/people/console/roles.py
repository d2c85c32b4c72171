"""Pages about roles: who may do what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(nav.Item("roles", "running", _("Roles"), "id-card", "roles", ("people.role.list",), 22, "", hidden=True))


@page("people.role.list")
def roles(request: HttpRequest) -> HttpResponse:
    """Show who may do what."""
    return render(request, "people/roles.html", {"active": "staff"})


@page("people.role.list")
def role(request: HttpRequest, name: str) -> HttpResponse:
    """Show one role."""
    return render(request, "people/role.html", {"active": "staff", "name": name})


urlpatterns = [path("roles", roles, name="roles"), path("roles/<str:name>", role, name="role")]
