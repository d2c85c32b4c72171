"""The web server: granian in front of the WSGI application. Nothing else knows granian; another server would do."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

from keepfold.kernel import config
from keepfold.kernel.config import split_address
from keepfold.kernel.errors import KeepfoldError
from keepfold.site import logs, setup, startup
from keepfold.site.parent import end_with_parent
from keepfold.site.supervisor import CANNOT_START

_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PROMETHEUS_MULTIPROC_DIR", "DJANGO_SETTINGS_MODULE")


def serve() -> NoReturn:
    """Serve until told to stop; leave with `CANNOT_START` when a person has to repair something first."""
    from granian import Granian  # noqa: PLC0415  slow to import: only the server needs it
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    end_with_parent()
    settings = config.current()
    trouble = startup.Trouble(settings.home, "web")
    trouble.clear()
    host, port = split_address(settings.bind)
    server = Granian(
        "keepfold.site.wsgi",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        runtime_threads=1,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=15,
    )
    code = _run(server)
    sys.exit(CANNOT_START if code and trouble.told() else code)


def _run(server: Any) -> int:
    try:
        server.serve(target_loader=load)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    return 0


def load(_target: str) -> Any:
    """Make the application inside a server process, once everything it depends on was found in order."""
    end_with_parent()
    settings = config.current()
    logs.configure()
    try:
        setup.load()
        from keepfold.site.wsgi import make_application  # noqa: PLC0415  needs the rooms

        startup.check()
        application = make_application()
    except KeepfoldError as error:
        startup.Trouble(settings.home, "web").tell(error)
        # Not an exception: the server would print its trace.
        os._exit(CANNOT_START)
    forget_environment()
    return application


def forget_environment() -> None:
    """Drop the environment: the server copies it into every request, secrets included."""
    for name in set(os.environ) - set(_KEEP):
        del os.environ[name]
