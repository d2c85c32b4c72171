"""`keepfold doctor`: checks an installation and says what to repair. It changes nothing."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

import keepfold
from keepfold.cli.failures import as_known
from keepfold.cli.main import load_rooms
from keepfold.kernel import config
from keepfold.kernel.config import Config
from keepfold.kernel.errors import KeepfoldError
from keepfold.site import installation, launch, metrics, runfile

_LEAST_FREE = 256 * 1024 * 1024
_PRIVATE = ("root.key", "secret.key", "owner.token", "data.sqlite3", "keys.sqlite3", "keepfold.toml")


class Finding(NamedTuple):
    """One check: `ok`, `warning` or `broken`, what was found, and what to do."""

    check: str
    state: str
    found: str
    next_step: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Check this installation and say what to repair. Exit code 1 when something is broken."""
    findings: list[Finding] = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2, ensure_ascii=False))
    context.exit(1 if any(finding.state == "broken" for finding in findings) else 0)


def examine() -> Iterator[Finding]:
    """Yield one finding per check, the plain ones first; what needs the databases comes last."""
    yield _python()
    settings = config.current()
    for check in (_home, _modes, _disk, _metrics_address, _server):
        yield from _guarded(check.__name__.strip("_").replace("_", " "), functools.partial(check, settings))
    yield from _guarded("rooms", _rooms)


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except KeepfoldError as error:
        yield Finding(name, "broken", error.detail, error.next_step or "")
    except Exception as error:  # noqa: BLE001  the doctor must not be the one who falls ill
        known = as_known(error)
        yield Finding(name, "broken", known.detail, known.next_step or "")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", f"Python {version}, Keepfold {keepfold.__version__}")


def _home(settings: Config) -> Iterator[Finding]:
    if not settings.home.is_dir():
        yield Finding("home", "broken", f"There is no home at {settings.home}.", "keepfold init")
        return
    installation.refuse_open(settings.home)
    owner = settings.home.stat().st_uid
    if owner != os.getuid():
        yield Finding("home", "warning", f"{settings.home} belongs to another user.", "Run as the owner of the home.")
    else:
        yield Finding("home", "ok", f"{settings.home}, for its owner only")


def _modes(settings: Config) -> Iterator[Finding]:
    files = [path for name in _PRIVATE if (path := settings.home / name).exists()]
    if settings.root_key_path.exists() and settings.root_key_path not in files:
        files.append(settings.root_key_path)
    open_ones = [path for path in files if path.stat().st_mode & 0o077]
    for path in open_ones:
        yield Finding("modes", "broken", f"Others may read {path}.", f"chmod 600 {path}")
    if not open_ones:
        yield Finding("modes", "ok", f"{len(files)} private files, for their owner only")
    if settings.root_key == "file" and not settings.root_key_path.exists():
        yield Finding(
            "root key",
            "broken",
            f"The root key file {settings.root_key_path} is missing. Without it nothing sealed can be opened.",
            "Restore it from where you keep it; `keepfold init` makes one only for a new installation.",
        )


def _disk(settings: Config) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest_existing(settings.home)).free
    shown = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_FREE:
        yield Finding("disk", "broken", f"Only {shown}.", "Free some space: on a full disk nothing is accepted.")
    else:
        yield Finding("disk", "ok", shown)


def _nearest_existing(path: Path) -> Path:
    return path if path.exists() else _nearest_existing(path.parent)


def _metrics_address(settings: Config) -> Iterator[Finding]:
    metrics.loopback(settings.metrics_bind)
    yield Finding("metrics", "ok", f"{settings.metrics_bind}, this machine only")


def _server(settings: Config) -> Iterator[Finding]:
    running = runfile.find(settings.home)
    if running is None:
        yield Finding("server", "ok", "does not run here now")
    elif launch.answers(settings, "/readyz"):
        yield Finding("server", "ok", f"runs at {running.address} and is ready")
    else:
        yield Finding("server", "broken", f"runs at {running.address} but is not ready", "The checks below say why.")


def _rooms() -> Iterator[Finding]:
    """Check what needs the databases: tables, keys, clock, ledger, policy."""
    load_rooms()
    from keepfold.cli import doctor_rooms  # noqa: PLC0415  needs Django

    for name, check in doctor_rooms.CHECKS.items():
        yield from _guarded(name, functools.partial(_one, name, check))


def _one(name: str, check: Callable[[], tuple[str, ...]]) -> Iterator[Finding]:
    yield Finding(name, *check())


def _show(finding: Finding) -> None:
    mark, colour = {"ok": ("ok", "green"), "warning": ("look", "yellow")}.get(finding.state, ("BROKEN", "red"))
    click.echo(f"{click.style(f'{mark:>7}', fg=colour)}  {finding.check}: {finding.found}")
    if finding.next_step:
        click.echo(f"         {finding.next_step}")
