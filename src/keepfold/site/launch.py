"""Starts everything for one home: takes the lock, checks that the addresses are free, supervises, reports readiness.

Plain Python, like the supervisor that it drives.
"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable

import keepfold
from keepfold.kernel import metrics as kernel_metrics
from keepfold.kernel.config import Config, split_address
from keepfold.kernel.errors import Conflict, Unavailable
from keepfold.site import metrics, runfile
from keepfold.site.supervisor import Program, Stopped, Supervisor

Say = Callable[[str], None]


def address_of(config: Config) -> str:
    """Return the URL under which a person on this machine reaches the server."""
    host, port = split_address(config.bind)
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  compared, not bound
    return f"http://{shown}:{port}"


def supervise(config: Config, *, say: Say, on_ready: Callable[[str], None], echo: bool = False) -> None:
    """Run server and worker until stopped. Raises `Conflict` when this home runs already, `Unavailable` on trouble."""
    os.umask(0o077)  # whatever a child creates, databases included, belongs to the owner of the home alone
    with runfile.RunLock(config.home) as lock:
        if not lock.take():
            raise already_running(config)
        try:
            _supervise(config, say, on_ready, echo=echo)
        finally:
            runfile.forget(config.home)


def already_running(config: Config) -> Conflict:
    """Return the error that says who runs in this home."""
    running = runfile.find(config.home)
    where = f"at {running.address} (process {running.pid})" if running else f"in {config.home}"
    return Conflict(f"Keepfold runs already {where}.", code="up.running", next_step="`keepfold stop` ends it.")


def _supervise(config: Config, say: Say, on_ready: Callable[[str], None], *, echo: bool) -> None:
    for name in ("bind", "metrics_bind"):
        refuse_taken(name, getattr(config, name))
    address = address_of(config)
    kernel_metrics.prepare(config.home)
    runfile.write(config.home, runfile.Running(os.getpid(), address, keepfold.__version__, int(time.time())))
    supervisor = Supervisor(
        programs(), log_folder=config.home / "log", environment=_environment(config), say=say, echo=echo
    )
    with metrics.serve(config.metrics_bind):
        stopped = supervisor.run(is_ready=lambda: answers(config, "/readyz"), on_ready=lambda: on_ready(address))
    if not stopped.ok:
        raise could_not_start(config, stopped)


def programs() -> list[Program]:
    """Return what the supervisor keeps alive."""
    command = (sys.executable, "-m", "keepfold.cli.main")
    return [Program("web", (*command, "serve")), Program("worker", (*command, "work"))]


def could_not_start(config: Config, stopped: Stopped) -> Unavailable:
    """Return the error that repeats what the child said before it gave up."""
    said = " ".join(line.strip() for line in stopped.lines[-3:])
    return Unavailable(
        said or f"The {stopped.program} could not start.",
        code="up.cannot-start",
        next_step=f"Repair it and start again; more is in {config.home / 'log' / stopped.program}.log.",
    )


def refuse_taken(setting: str, bind: str) -> None:
    """Raise `Conflict` when another program listens on an address, so that the reason is said at once."""
    host, port = split_address(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"The address {bind} cannot be used: {_why(error)}.",
                code="up.address",
                next_step=f"Free it, or choose another with KEEPFOLD_{setting.upper()}=127.0.0.1:PORT.",
            ) from error


def _why(error: OSError) -> str:
    return "another program listens there" if error.errno == errno.EADDRINUSE else (error.strerror or "unknown")


def answers(config: Config, path: str, *, timeout_s: float = 2.0) -> bool:
    """Say whether the server answers a path with 200."""
    return status_of(config, path, timeout_s=timeout_s) == 200


def status_of(config: Config, path: str, *, timeout_s: float = 2.0) -> int:
    """Return the status of one answer of the server, or 0 when there is none."""
    return fetch(config, path, timeout_s=timeout_s)[0]


def fetch(config: Config, path: str, *, timeout_s: float = 2.0) -> tuple[int, bytes]:
    """Return status and body of one answer of the local server; status 0 when there is none."""
    host, port = split_address(config.bind)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Host": config.allowed_hosts[0], "Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _environment(config: Config) -> dict[str, str]:
    return {
        **os.environ,
        "KEEPFOLD_HOME": str(config.home),
        "DJANGO_SETTINGS_MODULE": "keepfold.site.settings",
        "PYTHONUNBUFFERED": "1",
    }
