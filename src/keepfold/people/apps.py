"""The Django app of the room."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Staff, roles and API clients."""

    name = "keepfold.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let what is written down about signing in, and the marks of second factors, listen to what happens."""
        from keepfold.people.signin import arrival, factors  # noqa: F401, PLC0415  they register with Django's signals
