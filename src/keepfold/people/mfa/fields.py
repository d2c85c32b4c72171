"""Why the tables of allauth's second factors are made here and not by its own migrations.

Django gives a JSON column of SQLite a check that calls `JSON_VALID`. Our connections do not trust what a file's schema
calls (`PRAGMA trusted_schema=OFF`, sqlite.org/pragma.html#pragma_trusted_schema), and refuse it. What the column holds
is written and read by allauth alone, and marked, so nothing is lost without the check.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class UncheckedJSONField(models.JSONField):
    """A JSON column without a check in the database. In the state of migrations it counts as Django's own."""

    def db_check(self, connection: BaseDatabaseWrapper) -> None:  # noqa: ARG002  Django's signature
        """Return no check."""
        return

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Return Django's own name, so that model and migrations agree."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
