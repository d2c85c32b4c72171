"""Turns on the one clean log of a process."""

from __future__ import annotations

import logging

from keepfold.kernel import config, log


def configure() -> None:
    """Send this process's log to standard error, where the supervisor collects it, as the configuration says."""
    settings = config.current()
    log.configure("json" if settings.log_format == "json" else "console", settings.log_level)
    # Django warns of every 404; whoever knocks at random doors must not fill our log.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security").setLevel(logging.ERROR)
