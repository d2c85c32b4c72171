"""The Django app of the kernel."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    """Tables of outbox, jobs, clock, counters and idempotency keys."""

    name = "keepfold.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load every room's handlers and jobs, so that each process knows to whom an event must go."""
        import_module("keepfold.kernel.upkeep")
        autodiscover_modules("reactions", "jobs")
