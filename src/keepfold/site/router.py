"""Which model lives in which database: `keys` for key rows, `default` for everything else.

A model says so itself with the class variable `keepfold_database = "keys"`. A `RunSQL` or `RunPython` operation
that belongs in the key store says `hints={"keepfold_database": "keys"}`; without the hint it runs in `default` only.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model

DATA = "default"
KEYS = "keys"


def database_of(model: type[Model]) -> str:
    """Return the alias of the database that holds a model's rows."""
    return str(getattr(model, "keepfold_database", DATA))


class Router:
    """Django's database router. The two stores never mix, not even in a relation."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        """Return where to read a model's rows."""
        return database_of(model)

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        """Return where to write a model's rows."""
        return database_of(model)

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        """Permit relations inside one store only: a foreign key cannot reach across two databases."""
        return database_of(type(one)) == database_of(type(other))

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        """Say whether one migration operation runs in one database."""
        return db == _home_of(app_label, model_name, hints)


def _home_of(app_label: str, model_name: str | None, hints: dict[str, Any]) -> str:
    if model_name is None:
        return str(hints.get("keepfold_database", DATA))
    try:
        # Migrations hand over a historical class without our attribute, so the real model is asked.
        return database_of(apps.get_model(app_label, model_name))
    except LookupError:
        return str(hints.get("keepfold_database", DATA))
