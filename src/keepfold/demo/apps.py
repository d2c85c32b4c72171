"""The demonstration as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Registers the marks of the demonstration under the label `demo`."""

    name = "keepfold.demo"
    label = "demo"
    verbose_name = "Demonstration"
