"""The Django app of the room."""

from __future__ import annotations

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """What people have said about the purposes of the policy."""

    name = "keepfold.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"
