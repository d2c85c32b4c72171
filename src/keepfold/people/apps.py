"""The Django app of the room."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Staff, roles and API clients."""

    name = "keepfold.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
