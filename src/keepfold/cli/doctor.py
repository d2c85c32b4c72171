"""`keepfold doctor`: checks an installation and says what to repair. It changes nothing."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

import click

from keepfold.cli.failures import as_known
from keepfold.cli.main import load_rooms
from keepfold.console.types import Finding
from keepfold.kernel import config
from keepfold.kernel.config import Config
from keepfold.site import doctor as checks
from keepfold.site import launch, runfile


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
        click.echo(json.dumps([finding.document() for finding in findings], indent=2, ensure_ascii=False))
    context.exit(1 if any(finding.state == "broken" for finding in findings) else 0)


def examine() -> Iterator[Finding]:
    """Yield one finding per check, the plain ones first; what needs the databases comes last."""
    yield from checks.plain(as_known)
    yield from checks.guarded("server", functools.partial(_server, config.current()), as_known)
    yield from checks.guarded("rooms", _rooms, as_known)


def _server(settings: Config) -> Iterator[Finding]:
    running = runfile.find(settings.home)
    if running is None:
        yield Finding("server", "ok", "does not run here now")
        return
    said = {"address": running.address}
    if launch.answers(settings, "/readyz"):
        yield Finding("server", "ok", "runs at %(address)s and is ready", values=said)
    else:
        advice = "The checks below say why."
        yield Finding("server", "broken", "runs at %(address)s but is not ready", advice, said)


def _rooms() -> Iterator[Finding]:
    """Check what needs the databases: tables, keys, clock, ledger, policy."""
    load_rooms()
    yield from checks.rooms("thorough", as_known)


def _show(finding: Finding) -> None:
    mark, colour = {"ok": ("ok", "green"), "warning": ("look", "yellow")}.get(finding.state, ("BROKEN", "red"))
    click.echo(f"{click.style(f'{mark:>7}', fg=colour)}  {finding.check}: {finding.found}")
    if finding.next_step:
        click.echo(f"         {finding.next_step}")
