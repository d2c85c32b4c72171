"""The Django app of the gate."""

from __future__ import annotations

from django.apps import AppConfig


class GateConfig(AppConfig):
    """The door has no tables; it is an app so that its checks and texts are found."""

    name = "keepfold.gate"
    label = "gate"
    default_auto_field = "django.db.models.BigAutoField"
