"""The root of the command line.

Rooms mount lazily by a table of names, so that `keepfold --help` imports no Django and answers at once.

Conventions for every command: `--json` prints one JSON document (or JSON Lines) on standard output; messages for
people and errors go to standard error; exit code 0 is done, 1 refused or failed, 2 wrong usage, 130 interrupted.

Shell completion: `eval "$(_KEEPFOLD_COMPLETE=bash_source keepfold)"` (or `zsh_source`, `fish_source`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

import keepfold
from keepfold.cli.failures import report


class Mount(NamedTuple):
    """Where a command lives (`module:attribute`), its help line, and whether it needs the rooms loaded."""

    target: str
    help: str
    rooms: bool = True
    section: str = "Data"


COMMANDS: dict[str, Mount] = {
    "run": Mount("keepfold.cli.lifecycle:run", "Set up what is missing, then start everything.", rooms=False, section="Start"),
    "init": Mount("keepfold.cli.lifecycle:init", "Set up the home: databases, keys, first owner.", rooms=False, section="Start"),
    "up": Mount("keepfold.cli.lifecycle:up", "Start server and worker under one supervisor.", rooms=False, section="Start"),
    "stop": Mount("keepfold.cli.lifecycle:stop", "Stop what `up` or `run` started.", rooms=False, section="Start"),
    "status": Mount("keepfold.cli.lifecycle:status", "Say whether Keepfold runs and is ready.", rooms=False, section="Start"),
    "doctor": Mount("keepfold.cli.doctor:doctor", "Check this installation and say what to repair.", rooms=False, section="Start"),
    "policy": Mount("keepfold.policy.cli:policy", "Check, test, compare, explain and activate policies."),
    "import": Mount("keepfold.intake.cli:import_", "Import customers from a file or a database."),
    "customer": Mount("keepfold.cli.customer:customer", "Add, show, search and erase customers; consents."),
    "demo": Mount("keepfold.demo.cli:demo", "Fill an empty store with a synthetic shop."),
    "ledger": Mount("keepfold.ledger.cli:ledger", "Status, verification and proofs of the ledger.", section="Evidence"),
    "client": Mount("keepfold.people.cli:client", "API clients and their tokens.", section="People"),
    "staff": Mount("keepfold.people.cli:staff", "Members of staff and their roles.", section="People"),
    "config": Mount("keepfold.cli.config:config", "Explain every setting and where its value comes from.", rooms=False, section="Upkeep"),
    "work": Mount("keepfold.cli.lifecycle:work", "Run the worker alone (jobs, outbox, ledger).", rooms=False, section="Upkeep"),
    "serve": Mount("keepfold.cli.lifecycle:serve", "Run the web server alone.", rooms=False, section="Upkeep"),
    "django": Mount("keepfold.cli.maintain:django", "Django's own commands, for maintainers.", rooms=False, section="Upkeep"),
}


def load_rooms() -> None:
    """Load Django and every room. Raises `KeepfoldError` when the configuration does not permit it."""
    import_module("keepfold.site.setup").load()


class Root(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import one command, with the rooms it needs."""
        mount = COMMANDS.get(name)
        if mount is None:
            return None
        if mount.rooms:
            load_rooms()
        module, attribute = mount.target.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section from the table, without importing any of them."""
        for section in dict.fromkeys(mount.section for mount in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl([(name, mount.help) for name, mount in COMMANDS.items() if mount.section == section])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of this name."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            context.fail(f"There is no command '{args[0]}'.{_nearest(args[0])}")
        return super().resolve_command(context, args)


def _nearest(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only on a mistake

    close = get_close_matches(name, COMMANDS, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command takes --help. Most take --json. Settings: keepfold config explain.",
)
@click.version_option(keepfold.__version__, prog_name="keepfold")
def root() -> None:
    """Keepfold: customer data that obeys one policy file."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = root.main(words, prog_name="keepfold", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001  every way out becomes a sentence and an exit code
        sys.exit(report(error, as_json="--json" in words))
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
