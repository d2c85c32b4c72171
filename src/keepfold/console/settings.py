"""Settings: what is set, where from, what it means; whether the installation is in order; what it is made of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from keepfold.console import actions, checkup, setup
from keepfold.console.types import Finding
from keepfold.gate.console import actor_of, may, page
from keepfold.ui import components as ui
from keepfold.ui import nav, toast

SEE, CHECK = "console.settings.read", "console.checkup.start"
nav.register(nav.Item("settings", "running", _("Settings"), "settings-2", "settings", (SEE,), 90, "G S"))

CHECKS = {
    "python": _("Python"),
    "home": _("Home folder"),
    "modes": _("Rights of files"),
    "root key": _("Root key"),
    "disk": _("Disk"),
    "metrics": _("Figures for Prometheus"),
    "metrics address": _("Figures for Prometheus"),
    "databases": _("Databases"),
    "keys": _("Keys"),
    "clock": _("Clock"),
    "policy": _("Policy"),
    "rows": _("Rows that grant something"),
    "ledger": _("Ledger"),
}


@page(SEE)
def settings(request: HttpRequest) -> HttpResponse:
    """Show every setting, the checks, and what the installation is made of."""
    actor = actor_of(request)
    changed_only = request.GET.get("only") == "changed"
    here = reverse("settings")
    shown = {
        "active": "settings",
        "setup": actions.read_settings(actor=actor, changed_only=changed_only),
        "views": [
            ui.Tab(_("All"), f"{here}#settings", not changed_only),
            ui.Tab(_("Changed here"), f"{here}?only=changed#settings", changed_only),
        ],
        "versions": setup.versions(),
        "parts": setup.parts(),
        "may_check": may(actor, CHECK),
        **_checks(),
    }
    return render(request, "console/settings.html", shown)


def _checks() -> dict[str, Any]:
    run, quick = checkup.last(), checkup.quick()
    return {
        "quick": [_told(one) for one in quick],
        "worst": _worst(quick),
        "run": run,
        "run_findings": [_told(one) for one in run.findings] if run else [],
        "running": run is not None and run.ended_us is None,
    }


def _worst(found: tuple[Finding, ...]) -> str:
    states = {one.state for one in found}
    return "broken" if "broken" in states else "warning" if "warning" in states else "ok"


def _told(one: Finding) -> dict[str, Any]:
    icon, tone = {"ok": ("check", "good"), "warning": ("triangle-alert", "warn")}.get(one.state, ("circle-x", "bad"))
    return {"label": CHECKS.get(one.check, one.check), "icon": icon, "tone": tone, "finding": one}


@page(SEE)
def settings_checks(request: HttpRequest) -> HttpResponse:
    """Show the checks alone, for a page that waits for them."""
    may_check = may(actor_of(request), CHECK)
    return render(request, "console/settings_checks.html", {"may_check": may_check, **_checks()})


@page(CHECK, methods=("GET", "POST"))
def settings_check(request: HttpRequest) -> HttpResponse:
    """Have every check run; the page asks first, so that a link to it works too."""
    if request.method != "POST":
        return render(request, "console/settings_check.html", {"active": "settings", "run": checkup.last()})
    actions.start_checkup(actor=actor_of(request))
    toast.say(request, _("The worker runs every check. What it finds appears here."))
    return HttpResponseRedirect(f"{reverse('settings')}#checks")


urlpatterns = [
    path("settings", settings, name="settings"),
    path("settings/checks", settings_checks, name="settings_checks"),
    path("settings/check", settings_check, name="settings_check"),
]
