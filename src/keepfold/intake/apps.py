"""Intake as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Registers the tables of imports under the label `intake`."""

    name = "keepfold.intake"
    label = "intake"
    verbose_name = "Intake"
