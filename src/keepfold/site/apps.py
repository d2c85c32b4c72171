"""The Django app of the site: when all rooms are loaded, it hands the gate its decider and its recorder."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Last in the list of apps, so that every room is loaded when it wires them."""

    name = "keepfold.site"
    label = "site"

    def ready(self) -> None:
        """Wire the rooms together, and hand the settings page the checks of the installation."""
        from keepfold.console import checkup  # noqa: PLC0415  rooms may be imported only once Django is ready
        from keepfold.site import doctor  # noqa: PLC0415  as above
        from keepfold.site.wiring import wire  # noqa: PLC0415  as above

        wire()
        checkup.wire(checks=doctor.examine)
