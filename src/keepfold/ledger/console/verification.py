"""Verification as a job: start it, watch it, stop it, read what it found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from keepfold.gate.console import page
from keepfold.ledger.console.needs import SEE


@page(*SEE)
def verify(request: HttpRequest) -> HttpResponse:
    """Show the present run and those before."""
    return render(request, "ledger/verify.html", {"active": "ledger"})


urlpatterns = [path("ledger/verify", verify, name="ledger_verify")]
