"""Mounts the rooms' console pages. A room's `console` module brings its own list of addresses."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver

# In the order in which addresses are tried.
MODULES = (
    "keepfold.console.home",
    "keepfold.people.signin.urls",
    "keepfold.people.console",
    "keepfold.console.customers",
    "keepfold.policy.console",
    "keepfold.ledger.console",
    "keepfold.consent.console",
    "keepfold.intake.console",
    "keepfold.console.jobs",
    "keepfold.console.settings",
    "keepfold.console.audit",
    "keepfold.console.palette",
    "keepfold.console.catalogue",
    "keepfold.console.manual",
)


def patterns() -> list[URLPattern | URLResolver]:
    """Return the addresses of every page of the console."""
    found: list[URLPattern | URLResolver] = []
    for name in MODULES:
        if find_spec(name) is not None:
            found += import_module(name).urlpatterns
    return found
