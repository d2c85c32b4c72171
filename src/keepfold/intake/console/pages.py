"""Imports: what was brought in, and the way from a file or a database to sealed customers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.kernel.errors import NotFound
from keepfold.ui import nav

NEEDS = ("intake.run.start",)

nav.register(nav.Item("imports", "customers", _("Imports"), "file-up", "imports", NEEDS, order=60, keys="G I"))


@page(*NEEDS)
def imports(request: HttpRequest) -> HttpResponse:
    """List imports."""
    return render(request, "intake/list.html", {"active": "imports"})


@page(*NEEDS)
def import_new(request: HttpRequest) -> HttpResponse:
    """Ask for a source."""
    return render(request, "intake/list.html", {"active": "imports"})


@page(*NEEDS)
def import_run(request: HttpRequest, shown: str) -> HttpResponse:
    """Show one import."""
    raise NotFound(_("There is no import with this id."))


urlpatterns = [
    path("imports", imports, name="imports"),
    path("imports/new", import_new, name="import_new"),
    path("imports/<str:shown>", import_run, name="import_run"),
]
