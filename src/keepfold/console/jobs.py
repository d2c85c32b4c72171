"""Jobs and outbox: what runs, what waits, what failed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(
    nav.Item("jobs", "running", _("Jobs"), "workflow", "jobs", order=10, keys="G J"),
    nav.Item("outbox", "running", _("Outbox"), "send", "outbox", order=20, keys="G X"),
)


@page()
def jobs(request: HttpRequest) -> HttpResponse:
    """Show jobs."""
    return render(request, "console/jobs.html", {"active": "jobs"})


@page()
def outbox(request: HttpRequest) -> HttpResponse:
    """Show events and mails."""
    return render(request, "console/outbox.html", {"active": "outbox"})


urlpatterns = [path("jobs", jobs, name="jobs"), path("outbox", outbox, name="outbox")]
