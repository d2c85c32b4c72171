"""Loads Django and the rooms, once, for command line, server and worker alike."""

from __future__ import annotations

import os

from keepfold.kernel import config
from keepfold.kernel.errors import Conflict

_SETTINGS = "keepfold.site.settings"


def load() -> None:
    """Load every room. Raises `KeepfoldError` on a broken configuration or a home that was never set up."""
    require_home()
    load_anyway()


def require_home() -> None:
    """Raise `Conflict` when nothing was set up here yet."""
    home = config.current().home
    if not (home / "run").is_dir():
        raise Conflict(
            f"There is no Keepfold installation in {home}.",
            code="home.missing",
            next_step="Set it up with `keepfold init`, or point KEEPFOLD_HOME to an existing one.",
        )


def load_anyway() -> None:
    """Load every room without asking whether the home was set up; `keepfold init` needs that."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", _SETTINGS)
    import django  # noqa: PLC0415  slow to import: only when the rooms are needed
    from django.apps import apps  # noqa: PLC0415

    if not apps.ready:
        django.setup()
