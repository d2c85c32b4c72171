"""The Django app of the kernel."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from keepfold.kernel.crypto import selftest


class KernelConfig(AppConfig):
    """Tables of outbox, jobs, clock, counters and idempotency keys."""

    name = "keepfold.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Test the primitives; load every room's handlers and jobs, so that each process knows where an event goes.

        Raises `Unavailable` (`crypto.selftest`) when a primitive gives a wrong answer: nothing starts with it.
        """
        selftest.run()
        import_module("keepfold.kernel.upkeep")
        autodiscover_modules("reactions", "jobs")
