"""Settings: what is set, where from, what it means; whether the installation is in order."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(nav.Item("settings", "running", _("Settings"), "settings-2", "settings", order=90, keys="G S"))


@page()
def settings(request: HttpRequest) -> HttpResponse:
    """Show every setting."""
    return render(request, "console/settings.html", {"active": "settings"})


urlpatterns = [path("settings", settings, name="settings")]
