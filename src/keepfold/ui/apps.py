"""The Django app of the design system."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, static files and template tags."""

    name = "keepfold.ui"
    label = "ui"
