"""Home: what needs somebody, who may see what and how often it opens, how much is held."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.console import attention, overview
from keepfold.gate.console import actor_of, may, page
from keepfold.kernel import clock
from keepfold.ui import nav

nav.register(nav.Item("home", "home", _("Home"), "house", "home", order=0, keys="G H"))


@page()
def home(request: HttpRequest) -> HttpResponse:
    """Show how things are. No name of a customer: names need a purpose, here too."""
    actor = actor_of(request)
    needs = attention.needs(actor)
    held, waiting = overview.statement(len(needs))
    schema, usage = overview.schema(), overview.usage()
    shown = {
        "active": "home",
        "at": clock.now(),
        "held": held,
        "waiting": waiting,
        "needs": attention.lines(needs),
        "figures": overview.figures(schema, usage),
        "openings": overview.openings(usage),
        "matrix": overview.matrix(schema, usage) if schema else None,
        "unused": overview.unused(schema, usage) if schema else 0,
        "machinery": overview.machinery(),
        "may_look_up": may(actor, "vault.record.search"),
        "may_shape": may(actor, "policy.version.submit"),
    }
    return render(request, "console/home.html", shown)


urlpatterns = [path("", home, name="home")]
