"""`keepfold config`: what every setting means and where its value comes from."""

from __future__ import annotations

import json

import click
import msgspec

from keepfold.cli.main import load_rooms
from keepfold.kernel import config as settings


@click.group()
def config() -> None:
    """Explain every setting and where its value comes from."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@click.argument("names", nargs=-1, metavar="[SETTING]…")
def explain(names: tuple[str, ...], *, as_json: bool) -> None:
    """List every setting, or the named ones. Secrets show only whether they are set."""
    rows = [row for row in settings.explain() if not names or row.name in names]
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=2, ensure_ascii=False))
        return
    for row in rows:
        click.echo(click.style(row.name, bold=True) + f" = {row.value or '(empty)'}   [{row.source}]")
        click.echo(f"    {row.description} {row.type}; default: {row.default or '(empty)'}; {row.variable}")


@config.command("accept-clock")
@click.confirmation_option("--yes", prompt="Was the recorded time wrong, and is the clock of this machine right now?")
def accept_clock() -> None:
    """Take the present time as right after the recorded one was found to be wrong. The ledger says who did it."""
    load_rooms()
    from keepfold.kernel import clock  # noqa: PLC0415  needs Django
    from keepfold.people import queries as people  # noqa: PLC0415
    from keepfold.site import actions  # noqa: PLC0415

    behind_s = max(0, clock.mark() - clock.now_us()) // 1_000_000
    clock.accept()
    # Only somebody with a shell on this machine can set its clock, so no role grants this and no token.
    operator = msgspec.structs.replace(people.operator(), actions=("site.*",))
    actions.note_accepted_clock(actor=operator, behind_s=behind_s)
    click.echo(f"The present time counts from now on; the clock was {behind_s} seconds behind. It is in the ledger.")
