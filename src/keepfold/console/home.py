"""Home: what is protected, what is going on, what needs attention."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(nav.Item("home", "home", _("Home"), "house", "home", order=0, keys="G H"))


@page()
def home(request: HttpRequest) -> HttpResponse:
    """Show how things are."""
    return render(request, "console/home.html", {"active": "home"})


urlpatterns = [path("", home, name="home")]
