"""The Django app of the room."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """One file says which customer data is held, for which purposes, and on which ground."""

    name = "keepfold.policy"
    label = "policy"
    default_auto_field = "django.db.models.BigAutoField"
