"""The pages of the reference, each made from what the product itself reads."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import click
import msgspec

import keepfold
from keepfold.cli.main import COMMANDS, root
from keepfold.gate import registered_actions
from keepfold.gate.catalogue import known_actions
from keepfold.kernel import config
from tools.markdown import code, documentation, summary, table
from tools.reference_http import http_api
from tools.reference_policy import policy_checks, policy_format

PACKAGE = Path(keepfold.__file__).resolve().parent
# The order in which data meets them, from the entry points down.
ROOMS = (
    *("cli", "site", "demo", "intake", "vault", "consent"),
    *("policy", "people", "ledger", "gate", "ui", "kernel", "packs"),
)

SETTINGS = """\
# Settings

Every setting may stand in `<home>/keepfold.toml`, in the environment under the name in the second column, or in a file
whose path is in that name with `_FILE` appended (for secrets). The environment wins over the file. A name that is not
listed here is an error. `keepfold config explain` shows the values in force.

"""
ACTIONS = """\
# Actions

Everything that changes something or opens something is one of these. A role or an API client is granted actions by
name, or by a prefix such as `vault.record.*`. The number stands in ledger entries and is never reused.

"""
EVENTS = """\
# Events

Facts that rooms announce after they have happened: written in the same transaction, delivered at least once, in order
per person. They hold ids and names, never a customer's value.

"""
COMMAND_LINE = """\
# Command line

Every command takes `--help`. With `--json` it prints one JSON document, or JSON Lines, to standard output; messages for
people go to standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.

"""
ROOMS_HEAD = """\
# Rooms

One folder each below `src/keepfold`, from the entry points down. A room knows only the rooms below it, and only by
their public modules: `actions`, `queries`, `events`, `errors`, `types`.

"""


def modules(part: str) -> Iterator[ModuleType]:
    """Yield the module of this name of every room that has one."""
    for room in ROOMS:
        if (PACKAGE / room / f"{part}.py").exists() or (PACKAGE / room / part / "__init__.py").exists():
            yield importlib.import_module(f"keepfold.{room}.{part}")


def settings() -> str:
    """Return the page of the settings."""
    rows = [
        (code(row.name), code(row.variable), row.type, code(row.default), row.description)
        for row in config.explain({}, Path("there-is-no-such-file"))
    ]
    return SETTINGS + table(("setting", "environment", "type", "default", "meaning"), rows)


def actions() -> str:
    """Return the page of the actions that pass the gate."""
    list(modules("actions"))
    functions = {name: spec.function for name, spec in registered_actions().items()}
    rows = [
        (code(name), known.number, known.kind, known.label["en"], summary(functions[name]) if name in functions else "")
        for name, known in sorted(known_actions().items(), key=lambda item: item[1].number)
    ]
    return ACTIONS + table(("action", "number", "kind", "label", "what it does"), rows)


def events() -> str:
    """Return the page of the events."""
    return EVENTS + "\n".join(
        f"## {_room(module)}: {struct.__name__}\n\n{documentation(struct)}\n\n{_fields(struct)}"
        for module in modules("events")
        for struct in _own_structs(module)
    )


def _room(module: ModuleType) -> str:
    return module.__name__.split(".")[1]


def _own_structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    classes = [item for item in vars(module).values() if inspect.isclass(item) and item.__module__ == module.__name__]
    return [item for item in classes if issubclass(item, msgspec.Struct)]


def _fields(struct: type[msgspec.Struct]) -> str:
    return table(
        ("field", "type"), [(code(name), code(kind)) for name, kind in inspect.get_annotations(struct).items()]
    )


def command_line() -> str:
    """Return the page of the command line."""
    context = click.Context(root, info_name="keepfold")
    return COMMAND_LINE + "\n".join(part for name in COMMANDS for part in _help(_command(name), name, context))


def _command(name: str) -> click.Command:
    module, attribute = COMMANDS[name].target.split(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


def _help(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    if command.hidden:
        return
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    yield f"## {context.command_path}\n\n```\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            child = command.get_command(context, inner)
            if child is not None:
                yield from _help(child, inner, context)


def rooms() -> str:
    """Return the page of the rooms."""
    return ROOMS_HEAD + "\n".join(
        f"## {room}\n\n{documentation(importlib.import_module(f'keepfold.{room}'))}\n" for room in ROOMS
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "actions.md": actions,
    "events.md": events,
    "cli.md": command_line,
    "rooms.md": rooms,
    "policy-format.md": policy_format,
    "policy-checks.md": policy_checks,
    "http-api.md": http_api,
}
