"""The Django app of the composed pages."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Templates and pages."""

    name = "keepfold.console"
    label = "console"
