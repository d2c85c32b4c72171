"""The Django app of the kernel."""

from __future__ import annotations

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Tables of outbox, jobs, clock, counters and idempotency keys."""

    name = "keepfold.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
