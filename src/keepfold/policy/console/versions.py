"""Versions of the policy, how each came about, and what changed between two of them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from keepfold.gate.console import page


@page()
def versions(request: HttpRequest) -> HttpResponse:
    """List the versions."""
    return render(request, "policy/versions.html", {"active": "policy"})


@page()
def version(request: HttpRequest, version: str) -> HttpResponse:  # noqa: ARG001  comes with the page itself
    """Show one version."""
    return render(request, "policy/versions.html", {"active": "policy"})


@page()
def diff(request: HttpRequest) -> HttpResponse:
    """Compare two versions."""
    return render(request, "policy/versions.html", {"active": "policy"})


urlpatterns = [
    path("policy/versions", versions, name="policy_versions"),
    path("policy/versions/<str:version>", version, name="policy_version"),
    path("policy/diff", diff, name="policy_diff"),
]
