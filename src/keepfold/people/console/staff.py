"""Pages about members of staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import page
from keepfold.ui import nav

nav.register(
    nav.Item("staff", "running", _("People and roles"), "id-card", "staff", ("people.staff.list",), 20, "G P"),
    nav.Item(
        "staff_new",
        "running",
        _("Add a member of staff"),
        "id-card",
        "staff_new",
        ("people.staff.add",),
        21,
        hidden=True,
    ),
)


@page("people.staff.list")
def staff(request: HttpRequest) -> HttpResponse:
    """List the members of staff."""
    return render(request, "people/staff.html", {"active": "staff"})


@page("people.staff.add", methods=("GET", "POST"), fresh=True)
def staff_new(request: HttpRequest) -> HttpResponse:
    """Add a member of staff."""
    return render(request, "people/staff_new.html", {"active": "staff"})


@page("people.staff.list")
def staff_member(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Show one member of staff."""
    return render(request, "people/staff_member.html", {"active": "staff", "staff_id": staff_id})


urlpatterns = [
    path("people", staff, name="staff"),
    path("people/new", staff_new, name="staff_new"),
    path("people/<str:staff_id>", staff_member, name="staff_member"),
]
