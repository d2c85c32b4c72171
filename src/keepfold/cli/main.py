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
from click.shell_completion import CompletionItem

import keepfold
from keepfold.cli.failures import report


class Mount(NamedTuple):
    """Where a command lives (`module:attribute`), its help line, and whether it needs the rooms loaded."""

    target: str
    help: str
    rooms: bool = True


# The key in click's `meta` under which a command finds how to load the rooms when it needs them after all.
LOAD_ROOMS = "keepfold.load_rooms"
_EXPLAINING = "keepfold.explaining"
_HERE = "keepfold.cli.lifecycle"
SECTIONS: dict[str, dict[str, Mount]] = {
    "Start": {
        "run": Mount(f"{_HERE}:run", "Set up what is missing, then start everything.", rooms=False),
        "init": Mount(f"{_HERE}:init", "Set up the home: databases, keys, first owner.", rooms=False),
        "up": Mount(f"{_HERE}:up", "Start server and worker under one supervisor.", rooms=False),
        "stop": Mount(f"{_HERE}:stop", "Stop what `up` or `run` started.", rooms=False),
        "status": Mount(f"{_HERE}:status", "Say whether Keepfold runs and is ready.", rooms=False),
        "doctor": Mount("keepfold.cli.doctor:doctor", "Check this installation, say what to repair.", rooms=False),
    },
    "Data": {
        # Most of it needs files only; the others load the rooms themselves, by `LOAD_ROOMS`.
        "policy": Mount("keepfold.policy.cli:policy", "Check, test, compare, activate policies.", rooms=False),
        "import": Mount("keepfold.intake.cli:import_", "Import customers from a file or a database."),
        "customer": Mount("keepfold.cli.customer:customer", "Add, show, search and erase customers; consents."),
        "demo": Mount("keepfold.demo.cli:demo", "Fill an empty store with a synthetic shop."),
    },
    "Evidence and people": {
        "ledger": Mount("keepfold.ledger.cli:ledger", "Status, verification and proofs of the ledger."),
        "client": Mount("keepfold.people.cli:client", "API clients and their tokens."),
        "staff": Mount("keepfold.people.cli:staff", "Members of staff and their roles."),
    },
    "Upkeep": {
        "config": Mount("keepfold.cli.config:config", "Explain every setting and its origin.", rooms=False),
        "serve": Mount(f"{_HERE}:serve", "Run the web server alone.", rooms=False),
        "work": Mount(f"{_HERE}:work", "Run the worker alone: jobs, events, ledger.", rooms=False),
        "django": Mount("keepfold.cli.maintain:django", "Django's own commands, for maintainers.", rooms=False),
    },
}
COMMANDS: dict[str, Mount] = {name: mount for section in SECTIONS.values() for name, mount in section.items()}


def load_rooms(*, anyway: bool = False) -> None:
    """Load Django and every room; `anyway` also where nothing was set up yet, which suffices to explain a command.

    Raises `KeepfoldError` when the configuration does not permit it.
    """
    setup = import_module("keepfold.site.setup")
    if anyway:
        setup.load_anyway()
    else:
        setup.load()


class Root(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import one command, with the rooms it needs."""
        mount = COMMANDS.get(name)
        if mount is None:
            return None
        context.meta[LOAD_ROOMS] = load_rooms
        if mount.rooms:
            load_rooms(anyway=bool(context.meta.get(_EXPLAINING)))
        module, attribute = mount.target.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names from the table; click would import every command to see which of them are hidden."""
        named = [CompletionItem(name, help=COMMANDS[name].help) for name in COMMANDS if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, context, incomplete)]

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section from the table, without importing any of them."""
        for section, mounts in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, mount.help) for name, mount in mounts.items()])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of this name."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            context.fail(f"There is no command '{args[0]}'.{_nearest(args[0])}")
        context.meta[_EXPLAINING] = {"-h", "--help"} & set(args)
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
